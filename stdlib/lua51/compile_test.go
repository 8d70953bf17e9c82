package lua51_test

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/lua51"
)

func TestSyntaxError(t *testing.T) {
	tests := []struct{ source, want string }{
		{"if x then\n  y()\n\n", `f.lua:2: unexpected end of file: the "if" of line 1 has no "end"`},
		{"if x then y()\nelseif z then", `f.lua:2: unexpected end of file: the "if" of line 1 has no "end"`},
		{"repeat x()", `f.lua:1: unexpected end of file: the "repeat" of line 1 has no "until"`},
		{"x", `f.lua:1: unexpected end of file`},
		{"f(a, b\nend", `f.lua:2:1: unexpected "end": the "(" of line 1 has no ")"`},
		{"x = {1, 2)", `f.lua:1:10: unexpected ")": the "{" of line 1 has no "}"`},
		{"do f() until x", `f.lua:1:8: unexpected "until": the "do" of line 1 has no "end"`},
		{"f() end", `f.lua:1:5: unexpected "end"`},
		{"x y", `f.lua:1:3: unexpected "y": what stands before it does nothing`},
		{"x = = 2", `f.lua:1:5: unexpected "="`},
		{"x = 'a' 'b'", `f.lua:1:9: unexpected string`},
		{"x = 'abc\ny = 2", `f.lua:1:5: the string does not end on its line`},
		{"x = [[abc\n", `f.lua:1:5: the string does not end`},
		{"\n--[[ abc", `f.lua:2:1: the comment does not end`},
		{"x = 1 + 2e", `f.lua:1:9: malformed number`},
		{"x = 0xg", `f.lua:1:5: malformed number`},
		{"x != 2", `f.lua:1:3: unexpected character "!"`},
		{"x = y ~ 2", `f.lua:1:7: unexpected character "~"`},
		{"x = \"\xff\" \xff", `f.lua:1:9: unexpected character "\xff"`},
		{strings.Repeat("\n", lua51.MaxSource), ""},
		{"f(" + strings.Repeat("a,", 300) + "a)", "f.lua: too many locals and values at once in one function"},
		{"goto a", "f.lua:1: no visible label 'a' for <goto> at line 1"},
		{"break", `f.lua:1: "break" outside of a loop`},
		{"local function f()\n return ...\nend", `f.lua:2: cannot use '...' outside a vararg function`},
		{"x = f()\n(g or h)()", `f.lua:2:1: a "(" on a new line: write it behind the function that it calls, or ";" before it`},
		{"x = t[1]\n(g or h)()", `f.lua:2:1: a "(" on a new line: write it behind the function that it calls, or ";" before it`},
		{"x = f(); (g or h)()\nx = 1\n(g)()\nx = {}\n(g)() x = 'a'\n(g)()", ""},
		{"function f()\n(g or h)() end local h = function(x)\n(x)() end function a.b:c(x)\n(x)() end", ""},
		{"x = {\n(g)(), {\n(g)()},\n}", ""},
		{"", ""},
		{"return", ""},
		{"-- \xef\xbb\xbf only a comment", ""},
		{strings.Repeat(" ", lua51.MaxSource), ""},
		{strings.Repeat(" ", lua51.MaxSource+1), "f.lua: the file has 262145 bytes, 262144 are allowed"},
		{upvalues(255), ""},
		{upvalues(256), "f.lua:2: the function uses more than 255 locals from outside"},
		{"return {" + strings.Repeat("0,", 25550) + "}", ""},
		{"\nreturn {" + strings.Repeat("0,", 25551) + "}", "f.lua:2: the table has more than 25550 values without a key"},
		{"return {" + strings.Repeat("0,", 25550) + "f()}", "f.lua:1: the table has more than 25550 values without a key"},
	}
	for _, tt := range tests {
		_, err := lua51.Compile("f.lua", []byte(tt.source))
		got := ""
		if err != nil {
			got = err.Error()
			if _, ok := errors.AsType[*lua51.SyntaxError](err); !ok {
				t.Errorf("Compile(%.40q) gave a %T", tt.source, err)
			}
		}
		if got != tt.want {
			t.Errorf("Compile(%.40q) gave error\n %s\nwant\n %s", tt.source, got, tt.want)
		}
	}
}

