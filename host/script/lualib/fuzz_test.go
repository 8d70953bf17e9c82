package lualib_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
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

// FuzzPattern compares find, match, gmatch and gsub with the reference, also
// in what they refuse and why, and find with gopher-lua's, where that is right
// and ends.
func FuzzPattern(f *testing.F) {
	for _, seed := range []string{
		"", "a", "^a*$", "(a-)b", "[%a_][^x]?", "()a+()", "%b()", "(.)%1", "[]ac]", "%", "[", "(", "a$b", "%S+", "%f[%w]%w+", "%f[^%z]", "()",
		"(()a)", "[a-c]", "[c-a-x]", "[%a-z]", "[^]-a]", "[a-]+", "(a(b?)%2)", "%f", "%1", "(%1)", ")", "%b", "%bxx", "[^%s]-$", "^", "^^a", "[%]", "%W?()",
	} {
		f.Add(seed, "ab (aab) xx_b")
	}
	L := patternState(f)
	f.Fuzz(func(t *testing.T, pattern, subject string) {
		if len(pattern) > 30 || len(subject) > 40 || repetitions(pattern) > 4 {
			return
		}
		comparePattern(t, L, subject, pattern)
	})
}

// TestPatterns does the same with patterns of pieces that mean something,
// which bytes alone seldom come to.
func TestPatterns(t *testing.T) {
	pieces := []string{
		"a", "b", " ", "_", ".", "%a", "%w", "%S", "%D", "[ab]", "[^a]", "[a-b]", "[%w_]", "[^%s-]", "[]-]", "(", "(", ")", ")", "()", "*", "+", "-", "?",
		"^", "$", "%1", "%2", "%b()", "%bab", "%f[%w]", "%f[^%w]", "%f[%z]", "%", "[", "]", "%%", "%(",
	}
	letters := []string{"a", "a", "b", "ab", " ", "_", "(", ")", "-", "]", "1"}
	random := rand.New(rand.NewPCG(5, 1))
	draw := func(from []string, most int) string {
		var text strings.Builder
		for range random.IntN(most + 1) {
			text.WriteString(from[random.IntN(len(from))])
		}
		return text.String()
	}
	L := patternState(t)
	for range 20_000 {
		if pattern, subject := draw(pieces, 8), draw(letters, 12); repetitions(pattern) <= 4 {
			comparePattern(t, L, subject, pattern)
		}
	}
}

// patternState gives a VM with a gmatch that gives all at once and a gsub with
// a replacement.
func patternState(t testing.TB) *lua.LState {
	L := newState(t, lualib.Limits{PatternSteps: 20_000})
	if _, err := eval(L, `
		function gmatch(s, p)
			local all = {}
			for a, b, c, d, e in string.gmatch(s, p) do
				for _, value in ipairs({ a, b, c, d, e }) do all[#all + 1] = value end
			end
			return unpack(all)
		end
		function gsub(s, p) return string.gsub(s, p, "<%0%1>") end`); err != nil {
		t.Fatal(err)
	}
	return L
}

func comparePattern(t *testing.T, L *lua.LState, subject, pattern string) {
	t.Helper()
	find, findErr := invoke(L, "string", "find", lua.LString(subject), lua.LString(pattern))
	compare(t, "find", subject, pattern, find, findErr, refFind)
	values, err := invoke(L, "string", "match", lua.LString(subject), lua.LString(pattern))
	compare(t, "match", subject, pattern, values, err, refMatch)
	values, err = lua51.PCall(L, L.GetGlobal("gsub"), lua.LString(subject), lua.LString(pattern))
	compare(t, "gsub", subject, pattern, values, err, refGsub)
	if strings.Count(pattern, "(") <= 5 { // as many as gmatch above takes
		values, err = lua51.PCall(L, L.GetGlobal("gmatch"), lua.LString(subject), lua.LString(pattern))
		compare(t, "gmatch", subject, pattern, values, err, refGmatch)
	}
	L.SetTop(0)
	compareWithStock(t, subject, pattern, find, findErr)
}

func repetitions(pattern string) int {
	return strings.Count(pattern, "*") + strings.Count(pattern, "+") + strings.Count(pattern, "-") + strings.Count(pattern, "?")
}

// compare holds what a function gave, or raised, against the reference.
func compare(t *testing.T, name, subject, pattern string, got []lua.LValue, err error, reference func(subject, pattern string) []lua.LValue) {
	t.Helper()
	if err != nil && strings.Contains(err.Error(), tooComplex) {
		return
	}
	want, problem := refer(reference, subject, pattern)
	switch {
	case problem == errSteps:
	case err == nil && problem != "":
		t.Errorf("%s(%q, %q) = %q, want %s", name, subject, pattern, got, problem)
	case err != nil && (problem == "" || !strings.Contains(err.Error(), string(problem))):
		t.Errorf("%s(%q, %q): %v, want %q %s", name, subject, pattern, err, want, problem)
	case err == nil && !slices.Equal(got, want):
		t.Errorf("%s(%q, %q) = %q, want %q", name, subject, pattern, got, want)
	}
}

// refer asks the reference, which panics where a function raises.
func refer(reference func(subject, pattern string) []lua.LValue, subject, pattern string) (values []lua.LValue, problem refError) {
	defer func() {
		if raised, ok := recover().(refError); ok {
			problem = raised
		}
	}()
	return reference(subject, pattern), ""
}

// compareWithStock holds find against gopher-lua's, in what it finds. That one
// notices faults of a pattern before it matches anything, and some never.
func compareWithStock(t *testing.T, subject, pattern string, got []lua.LValue, err error) {
	t.Helper()
	// It has no frontier, cannot refer back to positions, and finds ranges
	// where there are none and none where there are.
	if strings.Contains(pattern, "%f") || strings.Contains(pattern, "()") || strings.Contains(pattern, "[") && strings.Contains(pattern, "-") {
		return
	}
	want, stockErr := stockFind(subject, pattern)
	if err == nil && stockErr == nil && !slices.Equal(got, want) {
		t.Errorf("find(%q, %q) = %q, gopher-lua gives %q", subject, pattern, got, want)
	}
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
