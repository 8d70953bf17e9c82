package password

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
	"vera/stdlib/runinfo"
)

// Module pushes the table that scripts get from require("password").
func (h *Hasher) Module(L *lua.LState) int {
	L.Push(L.SetFuncs(L.CreateTable(0, 5), map[string]lua.LGFunction{
		"hash":         h.hash,
		"length":       length,
		"admit":        h.admit,
		"verify":       h.verify,
		"needs_rehash": h.needsRehash,
	}))
	return 1
}

// password.hash(text) -> digest | nil, "invalid" or "blocked", message
func (h *Hasher) hash(L *lua.LState) int {
	runinfo.MustRun(L, "password.hash")
	digest, err := h.Hash(contextOf(L), L.CheckString(1))
	switch {
	case errors.Is(err, ErrInvalid):
		return luaconv.Fail(L, "invalid", invalidText)
	case errors.Is(err, ErrBlocked):
		return luaconv.Fail(L, "blocked", "the password is one of those that are guessed first")
	case err != nil:
		luaconv.Raise(L, err)
	}
	L.Push(lua.LString(digest))
	return 1
}

// password.admit()
func (h *Hasher) admit(L *lua.LState) int {
	runinfo.MustRun(L, "password.admit")
	if h.lane.full(h.cost.work(Bcrypt)) {
		luaconv.Raise(L, ErrBusy)
	}
	return 0
}

const invalidText = "the password is empty, too long or holds a character that is not allowed"

// password.length(text) -> number | nil, "invalid", message
func length(L *lua.LState) int {
	n, err := Length(L.CheckString(1))
	if err != nil {
		return luaconv.Fail(L, "invalid", invalidText)
	}
	L.Push(lua.LNumber(n))
	return 1
}

// password.verify(text, digest) -> boolean | false, "cost"
func (h *Hasher) verify(L *lua.LState) int {
	runinfo.MustRun(L, "password.verify")
	text := L.CheckString(1)
	digest := ""
	if !luaconv.IsNull(L.Get(2)) { // nil: no such user, and as slow
		digest = L.CheckString(2)
	}
	match, err := h.Verify(contextOf(L), text, digest)
	if errors.Is(err, ErrCost) {
		L.Push(lua.LFalse)
		L.Push(lua.LString("cost"))
		return 2
	}
	if err != nil {
		luaconv.Raise(L, err)
	}
	L.Push(lua.LBool(match))
	return 1
}

// password.needs_rehash(digest) -> boolean
func (h *Hasher) needsRehash(L *lua.LState) int {
	L.Push(lua.LBool(h.NeedsRehash(L.CheckString(1))))
	return 1
}

func contextOf(L *lua.LState) context.Context {
	if ctx := L.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}
