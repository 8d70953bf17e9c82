package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// writeActions makes a folder of scripts.
func writeActions(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, source := range files {
		writeAction(t, dir, name, source)
	}
	return dir
}

func writeAction(t *testing.T, dir, name, source string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
}

// action is a script whose run is body.
func action(body string) string {
	return fmt.Sprintf("return { description = \"Test\", fields = {}, run = function(fields, context)\n%s\nend }\n", body)
}

// What a caller gets for everything that a script can do.
func TestAnswers(t *testing.T) {
	const internal = "Internal server error"
	tests := []struct {
		name, source string
		fields       any
		status       int
		message      any
		answer       string // JSON
	}{
		{"object", action(`return { status_code = 200, fields = { a = 1, b = { "x", true } } }`), nil, 200, nil, `{"a":1,"b":["x",true]}`},
		{"message", action(`return { status_code = 201, message = "made" }`), nil, 201, "made", `null`},
		{"empty_message", action(`return { status_code = 200, message = "" }`), nil, 200, "", `null`},
		{"scalar", action(`return { status_code = 200, fields = "text" }`), nil, 200, nil, `"text"`},
		{"empty_table", action(`return { status_code = 200, fields = {} }`), nil, 200, nil, `{}`},
		{"empty_array", action(`return { status_code = 200, fields = require("json").array({}) }`), nil, 200, nil, `[]`},
		{"explicit_null", action(`return { status_code = 200, fields = { a = require("json").null } }`), nil, 200, nil, `{"a":null}`},
		{"context", action(`return { status_code = 200, fields = { context.action, type(context.request_id), #context.version,
			context.deadline > require("time").now() } }`), nil, 200, nil, `["Context","string",12,true]`},
		{"no_table", action(`return 200`), nil, 500, internal, `null`},
		{"nothing", action(``), nil, 500, internal, `null`},
		{"no_status", action(`return {}`), nil, 500, internal, `null`},
		{"odd_status", action(`return { status_code = 600 }`), nil, 500, internal, `null`},
		{"interim_status", action(`return { status_code = 100 }`), nil, 500, internal, `null`},
		{"fractional_status", action(`return { status_code = 200.5 }`), nil, 500, internal, `null`},
		{"text_status", action(`return { status_code = "200" }`), nil, 500, internal, `null`},
		{"unknown_key", action(`return { status_code = 200, filds = {} }`), nil, 500, internal, `null`},
		{"function_in_fields", action(`return { status_code = 200, fields = { f = function() end } }`), nil, 500, internal, `null`},
		{"cycle", action(`local t = {} t.t = t return { status_code = 200, fields = t }`), nil, 500, internal, `null`},
		{"nan", action(`return { status_code = 200, fields = { 0 / 0 } }`), nil, 500, internal, `null`},
		{"infinity", action(`return { status_code = 200, fields = { 1 / 0 } }`), nil, 500, internal, `null`},
		{"mixed_keys", action(`return { status_code = 200, fields = { 1, a = 2 } }`), nil, 500, internal, `null`},
		{"not_utf8", action(`return { status_code = 200, fields = { "\255" } }`), nil, 500, internal, `null`},
		{"deep", action(`local t = {} for _ = 1, 200 do t = { t } end return { status_code = 200, fields = t }`), nil, 500, internal, `null`},
		{"raises", action(`error("the password is hunter2")`), nil, 500, internal, `null`},
		{"raises_table", action(`error({ code = 1 })`), nil, 500, internal, `null`},
		{"nil_index", action(`local x = nil return x.y`), nil, 500, internal, `null`},
		{"loops", "return { description = 'Test', fields = {}, timeout = 0.2, run = function() while true do end end }", nil, 504, "Action timed out", `null`},
		{"swallows", "return { description = 'Test', fields = {}, timeout = 0.2, run = function() while true do pcall(function() while true do end end) end end }",
			nil, 504, "Action timed out", `null`},
		{"fields_not_an_object", action(`return { status_code = 200 }`), "text", 400, "Invalid input: fields: must be an object",
			`{"errors":[{"code":"type","field":"fields","message":"must be an object"}]}`},
	}
	files := make(map[string]string)
	for _, tt := range tests {
		files[tt.name+".lua"] = tt.source
	}
	s := newStack(t, stackOptions{actions: writeActions(t, files)})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fields := tt.fields
			if fields == nil {
				fields = map[string]any{}
			}
			status, message, answer := s.post(t, pascal(tt.name), fields)
			if status != tt.status || message != tt.message || asJSON(answer) != tt.answer {
				t.Errorf("%d %v %s, want %d %v %s", status, message, asJSON(answer), tt.status, tt.message, tt.answer)
			}
		})
	}
	t.Cleanup(func() {
		logs := s.logs.String()
		for _, want := range []string{"raises.lua:2: the password is hunter2", "nil_index.lua:2:", "NaN", "unknown key"} {
			if !strings.Contains(logs, want) {
				t.Errorf("%q is not in the log", want)
			}
		}
	})
}