// upvalues gives a function on line 2 that uses n locals from outside.
func upvalues(n int) string {
	outer, inner := strings.Builder{}, strings.Builder{}
	for i := range n {
		if i == 150 {
			outer.WriteString(" local function f()")
		}
		fmt.Fprintf(&outer, " local a%d", i)
		fmt.Fprintf(&inner, " a%d()", i)
	}
	return outer.String() + "\nlocal function g()" + inner.String() + " end" + strings.Repeat(" end", (n-1)/150)
}

// bombs kill the process, or take minutes, in the library by itself.
var bombs = map[string]string{
	"braces":          "x = " + strings.Repeat("{", 1e6),
	"not":             "x = " + strings.Repeat("not ", 5e6) + "y",
	"functions":       strings.Repeat("function() ", 1e5),
	"closed":          strings.Repeat("local function f() ", 1e4) + strings.Repeat("end ", 1e4),
	"parentheses":     "x = " + strings.Repeat("(", 1e5) + "1" + strings.Repeat(")", 1e5),
	"minus":           "x = " + strings.Repeat("- ", 1e5) + "1",
	"length":          "x = " + strings.Repeat("#", 1e5) + "y",
	"concat":          "x = a" + strings.Repeat("..a", 5e4),
	"power":           "x = 2" + strings.Repeat("^2", 1e5),
	"sum":             "x = a" + strings.Repeat("+a", 1e5),
	"constants":       "x = 1" + strings.Repeat("+1", 1e5),
	"and":             "x = a" + strings.Repeat(" and a", 4e4),
	"compare":         "x = a" + strings.Repeat("<a", 1e5),
	"fields":          "x = a" + strings.Repeat(".a", 1e5),
	"indexes":         "x = a" + strings.Repeat("[1]", 6e4),
	"calls":           "f" + strings.Repeat("()", 1e5),
	"string calls":    "f" + strings.Repeat("''", 1e5),
	"table calls":     "f" + strings.Repeat("{}", 1e5),
	"method calls":    "f" + strings.Repeat(":f()", 5e4),
	"inner indexes":   "x = " + strings.Repeat("a[", 1e5),
	"arguments":       "x = " + strings.Repeat("f(", 1e5),
	"do":              strings.Repeat("do ", 6e4) + strings.Repeat("end ", 5e4),
	"while":           strings.Repeat("while x do ", 2e4),
	"repeat":          strings.Repeat("repeat ", 3e4),
	"if":              strings.Repeat("if x then ", 2e4),
	"elseif":          "if x then " + strings.Repeat("elseif x then ", 1.8e4) + "end",
	"mixed":           "x = " + strings.Repeat("{f(-a.b[not ", 2e4),
	"minus functions": "x = " + strings.Repeat(strings.Repeat("- ", 390)+"function() return ", 300),
	"sums in braces":  "x = " + strings.Repeat("{a+a+a+", 3e4),
	"words":           numbered("x=%d ", 8192),
	"function values": "x = " + strings.Repeat("function() return ", 1e4),
}

