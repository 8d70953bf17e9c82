package env

import (
	"errors"

	lua "github.com/yuin/gopher-lua"
)

// Module pushes the table that scripts get from require("env"). Its functions
// may be called while a file is loaded: a field's limits can come from them.
func (e *Env) Module(L *lua.LState) int {
	L.Push(L.SetFuncs(L.CreateTable(0, 3), map[string]lua.LGFunction{
		"string": func(L *lua.LState) int {
			value, err := e.String(L.CheckString(1))
			return result(L, lua.LString(value), err)
		},
		"integer": func(L *lua.LState) int {
			value, err := e.Integer(L.CheckString(1))
			return result(L, lua.LNumber(value), err)
		},
		"boolean": func(L *lua.LState) int {
			value, err := e.Boolean(L.CheckString(1))
			return result(L, lua.LBool(value), err)
		},
	}))
	return 1
}

// result pushes value or, where the variable is unset, the default that the
// script gave, which must be of the same type.
func result(L *lua.LState, value lua.LValue, err error) int {
	other := L.Get(2)
	if other != lua.LNil {
		L.CheckType(2, value.Type())
	}
	switch {
	case errors.Is(err, ErrUnset) && other != lua.LNil:
		value = other
	case err != nil:
		L.RaiseError("%v", err)
	}
	L.Push(value)
	return 1
}
