package lualib_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"vera/host/script/lualib"
	"vera/stdlib/lua51"
	"vera/stdlib/luaconv"
)

func ExampleOpen() {
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	L.G.Global.Metatable = L.NewTable()
	L.SetField(L.G.Global.Metatable, "__index", lualib.Open(L, lualib.Limits{StringBytes: 100}))
	for _, source := range []string{`return ("ab"):rep(3)`, `return ("ab"):rep(1e12)`, `string.rep = nil`} {
		values, err := eval(L, source)
		if err != nil {
			fmt.Println(err.(*lua.ApiError).Object)
			continue
		}
		fmt.Println(values[0])
	}
	// Output:
	// ababab
	// x:1: string too long: 2000000000000 bytes, the limit is 100 (MAX_STRING_BYTES)
	// x:1: attempt to change a read-only table (field 'rep')
}

// TestNames holds Names against what a script finds.
func TestNames(t *testing.T) {
	L := newState(t, lualib.Limits{})
	var found []string
	L.G.Global.ForEach(func(key, value lua.LValue) {
		if _, ok := value.(*lua.LTable); !ok && key.String() != lua51.ConcatName { // which no script can write
			found = append(found, key.String())
		}
	})
	for _, name := range []string{"string", "table", "math"} {
		values, err := eval(L, `local keys = {} for key in pairs(`+name+`) do keys[#keys + 1] = "`+name+`." .. key end return unpack(keys)`)
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range values {
			found = append(found, value.String())
		}
	}
	slices.Sort(found)
	if diff := cmp.Diff(lualib.Names(), found); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{
		"_G", "collectgarbage", "coroutine", "debug", "dofile", "getfenv", "io", "load", "loadfile", "loadstring", "math.randomseed", "module", "newproxy",
		"os", "package", "print", "require", "setfenv", "string.dump", "table.getn", "_printregs",
	} {
		if slices.Contains(found, name) {
			t.Errorf("%s can be reached", name)
		}
	}
}

