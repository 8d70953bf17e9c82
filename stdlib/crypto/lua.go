package crypto

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
)

// Module pushes the table that scripts get from require("crypto").
func Module(L *lua.LState) int {
	module := L.SetFuncs(L.CreateTable(0, 7), map[string]lua.LGFunction{
		"random": random,
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
	module.RawSetString("hex", Hex.table(L))
	module.RawSetString("base64", Base64.table(L))
	module.RawSetString("base64url", Base64URL.table(L))
	L.Push(module)
	return 1
}

// crypto.random(n) -> bytes
func random(L *lua.LState) int {
	n := L.CheckNumber(1)
	if n != lua.LNumber(int(n)) {
		L.ArgError(1, "whole number expected")
	}
	bytes, err := Random(int(n))
	if err != nil {
		L.ArgError(1, err.Error())
	}
	L.Push(lua.LString(bytes))
	return 1
}

// maxEncode bounds what one call makes: a text would double from call to call.
const maxEncode = 1 << 20

func (e Encoding) table(L *lua.LState) *lua.LTable {
	return L.SetFuncs(L.CreateTable(0, 2), map[string]lua.LGFunction{
		"encode": func(L *lua.LState) int {
			text := L.CheckString(1)
			if len(text) > maxEncode {
				L.ArgError(1, fmt.Sprintf("%d bytes are more than the %d that can be encoded", len(text), maxEncode))
			}
			L.Push(lua.LString(e.Encode(text)))
			return 1
		},
		"decode": func(L *lua.LState) int {
			bytes, err := e.Decode(L.CheckString(1))
			if err != nil {
				return luaconv.Fail(L, "invalid", err.Error())
			}
			L.Push(lua.LString(bytes))
			return 1
		},
	})
}
