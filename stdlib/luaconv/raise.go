package luaconv

import (
	"errors"

	lua "github.com/yuin/gopher-lua"
)

// Raise raises err as a Lua error that a script may catch but not look into,
// and that [Cause] gives back to Go whole. For what a script cannot expect;
// an expected outcome is returned with [Fail].
func Raise(L *lua.LState, err error) {
	L.Error(&lua.LUserData{Value: err, Metatable: lua.LNil}, 1)
}

// Cause returns the Go error inside a Lua error that [Raise] raised, however
// often it was caught and raised again, and else err itself.
func Cause(err error) error {
	apiErr, ok := errors.AsType[*lua.ApiError](err)
	if !ok {
		return err
	}
	if raised, ok := apiErr.Object.(*lua.LUserData); ok {
		if cause, ok := raised.Value.(error); ok {
			return cause
		}
	}
	if apiErr.Cause != nil {
		return apiErr.Cause
	}
	return err
}
