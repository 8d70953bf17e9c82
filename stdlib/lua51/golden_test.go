package lua51_test

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"

	"vera/stdlib/lua51"
)

// golden is what PUC's Lua 5.1 gives; testdata/golden.lua makes it.
//
//go:embed testdata/golden.txt
var golden string

//go:embed testdata/prelude.lua
var prelude []byte

// A case is a chunk that returns values, and how PUC's Lua shows them.
type goldenCase struct{ source, want string }

func goldenCases(t testing.TB) []goldenCase {
	t.Helper()
	var cases []goldenCase
	unescape := strings.NewReplacer(`\n`, "\n")
	for line := range strings.Lines(golden) {
		source, want, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		if !ok {
			t.Fatalf("golden.txt: no tab in %q", line)
		}
		cases = append(cases, goldenCase{unescape.Replace(source), unescape.Replace(want)})
	}
	return cases
}

// A machine runs cases.
type machine struct {
	L       *lua.LState
	compile func(name string, source []byte) (*lua.FunctionProto, error)
}

func newMachine(t testing.TB) *machine {
	t.Helper()
	m := &machine{L: lua.NewState(), compile: lua51.Compile}
	t.Cleanup(m.L.Close)
	lua51.Open(m.L, m.L.G.Global)
	m.load(t)
	return m
}

// newStockMachine is the library by itself, pcall included.
func newStockMachine(t testing.TB) *machine {
	t.Helper()
	m := &machine{L: lua.NewState(), compile: func(name string, source []byte) (*lua.FunctionProto, error) {
		chunk, err := parse.Parse(bytes.NewReader(source), name)
		if err != nil {
			return nil, err
		}
		return lua.Compile(chunk, name)
	}}
	t.Cleanup(m.L.Close)
	m.L.SetGlobal(lua51.ConcatName, m.L.NewFunction(lua51.Concat(nil, lua.LNumber.String))) // for the prelude
	m.load(t)
	return m
}

func (m *machine) load(t testing.TB) {
	t.Helper()
	proto, err := lua51.Compile("prelude", prelude)
	if err != nil {
		t.Fatal(err)
	}
	m.L.Push(m.L.NewFunctionFromProto(proto))
	if err := m.L.PCall(0, 0, nil); err != nil {
		t.Fatal(err)
	}
}

// run gives the result of a case as golden.txt writes it.
func (m *machine) run(ctx context.Context, source string) string {
	if _, err := m.call("reset"); err != nil {
		return "reset: " + err.Error()
	}
	proto, err := m.compile("c", []byte(source))
	if err != nil {
		return err.Error()
	}
	m.L.SetContext(ctx)
	results, err := m.protected(m.L.NewFunctionFromProto(proto), lua.LNumber(1), lua.LFalse)
	m.L.RemoveContext()
	prefix := ""
	if err != nil {
		apiErr, _ := errors.AsType[*lua.ApiError](err)
		if ctx.Err() != nil || apiErr.Type == lua.ApiErrorPanic {
			return apiErr.Object.String()
		}
		prefix = "error "
		results = []lua.LValue{apiErr.Object}
	}
	shown, err := m.call("show", results...)
	if err != nil {
		return "show: " + err.Error()
	}
	return prefix + shown[0].String()
}

func (m *machine) call(name string, args ...lua.LValue) ([]lua.LValue, error) {
	return m.protected(m.L.GetGlobal(name), args...)
}

// protected is the library's PCall, which is what runs a stock machine too.
func (m *machine) protected(fn lua.LValue, args ...lua.LValue) ([]lua.LValue, error) {
	m.L.SetTop(0)
	m.L.Push(fn)
	for _, arg := range args {
		m.L.Push(arg)
	}
	if err := m.L.PCall(len(args), lua.MultRet, nil); err != nil {
		return nil, err
	}
	var results []lua.LValue
	for i := range m.L.GetTop() {
		results = append(results, m.L.Get(i+1))
	}
	m.L.SetTop(0)
	return results, nil
}

func TestGolden(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m := newMachine(t)
	for i, c := range goldenCases(t) {
		if got := m.run(ctx, c.source); got != c.want {
			t.Errorf("case %d:\n%s\n gave %s\n want %s", i+1, c.source, got, c.want)
		}
	}
}