// heavy are within all bounds and legal, or nearly; they should only be quick.
var heavy = map[string]string{
	"many functions": strings.Repeat("function f() end ", 5000),
	"many globals":   numbered("a%d=1 ", 4000),
	"many gotos":     strings.Repeat("goto a ", 20000),
	"many labels":    numbered("::a%d:: ", 4000),
	"many swaps":     strings.Repeat("a,b=b,a ", 15000),
	"many breaks":    "while x do " + strings.Repeat("do break end ", 10000) + "end",
	"many targets":   strings.Repeat("a,", 1e5) + "a=1",
	"nested loops":   strings.Repeat("for i in f do ", 190) + strings.Repeat("end ", 190),
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestBombs(t *testing.T) {
	// A Go stack that grows beyond its limit ends the process.
	defer debug.SetMaxStack(debug.SetMaxStack(64 << 20))
	for name, source := range bombs {
		for _, part := range []string{source, source[:min(len(source), lua51.MaxSource)]} {
			start := time.Now()
			if _, err := lua51.Compile("f.lua", []byte(part)); err == nil {
				t.Errorf("%s: no error", name)
			} else if len(err.Error()) > 200 {
				t.Errorf("%s: error of %d bytes", name, len(err.Error()))
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("%s: took %v", name, took)
			}
		}
	}
	for name, source := range heavy {
		start := time.Now()
		_, err := lua51.Compile("f.lua", []byte(source))
		// A yardstick for a busy machine with the race detector; it is some
		// hundred milliseconds at most without.
		if took := time.Since(start); took > 20*time.Second {
			t.Errorf("%s: took %v, error %.100v", name, took, err)
		}
	}
}

// Running a program must not change it, as all VMs share it.
func TestProgramIsShared(t *testing.T) {
	proto, err := lua51.Compile("f.lua", []byte(`
		local a, b = 1, 2
		a, b = b, a and b
		local ok = pcall(function() a = (b) and error("x") end)
		return a, b, ok`))
	if err != nil {
		t.Fatal(err)
	}
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			L := newState(t)
			for range 100 {
				results, err := lua51.PCall(L, L.NewFunctionFromProto(proto))
				if got := fmt.Sprint(texts(results), err); got != "[2 2 false] <nil>" {
					t.Fatalf("gave %s", got)
				}
			}
		})
	}
}

func TestSetup(t *testing.T) {
	L := newState(t)
	results, err := lua51.PCall(L, load(t, L, `
		local function f(...) return arg end
		local t = {}
		t[67108863] = 1
		return f(1), #t`))
	if got := fmt.Sprint(texts(results), err); got != "[nil 0] <nil>" {
		t.Errorf("arg and length are %s", got)
	}
	if lua.MaxArrayIndex != 1<<20 {
		t.Errorf("MaxArrayIndex = %d", lua.MaxArrayIndex)
	}
}

func FuzzCompile(f *testing.F) {
	for _, c := range goldenCases(f)[:150] {
		f.Add(c.source)
	}
	for _, source := range bombs {
		f.Add(source[:min(len(source), 300)])
	}
	for _, source := range []string{"x = 'a\\", "--[==[", "x=[=[\r\n]]", "0x", ".5e", "::a:: goto a", "a.b:c'd'{}()", "\x00\xff", "#!lua"} {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source string) {
		defer time.AfterFunc(10*time.Second, func() { panic(fmt.Sprintf("Compile(%q) does not end", source)) }).Stop()
		proto, err := lua51.Compile("f.lua", []byte(source))
		if err == nil && proto == nil {
			t.Fatal("neither a program nor an error")
		}
		if err == nil {
			return
		}
		fault, ok := errors.AsType[*lua51.SyntaxError](err)
		if !ok {
			t.Fatalf("error %v is a %T", err, err)
		}
		lines := 1 + strings.Count(source, "\n") + strings.Count(source, "\r")
		if fault.Line < 0 || fault.Column < 0 || fault.Line > lines {
			t.Errorf("error %v in %d lines", err, lines)
		}
		if strings.Contains(fault.Message, "cannot take this") {
			t.Errorf("error %v: a panic in the library", err)
		}
	})
}

// What is not complete yet is told from what is wrong.
func TestSyntaxErrorAtEnd(t *testing.T) {
	for source, want := range map[string]bool{
		"if x then":             true,
		"local x =":             true,
		"f(":                    true,
		"return {1,\n":          true,
		"return 1 +":            true,
		"x = [[one\ntwo":        true,
		"--[[ a comment":        true,
		"repeat x()":            true,
		"x = 'one":              false,
		"x = = 1":               false,
		"end":                   false,
		"return 1 2":            false,
		"if x then end end":     false,
		"f(]":                   false,
		"x = 1 $":               false,
		"for i = 1, 2 do break": true,
	} {
		_, err := lua51.Compile("a.lua", []byte(source))
		fault, ok := errors.AsType[*lua51.SyntaxError](err)
		if !ok || fault.AtEnd != want {
			t.Errorf("%q: %v, at the end: %v, want %v", source, err, ok && fault.AtEnd, want)
		}
	}
}
