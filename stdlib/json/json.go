// Package json moves JSON between text and Lua values, with nothing in
// between that could round a number or lose a null.
//
//	body, err := json.AppendJSON(nil, value, json.Limits{})
//
// A table is an array if it is a sequence or marked by json.array, else an
// object; an unmarked empty table is an empty object. Members are written
// sorted by name, so that equal values give equal text.
package json

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
	"vera/stdlib/strictjson"
)

// Limits bound what is written and read. The zero value is ready for use.
type Limits struct {
	Bytes    int // of the text; zero means 1 MiB
	Depth    int // of nested tables; zero means luaconv.MaxDepth
	Elements int // members and elements of all tables; zero means 100,000
}

func (l Limits) orDefaults() Limits {
	return Limits{
		Bytes:    cmp.Or(l.Bytes, 1<<20),
		Depth:    cmp.Or(l.Depth, luaconv.MaxDepth),
		Elements: cmp.Or(l.Elements, 100_000),
	}
}

// AppendJSON appends v as JSON to dst. What JSON cannot hold is an error that
// names its place, as in `user.tags[2]: a function is not a JSON value`: a
// function, NaN, text that is not UTF-8, a table that contains itself, has
// holes or mixed keys, or exceeds the limits. dst is then returned as it came.
func AppendJSON(dst []byte, v lua.LValue, limits Limits) ([]byte, error) {
	e := encoder{dst: dst, start: len(dst), limits: limits.orDefaults()}
	if err := e.value(v); err != nil {
		return dst, err
	}
	return e.dst, nil
}

// An encoder writes one value.
type encoder struct {
	dst      []byte
	start    int // of what the encoder wrote
	limits   Limits
	elements int      // seen so far
	path     []step   // the tables being written, outermost first
	members  []member // of the objects being written, likewise
}

// A step is a table being written and where in it the encoder stands.
type step struct {
	table *lua.LTable
	name  string // the member, or
	index int    // the element, from 1
}

type member struct {
	name  string
	value lua.LValue
}

func (e *encoder) errorf(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	var place []byte
	for _, s := range e.path {
		switch {
		case s.index > 0:
			place = append(strconv.AppendInt(append(place, '['), int64(s.index), 10), ']')
		case len(place) > 0:
			place = append(append(place, '.'), s.name...)
		default:
			place = append(place, s.name...)
		}
	}
	if len(place) == 0 {
		return errors.New(text)
	}
	return fmt.Errorf("%.200s: %s", place, text)
}

func (e *encoder) value(v lua.LValue) error {
	switch v := v.(type) {
	case *lua.LNilType:
		e.dst = append(e.dst, "null"...)
	case lua.LBool:
		e.dst = strconv.AppendBool(e.dst, bool(v))
	case lua.LNumber:
		f := float64(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return e.errorf("%v is not a JSON number", f)
		}
		e.dst = strictjson.AppendNumber(e.dst, f)
	case lua.LString:
		if err := e.text(string(v)); err != nil {
			return err
		}
	case *lua.LTable:
		if err := e.table(v); err != nil {
			return err
		}
	default:
		if v != lua.LValue(luaconv.Null) {
			return e.errorf("a %s is not a JSON value", v.Type())
		}
		e.dst = append(e.dst, "null"...)
	}
	if len(e.dst)-e.start > e.limits.Bytes {
		return e.errorf("more than the %d bytes allowed", e.limits.Bytes)
	}
	return nil
}

func (e *encoder) text(s string) error {
	if len(s) > e.limits.Bytes {
		return e.errorf("more than the %d bytes allowed", e.limits.Bytes)
	}
	if !utf8.ValidString(s) {
		return e.errorf("text that is not UTF-8")
	}
	e.dst = strictjson.AppendString(e.dst, s)
	return nil
}

func (e *encoder) table(t *lua.LTable) error {
	if len(e.path) >= e.limits.Depth {
		return e.errorf("nested deeper than %d", e.limits.Depth)
	}
	if slices.ContainsFunc(e.path, func(s step) bool { return s.table == t }) {
		return e.errorf("the table contains itself")
	}
	first := len(e.members)
	length, err := e.collect(t)
	if err != nil {
		return err
	}
	e.path = append(e.path, step{table: t})
	if length > 0 || luaconv.IsArray(t) {
		err = e.array(t, length)
	} else {
		err = e.object(first)
	}
	e.members = e.members[:first]
	if err != nil {
		return err
	}
	e.path = e.path[:len(e.path)-1]
	return nil
}

// collect looks at the keys of t. It returns the length if t is an array, or
// appends t's members to e.members.
func (e *encoder) collect(t *lua.LTable) (length int, err error) {
	length = t.MaxN()
	first := len(e.members)
	last := lua.LValue(lua.LNil) // all keys
	if length > 0 {
		last = lua.LNumber(length) // those behind the positions
	}
	for key, value := t.Next(last); key != lua.LNil; key, value = t.Next(key) {
		switch key := key.(type) {
		case lua.LString:
			e.members = append(e.members, member{string(key), value})
		case lua.LNumber:
			return 0, e.errorf("a table with the number %v as a key is no JSON value", key)
		default:
			return 0, e.errorf("a table with a %s as a key is no JSON value", key.Type())
		}
	}
	names := e.members[first:]
	e.elements += length + len(names)
	if e.elements > e.limits.Elements {
		return 0, e.errorf("more than the %d values allowed", e.limits.Elements)
	}
	if (length > 0 || luaconv.IsArray(t)) && len(names) > 0 {
		name := slices.MinFunc(names, byName).name
		return 0, e.errorf("a table with both positions and names (%.40q) is no JSON value", name)
	}
	slices.SortFunc(names, byName)
	return length, nil
}

func byName(a, b member) int { return cmp.Compare(a.name, b.name) }

func (e *encoder) array(t *lua.LTable, length int) error {
	here := len(e.path) - 1
	e.dst = append(e.dst, '[')
	for i := range length {
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		e.path[here].index = i + 1
		item := t.RawGetInt(i + 1)
		if item == lua.LNil {
			return e.errorf("a list with holes is no JSON value; use json.null for them")
		}
		if err := e.value(item); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, ']')
	return nil
}

// object writes the members from the given one on.
func (e *encoder) object(first int) error {
	here := len(e.path) - 1
	e.dst = append(e.dst, '{')
	for i, last := first, len(e.members); i < last; i++ {
		if i > first {
			e.dst = append(e.dst, ',')
		}
		m := e.members[i]
		e.path[here].name = m.name
		if err := e.text(m.name); err != nil {
			return err
		}
		e.dst = append(e.dst, ':')
		if err := e.value(m.value); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, '}')
	return nil
}
