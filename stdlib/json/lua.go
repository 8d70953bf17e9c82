package json

import (
	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
	"vera/stdlib/runinfo"
)

// Module pushes the table that scripts get from require("json").
func (l Limits) Module(L *lua.LState) int {
	module := L.SetFuncs(L.CreateTable(0, 4), map[string]lua.LGFunction{
		"encode": l.encode,
		"decode": l.decode,
		"array":  array,
	})
	module.RawSetString("null", luaconv.Null)
	L.Push(module)
	return 1
}

// json.encode(value) -> text
func (l Limits) encode(L *lua.LState) int {
	text, err := AppendJSON(runinfo.Context(L), nil, L.CheckAny(1), l)
	if err != nil {
		L.RaiseError("json.encode: %v", err)
	}
	L.Push(lua.LString(text))
	return 1
}

// json.decode(text) -> value | nil, "invalid", message
func (l Limits) decode(L *lua.LState) int {
	value, err := Decode(L, L.CheckString(1), l)
	if err != nil {
		return luaconv.Fail(L, "invalid", err.Error())
	}
	L.Push(value)
	return 1
}

// json.array([table]) -> table
func array(L *lua.LState) int {
	t := L.OptTable(1, nil)
	switch {
	case t == nil:
		t = L.NewTable()
	case t.Metatable != lua.LNil && !luaconv.IsArray(t):
		L.ArgError(1, "the table already has a metatable") // it may be a sealed one
	}
	L.Push(luaconv.MarkArray(L, t))
	return 1
}
