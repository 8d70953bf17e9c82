package testrun_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"

	"vera/host/script"
	"vera/host/testrun"
)

// What a caller sees of a call is what a test gets.
func TestCall(t *testing.T) {
	newFixture(t, 1, map[string]string{
		"add.lua":       action(addNote),
		"odd.lua":       action(`return { status_code = 200, fields = { none = require("json").null, list = require("json").array({}), n = 1.5 } }`),
		"bare.lua":      action(`return { status_code = 204 }`),
		"crash.lua":     action(`error("secret")`),
		"slow.lua":      `return { description = "Test", fields = {}, timeout = 0.05, run = function() while true do end end }`,
		"who.lua":       action(`return { status_code = 200, fields = { context.action, context.request_id } }`),
		"lib/twice.lua": `return function(text) return text .. text end`,
		"call_test.lua": `
			local json = require("json")
			test("answers", function()
				expect(call("Add", { text = "a" })):equals({ status_code = 201, fields = { text = "a" } })
				expect(call("Add", { text = "a" })):equals({ status_code = 409, message = "It is there" })
				expect(call("Odd")):equals({ status_code = 200, fields = { none = json.null, list = {}, n = 1.5 } })
				expect(call("Bare")):equals({ status_code = 204 })
				expect(call("Who").fields):equals({ "Who", "test-5" })
			end)
			test("what is wrong with the input", function()
				local answer = call("Add", { text = ("x"):rep(21) })
				expect(answer.status_code):equals(400)
				expect(answer.fields.errors):contains({ field = "text", code = "max_length" })
				expect(call("Add", "text").status_code):equals(400)
			end)
			test("errors", function()
				expect(call("Crash")):equals({ status_code = 500, message = "Internal server error" })
				expect(call("Slow")):equals({ status_code = 504, message = "Action timed out" })
			end)
			test("misuse", function()
				expect(function() call("Ad") end):raises('there is no action "Ad", did you mean "Add"?')
				expect(function() call("Add", { text = tostring }) end):raises("a function is not a JSON value")
				expect(require("lib.twice")("a")):equals("aa")
			end)`,
	}).mustPass(t)
}