func pascal(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func TestUnknownAction(t *testing.T) {
	s := newStack(t, stackOptions{})
	for _, name := range []string{"Nope", "login", ""} {
		status, message, fields := s.post(t, name, map[string]any{})
		if status != http.StatusNotFound || message != "Unknown action: "+name || fields != nil {
			t.Errorf("%q: %d %v %v", name, status, message, fields)
		}
	}
}

// Nothing that one run leaves behind is there in the next, of the same action
// or another.
func TestIsolation(t *testing.T) {
	leaks := `
		local count = 0
		local lib = require("lib.shared")
		return { description = "Test", fields = {}, run = function()
			count = count + 1
			lib.count = (lib.count or 0) + 1
			leaked = (leaked or 0) + 1
			local sealed = {}
			for i, change in ipairs({
				function() string.leaked = 1 end,
				function() rawset(string, "leaked", 1) end,
				function() table.insert(math, 1) end,
				function() require("json").leaked = 1 end,
				function() getmetatable("").__index = {} end,
				function() setmetatable(string, {}) end,
				function() getmetatable("").leaked = 1 end,
			}) do
				sealed[i] = not pcall(change)
			end
			return { status_code = 200, fields = { count, lib.count, leaked, string.leaked == nil, ("x"):upper(), sealed } }
		end }`
	s := newStack(t, stackOptions{actions: writeActions(t, map[string]string{
		"first.lua": leaks, "second.lua": leaks, "lib/shared.lua": "return {}",
	})})
	const want = `[1,1,1,true,"X",[true,true,true,true,true,true,true]]`
	for range 20 {
		for _, name := range []string{"First", "Second"} {
			status, _, fields := s.post(t, name, map[string]any{})
			if status != 200 || asJSON(fields) != want {
				t.Fatalf("%s: %d %s, want %s\n%s", name, status, asJSON(fields), want, s.logs)
			}
		}
	}
}

// A script reaches what it is given and nothing else.
func TestSandbox(t *testing.T) {
	names := []string{
		"io", "os", "debug", "package", "load", "loadstring", "loadfile", "dofile", "coroutine", "getfenv", "setfenv",
		"newproxy", "collectgarbage", "_printregs", "_G", "module", "print", "channel",
	}
	s := newStack(t, stackOptions{actions: writeActions(t, map[string]string{
		"probe.lua": action(`return { status_code = 200, fields = { ` + strings.Join(names, " == nil, ") + ` == nil, string.dump == nil } }`),
		"escape.lua": action(`return { status_code = 200, fields = {
			pcall(require, "io"), pcall(require, "lib.../etc"), pcall(require, "..lib.x") } }`),
	})})
	status, _, fields := s.post(t, "Probe", map[string]any{})
	if list, ok := fields.([]any); status != 200 || !ok || strings.Contains(asJSON(list), "false") {
		t.Errorf("%d %s of %v", status, asJSON(fields), names)
	}
	if status, _, fields := s.post(t, "Escape", map[string]any{}); status != 200 || strings.Contains(asJSON(fields), "true") {
		t.Errorf("require reaches outside: %d %s", status, asJSON(fields))
	}
}

// Saving a file is enough.
func TestReload(t *testing.T) {
	version := func(n int) string { return action(fmt.Sprintf(`return { status_code = 200, fields = %d }`, n)) }
	dir := writeActions(t, map[string]string{"live.lua": version(1)})
	s := newStack(t, stackOptions{actions: dir, env: map[string]string{"HOT_RELOAD": "true"}})
	answers := func(name string) string {
		_, _, fields := s.post(t, name, map[string]any{})
		return asJSON(fields)
	}
	within := func(what, want string, got func() string) {
		t.Helper()
		start := time.Now()
		for got() != want {
			if time.Since(start) > 10*time.Second {
				t.Fatalf("%s: still %s, want %s\n%s", what, got(), want, s.logs)
			}
			time.Sleep(5 * time.Millisecond)
		}
		if took := time.Since(start); took > 500*time.Millisecond && !raceEnabled {
			t.Errorf("%s took %v", what, took)
		}
	}
	within("first version", "1", func() string { return answers("Live") })

	writeAction(t, dir, "live.lua", version(2))
	within("a changed body", "2", func() string { return answers("Live") })

	writeAction(t, dir, "live.lua", "return {\n  description = \"x\",\n  oops oops\n}")
	within("the log of a broken file", "true", func() string { return fmt.Sprint(strings.Contains(s.logs.String(), "live.lua:3")) })
	if got := answers("Live"); got != "2" {
		t.Errorf("a broken file answers %s", got)
	}

	writeAction(t, dir, "live.lua", version(3))
	within("a mended file", "3", func() string { return answers("Live") })

	writeAction(t, dir, "sub/new_one.lua", version(4))
	within("a new file in a new folder", "4", func() string { return answers("NewOne") })
	within("what the hub knows", "true", func() string { return fmt.Sprint(strings.Contains(string(s.board.Actions()), "NewOne")) })

	if err := os.Remove(filepath.Join(dir, "live.lua")); err != nil {
		t.Fatal(err)
	}
	within("a removed file", "404", func() string {
		status, _, _ := s.post(t, "Live", map[string]any{})
		return fmt.Sprint(status)
	})
}

// What the hub is told of the shipped actions, to the letter of the auth
// specification.
func TestManifest(t *testing.T) {
	s := newStack(t, stackOptions{})
	content, err := os.ReadFile("testdata/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var want, got any
	if err := json.Unmarshal(content, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(s.board.Actions(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
