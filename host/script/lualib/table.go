package lualib

import (
	"math"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/limit"
)

// at gives t[i] without metamethods. The library's RawGetInt finds only what
// is in the table's array.
func at(t *lua.LTable, i int) lua.LValue {
	if i >= 1 && i < lua.MaxArrayIndex {
		return t.RawGetInt(i)
	}
	return t.RawGetH(lua.LNumber(i))
}

// insert(table[, place], value)
func tableInsert(c call) int {
	t := c.ownTable(1)
	n := t.Len()
	place, value := n+1, c.Get(2)
	switch c.GetTop() {
	case 2:
	case 3:
		place, value = c.integer(2), c.Get(3)
	default:
		c.fail("wrong number of arguments to 'insert'")
	}
	if place < 1 {
		c.badArgument(2, "position out of bounds")
	}
	if n+1 >= lua.MaxArrayIndex {
		c.exceed(limit.Fixed("table", lua.MaxArrayIndex-1, "table too large: %d elements", n+1))
	}
	if place > n {
		t.RawSetInt(place, value)
		return 0
	}
	c.bytes(16 * n) // what moves
	t.Insert(place, value)
	return 0
}

// remove(table[, place]) -> what was there
func tableRemove(c call) int {
	t := c.ownTable(1)
	n := t.Len()
	place := c.integerOr(2, n)
	if place < 1 || place > n {
		return 0
	}
	c.bytes(16 * n) // what moves
	c.Push(t.Remove(place))
	return 1
}

// maxn(table) -> the largest positive number that is a key
func tableMaxN(c call) int {
	t := c.table(1)
	largest := 0.0
	t.ForEach(func(key, _ lua.LValue) {
		if n, ok := key.(lua.LNumber); ok {
			largest = max(largest, float64(n))
		}
		c.tick(1)
	})
	return c.pushNumber(largest)
}

// concat(table[, separator[, from[, to]]]) -> text
func tableConcat(c call) int {
	t := c.table(1)
	separator := ""
	if c.Get(2) != lua.LNil {
		separator = c.text(2)
	}
	from := c.integerOr(3, 1)
	to := c.integerOr(4, math.MaxInt)
	if c.Get(4) == lua.LNil {
		to = t.Len()
	}
	size := 0
	for i := from; i <= to; i++ {
		size += len(c.item(t, i))
		if i < to {
			size += len(separator)
		}
		c.tick(1)
		c.fit(size)
	}
	text := make([]byte, 0, size)
	for i := from; i <= to; i++ {
		c.tick(1)
		text = append(text, c.item(t, i)...)
		if i < to {
			text = append(text, separator...)
		}
	}
	return c.pushString(string(text))
}

// item gives the text of element i for concat.
func (c call) item(t *lua.LTable, i int) string {
	switch v := at(t, i).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return formatNumber(float64(v))
	default:
		c.fail("invalid value (%s) at index %d in table for 'concat'", v.Type(), i)
		return ""
	}
}

// sort(table[, less])
func tableSort(c call) int {
	t := c.ownTable(1)
	less := c.lessThan
	if fn := c.Get(2); fn != lua.LNil {
		if fn.Type() != lua.LTFunction {
			c.expected(2, "function")
		}
		less = func(a, b lua.LValue) bool { return lua.LVAsBool(c.callOne(fn, a, b)) }
	}
	// The values are sorted beside the table, which less may change.
	values := make([]lua.LValue, t.Len())
	for i := range values {
		values[i] = t.RawGetInt(i + 1)
	}
	// SortFunc only asks whether the result is negative, and ends for any less.
	slices.SortFunc(values, func(a, b lua.LValue) int {
		c.tick(1)
		if less(a, b) {
			return -1
		}
		return 0
	})
	for i, value := range values {
		t.RawSetInt(i+1, value)
	}
	return 0
}

// lessThan is the operator <. Comparing long strings is work.
func (c call) lessThan(a, b lua.LValue) bool {
	if a, ok := a.(lua.LString); ok {
		if b, ok := b.(lua.LString); ok {
			c.bytes(min(len(a), len(b)))
			return a < b
		}
	}
	return c.LessThan(a, b)
}