// Each way in which an expectation holds, and fails.
func TestExpectations(t *testing.T) {
	tests := []struct{ source, message, expected, got, differences string }{
		{`expect(1):equals(1)`, "", "", "", ""},
		{`expect(nil):equals(nil)`, "", "", "", ""},
		{`expect({ 1, { a = "x" } }):equals({ 1, { a = "x" } })`, "", "", "", ""},
		{`local a, b = {}, {} a.a, b.a = a, b expect(a):equals(b)`, "", "", "", ""},
		{`expect("1"):equals(1)`, "expected to be equal", `1`, `"1"`, ""},
		{`expect({ a = 1, b = { c = 2 } }):equals({ b = { c = 3 }, d = 4 })`, "expected to be equal", `{ b = { c = 3 }, d = 4 }`, `{ a = 1, b = { c = 2 } }`,
			"b.c: expected 3, got 2\nd: expected 4, got nothing\na: expected nothing, got 1"},
		{`expect({ "a", ["b c"] = 1 }):equals({ "b" })`, "expected to be equal", `{ "b" }`, `{ "a", ["b c"] = 1 }`,
			"[1]: expected \"b\", got \"a\"\n[\"b c\"]: expected nothing, got 1"},
		{`expect({ a = require("json").null }):equals({})`, "expected to be equal", `{}`, `{ a = json.null }`, "a: expected nothing, got json.null"},
		{`expect(1).never:equals(2)`, "", "", "", ""},
		{`expect(1).never:equals(1)`, "expected never to be equal", `1`, `1`, ""},
		{`expect(1).never.never:equals(1)`, "", "", "", ""},
		{`expect("a.b"):contains(".")`, "", "", "", ""},
		{`expect("a\n"):contains("b")`, "expected to contain", `"b"`, `"a\n"`, ""},
		{`expect({ 1, 2, { id = 3, x = 1 } }):contains({ id = 3 })`, "", "", "", ""},
		{`expect({ 1, 2, 3 }):contains({ 3, 1 })`, "", "", "", ""},
		{`expect({ 1, 2 }):contains({ 2, 3 })`, "expected to contain", `{ 2, 3 }`, `{ 1, 2 }`, "there is no 3"},
		{`expect({ a = { b = 1, c = 2 }, d = 3 }):contains({ a = { b = 1 } })`, "", "", "", ""},
		{`expect({ a = { b = 1 } }):contains({ a = { b = 2 } })`, "expected to contain", `{ a = { b = 2 } }`, `{ a = { b = 1 } }`, "a.b: expected 2, got 1"},
		{`expect(nil):contains("a")`, "expected to contain", `"a"`, `nil`, ""},
		{`expect("abc1"):matches("^%a+%d$")`, "", "", "", ""},
		{`expect("abc"):matches("%d")`, "expected to match the pattern", `"%d"`, `"abc"`, ""},
		{`expect(5):matches("%d")`, "expected to match the pattern", `"%d"`, `5`, ""},
		{`expect(nil):is_nil() expect(require("json").null):is_nil() expect(false).never:is_nil()`, "", "", "", ""},
		{`expect(0):is_nil()`, "expected nil", ``, `0`, ""},
		{`expect({}):is_a("table")`, "", "", "", ""},
		{`expect({}):is_a("string")`, "expected a string", ``, `{}`, ""},
		{`expect(function() error("no way") end):raises("way")`, "", "", "", ""},
		{`expect(function() error({ message = "no way" }) end):raises("no way")`, "", "", "", ""},
		{`expect(function() require("db").one("SELECT nonsense") end):raises("nonsense")`, "", "", "", ""},
		{`expect(function() end):raises()`, "expected an error", ``, `no error`, ""},
		{`expect(function() error("a", 0) end):raises("b")`, "expected an error that contains", `"b"`, `"a"`, ""},
		{`expect(7):raises()`, "expected an error", ``, `7, which cannot be called`, ""},
		{`expect(1):equal(1)`, `expect has no "equal", did you mean "equals"?`, "", "", ""},
		{`expect(1).equals(1)`, "equals is a method: write expect(value):equals(…), with a colon", "", "", ""},
		{`expect(1):is_a("integer")`, `bad argument #1 to is_a (there is no type "integer"; the types are boolean, function, number, string, table)`, "", "", ""},
		{`expect()`, "bad argument #1 to expect (a value expected, which may be nil)", "", "", ""},
		{`test.clok("x")`, `test has no "clok", did you mean "clock"?`, "", "", ""},
		{`test.clock("tomorrow")`, `bad argument #1 to clock ("tomorrow" is not a time as in 2026-01-01T00:00:00Z)`, "", "", ""},
		{`test.advance(-1)`, `bad argument #1 to advance (seconds, 0 to a hundred years, expected)`, "", "", ""},
		{`test.env({ GRETING = 1 })`, `bad argument #1 to env (actions read no setting "GRETING", did you mean "GREETING"?)`, "", "", ""},
		{`it("x", function() end)`, "a test cannot be declared inside a test", "", "", ""},
	}
	var file strings.Builder
	for i, tt := range tests {
		fmt.Fprintf(&file, "test(\"%02d\", function() %s end)\n", i, tt.source)
	}
	outcome := newFixture(t, 1, map[string]string{"a_test.lua": file.String()}).run(t)
	if len(outcome.Results) != len(tests) {
		t.Fatalf("%d results of %d tests", len(outcome.Results), len(tests))
	}
	for i, tt := range tests {
		f := outcome.Results[i].Failure
		if f == nil {
			f = &testrun.Failure{}
		}
		got := []string{f.Message, f.Expected, f.Got, strings.Join(f.Differences, "\n")}
		if diff := cmp.Diff([]string{tt.message, tt.expected, tt.got, tt.differences}, got); diff != "" {
			t.Errorf("%s: %s", tt.source, diff)
		}
		if tt.message != "" && (f.File != "a_test.lua" || f.Line != i+1 || !strings.Contains(f.Frame, tt.source[:8])) {
			t.Errorf("%s: at %s:%d\n%s", tt.source, f.File, f.Line, f.Frame)
		}
	}
}

// Who writes an action is shown where it ended, and what it logged.
func TestCrashIsShown(t *testing.T) {
	f := newFixture(t, 1, map[string]string{
		"crash.lua":      action("require('log').warn('careful', { n = 1 })\nlocal helper = require('lib.helper')\nlocal answer = helper.go()\nreturn answer"),
		"lib/helper.lua": "local helper = {}\nfunction helper.go()\n  local x = nil\n  return x.y\nend\nreturn helper\n",
		"a_test.lua": "test('a', function()\n  expect(call('Crash').status_code):equals(200)\nend)\n" +
			"test('an error', function()\n  local t = nil\n  return t.x\nend)\n",
	})
	outcome := f.run(t)
	failure := outcome.Results[0].Failure
	if failure == nil || failure.Raised || failure.Got != "500" || failure.Line != 2 || len(failure.Crashes) != 1 {
		t.Fatalf("%+v", failure)
	}
	crash := failure.Crashes[0]
	if crash.Action != "Crash" || crash.File != "lib/helper.lua" || crash.Line != 4 || !strings.Contains(crash.Frame, "> 4 |   return x.y") ||
		!strings.Contains(crash.Traceback, "crash.lua:4") {
		t.Errorf("%+v", crash)
	}
	if diff := cmp.Diff([]string{`level=WARN msg=careful action=Crash script.n=1`}, outcome.Results[0].Log); diff != "" {
		t.Error(diff)
	}
	second := outcome.Results[1].Failure
	if second == nil || !second.Raised || second.Line != 6 || !strings.Contains(second.Message, "attempt to index") || len(second.Crashes) != 0 {
		t.Errorf("%+v", second)
	}
}