// traps are what gopher-lua's library gets wrong and golden files cannot hold,
// because Lua 5.1 itself differs or the case is ours alone.
var traps = []struct{ code, want string }{
	// Nothing of the process gets out.
	{`tostring({})`, "stable"},
	{`tostring(tostring)`, "sfunction"},
	{`tostring(function() end)`, "sfunction"},
	{`string.format("%s %s", {}, null)`, "stable null"},
	{`string.format("%d", {})`, "!bad argument #2 to 'format' (number expected, got table)"},
	{`string.format("%v", {})`, "!invalid option '%v' to 'format'"},
	{`tostring(null)`, "snull"},
	{`string.format("%s", setmetatable({}, {__tostring = function() return "T" end}))`, "sT"},
	{`tostring(setmetatable({}, {__tostring = function() return {} end}))`, "!'__tostring' must return a string"},
	{`string.format("%d", 1/0)`, "!bad argument #2 to 'format' (number has no integer representation)"},
	{`string.format("%d", 0/0)`, "!bad argument #2 to 'format' (number has no integer representation)"},
	{`string.format("%c", 0)`, `s\000`},

	// Metatables that values share.
	{`getmetatable("")`, "bfalse"},
	{`getmetatable(null)`, "-"},
	{`getmetatable(userdata)`, "-"},
	{`getmetatable(string)`, "bfalse"},
	{`setmetatable(0, {})`, "!bad argument #1 to 'setmetatable' (table expected, got number)"},
	{`setmetatable("", {})`, "!bad argument #1 to 'setmetatable' (table expected, got string)"},
	{`setmetatable(string, {})`, "!cannot change a protected metatable"},
	{`("x"):upper()`, "sX"},
	{`("x").nope`, "-"},

	// Numbers.
	{`tostring(2^53 - 1)`, "s9007199254740991"},
	{`tostring(2^53)`, "s9.007199254741e+15"},
	{`tostring(123456789012345)`, "s123456789012345"},
	{`tostring(0/0)`, "snan"},
	{`tonumber("inf")`, "-"},
	{`tonumber("nan")`, "-"},
	{`tonumber("Infinity")`, "-"},
	{`tonumber("0x_1p0")`, "-"},
	{`tonumber("-ff", 16)`, "n-255"},
	{`tonumber("+-1", 8)`, "-"},
	{`tonumber("1_0", 8)`, "-"},
	{`math.huge == 1/0`, "btrue"},
	{`math.modf(1/0)`, "n+Inf\tn0"},
	{`math.random(1, 2, 3)`, "!wrong number of arguments"},
	{`math.random(-2^60, 2^60) ~= nil`, "btrue"},
	{`string.sub("abc", 2, math.huge)`, "sbc"},
	{`string.sub("abc", -math.huge, 0/0)`, "s"},

	// Bytes.
	{`string.lower("\200A\195\132")`, `s\200a\195\132`},
	{`string.upper("\255a\195\164")`, `s\255A\195\164`},
	{`string.find("a\000b", "\000b")`, "n2\tn3"},
	{`string.match("a\000b", "[\000]b")`, `s\000b`},
	{`string.gsub("a\000b", "%z", "\000\000")`, `sa\000\000b` + "\tn1"},
	{`string.format("<%5s>", "\228")`, `s<    \228>`},

	// Iterators.
	{`(function() local f = string.gmatch("a1b2", "%a(%d)") return f(), f(), f(), f() end)()`, "s1\ts2\t-"},
	{`(function() local f, s, k = pairs(string) return f == next, s == string, k end)()`, "btrue\tbtrue\t-"},

	// Tables.
	{`(function() local t = {1, 2, 3} t[3] = nil return table.remove(t), #t end)()`, "n2\tn1"},
	{`table.insert({}, 0, 1)`, "!bad argument #2 to 'insert' (position out of bounds)"},
	{`table.insert({}, -1e15, 1)`, "!bad argument #2 to 'insert' (position out of bounds)"},
	{`(function() local t = {} for i = 1, 6000 do t[i] = "x" end return #table.concat(t) end)()`, "n6000"},
	{`table.concat({}, "", 1, 1e15)`, "!invalid value (nil) at index 1 in table for 'concat'"},
	{`unpack({}, 1, 1e9)`, "!too many results to unpack: 1000000000, the limit is 8000 (fixed)"},
	{`unpack({}, -1e300, 1e300)`, "!too many results to unpack: 18014398509481985, the limit is 8000 (fixed)"},
	{`select("#", unpack({}, 1, 8000))`, "n8000"},
	{`string.byte(("x"):rep(8001), 1, -1)`, "!string slice too long: 8001, the limit is 8000 (fixed)"},
	{`select("#", string.byte(("x"):rep(8000), 1, -1))`, "n8000"},
	{`(function() local t = {} t[1048575] = 1 table.insert(t, 2) end)()`, "!table too large: 1048576 elements, the limit is 1048575 (fixed)"},
	{`(function() local t = {3, 2, 1} pcall(table.sort, t, function() error("x") end) return unpack(t) end)()`, "n3\tn2\tn1"},
	{`(function() local t = {3, 2, 1} table.sort(t, function(a, b) t[2] = nil return a < b end) return unpack(t) end)()`, "n1\tn2\tn3"},
	{`pcall(table.sort, {3, 2, 1}, function() error({code = 7}) end)`, "bfalse\ta table"},
}

func TestTraps(t *testing.T) {
	for _, tt := range traps {
		L := newState(t, lualib.Limits{})
		L.SetGlobal("null", luaconv.Null)
		L.SetGlobal("userdata", &lua.LUserData{Metatable: L.NewTable()})
		values, err := eval(L, "return "+tt.code)
		if got := results(values, err); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.code, got, tt.want)
		}
	}
}

