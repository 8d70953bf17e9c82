package username

import (
	"errors"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
)

// Module pushes the table that scripts get from require("username").
func Module(L *lua.LState) int {
	L.Push(L.SetFuncs(L.CreateTable(0, 1), map[string]lua.LGFunction{"normalize": normalize}))
	return 1
}

// username.normalize(text) -> name | nil, code, message
func normalize(L *lua.LState) int {
	name, err := Normalize(L.CheckString(1))
	if err, ok := errors.AsType[*Error](err); ok {
		return luaconv.Fail(L, err.Code, err.Message)
	}
	L.Push(lua.LString(name))
	return 1
}
