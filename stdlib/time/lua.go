package time

import (
	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
)

// Module pushes the table that scripts get from require("time").
func (c *Clock) Module(L *lua.LState) int {
	L.Push(L.SetFuncs(L.CreateTable(0, 3), map[string]lua.LGFunction{
		"now":    c.luaNow,
		"format": format,
		"parse":  parse,
	}))
	return 1
}

// time.now() -> seconds
func (c *Clock) luaNow(L *lua.LState) int {
	L.Push(lua.LNumber(c.Now()))
	return 1
}

// time.format(seconds) -> text
func format(L *lua.LState) int {
	t := L.CheckNumber(1)
	if t != lua.LNumber(int64(t)) {
		L.ArgError(1, "whole seconds expected")
	}
	text, err := Format(int64(t))
	if err != nil {
		L.ArgError(1, err.Error())
	}
	L.Push(lua.LString(text))
	return 1
}

// time.parse(text) -> seconds | nil, "invalid", message
func parse(L *lua.LState) int {
	t, err := Parse(L.CheckString(1))
	if err != nil {
		return luaconv.Fail(L, "invalid", err.Error())
	}
	L.Push(lua.LNumber(t))
	return 1
}
