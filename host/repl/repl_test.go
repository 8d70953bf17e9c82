package repl_test

import (
	"context"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/host/repl"
	"vera/host/script"
	"vera/stdlib/json"
)

// newPool makes a pool with one primitive.
func newPool() *script.Pool {
	return script.NewPool(script.Options{Size: 1, Modules: map[string]lua.LGFunction{"json": json.Limits{}.Module}})
}

func TestShow(t *testing.T) {
	session := newPool().NewSession(nil, nil)
	defer session.Close()
	for _, tt := range []struct{ source, want string }{
		{`nil`, `nil`},
		{`true`, `true`},
		{`1`, `1`},
		{`1.5`, `1.5`},
		{`1e300`, `1e+300`},
		{`1795542382.361223`, `1795542382.361223`},
		{`-0.25`, `-0.25`},
		{`"text"`, `"text"`},
		{`'say "hi"\\'`, `"say \"hi\"\\"`},
		{`"a\n\r\t\0\27é\200\255"`, `"a\n\r\t\000\027é\200\255"`},
		{`"\226\128\174right"`, `"\226\128\174right"`}, // turns what follows around
		{`function() end`, `function`},
		{`json.null`, `null`},
		{`{}`, `{}`},
		{`{ 1, "two", { 3 } }`, `{ 1, "two", { 3 } }`},
		{`{ b = 1, a = 2, 3, 4 }`, `{ 3, 4, a = 2, b = 1 }`},
		{`{ [3] = 1, [1.5] = 2, [-1] = 3 }`, `{ [-1] = 3, [1.5] = 2, [3] = 1 }`},
		{`{ ["not a name"] = 1, ["end"] = 2, _ok9 = 3, ["9a"] = 4, [""] = 5 }`,
			`{ [""] = 5, ["9a"] = 4, _ok9 = 3, ["end"] = 2, ["not a name"] = 1 }`},
		{`{ [true] = 1, [false] = 2 }`, `{ [false] = 2, [true] = 1 }`},
		{`json`, `{ array = function, decode = function, encode = function, null = null }`},
		{`json.decode('{"a":[null,{"b":{}}]}')`, `{ a = { null, { b = {} } } }`},
		{`(function() local t = { name = "ring" } t.self = t return t end)()`, `{ name = "ring", self = { a table around this one } }`},
		{`(function() local s = { 1 } return { s, s } end)()`, `{ { 1 }, { 1 } }`},
		{`{ { { { { { "deep" } } } } } }`, `{ { { { { { … } } } } } }`},
		{`{ name = ("x"):rep(40), other = ("y"):rep(40), inner = { 1 } }`,
			"{\n  inner = { 1 },\n  name = \"" + strings.Repeat("x", 40) + "\",\n  other = \"" + strings.Repeat("y", 40) + "\",\n}"},
		{`("z"):rep(3000)`, `"` + strings.Repeat("z", 2000) + `"… of 3000 bytes`},
		{`setmetatable({}, { __tostring = function() return "\27[2J" end })`, `{}`},
	} {
		program, err := script.Compile("repl", []byte("return "+tt.source))
		if err != nil {
			t.Fatal(err)
		}
		results, err := session.Run(t.Context(), program, time.Now().Add(time.Minute))
		if err != nil || len(results) != 1 {
			t.Fatalf("%s: %v, %v", tt.source, results, err)
		}
		if got := repl.Show(results[0]); got != tt.want {
			t.Errorf("%s is shown as\n%s\nwant\n%s", tt.source, got, tt.want)
		}
	}
}

