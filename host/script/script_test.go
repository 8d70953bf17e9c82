package script_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"go.uber.org/goleak"

	"vera/host/script"
	"vera/stdlib/luaconv"
	"vera/stdlib/runinfo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run compiles a file and runs it once.
func run(t *testing.T, pool *script.Pool, source string, timeout time.Duration) (script.Answer, error) {
	t.Helper()
	return pool.Run(t.Context(), call(t, source, timeout))
}

func call(t testing.TB, source string, timeout time.Duration) script.Call {
	t.Helper()
	program, err := script.Compile("test.lua", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return script.Call{
		Program:  program,
		Info:     runinfo.Info{Action: "Test", RequestID: "ref", Version: "v"},
		Input:    fields(map[string]any{"a": "x", "list": []any{}}),
		Deadline: time.Now().Add(timeout),
	}
}

func fields(values map[string]any) func() (map[string]any, error) {
	return func() (map[string]any, error) { return values, nil }
}

func body(text string) string {
	return "return { description = 'Test', fields = {}, run = function(fields, context) " + text + " end }"
}

func TestRun(t *testing.T) {
	pool := script.NewPool(script.Options{})
	answer, err := run(t, pool, body(`return { status_code = 200, message = fields.a, fields = { fields.list, context.action, context.version } }`), time.Second)
	if err != nil || answer.Status != 200 || *answer.Message != "x" || string(answer.Fields) != `[[],"Test","v"]` {
		t.Errorf("%+v, %v", answer, err)
	}
}

func TestErrors(t *testing.T) {
	sentinel := errors.New("the disk is full")
	pool := script.NewPool(script.Options{Modules: map[string]lua.LGFunction{"disk": func(L *lua.LState) int {
		L.Push(L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{
			"write": func(L *lua.LState) int { luaconv.Raise(L, sentinel); return 0 },
			"crash": func(*lua.LState) int { panic("a bug") },
		}))
		return 1
	}}})
	tests := []struct {
		name, source string
		message      string
		is           error
	}{
		{"raised text", body("\nerror('no')"), "test.lua:2: no", nil},
		{"raised table", body(`error({ message = "no" })`), "a table was raised: no", nil},
		{"raised nil", body(`error()`), "nil", nil},
		{"a fault of Lua", body("\n\nlocal x return x.y"), "test.lua:3: attempt to index", nil},
		{"a primitive's error", body(`require("disk").write()`), "the disk is full", sentinel},
		{"a primitive's error, caught and raised again", body(`local ok, e = pcall(require("disk").write) error(e)`), "the disk is full", sentinel},
		{"a panic", body(`require("disk").crash()`), "a bug", nil},
		{"out of time", body(`while true do end`), "timed out", script.ErrTimeout},
		{"out of time in pcall", body(`while true do pcall(function() while true do end end) end`), "timed out", script.ErrTimeout},
		{"out of time in xpcall", body(`xpcall(function() while true do end end, function() while true do end end)`), "timed out", script.ErrTimeout},
		{"recursion", body(`local function f() return 1 + f() end return f()`), "stack overflow", nil},
		{"no such primitive", body(`require("nope")`), `there is no module "nope"`, nil},
		{"a bad answer", body(`return { status_code = 700 }`), "the hub takes no 700", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := run(t, pool, tt.source, 200*time.Millisecond)
			if err == nil || !strings.Contains(err.Error(), tt.message) {
				t.Fatalf("error %v, want %q", err, tt.message)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("%v is not %v", err, tt.is)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			if _, err := run(t, pool, body(`return { status_code = 200 }`), time.Second); err != nil {
				t.Errorf("the next run: %v", err)
			}
		})
	}
}

// A run that is cancelled ends, and its VM is not lent again.
func TestCancel(t *testing.T) {
	pool := script.NewPool(script.Options{Size: 1})
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the host is stopping")
	time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
	if _, err := pool.Run(ctx, call(t, body("while true do end"), 10*time.Second)); !errors.Is(err, cause) {
		t.Errorf("error %v, want %v", err, cause)
	}
	if _, err := run(t, pool, body(`return { status_code = 200 }`), time.Second); err != nil {
		t.Error(err)
	}
}

