package lua51_test

import (
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/lua51"
)

// Concatenation as a call does what the operator did.
func TestConcat(t *testing.T) {
	tests := []struct{ source, want string }{
		{`return "a" .. "b"`, "ab"},
		{`return "a" .. 1 .. 2.5 .. -0.1`, "a12.5-0.1"},
		{`return 1 .. 2`, "12"},
		{`local s = "x" s = s .. s s = s .. s return s`, "xxxx"},
		{`local function many() return "a", "b" end return many() .. many()`, "aa"},
		{`local function many() return "a", "b" end return (many() .. "c")`, "ac"},
		{`local function f(...) return ... .. "!" end return f("a", "b")`, "a!"},
		{`local function f(...) return "!" .. ... end return f("a", "b")`, "!a"},
		{`return ("a" .. "b") .. ("c" .. "d")`, "abcd"},
		{`local t = setmetatable({}, { __concat = function(a, b) return (a == t and "t" or tostring(b) == "x" and "tx") or "?" end }) return t .. "x"`, "tx"},
		{`local log = "" local m = { __concat = function(a, b) log = log .. (type(a) == "string" and a or "T") .. (type(b) == "string" and b or "T") .. ";" return "r" end }
			local t = setmetatable({}, m) local r = "a" .. t .. "b" .. t return log .. r`, "bT;Tr;ar"},
		{`return "a" .. nil`, "error: attempt to concatenate a nil value"},
		{`return {} .. "a"`, "error: attempt to concatenate a table value"},
		{`return "a" .. "b" .. true`, "error: attempt to concatenate a boolean value"},
		{`return ("x"):rep(60) .. ("x"):rep(41)`, "error: 101 bytes are too many"},
		{`local s = "x" while true do s = s .. s end`, "error: 128 bytes are too many"},
	}
	upTo100 := func(L *lua.LState, bytes int) {
		if bytes > 100 {
			L.RaiseError("%d bytes are too many", bytes)
		}
	}
	for _, tt := range tests {
		L := lua.NewState()
		lua51.Open(L, L.G.Global)
		L.SetGlobal(lua51.ConcatName, L.NewFunction(lua51.Concat(upTo100, lua.LNumber.String)))
		proto, err := lua51.Compile("c", []byte(tt.source))
		if err != nil {
			t.Fatalf("%s: %v", tt.source, err)
		}
		got := ""
		switch results, err := lua51.PCall(L, L.NewFunctionFromProto(proto)); {
		case err != nil:
			_, text, _ := strings.Cut(err.(*lua.ApiError).Object.String(), "c:1: ")
			got = "error: " + text
		default:
			got = results[0].String()
		}
		if got != tt.want {
			t.Errorf("%s\n gives %s, want %s", tt.source, got, tt.want)
		}
		L.Close()
	}
}
