package json_test

import (
	gojson "encoding/json"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/json"
	"vera/stdlib/luaconv"
)

// FuzzDecode compares with encoding/json: what both read is the same, and what
// one of them refuses the other does too, but for what we refuse by name.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,null,{"b":"c"}],"d":1.5e3}`, `[[[]]]`, `"\ud83d\ude00"`, `9007199254740993`, `{"a":1,"a":2}`, `null`, ` true `, `1 2`, `01`, `-`, `1e400`,
		`-0`, `1e-400`, `"\ud800"`, "\"\xff\"", "\"\x01\"", `{"a":{"b":1},"c":{"b":2}}`, `[1,]`, `{"a"}`, "\ufeff1", `"\/\b\f\n\r\t\u2028"`, `[0.1,-1E+2,123456789]`,
		strings.Repeat("[", 65) + strings.Repeat("]", 65), "[1]x", "nul", `"a`, `{"":{}}`, `{"a":1,}`, `[9007199254740992,1e20,9007199254740992.0]`,
	} {
		f.Add(seed)
	}
	L := state(f, json.Limits{})
	f.Fuzz(func(t *testing.T, text string) {
		value, err := json.Decode(L, text, json.Limits{})
		want, theirs := standard(text)
		switch {
		case err != nil && theirs == nil:
			if !stricter(text, err.Error()) {
				t.Errorf("Decode(%q): %v; encoding/json reads %v", text, err, want)
			}
		case err == nil && theirs != nil:
			t.Errorf("Decode(%q) = %v; encoding/json: %v", text, value, theirs)
		case err == nil && !equal(value, want):
			t.Errorf("Decode(%q) = %v; encoding/json reads %v", text, value, want)
		case err == nil:
			if _, err := json.AppendJSON(t.Context(), nil, value, json.Limits{Bytes: 10 << 20}); err != nil {
				t.Errorf("Decode(%q) gives what cannot be written: %v", text, err)
			}
		}
	})
}

// standard reads text, all of it, with encoding/json.
func standard(text string) (tree any, err error) {
	if !gojson.Valid([]byte(text)) {
		return nil, errors.New("not valid")
	}
	decoder := gojson.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&tree)
	return tree, err
}

// stricter tells whether we may refuse for that reason what encoding/json
// reads, and whether the text gives that reason.
func stricter(text, reason string) bool {
	switch {
	case strings.HasPrefix(reason, "duplicate member"):
		return hasDuplicates(gojson.NewDecoder(strings.NewReader(text)))
	case strings.HasPrefix(reason, "invalid UTF-8"):
		return !utf8.ValidString(text)
	case strings.HasPrefix(reason, "lone surrogate"):
		return strings.Contains(strings.ToLower(text), `\ud`)
	case strings.HasPrefix(reason, "a number out of range"):
		return slices.ContainsFunc(numbers(text), func(n string) bool {
			_, err := strconv.ParseFloat(n, 64)
			return err != nil
		})
	case reason == "an integer beyond 2^53":
		return slices.ContainsFunc(numbers(text), func(n string) bool {
			f, _ := strconv.ParseFloat(n, 64)
			return math.Abs(f) > luaconv.MaxSafeInteger && !strings.ContainsAny(n, ".eE")
		})
	case strings.HasPrefix(reason, "nested too deep"):
		return strings.Count(text, "[")+strings.Count(text, "{") > luaconv.MaxDepth
	case strings.HasPrefix(reason, "too many values"):
		return strings.Count(text, ",") >= 100_000-1
	case strings.HasPrefix(reason, "the JSON text is too long"):
		return len(text) > 1<<20
	}
	return false
}

// numbers gives the literals in a text that encoding/json reads.
func numbers(text string) (literals []string) {
	decoder := gojson.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return literals
		}
		if n, ok := token.(gojson.Number); ok {
			literals = append(literals, string(n))
		}
	}
}

// hasDuplicates reads one value and tells whether two members of an object in
// it have the same name.
func hasDuplicates(decoder *gojson.Decoder) bool {
	decoder.UseNumber()
	token, _ := decoder.Token()
	opening, ok := token.(gojson.Delim)
	if !ok {
		return false
	}
	found := false
	seen := make(map[string]bool)
	for decoder.More() {
		if opening == '{' {
			key, _ := decoder.Token()
			name, _ := key.(string)
			found = found || seen[name]
			seen[name] = true
		}
		found = hasDuplicates(decoder) || found
	}
	_, _ = decoder.Token()
	return found
}

// equal compares a Lua value with what encoding/json made of the same text.
func equal(got lua.LValue, want any) bool {
	switch want := want.(type) {
	case nil:
		return got == lua.LValue(luaconv.Null)
	case bool:
		return got == lua.LBool(want)
	case string:
		return got == lua.LString(want)
	case gojson.Number:
		f, err := want.Float64()
		n, ok := got.(lua.LNumber)
		return ok && err == nil && float64(n) == f
	case []any:
		t, ok := got.(*lua.LTable)
		if !ok || !luaconv.IsArray(t) || entries(t) != len(want) {
			return false
		}
		for i, item := range want {
			if !equal(t.RawGetInt(i+1), item) {
				return false
			}
		}
		return true
	case map[string]any:
		t, ok := got.(*lua.LTable)
		if !ok || luaconv.IsArray(t) || entries(t) != len(want) {
			return false
		}
		for name, item := range want {
			if !equal(t.RawGetString(name), item) {
				return false
			}
		}
		return true
	}
	return false
}

func entries(t *lua.LTable) (n int) {
	t.ForEach(func(lua.LValue, lua.LValue) { n++ })
	return n
}
