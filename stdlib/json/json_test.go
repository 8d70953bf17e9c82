package json_test

import (
	"context"
	gojson "encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"vera/stdlib/json"
	"vera/stdlib/luaconv"
)

func state(t testing.TB, limits json.Limits) *lua.LState {
	L := lua.NewState()
	t.Cleanup(L.Close)
	L.PreloadModule("json", limits.Module)
	if err := L.DoString(`json = require("json")`); err != nil {
		t.Fatal(err)
	}
	return L
}

// eval returns the value of a Lua expression.
func eval(t testing.TB, L *lua.LState, expression string) lua.LValue {
	t.Helper()
	if err := L.DoString("return " + expression); err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	defer L.Pop(1)
	return L.Get(-1)
}

func TestEncode(t *testing.T) {
	L := state(t, json.Limits{})
	for in, want := range map[string]string{
		`nil`:                              `null`,
		`json.null`:                        `null`,
		`true`:                             `true`,
		`0`:                                `0`,
		`-0`:                               `0`,
		`1`:                                `1`,
		`-1.5`:                             `-1.5`,
		`0.1`:                              `0.1`,
		`1800000000`:                       `1800000000`,
		`2^53 - 1`:                         `9007199254740991`,
		`1e300`:                            `1e+300`,
		`1e-9`:                             `1e-09`,
		`""`:                               `""`,
		`"a\"b\\c\n\1\127é<&>"`:            `"a\"b\\c\n\u0001` + "\x7f" + `é<&>"`,
		`{}`:                               `{}`,
		`json.array({})`:                   `[]`,
		`json.array()`:                     `[]`,
		`{1, "two", {}, json.null, false}`: `[1,"two",{},null,false]`,
		`{b = 1, a = {c = {}}, B = 2}`:     `{"B":2,"a":{"c":{}},"b":1}`,
		`{x = json.null, y = nil}`:         `{"x":null}`,
		`{[1] = "a", [2] = "b"}`:           `["a","b"]`,
		`{["1"] = "a"}`:                    `{"1":"a"}`,
		`{[""] = 1, ["a b"] = 2}`:          `{"":1,"a b":2}`,
		`(function() local t = {a = 1, b = 2} t.a = nil return t end)()`:  `{"b":2}`,
		`(function() local t = {1, 2, 3} t[3] = nil return t end)()`:      `[1,2]`,
		`(function() local t = {} return {t, t, {t}} end)()`:              `[{},{},[{}]]`,
		`(function() local t = {1} t[1] = nil return t end)()`:            `{}`,
		`setmetatable({a = 1}, {__index = function() return "no" end})`:   `{"a":1}`,
		`setmetatable({}, {__tostring = function() error("called") end})`: `{}`,
	} {
		got, err := json.AppendJSON(t.Context(), []byte("x"), eval(t, L, in), json.Limits{})
		if err != nil || string(got) != "x"+want {
			t.Errorf("%s = %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	L := state(t, json.Limits{})
	for in, want := range map[string]string{
		`print`:                         "a function is not a JSON value",
		`{a = {b = {1, print}}}`:        "a.b[2]: a function is not a JSON value",
		`0/0`:                           "NaN is not a JSON number",
		`{1/0}`:                         "[1]: +Inf is not a JSON number",
		`{x = -1/0}`:                    "x: -Inf is not a JSON number",
		`"\255"`:                        "text that is not UTF-8",
		`{["\255"] = 1}`:                "text that is not UTF-8",
		`{a = "\237\160\128"}`:          "a: text that is not UTF-8", // a lone surrogate
		`{user = {1, x = 2}}`:           `user: a table with both positions and names ("x") is no JSON value`,
		`{list = {1, nil, 3}}`:          "list[2]: a list with holes is no JSON value",
		`{[0] = 1}`:                     "a table with the number 0 as a key",
		`{[1.5] = 1}`:                   "a table with the number 1.5 as a key",
		`{[-1] = 1}`:                    "a table with the number -1 as a key",
		`{1, [2^53] = 1}`:               "as a key is no JSON value",
		`{[true] = 1}`:                  "a table with a boolean as a key",
		`{[{}] = 1}`:                    "a table with a table as a key",
		`json.array({a = 1})`:           "both positions and names",
		`{a = coroutine.create(print)}`: "a: a thread is not a JSON value",
		`(function() local t = {} t.a = {b = t} return t end)()`:                "a.b: the table contains itself",
		`(function() local t = {} for i = 1, 65 do t = {t} end return t end)()`: "nested too deep, the limit is 64 (fixed)",
		`("x"):rep(2^20)`: "the JSON text is too long, the limit is 1048576 (MAX_STRING_BYTES)",
		`(function() local t = {} for i = 1, 1e5 + 1 do t[i] = i end return {big = t} end)()`: "big: too many values, with those that a table held before, the limit is 100000 (fixed)",
		`(function() local t = {} for i = 1, 60 do t = {t, t} end return t end)()`:            "too many values", // 2^60 values in 60 tables
	} {
		got, err := json.AppendJSON(t.Context(), []byte("x"), eval(t, L, in), json.Limits{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
		if string(got) != "x" {
			t.Errorf("%s: the buffer comes back as %.20q", in, got)
		}
	}
}

func TestLimits(t *testing.T) {
	L := state(t, json.Limits{})
	value := eval(t, L, `{a = {"xy", 1}}`) // 15 bytes, 2 deep, 3 values
	for _, tt := range []struct {
		limits json.Limits
		ok     bool
	}{
		{json.Limits{Bytes: 14, Depth: 2, Elements: 3}, true},
		{json.Limits{Bytes: 13, Depth: 2, Elements: 3}, false},
		{json.Limits{Bytes: 14, Depth: 1, Elements: 3}, false},
		{json.Limits{Bytes: 14, Depth: 2, Elements: 2}, false},
	} {
		got, err := json.AppendJSON(t.Context(), []byte("before"), value, tt.limits)
		if (err == nil) != tt.ok {
			t.Errorf("%+v: %s, %v", tt.limits, got, err)
		}
	}
}

func TestDecode(t *testing.T) {
	L := state(t, json.Limits{})
	err := L.DoString(`
		assert(json.decode("null") == json.null)
		assert(json.decode("true") == true)
		assert(json.decode(" 1 ") == 1)
		assert(json.decode("-1.5e2") == -150)
		assert(json.decode("9007199254740991") == 2^53 - 1)
		assert(json.decode("1e300") == 1e300)
		assert(json.decode('"\\u00e9\\ud83d\\ude00"') == "é😀")
		local t = json.decode('{"a":[1,null,3],"b":{},"c":[],"d":null}')
		assert(#t.a == 3 and t.a[2] == json.null and t.a[3] == 3 and t.d == json.null)
		assert(json.encode(t) == '{"a":[1,null,3],"b":{},"c":[],"d":null}')`)
	if err != nil {
		t.Error(err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	L := state(t, json.Limits{Bytes: 1000, Elements: 50})
	for _, text := range []string{
		``, ` `, `x`, `{`, `[1,]`, `{"a":1,"a":2}`, `1 2`, `01`, `+1`, `NaN`, `1e400`, `"\ud800"`, "\"\x01\"", "\"\xff\"", `'a'`,
		`9007199254740992`, `[1,9007199254740993]`, `{"a":[-9007199254740993]}`, `123456789012345678901234567890`,
		strings.Repeat("[", 65) + strings.Repeat("]", 65), "[" + strings.Repeat("1,", 50) + "1]", `"` + strings.Repeat("x", 1000) + `"`,
	} {
		L.SetGlobal("text", lua.LString(text))
		err := L.DoString(`
			local value, code, message = json.decode(text)
			assert(value == nil and code == "invalid" and #message > 5, tostring(value))`)
		if err != nil {
			t.Errorf("decode(%.40q): %v", text, err)
		}
	}
}

func TestLua(t *testing.T) {
	L := state(t, json.Limits{})
	err := L.DoString(`
		assert(json.encode({ b = 1, a = json.array() }) == '{"a":[],"b":1}')
		assert(tostring(json.null) ~= nil and json.null ~= nil)
		local list = {}
		assert(json.array(list) == list and json.array(list) == list)
		local function fails(part, ...)
			local ok, text = pcall(...)
			assert(not ok and text:find(part, 1, true), tostring(text))
		end
		fails("json.encode: a.b: a function is not a JSON value", json.encode, { a = { b = print } })
		fails("value expected", json.encode)
		fails("string expected", json.decode, {})
		fails("table expected", json.array, "x")
		-- a sealed table must not change its metatable
		fails("already has a metatable", json.array, setmetatable({}, { __metatable = "sealed" }))`)
	if err != nil {
		t.Error(err)
	}
}

// anyValue draws what JSON can hold.
func anyValue(depth int) *rapid.Generator[any] {
	leaves := []*rapid.Generator[any]{
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(),
		rapid.Float64Range(-1e300, 1e300).AsAny(), rapid.Map(rapid.Int64Range(-1e15, 1e15), func(n int64) float64 { return float64(n) }).AsAny(),
	}
	if depth > 0 {
		leaves = append(leaves,
			rapid.SliceOfN(anyValue(depth-1), 0, 4).AsAny(),
			rapid.MapOfN(rapid.String(), anyValue(depth-1), 0, 4).AsAny())
	}
	return rapid.OneOf(leaves...)
}

// What is written means the same to encoding/json, reads back to the same,
// and is written the same again.
func TestRoundTrip(t *testing.T) {
	L := state(t, json.Limits{})
	rapid.Check(t, func(t *rapid.T) {
		value, err := luaconv.FromGo(L, anyValue(3).Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.AppendJSON(t.Context(), nil, value, json.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if !gojson.Valid(text) {
			t.Fatalf("%s is not JSON", text)
		}
		back, err := json.Decode(L, string(text), json.Limits{})
		if err != nil {
			t.Fatalf("Decode(%s): %v", text, err)
		}
		again, err := json.AppendJSON(t.Context(), nil, back, json.Limits{})
		if err != nil || string(again) != string(text) {
			t.Fatalf("%s becomes %s, %v", text, again, err)
		}
	})
}

func TestNumbersReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.Float64().Draw(t, "f")
		text, err := json.AppendJSON(t.Context(), nil, lua.LNumber(f), json.Limits{})
		if math.IsNaN(f) || math.IsInf(f, 0) {
			if err == nil {
				t.Fatalf("%v is written as %s", f, text)
			}
			return
		}
		var back float64
		if err := gojson.Unmarshal(text, &back); err != nil || back != f {
			t.Fatalf("%v is written as %s, read as %v, %v", f, text, back, err)
		}
	})
}

func ExampleAppendJSON() {
	L := lua.NewState()
	defer L.Close()
	table := L.NewTable()
	table.RawSetString("name", lua.LString("Ada"))
	table.RawSetString("tags", luaconv.MarkArray(L, L.NewTable()))
	text, err := json.AppendJSON(context.Background(), nil, table, json.Limits{})
	fmt.Println(string(text), err)
	table.RawSetString("tags", L.NewFunction(func(*lua.LState) int { return 0 }))
	_, err = json.AppendJSON(context.Background(), nil, table, json.Limits{})
	fmt.Println(err)
	// Output:
	// {"name":"Ada","tags":[]} <nil>
	// tags: a function is not a JSON value
}

func BenchmarkAppendJSON(b *testing.B) {
	L := state(b, json.Limits{})
	value := eval(b, L, `{jwt = ("x"):rep(250), not_before = json.null, expires_at = 1800000000}`)
	buffer := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.AppendJSON(b.Context(), buffer[:0], value, json.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	L := state(b, json.Limits{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := json.Decode(L, `{"username":"carol","tags":["a","b"],"exp":1800000000}`, json.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
