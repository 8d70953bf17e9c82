package lualib_test

import (
	"context"
	"math"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/host/script/lualib"
)

const (
	tooComplex = "pattern too complex"
	tooLong    = "string too long"
)

// bombs run away, or kill the process, in gopher-lua's own library.
var bombs = []struct {
	code string
	want string // in the error; "" for none
}{
	{`string.find(("a"):rep(40), ("a-"):rep(20) .. "b")`, tooComplex},
	{`string.find(("a"):rep(40), ("a?"):rep(30) .. ("a"):rep(30) .. "b")`, tooComplex},
	{`string.find(("a"):rep(1000), (".*"):rep(8) .. "b")`, tooComplex},
	{`string.match(("a"):rep(2e6), "(a-)b")`, tooLong},
	{`string.match(("a"):rep(1e5), "(a-)b")`, tooComplex},
	{`string.match(("a"):rep(1e6), ("a?"):rep(1e5))`, tooComplex},
	{`string.match(("("):rep(1e5), "%b()")`, tooComplex},
	{`string.find(("a"):rep(1e5), "[" .. ("b"):rep(5e5) .. "]")`, tooComplex},
	{`string.find(("a"):rep(1e5), "%f[" .. ("b"):rep(5e4) .. "]")`, tooComplex},
	{`string.find(("a"):rep(1e5), "(a*)%1b")`, tooComplex},
	{`string.find(("a"):rep(1e5), "b%a*")`, ""},
	{`string.find(("a"):rep(1e6), ".-b")`, tooComplex},
	{`string.gsub(("a"):rep(1e5), ".-b", "")`, tooComplex},
	{`string.gmatch(("a"):rep(1e5), ".-b")()`, tooComplex},
	{`string.gsub(("x"):rep(1e5), "x", "yy")`, ""},
	{`string.gsub(("x"):rep(1e6), "x", "yy")`, tooLong},
	{`string.gsub(("x"):rep(1e6), "", ("y"):rep(1e6))`, tooLong},
	{`string.gsub(("x"):rep(1e6), ".*", ("%0"):rep(1e5))`, tooLong},
	{`string.gsub(("x"):rep(1e6), "", ("%0"):rep(5e5))`, tooComplex},
	{`string.gmatch(("x"):rep(1e6), ".")()`, ""},
	{`string.rep("x", 1e9)`, tooLong},
	{`string.rep("x", 1e12)`, tooLong},
	{`string.rep("x", 1e15)`, tooLong},
	{`string.rep("x", 1e300)`, tooLong},
	{`string.rep(("x"):rep(1e6), 1e15)`, tooLong},
	{`string.format("%999999999d", 1)`, "too long"},
	{`string.format("%.999999999f", 1)`, "too long"},
	{`string.format(("%99d"):rep(100000), unpack({}, 1, 8000))`, "bad argument"},
	{`string.format(("%s"):rep(8), unpack(megabytes, 1, 8))`, tooLong},
	{`table.concat(megabytes)`, tooLong},
	{`table.concat({"a", "b"}, ("x"):rep(1e5), 1, 1e15)`, "invalid value"},
	{`table.concat(setmetatable({}, {__index = function() return "x" end}), "", 1, 1e15)`, "invalid value"},
	{`table.sort(prefixes())`, ""},
	{`table.sort(numbers(), function() return true end)`, ""},
	{`table.sort(numbers(), function() return math.random(2) == 1 end)`, ""},
	{`table.sort(numbers(), function(a, b) return a <= b end)`, ""},
	{`table.insert({}, 1e300, 1)`, ""},
	{`table.insert({}, 67108863, 1)`, ""},
	{`rawset({}, 67108863, 1)`, ""},
	{`unpack({}, 1, 1e9)`, "too many results"},
	{`select(1e300, 1)`, ""},
	{`string.byte(("x"):rep(1e6), 1, -1)`, "too long"},
	{`math.random(0)`, "interval is empty"},
	{`setmetatable(loop, loop).x`, "too many recursions"},
	{`tostring(setmetatable({}, {__tostring = function(t) return tostring(t) end}))`, "overflow"},
	{`(function() local function f() return (("x"):gsub(".", f)) end return f() end)()`, "overflow"},
	{`(function() local t = {2, 1} local function f() table.sort(t, f) end f() end)()`, "overflow"},
}

