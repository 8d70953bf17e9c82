package lualib

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"
)

// sealKey is where the metatable of a sealed table holds what it seals. No
// script can get hold of this key or of such a metatable.
var sealKey = &lua.LUserData{Metatable: lua.LNil}

// Seal gives a table that reads like t but that no script can change. Tables
// in t, at any depth, are replaced by sealed ones. Whoever still holds t can
// change it; scripts must not. The metamethods of t keep working.
//
// pairs, ipairs, next, rawget, unpack, # and the table functions read sealed
// tables like others, but Go code finds an empty table with a metatable.
func Seal(L *lua.LState, t *lua.LTable) *lua.LTable {
	return seal(L, t, map[*lua.LTable]*lua.LTable{})
}

func seal(L *lua.LState, t *lua.LTable, sealed map[*lua.LTable]*lua.LTable) *lua.LTable {
	if IsSealed(t) {
		return t
	}
	if proxy, ok := sealed[t]; ok {
		return proxy
	}
	proxy := L.CreateTable(0, 0)
	sealed[t] = proxy
	t.ForEach(func(key, value lua.LValue) {
		if inner, ok := value.(*lua.LTable); ok {
			t.RawSet(key, seal(L, inner, sealed))
		}
	})
	meta := L.CreateTable(0, 5)
	if old, ok := t.Metatable.(*lua.LTable); ok {
		old.ForEach(meta.RawSetH)
	}
	meta.RawSetString("__index", t)
	meta.RawSetString("__newindex", L.NewFunction(refuse))
	meta.RawSetString("__len", L.NewFunction(func(L *lua.LState) int {
		L.Push(lua.LNumber(t.Len()))
		return 1
	}))
	meta.RawSetString("__metatable", lua.LFalse)
	meta.RawSetH(sealKey, t)
	proxy.Metatable = meta
	return proxy
}

// refuse is __newindex(table, key, value).
func refuse(L *lua.LState) int {
	what := "attempt to change a read-only table"
	if key, ok := L.Get(2).(lua.LString); ok && len(key) <= 64 {
		what += fmt.Sprintf(" (field '%s')", string(key))
	}
	L.RaiseError("%s", what)
	return 0
}

// IsSealed reports whether t came from [Seal].
func IsSealed(t *lua.LTable) bool { return unseal(t) != t }

// unseal gives what t seals, or t.
func unseal(t *lua.LTable) *lua.LTable {
	if meta, ok := t.Metatable.(*lua.LTable); ok {
		if inner, ok := meta.RawGetH(sealKey).(*lua.LTable); ok {
			return inner
		}
	}
	return t
}

// ForEach goes over what a script finds in t with pairs, sealed or not, in no
// order. Tables among the values stay sealed.
func ForEach(t *lua.LTable, each func(key, value lua.LValue)) { unseal(t).ForEach(each) }