// Files that do not load fail as a whole, and no other does.
func TestBrokenFiles(t *testing.T) {
	f := newFixture(t, 2, map[string]string{
		"a_test.lua": "test('a', function() end)\nlocal x = = 1",
		"b_test.lua": "local function nothing() end\nreturn nothing",
		"c_test.lua": "test('same', function() end)\ntest('same', function() end)",
		"d_test.lua": "describe('x', function() call('Fine') end)",
		"e_test.lua": "test('fine', function() expect(call('Fine').status_code):equals(200) end)",
		"f_test.lua": "require('db').one('SELECT 1')",
		"g_test.lua": "count = (count or 0) + 1 require('lib.none')",
		"fine.lua":   action(`return { status_code = 200 }`),
		"broken.lua": "return {\n  oops oops\n}",
	})
	outcome := f.run(t)
	var got []string
	for _, r := range outcome.Results {
		text := r.File + ":" + r.Name + ": passed"
		if r.Failure != nil {
			text = fmt.Sprintf("%s:%s:%d: %s", r.File, r.Name, r.Failure.Line, r.Failure.Message)
		}
		got = append(got, text)
	}
	want := []string{
		"a_test.lua::2: ", // in the compiler's words
		`b_test.lua::0: the file has no test; it("does so", function() … end) makes one`,
		`c_test.lua::2: two tests are named "same"; a name belongs to one`,
		"d_test.lua::1: call cannot be called while the file is loaded; call it inside a test or before_each",
		"e_test.lua:fine: passed",
		"f_test.lua::1: db.one cannot be called while the file is loaded; call it inside run",
		`g_test.lua::1: module "lib.none": there is no file lib/none.lua that works, below a folder named lib`,
	}
	if len(got) != len(want) {
		t.Fatal(strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("%s, want %s", got[i], want[i])
		}
	}
	if len(outcome.Faults) != 1 || outcome.Faults[0].File != "broken.lua" || outcome.Failed() != 7 {
		t.Errorf("%v, %d failed", outcome.Faults, outcome.Failed())
	}
}

// Describe groups, before_each comes before each test, outermost first, and
// nothing of a test is left for another.
func TestGroupsAndIsolation(t *testing.T) {
	outcome := newFixture(t, 1, map[string]string{
		"add.lua": action(addNote),
		"a_test.lua": `
			local db = require("db")
			local order = {}
			local function add(text) order[#order + 1] = text end
			local function fresh()
				expect(db.one("SELECT count(*) AS n FROM notes").n):equals(0)
				call("Add", { text = "a" })
				leaked = (leaked or 0) + 1
				expect(leaked):equals(1)
			end
			before_each(function() add("file") end)
			test("plain", function() fresh() expect(order):equals({ "file" }) end)
			describe("outer", function()
				before_each(function() add("outer") end)
				describe("inner", function()
					it("is third", function() fresh() expect(order):equals({ "file", "outer", "first", "second" }) end)
					before_each(function() add("first") end)
					before_each(function() add("second") end)
				end)
				it("is second", function() fresh() expect(order):equals({ "file", "outer" }) end)
			end)
			it("is fourth", function() fresh() expect(order):equals({ "file" }) end)`,
	}).mustPass(t)
	var names []string
	for _, r := range outcome.Results {
		names = append(names, r.Name)
	}
	if diff := cmp.Diff([]string{"plain", "outer > inner > is third", "outer > is second", "is fourth"}, names); diff != "" {
		t.Error(diff)
	}
}

