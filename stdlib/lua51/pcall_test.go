package lua51_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"go.uber.org/goleak"

	"vera/stdlib/lua51"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newState gives a state as the host makes it, with primitives for the tests.
func newState(t testing.TB) *lua.LState {
	t.Helper()
	L := lua.NewState(lua.Options{CallStackSize: 200, RegistrySize: 1024, RegistryMaxSize: 64 << 10, RegistryGrowStep: 4096})
	t.Cleanup(L.Close)
	lua51.Open(L, L.G.Global)
	// A primitive that calls a function protected, and passes errors on.
	L.SetGlobal("transaction", L.NewFunction(func(L *lua.LState) int {
		results, err := lua51.PCall(L, L.Get(1), lua.LString("tx"))
		if err != nil {
			lua51.Raise(L, err)
		}
		for _, result := range results {
			L.Push(result)
		}
		return len(results)
	}))
	L.SetGlobal("panics", L.NewFunction(func(*lua.LState) int {
		var none []int
		return none[3]
	}))
	return L
}

func load(t testing.TB, L *lua.LState, source string) *lua.LFunction {
	t.Helper()
	proto, err := lua51.Compile("test.lua", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return L.NewFunctionFromProto(proto)
}

func texts(values []lua.LValue) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = value.String()
	}
	return out
}

func TestPCall(t *testing.T) {
	L := newState(t)
	L.Push(lua.LString("below")) // what the caller has on the stack stays
	fn := load(t, L, `local a, b = ... if b then error({code = a}) end return a, nil, select("#", ...), nil`)

	results, err := lua51.PCall(L, fn, lua.LNumber(5))
	if want := []string{"5", "nil", "1", "nil"}; err != nil || !slices.Equal(texts(results), want) {
		t.Errorf("PCall = %v, %v, want %v", results, err, want)
	}
	_, err = lua51.PCall(L, fn, lua.LNumber(6), lua.LTrue)
	apiErr, ok := errors.AsType[*lua.ApiError](err)
	if !ok {
		t.Fatalf("PCall gave error %v (%T), want a *lua.ApiError", err, err)
	}
	if code := L.GetField(apiErr.Object, "code"); code != lua.LNumber(6) {
		t.Errorf("error.code = %v, want 6", code)
	}
	if _, err := lua51.PCall(L, lua.LNil); err == nil || !strings.HasPrefix(err.Error(), "attempt to call a nil value") {
		t.Errorf("PCall(nil) gave error %v", err)
	}
	if got := L.GetTop(); got != 1 || L.Get(1).String() != "below" {
		t.Errorf("stack has %d values, lowest %v", got, L.Get(1))
	}
}

func TestPCallFromPrimitive(t *testing.T) {
	L := newState(t)
	fn := load(t, L, `
		local n, secret = 0
		local function inc() n = n + 1 end
		local ok, code = pcall(transaction, function(tx)
			inc()
			local hidden = tx
			secret = function() hidden = hidden .. "!" return hidden end
			transaction(function() inc() error({code = "conflict"}) end)
		end)
		inc()
		local a, b, c = transaction(function(tx) inc() return tx, nil, secret() end)
		return ok, code.code, n, a, b, c, secret()`)
	results, err := lua51.PCall(L, fn)
	want := []string{"false", "conflict", "4", "tx", "nil", "tx!", "tx!!"}
	if err != nil || !slices.Equal(texts(results), want) {
		t.Errorf("gave %v, %v, want %v", texts(results), err, want)
	}
}

func TestGoPanic(t *testing.T) {
	L := newState(t)
	fn := load(t, L, `
		local reached = {}
		local function f() reached.f = true panics() end
		pcall(function() xpcall(function() transaction(f) end, function() reached.handler = true end) end)
		reached.after = true`)
	_, err := lua51.PCall(L, fn)
	apiErr, _ := errors.AsType[*lua.ApiError](err)
	if apiErr == nil || apiErr.Type != lua.ApiErrorPanic {
		t.Fatalf("gave error %v, want a panic that no pcall has caught", err)
	}
	cause, _ := errors.AsType[*lua51.PanicError](apiErr.Cause)
	if cause == nil || !strings.Contains(cause.Error(), "index out of range") || !strings.Contains(cause.Stack, "pcall_test.go") {
		t.Errorf("cause is %v", cause)
	}
	trace := lua51.Traceback(err)
	for _, want := range []string{"test.lua:3: in function", "'transaction'", "'xpcall'", "'pcall'", "main chunk", "goroutine"} {
		if !strings.Contains(trace, want) {
			t.Errorf("traceback has no %q:\n%s", want, trace)
		}
	}
	// The state is of use still.
	if results, err := lua51.PCall(L, load(t, L, `return pcall(error, "x")`)); err != nil || len(results) != 2 {
		t.Errorf("afterwards: %v, %v", results, err)
	}
}

func TestCapturedLocalOutlivesGoPanic(t *testing.T) {
	L := newState(t)
	fn := load(t, L, `local secret = "secret" keep = function() return secret end panics()`)
	if _, err := lua51.PCall(L, fn); err == nil {
		t.Fatal("no error")
	}
	results, err := lua51.PCall(L, load(t, L, `local a, b, c = 1, 2, 3 return keep()`))
	if err != nil || results[0].String() != "secret" {
		t.Errorf("gave %v, %v, want secret", results, err)
	}
}