// At most Size runs go on at once, the others wait, and none starts after its
// deadline.
func TestPoolIsBounded(t *testing.T) {
	var mu sync.Mutex
	var now, most, started int
	release := make(chan struct{})
	pool := script.NewPool(script.Options{Size: 3, Modules: map[string]lua.LGFunction{"gate": func(L *lua.LState) int {
		L.Push(L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{"wait": func(*lua.LState) int {
			mu.Lock()
			now, started = now+1, started+1
			most = max(most, now)
			mu.Unlock()
			<-release
			mu.Lock()
			now--
			mu.Unlock()
			return 0
		}}))
		return 1
	}}})
	source := body(`require("gate").wait() return { status_code = 200 }`)
	const patient, hasty = 10, 5
	var wg sync.WaitGroup
	var busy int
	for i := range patient + hasty {
		timeout := 10 * time.Second
		if i >= patient {
			timeout = 50 * time.Millisecond
		}
		c := call(t, source, timeout)
		if i >= patient { // once the pool is full
			for full := false; !full; runtime.Gosched() {
				mu.Lock()
				full = now == 3
				mu.Unlock()
			}
		}
		wg.Go(func() {
			_, err := pool.Run(t.Context(), c)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, script.ErrBusy), errors.Is(err, script.ErrTimeout):
				busy++
			case err != nil:
				t.Error(err)
			}
		})
	}
	time.AfterFunc(300*time.Millisecond, func() { close(release) })
	wg.Wait()
	if most != 3 || started != patient || busy != hasty {
		t.Errorf("%d at once, want 3; %d started, want %d; %d refused, want %d", most, started, patient, busy, hasty)
	}
}

// Leaving the declaration out of a run must not change what the run does.
func TestStrippedRunsDoTheSame(t *testing.T) {
	tests := []string{
		body(`return { status_code = 200, fields = 1 }`),
		`local n = 0
		local function count() n = n + 1 return "d" end
		return { description = count(), fields = { x = { count() } }, run = function() return { status_code = 200, fields = n } end }`,
		`local n = 0
		local t = setmetatable({}, { __index = function() n = n + 1 return "d" end })
		return { description = t.x, fields = {}, run = function() return { status_code = 200, fields = n } end }`,
		`local run = function() return { status_code = 200, fields = "own" } end
		return { run = run, description = "d", fields = {} }`,
		`local t = { description = "d", fields = {} }
		function t.run() return { status_code = 200, fields = t.description } end
		return t`,
		`local clock = require("clock")
		return { description = "d" .. clock.now(), fields = {}, run = function() return { status_code = 200, fields = clock.now() } end }`,
	}
	wants := []string{`1`, `2`, `1`, `"own"`, `"d"`, `42`}
	// What is a primitive at first may be something else in the end.
	for _, swap := range []string{
		`local function swap() clock = mine end swap()`,
		`do local unused = 1 clock = mine end`,
		`if clock then other, clock = 1, mine end`,
		`for i = 1, 1 do while true do clock = mine break end end`,
		`local t = { f = function() return function() clock = mine end end } t.f()()`,
		`(function() clock = mine end)()`,
		`local swapped = pcall(function() clock = mine end)`,
		`function clock() end clock = mine`,
		`local function f(...) repeat clock = ... until true end f(mine)`,
	} {
		tests = append(tests, `local clock, other = require("clock"), 0
			local n = 0
			local mine = { now = function() n = n + 1 return n end }
			`+swap+`
			return { description = "d" .. clock.now(), fields = {}, run = function() return { status_code = 200, fields = n } end }`)
		wants = append(wants, `1`)
	}
	for _, shadow := range []string{`local function require()`, `local require = function()`, `function require()`, `require = function()`} {
		tests = append(tests, `local n = 0
			`+shadow+` return { now = function() n = n + 1 return n end } end
			local clock = require("clock")
			return { description = "d" .. clock.now(), fields = {}, run = function() return { status_code = 200, fields = n } end }`)
		wants = append(wants, `1`)
	}
	pool := script.NewPool(script.Options{Modules: map[string]lua.LGFunction{"clock": func(L *lua.LState) int {
		L.Push(L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{"now": func(L *lua.LState) int { L.Push(lua.LNumber(42)); return 1 }}))
		return 1
	}}})
	for i, source := range tests {
		answer, err := run(t, pool, source, time.Second)
		if err != nil || string(answer.Fields) != wants[i] {
			t.Errorf("%s\ngives %s, %v; want %s", source, answer.Fields, err, wants[i])
		}
	}
}

func BenchmarkRun(b *testing.B) {
	pool := script.NewPool(script.Options{})
	c := call(b, `return {
		description = "Joins two texts",
		fields = {
			first = { type = "string", description = "One" },
			second = { type = "string", description = "The other" },
		},
		run = function(fields)
			return { status_code = 200, fields = { joined = fields.first .. " " .. fields.second } }
		end,
	}`, time.Hour)
	c.Input = fields(map[string]any{"first": "Hello", "second": "World"})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := pool.Run(context.Background(), c); err != nil {
			b.Fatal(err)
		}
	}
}

func ExamplePool() {
	pool := script.NewPool(script.Options{})
	program, err := script.Compile("greet.lua", []byte(`return {
		description = "Greets somebody", fields = {},
		run = function(fields) return { status_code = 200, fields = "Hello, " .. fields.name } end,
	}`))
	if err != nil {
		panic(err)
	}
	answer, err := pool.Run(context.Background(), script.Call{
		Program: program, Input: fields(map[string]any{"name": "Ada"}), Deadline: time.Now().Add(time.Second),
	})
	fmt.Println(answer.Status, string(answer.Fields), err)
	// Output: 200 "Hello, Ada" <nil>
}
