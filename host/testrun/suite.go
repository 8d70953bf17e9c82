package testrun

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"vera/host/script"
	"vera/host/spell"
	"vera/stdlib/db"
	"vera/stdlib/runinfo"
	luatime "vera/stdlib/time"
)

// A testCase is one test of a file.
type testCase struct {
	file, name string
	line       int
	program    *script.Program
	broken     *Failure // the file does not load: that is its only test

	fn    *lua.LFunction
	group *group
}

// setups are the functions of before_each around the test, outermost first.
func (t *testCase) setups() []*lua.LFunction {
	var all []*lua.LFunction
	for g := t.group; g != nil; g = g.outer {
		all = append(slices.Clone(g.setups), all...)
	}
	return all
}

// A group is a describe, or the file.
type group struct {
	name   string
	outer  *group
	setups []*lua.LFunction
}

// names are those of the group and of the ones around it.
func (g *group) names() []string {
	if g == nil || g.outer == nil {
		return nil
	}
	return append(g.outer.names(), g.name)
}

// A suite is what a file's evaluation finds.
type suite struct {
	file  string
	cases []*testCase
	group *group // that is being described
}

func (s *suite) current() *group {
	if s.group == nil {
		s.group = &group{}
	}
	return s.group
}

// describe(name, fn)
func (s *suite) describe(L *lua.LState) int {
	mustBeLoading(L, "describe")
	name, fn := checkName(L), L.CheckFunction(2)
	outer := s.current()
	s.group = &group{name: name, outer: outer}
	L.Push(fn)
	L.Call(0, 0)
	s.group = outer
	return 0
}

// it(name, fn), test(name, fn)
func (s *suite) test(L *lua.LState) int {
	mustBeLoading(L, "a test")
	name, fn := checkName(L), L.CheckFunction(2)
	g := s.current()
	t := &testCase{file: s.file, name: strings.Join(append(g.names(), name), " > "), fn: fn, group: g}
	if !fn.IsG {
		t.line = fn.Proto.LineDefined
	}
	if slices.ContainsFunc(s.cases, func(other *testCase) bool { return other.name == t.name }) {
		L.RaiseError("two tests are named %q; a name belongs to one", t.name)
	}
	s.cases = append(s.cases, t)
	return 0
}

// before_each(fn)
func (s *suite) beforeEach(L *lua.LState) int {
	mustBeLoading(L, "before_each")
	g := s.current()
	g.setups = append(g.setups, L.CheckFunction(1))
	return 0
}

// find gives the test that another evaluation of the file has found.
func (s *suite) find(t *testCase) (*testCase, error) {
	for _, again := range s.cases {
		if again.name == t.name {
			return again, nil
		}
	}
	return nil, errChanged
}

func checkName(L *lua.LState) string {
	name := L.CheckString(1)
	if strings.TrimSpace(name) == "" || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		L.ArgError(1, "a name in one line of text expected")
	}
	return name
}

// mustBeLoading raises inside a test.
func mustBeLoading(L *lua.LState, what string) {
	if !runinfo.From(L.Context()).Loading {
		L.RaiseError("%s cannot be declared inside a test", what)
	}
}

// mustBeTest raises outside of a test.
func mustBeTest(L *lua.LState, what string) {
	if runinfo.From(L.Context()).Loading {
		L.RaiseError("%s cannot be called while the file is loaded; call it inside a test or before_each", what)
	}
}

// collect finds the tests that were asked for, by file and line.
func (r *runner) collect(ctx context.Context) ([]*testCase, error) {
	var all []*testCase
	for _, test := range r.set.Tests {
		cases, err := r.casesOf(ctx, test.File, test.Source, test.Err)
		if err != nil {
			return nil, err
		}
		for _, t := range cases {
			if r.matches(t.file, t.name) {
				all = append(all, t)
			}
		}
	}
	return all, nil
}