func TestDepth(t *testing.T) {
	L := newState(t)
	fn := load(t, L, `
		local depth = 0
		local function deeper() depth = depth + 1 return pcall(deeper) end
		local results = {deeper()}
		local first = depth
		depth = 0
		deeper()
		local count, last = 0
		local function nest() count = count + 1 transaction(nest) end
		local ok, message = pcall(nest)
		return #results, results[#results], first, depth, ok, message, count`)
	results, err := lua51.PCall(L, fn)
	want := []string{"102", "stack overflow", "101", "101", "false", "stack overflow", "100"}
	if err != nil || !slices.Equal(texts(results), want) {
		t.Errorf("gave %v, %v, want %v", texts(results), err, want)
	}
}

// Results that the caller has no room for must not turn up in a later call.
func TestTooManyResults(t *testing.T) {
	L := newState(t)
	results, err := lua51.PCall(L, load(t, L, `
		local t = {}
		for i = 1, 40000 do t[i] = i end
		local function crowded(...) return pcall(unpack, t) end
		local ok = pcall(function() return crowded(unpack(t)) end)
		return ok, pcall(pcall, select, 2, 7, 8)`))
	if got := fmt.Sprint(texts(results), err); got != "[false true true 8] <nil>" {
		t.Errorf("gave %s", got)
	}
}

// A run's context is often of a type of its own. If a thread got a child of
// it, that would be a goroutine, which goleak would find.
type ownContext struct{ context.Context }

func TestContextIsSharedNotDerived(t *testing.T) {
	L := newState(t)
	var seen []context.Context
	L.SetGlobal("look", L.NewFunction(func(L *lua.LState) int {
		seen = append(seen, L.Context())
		return 0
	}))
	fn := load(t, L, `pcall(function() look() pcall(look) end)`)
	ctx, cancel := context.WithCancel(t.Context())
	first, second := ownContext{ctx}, ownContext{context.Background()}
	for _, ctx := range []context.Context{first, second} {
		L.SetContext(ctx)
		if _, err := lua51.PCall(L, fn); err != nil {
			t.Fatal(err)
		}
	}
	L.RemoveContext()
	if _, err := lua51.PCall(L, fn); err != nil {
		t.Fatal(err)
	}
	cancel()
	if want := []context.Context{first, first, second, second, nil, nil}; !slices.Equal(seen, want) {
		t.Errorf("the threads ran with %v, want %v", seen, want)
	}
}

func TestDeadline(t *testing.T) {
	const limit = 50 * time.Millisecond
	for name, source := range map[string]string{
		"pcall loop":          `while true do pcall(function() while true do end end) end`,
		"pcall of C":          `while true do pcall(error) end`,
		"xpcall handler loop": `xpcall(error, function() while true do xpcall(error, function() while true do end end) end end)`,
		"nested pcall":        `local function f() pcall(f) pcall(f) end f()`,
		"deep in pcall":       `local function f(n) if n == 0 then while true do end end pcall(f, n - 1) while true do end end f(90)`,
		"transaction loop":    `while true do pcall(transaction, function() while true do end end) end`,
		"tail call":           `local function f() return f() end f()`,
		"tail call in pcall":  `local function f() return f() end while true do pcall(f) end`,
		"tail calls, levels":  `local function f() local ok, m = pcall(error, "x", 999) return f() end f()`,
		"sort":                `while true do pcall(table.sort, {3, 2, 1}, function() while true do end end) end`,
	} {
		t.Run(name, func(t *testing.T) {
			L := newState(t)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			L.SetContext(ctx)
			start := time.Now()
			_, err := lua51.PCall(L, load(t, L, source+" after = true"))
			if err == nil || ctx.Err() == nil {
				t.Fatalf("ended by itself, error %v", err)
			}
			if L.G.Global.RawGetString("after") != lua.LNil {
				t.Error("the script went on after the deadline")
			}
			if took := time.Since(start); took > limit+time.Second {
				t.Errorf("took %v, of %v", took, limit)
			} else {
				t.Logf("took %v", took)
			}
			if lines := strings.Count(lua51.Traceback(err), "\n"); lines >= 40 {
				t.Errorf("traceback of %d lines", lines+1)
			}
		})
	}
}

func TestTraceback(t *testing.T) {
	L := newState(t)
	_, err := lua51.PCall(L, load(t, L, `
local t = {}
function t.inner() error("x") end
local function middle() t.inner() return 1 end
transaction(function()
  return (middle())
end)`))
	const want = `stack traceback:
	[G]: in function 'error'
	test.lua:3: in function 'inner'
	test.lua:4: in function 'middle'
	test.lua:6: in function <test.lua:5>
	[G]: in function 'transaction'
	test.lua:5: in main chunk`
	if got := lua51.Traceback(err); got != want {
		t.Errorf("traceback is\n%s\nwant\n%s", got, want)
	}

	_, err = lua51.PCall(L, load(t, L, `local function f(n) if n > 0 then f(n - 1) end error("x") end f(150)`))
	if lines := strings.Split(lua51.Traceback(err), "\n"); len(lines) != 40 {
		t.Errorf("traceback of %d lines, want 40", len(lines))
	}
	_, err = lua51.PCall(L, load(t, L, `local function f(n) if n > 0 then return f(n - 1) end error("x") end f(1e5)`))
	if got := lua51.Traceback(err); strings.Count(got, "(tail call)") != 3 {
		t.Errorf("traceback is\n%s\nwant three tail calls", got)
	}
	for _, err := range []error{nil, errors.New("x"), &lua.ApiError{Object: lua.LNil}} {
		if got := lua51.Traceback(err); got != "" {
			t.Errorf("Traceback(%v) = %q, want none", err, got)
		}
	}
	// One that the library has made itself.
	long := &lua.ApiError{Object: lua.LNil, StackTrace: strings.Repeat("line\n", 1000)}
	if got := strings.Count(lua51.Traceback(fmt.Errorf("run: %w", long)), "\n"); got != 39 {
		t.Errorf("traceback of %d lines, want 40", got+1)
	}
}
