// Package uuid makes UUIDs (RFC 9562) in lower case.
//
//	id := uuid.V7() // sorts by the time it was made
package uuid

import (
	"github.com/google/uuid"
	lua "github.com/yuin/gopher-lua"
)

// V4 returns a random UUID.
func V4() string { return uuid.NewString() }

// V7 returns a UUID of the time in milliseconds and random bits. Those that
// one process makes ascend.
func V7() string { return uuid.Must(uuid.NewV7()).String() }

// Module pushes the table that scripts get from require("uuid").
func Module(L *lua.LState) int {
	L.Push(L.SetFuncs(L.CreateTable(0, 2), map[string]lua.LGFunction{
		"v4": func(L *lua.LState) int { L.Push(lua.LString(V4())); return 1 },
		"v7": func(L *lua.LState) int { L.Push(lua.LString(V7())); return 1 },
	}))
	return 1
}
