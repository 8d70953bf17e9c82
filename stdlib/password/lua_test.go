package password_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
	"vera/stdlib/password"
	"vera/stdlib/runinfo"
)

func state(t *testing.T, h *password.Hasher, ctx context.Context) *lua.LState {
	L := lua.NewState()
	t.Cleanup(L.Close)
	L.SetContext(ctx)
	L.PreloadModule("password", h.Module)
	return L
}

func TestLua(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4, MaxCost: 5})
	L := state(t, h, t.Context())
	err := L.DoString(`
		local password = require("password")
		local digest = password.hash("password123")
		assert(digest:match("^%$2b%$04%$") and #digest == 60)
		assert(password.verify("password123", digest) == true)
		assert(password.verify("password124", digest) == false)
		assert(password.verify("password123", nil) == false)
		assert(password.verify("password123") == false)
		assert(password.needs_rehash(digest) == false)
		assert(password.needs_rehash("nonsense") == true)
		local none, code, message = password.hash("a\0b")
		assert(none == nil and code == "invalid" and #message > 10)
		assert(password.length("cafe\204\129") == 4 and password.length("") == 0)
		local none, code, message = password.length("a\0b")
		assert(none == nil and code == "invalid" and #message > 10)
		assert(not pcall(password.length, {}))
		local ok, code = password.verify("x", "$2b$31$" .. ("a"):rep(53))
		assert(ok == false and code == "cost")
		password.admit()
		assert(not pcall(password.hash, {}))
		assert(not pcall(password.verify, "x", {}))
		assert(not pcall(password.needs_rehash, nil))`)
	if err != nil {
		t.Error(err)
	}
}

func TestLuaOfSchemes(t *testing.T) {
	old := newHasher(t, password.Options{Cost: 4})
	lost := newHasher(t, password.Options{Cost: 4, Pepper: pepperB})
	h := newHasher(t, small(func(o *password.Options) {
		o.Pepper, o.Blocklist = pepperA, readBlocklist(t, "12345678\n")
	}))
	L := state(t, h, t.Context())
	L.SetGlobal("old", lua.LString(hash(t, old, "password123")))
	L.SetGlobal("lost", lua.LString(hash(t, lost, "password123")))
	err := L.DoString(`
		local password = require("password")
		local digest = password.hash("password123")
		assert(digest:match("^%$pepper%-%x%x%x%x%x%x%x%x%$argon2id%$v=19%$m=8,t=1,p=1%$"))
		assert(password.verify("password123", digest) == true and not password.needs_rehash(digest))
		assert(password.verify("password123", old) == true and password.needs_rehash(old))
		local none, code, message = password.hash("12345678")
		assert(none == nil and code == "blocked" and not message:find("12345678"))
		password.verify("password123", lost)`)
	if !errors.Is(luaconv.Cause(err), password.ErrPepper) {
		t.Errorf("a digest of a lost pepper raises %v, want ErrPepper inside", err)
	}
}

func TestLuaRefusesWhileLoading(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	ctx := context.WithValue(t.Context(), runinfo.Key{}, &runinfo.Info{Loading: true})
	for _, call := range []string{`hash("x")`, `verify("x", nil)`} {
		err := state(t, h, ctx).DoString(`require("password").` + call)
		if err == nil || !strings.Contains(err.Error(), "while the file is loaded") {
			t.Errorf("%s while loading: %v", call, err)
		}
	}
}

func TestLuaRaisesWhatNobodyExpects(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	h.Close()
	err := state(t, h, t.Context()).DoString(`require("password").hash("password123")`)
	if !errors.Is(luaconv.Cause(err), password.ErrClosed) {
		t.Errorf("the raised error is %v, want ErrClosed inside", err)
	}
}