// However large a value, what is shown of it is bounded.
func TestShowBounded(t *testing.T) {
	session := newPool().NewSession(nil, nil)
	defer session.Close()
	for source, end := range map[string]string{
		`(function() local t = {} for i = 1, 50000 do t[i] = i end return t end)()`:                                              "… 49900 more,\n}",
		`(function() local t = {} for i = 1, 90 do t[i] = {} for j = 1, 90 do t[i][j] = ("x"):rep(1900) end end return t end)()`: "more,\n}",
		`(function() local t = {} for i = 1, 99 do t = { t, t, t, t, t, t, t, t, t, t, t, t, t, t, t } end return t end)()`:      "}",
	} {
		program, err := script.Compile("repl", []byte("return "+source))
		if err != nil {
			t.Fatal(err)
		}
		results, err := session.Run(t.Context(), program, time.Now().Add(time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		got := repl.Show(results[0])
		if len(got) > 1<<20 || !strings.HasSuffix(got, end) {
			t.Errorf("%s is shown in %d bytes after %v, that end with %q", source, len(got), time.Since(start), got[max(0, len(got)-40):])
		}
	}
}

func TestPrompt(t *testing.T) {
	const input = `
1 + 1
x = { 1 }
x
local y = 2

for i = 1, 2 do
  print(i, "a\27", { i })
end
f = function()
  return 1,
    nil, "three"
end
f()
y
-- nothing but a comment
foo.bar
error("oops")
error({ message = "a table" })
x = = 1
while true do end
x[1]
return "done"
"not
{ 1,

2 }
json.encode({ "a" })
require("lib.twice")(21)
require("lib.twice") == require("lib.twice")
require("lib.none")
--[[ a comment
that goes on ]] 7
f(`
	twice, err := script.Compile("lib/twice.lua", []byte("return function(n) return n * 2 end"))
	if err != nil {
		t.Fatal(err)
	}
	var out, errors strings.Builder
	repaired := 0
	p := repl.Prompt{
		Pool: newPool(), Library: script.Library{"lib.twice": twice}, Reader: repl.NewLines(strings.NewReader(input)),
		Out: &out, Err: &errors, Timeout: 2 * time.Second,
		Failed: func(context.Context) error { repaired++; return nil },
	}
	failed, err := p.Run(t.Context())
	const wantOut = `2
{ 1 }
1	a` + "\uFFFD" + `	{ 1 }
2	a` + "\uFFFD" + `	{ 2 }
1
nil
"three"
nil
1
"done"
{ 1, 2 }
"[\"a\"]"
42
true
7
`
	const wantErrors = `note: a local ends with its line; without the word local it is there for the next ones
error: attempt to index a non-table object(nil) with key 'bar'
error: oops
error: a table was raised: a table
error: unexpected "="
error: it ran for more than 2s
error: the string does not end on its line
error: module "lib.none": there is no file lib/none.lua that works, below a folder named lib
error: unexpected end of file: the "(" of line 1 has no ")"
`
	if err != nil || out.String() != wantOut || errors.String() != wantErrors {
		t.Errorf("%v; printed\n%s\nwant\n%s\nerrors\n%s\nwant\n%s", err, out.String(), wantOut, errors.String(), wantErrors)
	}
	if failed != 8 || repaired != 5 {
		t.Errorf("%d failed, want 8; %d when they ran, want 5", failed, repaired)
	}
}

// The end of the context ends a prompt that waits for a line, and one that
// runs one.
func TestPromptEnds(t *testing.T) {
	for _, input := range []*endless{{}, {lines: []string{"while true do end"}}} {
		ctx, cancel := context.WithCancel(t.Context())
		input.waits = make(chan struct{})
		p := repl.Prompt{Pool: newPool(), Reader: input, Out: &strings.Builder{}, Err: &strings.Builder{}, Timeout: time.Minute}
		ended := make(chan error)
		go func() {
			_, err := p.Run(ctx)
			ended <- err
		}()
		time.AfterFunc(50*time.Millisecond, cancel)
		if err := <-ended; err != nil {
			t.Errorf("ends with %v", err)
		}
		close(input.waits)
	}
}

// endless is a person who types no more once his lines are at an end.
type endless struct {
	lines []string
	waits chan struct{}
}

func (e *endless) ReadLine(string) (string, error) {
	if len(e.lines) == 0 {
		<-e.waits
		return "", repl.ErrInterrupted
	}
	line := e.lines[0]
	e.lines = e.lines[1:]
	return line, nil
}