// TestPlace checks that an error names the script's line.
func TestPlace(t *testing.T) {
	for _, code := range []string{`string.rep()`, `("x"):rep(1e9)`, `string.find("x", "[")`, `string.x = 1`, `table.sort(5)`} {
		_, err := eval(newState(t, lualib.Limits{}), "\n\n"+code)
		if err == nil || !strings.HasPrefix(err.(*lua.ApiError).Object.String(), "x:3: ") {
			t.Errorf("%s: %v, want a message with x:3:", code, err)
		}
	}
}

// TestLimits goes to each limit, where it works, and one beyond, where it
// does not.
func TestLimits(t *testing.T) {
	limits := lualib.Limits{StringBytes: 1000, PatternSteps: 2000, PatternDepth: 20}
	for _, tt := range []struct{ code, beyond, problem string }{
		{`("x"):rep(1000)`, `("x"):rep(1001)`, tooLong + ": 1001 bytes, the limit is 1000 (MAX_STRING_BYTES)"},
		{`("xy"):rep(500)`, `("xy"):rep(501)`, tooLong + ": 1002"},
		{`(""):rep(1e300)`, `("x"):rep(1e300)`, tooLong},
		{`table.concat({x500, x500})`, `table.concat({x500, x500, 1})`, tooLong + ": 1001"},
		{`table.concat({x500, x499}, ",")`, `table.concat({x500, x500}, ",")`, tooLong},
		{`x500:gsub("x", "yy")`, `x500:gsub("x", "yyy")`, tooLong},
		{`x500:gsub("^x", x500)`, `x500:gsub("^x", x500 .. "yy")`, tooLong},
		{`x500:gsub("^.*$", "%0%0")`, `x500:gsub("^.*$", "%0%0!")`, tooLong},
		{`x500:gsub("^x+", function(x) return x .. x end)`, `x500:gsub("^x+", function(x) return x .. x .. x end)`, tooLong},
		{`("%s%s"):format(x500, x500)`, `("%s%s."):format(x500, x500)`, tooLong},
		{`(x500 .. x500):upper()`, `(x500 .. x500 .. "y"):upper()`, tooLong},
		{`(x500 .. x500):reverse()`, `(x500 .. x500 .. "y"):reverse()`, tooLong},
		{`string.char(unpack(bytes, 1, 1000))`, `string.char(unpack(bytes, 1, 1001))`, tooLong},
		{`x500:find("y*y")`, `x500:find(".*.*y")`, tooComplex},
		{`("a"):rep(20):find(("a?"):rep(20))`, `("a"):rep(21):find(("a?"):rep(21))`, tooComplex},
		{`("a"):find(("("):rep(10) .. "a" .. (")"):rep(10))`, `("a"):find(("("):rep(11) .. "a" .. (")"):rep(11))`, tooComplex},
		{`("%q"):format(("\000"):rep(249))`, `("%q"):format(("\000"):rep(250))`, tooLong},
	} {
		L := newState(t, limits)
		if _, err := eval(L, `x500, x499, bytes = ("x"):rep(500), ("x"):rep(499), {} for i = 1, 2000 do bytes[i] = 65 end`); err != nil {
			t.Fatal(err)
		}
		if _, err := eval(L, "local r = "+tt.code); err != nil {
			t.Errorf("%s: %v", tt.code, err)
		}
		_, err := eval(L, "local r = "+tt.beyond)
		if err == nil || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%s: %v, want %s", tt.beyond, err, tt.problem)
		}
	}
}