// TestBombs runs them one after another in one VM. There is no deadline here:
// the bounds must do alone.
func TestBombs(t *testing.T) {
	const mostTime, mostMemory = 200 * time.Millisecond * slowdown, 48 << 20
	L := newState(t, lualib.Limits{})
	if _, err := eval(L, `
		megabytes, loop = {}, {}
		loop.__index = loop
		local mega, prefix = ("x"):rep(1e6), ("x"):rep(1e5)
		for i = 1, 1000 do megabytes[i] = mega end
		function prefixes() local t = {} for i = 1, 200 do t[i] = prefix .. (i * 7919 % 200) end return t end
		function numbers() local t = {} for i = 1, 5000 do t[i] = i * 7919 % 5000 end return t end`); err != nil {
		t.Fatal(err)
	}
	for _, tt := range bombs {
		fastest, least := time.Hour, uint64(math.MaxUint64)
		for range 3 { // the garbage collector may have been at work
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := worked(t)
			_, err := eval(L, "local r = "+tt.code)
			fastest = min(fastest, worked(t)-start)
			runtime.ReadMemStats(&after)
			least = min(least, after.TotalAlloc-before.TotalAlloc)
			checkError(t, tt.code, err, tt.want)
			if t.Failed() || fastest <= mostTime && least <= mostMemory {
				break
			}
		}
		if fastest > mostTime || least > mostMemory {
			t.Errorf("%s took %v and %d MiB", tt.code, fastest, least>>20)
		}
	}
}

// worked gives the time that this process has had of the processors, which
// does not depend on what else they do.
func worked(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func checkError(t *testing.T, code string, err error, want string) {
	t.Helper()
	switch {
	case err == nil && want != "":
		t.Errorf("%s did not fail, want %q", code, want)
	case err != nil && (want == "" || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: %v, want %q", code, err, want)
	}
	if apiErr, ok := err.(*lua.ApiError); ok && apiErr.Type != lua.ApiErrorRun {
		t.Errorf("%s panicked: %v", code, err)
	}
}

// TestDeadline has work that the VM cannot interrupt, as no instruction of
// Lua is executed in it, and no other bound to end it.
func TestDeadline(t *testing.T) {
	const timeout, most = 20 * time.Millisecond, 220 * time.Millisecond * slowdown
	for _, code := range []string{
		`string.find(("a"):rep(40), ("a-"):rep(20) .. "b")`,
		`string.find(("a"):rep(1000), (".*"):rep(8) .. "b")`,
		`string.match(("("):rep(1e6), "%b()" .. ("%b()"):rep(9))`,
		`string.find(("a"):rep(1e6), "[" .. ("b"):rep(5e5) .. "]")`,
		`string.gsub(("a"):rep(1e6), ".-b", "")`,
		`string.gmatch(("a"):rep(1e6), ".-b")()`,
		// Each of these calls into the library again for each step.
		`string.gsub(("a"):rep(1e6), ".", string.gmatch(("a"):rep(3000), ".-b"))`,
		`string.gsub(("a"):rep(1e6), ".", setmetatable({}, {__index = string.gmatch(("a"):rep(3000), ".-b")}))`,
		`string.find(("a"):rep(1e6), ("a"):rep(1e5) .. "lsbpvmyy", 1, true)`, // whose hash is that of as many a
		`string.find(("a"):rep(1e6), ("a"):rep(1e5) .. "b", 1, true)`,
		`string.format(("%.99e"):rep(8000), unpack(smallest))`,
		`table.sort(many, string.gmatch(("a"):rep(3000), ".-b"))`,
		`table.sort(repeats, string.rep)`,
		`table.sort(holes, next)`,
		`string.gsub(("a"):rep(1e6), ".", setmetatable(hole, {__index = next}))`,
		`string.gsub(("a"):rep(1e6), ".", setmetatable({}, {__index = function() return string.find(("a"):rep(1000), ".-.-b") end}))`,
	} {
		fastest := time.Hour
		for range 3 {
			L := newState(t, lualib.Limits{PatternSteps: 1 << 50})
			if _, err := eval(L, `
				many, repeats, holes, smallest = {}, {}, {}, {}
				for i = 1, 8000 do smallest[i] = 4.9e-324 end
				hole = {}
				for i = 1, 2e4 do hole[-i] = true end
				for i = 1, 2e4 do hole[-i] = nil end
				for i = 1, 1e4 do many[i], repeats[i], holes[i] = i, "0000900" .. i % 10, hole end`); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			L.SetContext(ctx)
			start := worked(t)
			_, err := eval(L, "local r = "+code)
			fastest = min(fastest, worked(t)-start)
			cancel()
			checkError(t, code, err, context.DeadlineExceeded.Error())
			if fastest <= most {
				break
			}
		}
		if fastest > most {
			t.Errorf("%s ended after %v", code, fastest)
		}
	}
}
