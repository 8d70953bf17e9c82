package lualib_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/pm"

	"vera/host/script/lualib"
	"vera/stdlib/lua51"
)

// invoke calls a function of the library, string.find for "find".
func invoke(L *lua.LState, table, name string, args ...lua.LValue) ([]lua.LValue, error) {
	defer L.SetTop(0)
	return lua51.PCall(L, L.GetField(L.GetGlobal(table), name), args...)
}

// FuzzPattern compares with gopher-lua's matcher, where that is right and
// ends.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"", "a", "^a*$", "(a-)b", "[%a_][^x]?", "()a+()", "%b()", "(.)%1", "[]ac]", "%", "[", "(", "a$b", "%S+"} {
		f.Add(seed, "ab (aab) xx_b")
	}
	L := newState(f, lualib.Limits{PatternSteps: 20_000})
	f.Fuzz(func(t *testing.T, pattern, subject string) {
		if !comparable(pattern, subject) {
			return
		}
		got, err := invoke(L, "string", "find", lua.LString(subject), lua.LString(pattern))
		want, stockErr := stockFind(subject, pattern)
		if err != nil || stockErr != nil {
			return // they notice faults at different times
		}
		if !slices.Equal(got, want) {
			t.Errorf("find(%q, %q) = %q, want %q", subject, pattern, got, want)
		}
	})
}

// comparable tells what gopher-lua's matcher gets right, and in time.
func comparable(pattern, subject string) bool {
	repetitions := strings.Count(pattern, "*") + strings.Count(pattern, "+") + strings.Count(pattern, "-") + strings.Count(pattern, "?")
	if len(pattern) > 30 || len(subject) > 40 || repetitions > 4 {
		return false
	}
	// It has no frontier, cannot refer back to positions, and finds ranges
	// where there are none and none where there are.
	for _, wrong := range []string{"%f", "()"} {
		if strings.Contains(pattern, wrong) {
			return false
		}
	}
	return !strings.Contains(pattern, "[") || !strings.Contains(pattern, "-")
}

// stockFind is string.find with gopher-lua's matcher, which may panic.
func stockFind(subject, pattern string) (values []lua.LValue, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	matches, err := pm.Find(pattern, []byte(subject), 0, 1)
	if err != nil || len(matches) == 0 {
		return []lua.LValue{lua.LNil}, err
	}
	m := matches[0]
	values = []lua.LValue{lua.LNumber(m.Capture(0) + 1), lua.LNumber(m.Capture(1))}
	for i := 2; i < m.CaptureLength(); i += 2 {
		if m.IsPosCapture(i) {
			values = append(values, lua.LNumber(m.Capture(i)))
		} else {
			values = append(values, lua.LString(subject[m.Capture(i):m.Capture(i+1)]))
		}
	}
	return values, nil
}

// FuzzCalls calls everything that reads text with any text. Whatever it
// answers, it must neither panic nor exceed its limits.
func FuzzCalls(f *testing.F) {
	f.Add("hello world", "(o)%s*", "<%1%0>", 3.0)
	f.Add("%5.2f|%-q|%s", "1e5", "%%", -1.0)
	f.Add("0x1p4", "%f[%w]%b()[^]]", "%9", 1e300)
	f.Add("\xff\x00", "[%z\x80-\xff]-$", "%", 0.5)
	const longest = 4096
	L := newState(f, lualib.Limits{StringBytes: longest, PatternSteps: 20_000})
	f.Fuzz(func(t *testing.T, a, b, c string, n float64) {
		A, B, C, N := lua.LString(a), lua.LString(b), lua.LString(c), lua.LNumber(n)
		for _, call := range []struct {
			table, name string
			args        []lua.LValue
		}{
			{"string", "find", []lua.LValue{A, B, N}},
			{"string", "match", []lua.LValue{A, B, N}},
			{"string", "gsub", []lua.LValue{A, B, C}},
			{"string", "gsub", []lua.LValue{A, B, L.GetGlobal("tostring"), N}},
			{"string", "format", []lua.LValue{A, B, N, N, C}},
			{"string", "format", []lua.LValue{A, N, N, B, N}},
			{"string", "rep", []lua.LValue{A, N}},
			{"string", "sub", []lua.LValue{A, N, B}},
			{"string", "byte", []lua.LValue{A, N, B}},
			{"string", "char", []lua.LValue{N, A, B}},
			{"string", "upper", []lua.LValue{A}},
			{"string", "lower", []lua.LValue{A}},
			{"string", "reverse", []lua.LValue{A}},
		} {
			values, err := invoke(L, call.table, call.name, call.args...)
			checkFuzzed(t, call.name, call.args, values, err, max(longest, len(a)))
		}
		for _, name := range []string{"tonumber", "tostring", "select", "unpack", "type"} {
			args := []lua.LValue{A, N}
			values, err := lua51.PCall(L, L.GetGlobal(name), args...)
			L.SetTop(0)
			checkFuzzed(t, name, args, values, err, max(longest, len(a)))
		}
	})
}

func checkFuzzed(t *testing.T, name string, args, values []lua.LValue, err error, longest int) {
	t.Helper()
	if apiErr, ok := errors.AsType[*lua.ApiError](err); ok && apiErr.Type != lua.ApiErrorRun {
		t.Errorf("%s(%q): %v", name, args, err)
	}
	for _, value := range values {
		if text, ok := value.(lua.LString); ok && len(text) > longest {
			t.Errorf("%s(%q) gives %d bytes, limit %d", name, args, len(text), longest)
		}
	}
}
