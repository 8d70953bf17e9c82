package phone

import (
	"errors"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
)

// Module pushes the table that scripts get from require("phone").
func (n *Numbers) Module(L *lua.LState) int {
	L.Push(L.SetFuncs(L.CreateTable(0, 1), map[string]lua.LGFunction{"normalize": n.normalize}))
	return 1
}

// phone.normalize(text[, region]) -> number | nil, code, message
func (n *Numbers) normalize(L *lua.LState) int {
	number, err := n.Normalize(L.CheckString(1), L.OptString(2, ""))
	if err, ok := errors.AsType[*Error](err); ok {
		return luaconv.Fail(L, err.Code, err.Message)
	}
	L.Push(lua.LString(number))
	return 1
}
