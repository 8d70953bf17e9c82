package crypto

import (
	"crypto/rand"
	"io"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/limit"
	"vera/stdlib/luaconv"
)

// Module pushes the table that scripts get from require("crypto"), with the
// default limits.
func Module(L *lua.LState) int { return Loader(limit.Limits{}, nil)(L) }

// Loader gives a function that pushes that table, for scripts that have to
// obey limits. Random bytes come from source; nil, as a host has it, means the
// system's.
func Loader(limits limit.Limits, source io.Reader) lua.LGFunction {
	limits = limits.OrDefaults()
	if source == nil {
		source = rand.Reader
	}
	return func(L *lua.LState) int { return push(L, limits, source) }
}

func push(L *lua.LState, limits limit.Limits, source io.Reader) int {
	module := L.SetFuncs(L.CreateTable(0, 7), map[string]lua.LGFunction{
		"random": func(L *lua.LState) int { return luaRandom(L, source) },
		"sha256": func(L *lua.LState) int {
			L.Push(lua.LString(SHA256(L.CheckString(1))))
			return 1
		},
		"hmac_sha256": func(L *lua.LState) int {
			L.Push(lua.LString(HMACSHA256(L.CheckString(1), L.CheckString(2))))
			return 1
		},
		"equal": func(L *lua.LState) int {
			L.Push(lua.LBool(Equal(L.CheckString(1), L.CheckString(2))))
			return 1
		},
	})
	module.RawSetString("hex", Hex.table(L, limits))
	module.RawSetString("base64", Base64.table(L, limits))
	module.RawSetString("base64url", Base64URL.table(L, limits))
	L.Push(module)
	return 1
}

// crypto.random(n) -> bytes
func luaRandom(L *lua.LState, source io.Reader) int {
	n := L.CheckNumber(1)
	if n != lua.LNumber(int(n)) {
		L.ArgError(1, "whole number expected")
	}
	bytes, err := random(int(n), source)
	if err != nil {
		L.ArgError(1, err.Error())
	}
	L.Push(lua.LString(bytes))
	return 1
}

// table gives the functions of one encoding. A text could double from call to
// call, so the encoded one, which is the longer, has to fit.
func (e Encoding) table(L *lua.LState, limits limit.Limits) *lua.LTable {
	fit := func(encoded int) error {
		if encoded > limits.StringBytes {
			return limits.Note(limit.Strings(encoded, limits.StringBytes))
		}
		return nil
	}
	return L.SetFuncs(L.CreateTable(0, 2), map[string]lua.LGFunction{
		"encode": func(L *lua.LState) int {
			text := L.CheckString(1)
			if err := fit(e.length(len(text))); err != nil {
				L.ArgError(1, err.Error())
			}
			L.Push(lua.LString(e.Encode(text)))
			return 1
		},
		"decode": func(L *lua.LState) int {
			text := L.CheckString(1)
			if err := fit(len(text)); err != nil {
				return luaconv.Fail(L, "invalid", err.Error())
			}
			bytes, err := e.Decode(text)
			if err != nil {
				return luaconv.Fail(L, "invalid", err.Error())
			}
			L.Push(lua.LString(bytes))
			return 1
		},
	})
}
