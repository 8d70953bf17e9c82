package lualib

import (
	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
)

// assert(value[, message]) -> all its arguments
func assert(c call) int {
	if lua.LVAsBool(c.value(1)) {
		return c.GetTop()
	}
	message := "assertion failed!"
	if c.Get(2) != lua.LNil {
		message = c.text(2)
	}
	c.fail("%s", message)
	return 0
}

// getmetatable(value) -> its metatable, or what that says instead. Only
// tables give theirs away: others' are shared by all values of a type.
func getMetatable(c call) int {
	value := c.value(1)
	c.Push(c.GetMetaField(value, "__metatable"))
	if t, ok := value.(*lua.LTable); ok && c.Get(-1) == lua.LNil {
		c.Push(t.Metatable)
	}
	return 1
}

// setmetatable(table, metatable or nil) -> table
func setMetatable(c call) int {
	t, ok := c.Get(1).(*lua.LTable)
	if !ok {
		c.expected(1, "table")
	}
	if kind := c.Get(2).Type(); c.GetTop() < 2 || kind != lua.LTNil && kind != lua.LTTable {
		c.badArgument(2, "nil or table expected")
	}
	if c.GetMetaField(t, "__metatable") != lua.LNil {
		c.fail("cannot change a protected metatable")
	}
	t.Metatable = c.Get(2)
	c.Push(t)
	return 1
}

// next(table[, key]) -> next key, value | nil
func next(c call) int {
	key, value := c.table(1).Next(c.Get(2))
	c.Push(key)
	if key == lua.LNil {
		return 1
	}
	c.Push(value)
	return 2
}

// pairs(table) -> next, table, nil
func pairs(c call) int {
	c.table(1)
	c.Push(c.lib.next)
	c.Push(c.Get(1))
	c.Push(lua.LNil)
	return 3
}

// ipairs(table) -> iterator, table, 0
func ipairs(c call) int {
	c.table(1)
	c.Push(c.lib.nextIndex)
	c.Push(c.Get(1))
	c.Push(lua.LNumber(0))
	return 3
}

// nextIndex(table, index) -> index + 1, value | nothing
func nextIndex(c call) int {
	i := c.integer(2) + 1
	value := at(c.table(1), i)
	if value == lua.LNil {
		return 0
	}
	c.Push(lua.LNumber(i))
	c.Push(value)
	return 2
}

func rawEqual(c call) int {
	c.Push(lua.LBool(c.value(1) == c.value(2)))
	return 1
}

func rawGet(c call) int {
	c.Push(c.table(1).RawGet(c.value(2)))
	return 1
}

// rawset(table, key, value) -> table
func rawSet(c call) int {
	t := c.ownTable(1)
	c.RawSet(t, c.value(2), c.value(3))
	c.Push(t)
	return 1
}

// select("#", …) -> how many follow; select(n, …) -> the nth and all after
func selectValues(c call) int {
	top := c.GetTop()
	if mark, ok := c.Get(1).(lua.LString); ok && len(mark) > 0 && mark[0] == '#' {
		c.Push(lua.LNumber(top - 1))
		return 1
	}
	n := c.integer(1)
	if n < 0 {
		n += top
	}
	if n < 1 {
		c.badArgument(1, "index out of range")
	}
	return max(top-n, 0) // what returns is the end of the stack
}

// unpack(table[, from[, to]]) -> the elements
func unpack(c call) int {
	t := c.table(1)
	from := c.integerOr(2, 1)
	to := c.integerOr(3, -1)
	if c.Get(3) == lua.LNil {
		to = t.Len()
	}
	c.checkResults(to-from+1, "too many results to unpack")
	for i := from; i <= to; i++ {
		c.Push(at(t, i))
	}
	return max(to-from+1, 0)
}

// tonumber(value[, base]) -> number | nil
func toNumber(c call) int {
	base := c.integerOr(2, 10)
	var n float64
	ok := true
	if base != 10 {
		text := c.text(1)
		if base < 2 || base > 36 {
			c.badArgument(2, "base out of range")
		}
		n, ok = parseInteger(text, base)
	} else {
		switch v := c.value(1).(type) {
		case lua.LNumber:
			n = float64(v)
		case lua.LString:
			n, ok = parseNumber(string(v))
		default:
			ok = false
		}
	}
	if !ok {
		c.Push(lua.LNil)
		return 1
	}
	c.Push(lua.LNumber(n))
	return 1
}

func toString(c call) int {
	c.Push(lua.LString(c.show(c.value(1))))
	return 1
}

// show gives the text that tostring shows. It says nothing of where a value
// lies in memory, nor how many there were before it.
func (c call) show(v lua.LValue) string {
	if fn := c.GetMetaField(v, "__tostring"); fn != lua.LNil {
		switch text := c.callOne(fn, v).(type) {
		case lua.LString:
			return string(text)
		case lua.LNumber:
			return formatNumber(float64(text))
		}
		c.fail("'__tostring' must return a string")
	}
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return formatNumber(float64(v))
	case lua.LBool:
		return v.String()
	case *lua.LUserData:
		if luaconv.IsNull(v) {
			return "null"
		}
	}
	return v.Type().String()
}

func typeOf(c call) int {
	c.Push(lua.LString(c.value(1).Type().String()))
	return 1
}
