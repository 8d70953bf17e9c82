package script_test

import (
	"context"
	"errors"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/host/script"
)

// A session keeps its globals and its modules, also past a run that was cut
// off, and past one that raised inside a protected call.
func TestSession(t *testing.T) {
	counter, err := script.Compile("lib/counter.lua", []byte(`local n = 0 return { add = function() n = n + 1 return n end }`))
	if err != nil {
		t.Fatal(err)
	}
	pool := script.NewPool(script.Options{Size: 1})
	session := pool.NewSession(script.Library{"lib.counter": counter}, map[string]lua.LGFunction{
		"seven": func(L *lua.LState) int { L.Push(lua.LNumber(7)); return 1 },
	})
	defer session.Close()
	run := func(ctx context.Context, source string, timeout time.Duration) (string, error) {
		t.Helper()
		program, err := script.Compile("session", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		results, err := session.Run(ctx, program, time.Now().Add(timeout))
		text := ""
		for _, value := range results {
			text += value.String() + ";"
		}
		return text, err
	}
	for _, tt := range []struct{ source, want string }{
		{`x = 1; local y = 2; return x, y`, "1;2;"},
		{`return x, y, seven()`, "1;nil;7;"},
		{`counter = require("lib.counter") return counter.add()`, "1;"},
		{`return require("lib.counter").add(), require("lib.counter") == counter`, "2;true;"},
		{`local n = 0 function count() n = n + 1 return n end`, ""},
		{`return pcall(function() count() error("no", 0) end)`, "false;no;"},
	} {
		if got, err := run(t.Context(), tt.source, time.Minute); err != nil || got != tt.want {
			t.Errorf("%s gives %s, %v; want %s", tt.source, got, err, tt.want)
		}
	}
	if _, err := run(t.Context(), `count() pcall(function() while true do end end)`, 50*time.Millisecond); !errors.Is(err, script.ErrTimeout) {
		t.Errorf("a run without end: %v", err)
	}
	if _, err := run(t.Context(), `return 1`, -time.Second); !errors.Is(err, script.ErrTimeout) {
		t.Errorf("a deadline that is past: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := run(ctx, `while true do end`, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("a run that was cancelled: %v", err)
	}
	if _, err := run(t.Context(), `error("raised")`, time.Minute); err == nil || err.Error() != "session:1: raised" {
		t.Errorf("a run that raises: %v", err)
	}
	if got, err := run(t.Context(), `return x, count(), counter.add(), pcall(count)`, time.Minute); err != nil || got != "1;3;3;true;4;" {
		t.Errorf("afterwards: %s, %v", got, err)
	}
}
