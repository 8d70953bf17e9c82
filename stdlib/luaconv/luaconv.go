// Package luaconv moves values from Go to Lua. The way back is package json's:
// whatever leaves a script is a JSON value.
//
//	number, err := Normalize(L.CheckString(1))
//	if err != nil {
//		return luaconv.Fail(L, "invalid") // an expected outcome: nil, code
//	}
//
// The JSON model has two values that Lua lacks. [Null] is an explicit null,
// as nil in a table is no entry at all. [MarkArray] tells an array from an
// object where the table is empty.
package luaconv

import (
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/strictjson"
)

// MaxSafeInteger is the largest integer that every smaller one can be told
// from in a Lua number, 2^53 - 1.
const MaxSafeInteger = 1<<53 - 1

// MaxDepth bounds how deep values nest in either direction.
const MaxDepth = 64

// Null is JSON's null as scripts see it (json.null). All VMs share it; it
// holds nothing and scripts cannot change it.
var Null = &lua.LUserData{Value: null{}, Metatable: lua.LNil}

type null struct{}

// String is what tostring shows.
func (null) String() string { return "null" }

// IsNull reports whether v is nil or [Null].
func IsNull(v lua.LValue) bool { return v == lua.LNil || v == lua.LValue(Null) }

// Fail pushes what a primitive returns for an expected failure: nil, the code
// and, if there are any, the further texts. It returns their number.
func Fail(L *lua.LState, code string, more ...string) int {
	L.Push(lua.LNil)
	L.Push(lua.LString(code))
	for _, text := range more {
		L.Push(lua.LString(text))
	}
	return 2 + len(more)
}

// arrayKey is the metatable entry that marks an array.
const arrayKey = lua.LString("__array")

const registryKey = "vera.array"

// MarkArray gives t the metatable of arrays and returns t.
func MarkArray(L *lua.LState, t *lua.LTable) *lua.LTable {
	registry := L.G.Registry
	meta, ok := registry.RawGetString(registryKey).(*lua.LTable)
	if !ok {
		meta = L.CreateTable(0, 2)
		meta.RawSetString(string(arrayKey), lua.LTrue)
		meta.RawSetString("__metatable", lua.LString("array"))
		registry.RawSetString(registryKey, meta)
	}
	t.Metatable = meta
	return t
}

// IsArray reports whether t was marked by [MarkArray].
func IsArray(t *lua.LTable) bool {
	meta, ok := t.Metatable.(*lua.LTable)
	return ok && meta.RawGetString(string(arrayKey)) == lua.LTrue
}

// FromGo converts a Go value to a Lua value: nil becomes [Null] inside a
// slice or map and Lua's nil at the top, numbers (strictjson's literals among
// them) become Lua numbers, a []any a marked array, a map[string]any a table.
// It fails on an integer beyond 2^53 - 1, on any other type, below [MaxDepth],
// and with the error of L's context when that has ended.
func FromGo(L *lua.LState, v any) (lua.LValue, error) {
	if v == nil {
		return lua.LNil, nil
	}
	c := conversion{L: L}
	return c.value(v, 0)
}

// A conversion makes one tree of values.
type conversion struct {
	L     *lua.LState
	begun int // values
}

// valuesPerLook is how many values are made before the context is looked at
// again: some 50 µs of work.
const valuesPerLook = 256

// look fails, now and then, when the context has ended.
func (c *conversion) look() error {
	if c.begun++; c.begun%valuesPerLook != 0 {
		return nil
	}
	if ctx := c.L.Context(); ctx != nil {
		return ctx.Err()
	}
	return nil
}

func (c *conversion) value(v any, depth int) (lua.LValue, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("nested deeper than %d", MaxDepth)
	}
	if err := c.look(); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return Null, nil
	case bool:
		return lua.LBool(v), nil
	case string:
		return lua.LString(v), nil
	case float64:
		return lua.LNumber(v), nil
	case int:
		return integer(int64(v))
	case int32:
		return lua.LNumber(v), nil
	case int64:
		return integer(v)
	case strictjson.Number:
		if !v.IsInteger() {
			return lua.LNumber(v.Float64()), nil
		}
		n, ok := v.Int64()
		if !ok {
			return nil, errRange
		}
		return lua.LNumber(n), nil
	case lua.LValue:
		return v, nil
	case []any:
		t := c.L.CreateTable(len(v), 0)
		for _, item := range v {
			value, err := c.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			t.Append(value)
		}
		return MarkArray(c.L, t), nil
	case map[string]any:
		t := c.L.CreateTable(0, len(v))
		for key, item := range v {
			value, err := c.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			t.RawSetString(key, value)
		}
		return t, nil
	}
	return nil, fmt.Errorf("no Lua value for %T", v)
}

var errRange = errors.New("an integer beyond 2^53")

func integer(n int64) (lua.LValue, error) {
	if n > MaxSafeInteger || n < -MaxSafeInteger {
		return nil, errRange
	}
	return lua.LNumber(n), nil
}