// Only what is asked for runs.
func TestPattern(t *testing.T) {
	f := newFixture(t, 1, map[string]string{
		"one_test.lua":    "test('a', function() end) describe('Group', function() it('b', function() end) end)",
		"two_test.lua":    "test('a', function() end)",
		"sub/a_test.lua":  "test('c', function() end)",
		"_aside_test.lua": "test('never', function() end)",
	})
	for pattern, want := range map[string]string{
		"":              "one_test.lua a, one_test.lua Group > b, sub/a_test.lua c, two_test.lua a",
		"one_":          "one_test.lua a, one_test.lua Group > b",
		"GROUP > b":     "one_test.lua Group > b",
		"lua > a":       "one_test.lua a, two_test.lua a",
		"sub/a_test":    "sub/a_test.lua c",
		"there is none": "",
	} {
		f.options.Pattern = pattern
		var got []string
		outcome := f.run(t)
		for _, r := range outcome.Results {
			got = append(got, r.File+" "+r.Name)
		}
		if strings.Join(got, ", ") != want || outcome.Files != 3 {
			t.Errorf("%q: %v of %d files, want %s", pattern, got, outcome.Files, want)
		}
	}
}

// Tests run side by side, each on a database of its own, and are told of in
// order.
func TestParallel(t *testing.T) {
	const workers = 3
	f := newFixture(t, workers, map[string]string{"a_test.lua": `
		for i = 1, 3 do test("meets " .. i, function() expect(require("meeting").wait()):equals(true) end) end`})
	var meeting sync.WaitGroup
	meeting.Add(workers)
	f.more = map[string]lua.LGFunction{"meeting": func(L *lua.LState) int {
		L.Push(L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{"wait": func(L *lua.LState) int {
			meeting.Done()
			met := make(chan struct{})
			go func() { meeting.Wait(); close(met) }()
			select {
			case <-met:
				L.Push(lua.LTrue)
			case <-time.After(20 * time.Second):
				L.Push(lua.LFalse)
			}
			return 1
		}}))
		return 1
	}}
	var told []string
	f.options.OnResult = func(r testrun.Result) { told = append(told, r.Name) }
	f.mustPass(t)
	if diff := cmp.Diff([]string{"meets 1", "meets 2", "meets 3"}, told); diff != "" {
		t.Error(diff)
	}
}

// Lines are counted of actions and modules, not of tests.
func TestCoverage(t *testing.T) {
	f := newFixture(t, 2, map[string]string{
		"sign.lua": `local sign = require("lib.sign")

return {
  description = "Test",
  fields = { n = { type = "integer", description = "A number" } },
  run = function(fields)
    if fields.n == 0 then
      return { status_code = 400 }
    end
    return { status_code = 200, fields = sign.of(fields.n) }
  end,
}
`,
		"lib/sign.lua": `local sign = {}

function sign.of(n)
  if n < 0 then
    return -1
  end
  return 1
end

return sign
`,
		"sign_test.lua": `
			test("plus", function() expect(call("Sign", { n = 5 }).fields):equals(1) end)
			test("zero", function() expect(call("Sign", { n = 0 }).status_code):equals(400) end)`,
	})
	f.options.Cover = true
	outcome := f.mustPass(t)
	want := []script.Lines{
		{File: "lib/sign.lua", Total: 6, Executed: 5, Missed: []int{5}},
		{File: "sign.lua", Total: 5, Executed: 5},
	}
	if diff := cmp.Diff(want, outcome.Coverage); diff != "" {
		t.Error(diff)
	}
}

// A test that never ends is ended, and its worker goes on.
func TestTimeout(t *testing.T) {
	f := newFixture(t, 1, map[string]string{"a_test.lua": `
		test("loops", function() while true do pcall(function() while true do end end) end end)
		test("sleeps", function() require("db").one("SELECT pg_sleep(60)") end)
		test("goes on", function() expect(require("db").one("SELECT 1 AS x").x):equals(1) end)`})
	f.options.Timeout = 500 * time.Millisecond
	outcome := f.run(t)
	for _, r := range outcome.Results[:2] {
		if r.Failure == nil || r.Failure.Message != "the test took longer than 500ms" {
			t.Errorf("%s: %+v", r.Name, r.Failure)
		}
	}
	f.options.Timeout, f.options.Pattern = 0, "goes on"
	f.mustPass(t)
}

// The end of the context is the end of the run.
func TestInterrupted(t *testing.T) {
	f := newFixture(t, 2, map[string]string{"a_test.lua": `
		for i = 1, 20 do test("sleeps " .. i, function() require("db").one("SELECT pg_sleep(60)") end) end`})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := testrun.Run(ctx, f.options); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// A database that is not there fails the run, not its tests.
func TestNoDatabase(t *testing.T) {
	f := newFixture(t, 2, map[string]string{"a_test.lua": "test('a', function() end) test('b', function() end)"})
	gone := f.options.Databases[0].Copy()
	gone.ConnConfig.Database = "none"
	f.options.Databases[0], f.options.Databases[1] = gone, gone
	if outcome, err := testrun.Run(t.Context(), f.options); err == nil || !strings.Contains(err.Error(), "the database is unavailable") {
		t.Errorf("%v, %v", outcome, err)
	}
}