// casesOf finds the tests of one file.
func (r *runner) casesOf(ctx context.Context, file string, source []byte, err error) ([]*testCase, error) {
	broken := func(err error) []*testCase {
		return []*testCase{{file: file, broken: r.failure(file, err, &World{})}}
	}
	if err != nil {
		return broken(err), nil
	}
	program, err := script.Compile(file, source)
	if err != nil {
		return broken(err), nil
	}
	s := &stage{runner: r, world: &World{}, database: new(db.DB), suite: &suite{file: file}}
	err = s.evaluate(ctx, program, func(func(lua.LValue, ...lua.LValue) error) error { return nil })
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err == nil && len(s.suite.cases) == 0 {
		err = errors.New(`the file has no test; it("does so", function() … end) makes one`)
	}
	if err != nil {
		return broken(err), nil
	}
	for _, t := range s.suite.cases {
		t.program, t.fn, t.group = program, nil, nil // those are of a VM that is gone
	}
	return s.suite.cases, nil
}

// testTable is test: to be called as it is, and to change the test's world.
func (s *stage) testTable(L *lua.LState) *lua.LTable {
	functions := map[string]lua.LGFunction{"clock": s.clock, "advance": s.advance, "seed": s.seed, "env": s.env}
	t := L.SetFuncs(L.NewTable(), functions)
	t.Metatable = L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{
		"__call": func(L *lua.LState) int {
			L.Remove(1)
			return s.suite.test(L)
		},
		"__index": func(L *lua.LState) int {
			L.RaiseError("test has no %q%s", L.ToString(2), spell.Hint(L.ToString(2), slices.Sorted(maps.Keys(functions))))
			return 0
		},
	})
	return t
}

// test.clock(time): RFC 3339 text or Unix seconds
func (s *stage) clock(L *lua.LState) int {
	mustBeTest(L, "test.clock")
	switch at := L.Get(1).(type) {
	case lua.LNumber:
		if !(at >= luatime.Min && at <= luatime.Max) {
			L.ArgError(1, "a time in the years 1 to 9999 expected")
		}
		s.world.now = time.UnixMicro(int64(float64(at) * 1e6))
	case lua.LString:
		now, err := time.Parse(time.RFC3339, string(at))
		if err != nil {
			L.ArgError(1, fmt.Sprintf("%q is not a time as in 2026-01-01T00:00:00Z", string(at)))
		}
		s.world.now = now
	default:
		L.ArgError(1, "text as in 2026-01-01T00:00:00Z or Unix seconds expected")
	}
	return 0
}

// test.advance(seconds)
func (s *stage) advance(L *lua.LState) int {
	mustBeTest(L, "test.advance")
	seconds := float64(L.CheckNumber(1))
	if !(seconds >= 0 && seconds <= 100*365*24*3600) {
		L.ArgError(1, "seconds, 0 to a hundred years, expected")
	}
	s.world.now = s.world.Now().Add(time.Duration(seconds * float64(time.Second)))
	return 0
}

// test.seed(n)
func (s *stage) seed(L *lua.LState) int {
	mustBeTest(L, "test.seed")
	s.world.seed(float64(L.CheckNumber(1)))
	return 0
}

// test.env({ NAME = value })
func (s *stage) env(L *lua.LState) int {
	mustBeTest(L, "test.env")
	settings := maps.Clone(s.world.settings)
	if settings == nil {
		settings = make(map[string]string)
	}
	L.CheckTable(1).ForEach(func(key, value lua.LValue) {
		name := key.String()
		if !slices.Contains(s.runner.options.Settings, name) {
			L.ArgError(1, fmt.Sprintf("actions read no setting %q%s", name, spell.Hint(name, s.runner.options.Settings)))
		}
		switch value := value.(type) {
		case lua.LBool:
			settings[name] = strconv.FormatBool(bool(value))
		case lua.LNumber, lua.LString:
			settings[name] = value.String()
		default:
			L.ArgError(1, fmt.Sprintf("%s: text, a number or a boolean expected", name))
		}
	})
	s.world.settings, s.host = settings, nil
	return 0
}