// TestExceeded has limits exceeded by a script that hides it.
func TestExceeded(t *testing.T) {
	for code, want := range map[string]string{
		`("x"):rep(1001)`:                    "MAX_STRING_BYTES",
		`("x"):rep(1e300)`:                   "MAX_STRING_BYTES",
		`x1000 .. "y"`:                       "MAX_STRING_BYTES",
		`x1000 .. concatenate`:               "MAX_STRING_BYTES",
		`("%s%s"):format(x1000, 1)`:          "MAX_STRING_BYTES",
		`x1000:find(".-.-y")`:                "MAX_PATTERN_STEPS",
		`("a"):rep(21):find(("a?"):rep(21))`: "pattern",
		`("a"):find(("()"):rep(33))`:         "pattern",
		`unpack({}, 1, 8001)`:                "results",
		`(function() full[1048575] = 1 table.insert(full, 2) end)()`: "table",
		`("x"):rep(-1)`:   "",
		`error("x")`:      "",
		`("a"):find("[")`: "",
	} {
		var got []string
		L := newState(t, lualib.Limits{StringBytes: 1000, PatternSteps: 2000, PatternDepth: 20, Exceeded: func(limit string) { got = append(got, limit) }})
		values, err := eval(L, `
			local x1000, full = ("x"):rep(1000), {}
			local concatenate = setmetatable({}, { __concat = function(a, b) return a .. "y" end })
			return pcall(function() return `+code+` end)`)
		if err != nil {
			t.Fatalf("%s: %v", code, err)
		}
		if joined := strings.Join(got, " "); joined != want {
			t.Errorf("%s (%s) exceeds %q, want %q", code, results(values, nil), joined, want)
		}
	}
}

// TestPlainFind compares a plain search with Go's, which is right but may take
// long, for needles around the length from which it is ours.
func TestPlainFind(t *testing.T) {
	L := newState(t, lualib.Limits{})
	rapid.Check(t, func(t *rapid.T) {
		letters := rapid.SampledFrom([]rune("ab"))
		s := rapid.StringOfN(letters, 0, 400, -1).Draw(t, "s") + strings.Repeat("a", rapid.IntRange(0, 200).Draw(t, "more"))
		from := rapid.IntRange(0, len(s)).Draw(t, "from")
		needle := s[from:rapid.IntRange(from, len(s)).Draw(t, "to")] + rapid.StringOfN(letters, 0, 3, -1).Draw(t, "end")
		want := []lua.LValue{lua.LNil}
		if at := strings.Index(s, needle); at >= 0 {
			want = []lua.LValue{lua.LNumber(at + 1), lua.LNumber(at + len(needle))}
		}
		got, err := invoke(L, "string", "find", lua.LString(s), lua.LString(needle), lua.LNumber(1), lua.LTrue)
		if err != nil || !slices.Equal(got, want) {
			t.Fatalf("find(%q, %q) = %v, %v, want %v", s, needle, got, err, want)
		}
	})
}

// TestRandom draws each number of an interval, and none beside it.
func TestRandom(t *testing.T) {
	values, err := eval(newState(t, lualib.Limits{}), `
		local seen = {}
		for _ = 1, 1000 do
			local n, m, x = math.random(4), math.random(-1, 1), math.random()
			seen[n], seen[m] = true, true
			if not (1 <= n and n <= 4 and -1 <= m and m <= 1 and 0 <= x and x < 1) then error(n .. " " .. m .. " " .. x) end
		end
		return seen[-1] and seen[0] and seen[1] and seen[2] and seen[3] and seen[4]`)
	if err != nil || values[0] != lua.LTrue {
		t.Errorf("random: %v, %v", values, err)
	}
}

// TestThreads runs the library below pcall, which has a thread of its own.
func TestThreads(t *testing.T) {
	L := newState(t, lualib.Limits{})
	values, err := eval(L, `return pcall(function() return (("ab"):gsub("%a", function(c) return select(2, pcall(string.upper, c)) end)) end)`)
	if got := results(values, err); got != "btrue\tsAB" {
		t.Errorf("in pcall: %s", got)
	}
	if _, err := lua51.PCall(L, L.GetGlobal("tostring")); err == nil {
		t.Error("tostring() from Go did not fail")
	}
}
