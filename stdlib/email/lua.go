package email

import (
	"errors"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
)

// Module pushes the table that scripts get from require("email").
func Module(L *lua.LState) int {
	L.Push(L.SetFuncs(L.CreateTable(0, 1), map[string]lua.LGFunction{"normalize": normalize}))
	return 1
}

// email.normalize(text) -> address | nil, code, message
func normalize(L *lua.LState) int {
	address, err := Normalize(L.CheckString(1))
	if err, ok := errors.AsType[*Error](err); ok {
		return luaconv.Fail(L, err.Code, err.Message)
	}
	L.Push(lua.LString(address))
	return 1
}
