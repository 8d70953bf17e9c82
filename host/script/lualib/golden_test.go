package lualib_test

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"vera/host/script/lualib"
	"vera/stdlib/lua51"
)

// newState gives a VM like the script runtime's, with the library as globals.
func newState(t testing.TB, limits lualib.Limits) *lua.LState {
	t.Helper()
	L := lua.NewState(lua.Options{
		SkipOpenLibs:     true,
		CallStackSize:    200,
		RegistrySize:     1024,
		RegistryMaxSize:  64 * 1024,
		RegistryGrowStep: 4096,
	})
	t.Cleanup(L.Close)
	base := lualib.Open(L, limits)
	base.ForEach(func(name, value lua.LValue) { L.G.Global.RawSet(name, value) })
	return L
}

// eval runs source and gives what it returns.
func eval(L *lua.LState, source string) ([]lua.LValue, error) {
	proto, err := lua51.Compile("x", []byte(source))
	if err != nil {
		return nil, err
	}
	defer L.SetTop(0)
	return lua51.PCall(L, L.NewFunctionFromProto(proto))
}

// TestGolden compares with what Lua 5.1 gave, see testdata/golden.lua.
func TestGolden(t *testing.T) {
	helpers, err := os.ReadFile("testdata/helpers.lua")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/golden/*.txt")
	if err != nil || len(files) != 7 {
		t.Fatalf("golden files: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			L := newState(t, lualib.Limits{})
			if _, err := eval(L, string(helpers)); err != nil {
				t.Fatal(err)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(string(text)) {
				expression, want, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
				got, err := eval(L, "return same("+expression+")")
				if text := ownWords.ReplaceAllString(results(got, err), ""); !same(text, want) {
					t.Errorf("%s\n got %s\nwant %s", expression, text, want)
				}
			}
		})
	}
}

// ownWords are what we add to Lua's message about a limit.
var ownWords = regexp.MustCompile(`: \d+, the limit is \d+ \(fixed\)$`)

var place = regexp.MustCompile(`^(x:\d+: | )`)

// results writes results as the golden files have them.
func results(values []lua.LValue, err error) string {
	if err != nil {
		return "!" + escape(place.ReplaceAllString(err.(*lua.ApiError).Object.String(), ""))
	}
	texts := make([]string, len(values))
	for i, value := range values {
		switch v := value.(type) {
		case lua.LNumber:
			texts[i] = "n" + strconv.FormatFloat(float64(v), 'g', 17, 64)
		case lua.LString:
			texts[i] = "s" + escape(string(v))
		case lua.LBool:
			texts[i] = "b" + v.String()
		case *lua.LNilType:
			texts[i] = "-"
		default:
			texts[i] = "a " + v.Type().String()
		}
	}
	return strings.Join(texts, "\t")
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c < ' ' || c >= 0x7f || c == '"' || c == '\\':
			b.WriteString("\\" + string([]byte{'0' + c/100, '0' + c/10%10, '0' + c%10}))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// same compares results, numbers up to the last digit or two: C's sine is not
// Go's.
func same(got, want string) bool {
	gots, wants := strings.Split(got, "\t"), strings.Split(want, "\t")
	if len(gots) != len(wants) {
		return false
	}
	for i := range gots {
		if gots[i] == wants[i] {
			continue
		}
		if gots[i] == "" || gots[i][0] != 'n' || wants[i] == "" || wants[i][0] != 'n' {
			return false
		}
		g, err1 := strconv.ParseFloat(gots[i][1:], 64)
		w, err2 := strconv.ParseFloat(wants[i][1:], 64)
		nan := math.IsNaN(g) && strings.Contains(wants[i], "nan")
		near := err1 == nil && err2 == nil && math.Abs(g-w) <= 4e-15*math.Abs(w)
		if !nan && !near && g != w {
			return false
		}
	}
	return true
}
