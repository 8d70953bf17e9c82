package schema_test

import (
	"encoding/binary"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
	"pgregory.net/rapid"

	"vera/host/schema"
	"vera/stdlib/strictjson"
)

// What declarations and requests are made of: small, so that they meet.
var (
	drawnTexts    = []any{"", "a", "ab", "é😀", "b\n", "1", "-1.5", "1.0", "true", "+12", "a@b", "urn:a", "2024-01-01T00:00:00Z"}
	drawnNumbers  = []any{-1.5, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 1e7, 1e300}
	drawnPatterns = []string{"a*", "[^a-c\n]+", "(?i)é.?", `\d+|-1\.5`, "(?s).{1,2}", `(a|b\n){0,2}`, "(?m)^b$.*"}
	drawnFormats  = []string{"email", "phone", "uuid", "date-time", "uri"}
	drawnNames    = []string{"a", "b", "c"}
	drawnTypes    = []string{"string", "integer", "number", "boolean", "object", "array"}
)

// drawField draws a declaration; it may be wrong.
func drawField(t *rapid.T, depth int, member bool) object {
	f := field(rapid.SampledFrom(drawnTypes).Draw(t, "type"))
	may := func(what string) bool { return rapid.IntRange(0, 3).Draw(t, what) == 0 }
	set := func(keyword string, value any) {
		if may(keyword) {
			f[keyword] = value
		}
	}
	size := func() float64 { return float64(rapid.IntRange(0, 3).Draw(t, "size")) }
	switch f["type"] {
	case "string":
		set("min_length", size())
		set("max_length", size())
		set("pattern", rapid.SampledFrom(drawnPatterns).Draw(t, "pattern"))
		set("format", rapid.SampledFrom(drawnFormats).Draw(t, "format"))
	case "integer", "number":
		set("minimum", rapid.SampledFrom(drawnNumbers[:5]).Draw(t, "minimum"))
		set("maximum", rapid.SampledFrom(drawnNumbers[3:]).Draw(t, "maximum"))
		set("coerce", true)
	case "boolean":
		set("coerce", true)
	case "array":
		set("min_items", size())
		set("max_items", size())
		if depth > 0 && !may("free") {
			f["items"] = drawField(t, depth-1, false)
		}
	case "object":
		if depth > 0 && !may("free") {
			f["fields"] = drawFields(t, depth-1)
		}
	}
	set("secret", true)
	if may("enum") {
		f["enum"] = list{drawValue(t, f, false), drawValue(t, f, false)}
	}
	if member {
		set("optional", true)
		if f["optional"] == nil {
			set("default", drawValue(t, f, false))
		}
	}
	return f
}

func drawFields(t *rapid.T, depth int) object {
	fields := object{}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom(drawnNames), 0, 3, rapid.ID).Draw(t, "names") {
		fields[name] = drawField(t, depth, true)
	}
	return fields
}

// drawValue draws a value that comes near to what f takes. Astray it may be
// anything.
func drawValue(t *rapid.T, f object, astray bool) any {
	if astray && rapid.IntRange(0, 7).Draw(t, "astray") == 0 {
		return rapid.SampledFrom([]any{nil, "a", "1", 1.0, true, list{}, object{}, list{nil}}).Draw(t, "other")
	}
	if members, ok := f["enum"].(list); ok && rapid.Bool().Draw(t, "listed") {
		return rapid.SampledFrom(members).Draw(t, "member")
	}
	switch f["type"] {
	case "string":
		return rapid.SampledFrom(drawnTexts).Draw(t, "text")
	case "integer", "number":
		if f["coerce"] != nil && astray && rapid.Bool().Draw(t, "text") {
			return rapid.SampledFrom(drawnTexts).Draw(t, "number")
		}
		return rapid.SampledFrom(drawnNumbers).Draw(t, "number")
	case "boolean":
		return rapid.Bool().Draw(t, "truth")
	case "array":
		items, ok := f["items"].(object)
		if !ok {
			items = field("integer")
		}
		array := make(list, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range array {
			array[i] = drawValue(t, items, astray)
		}
		return array
	}
	fields, ok := f["fields"].(object)
	if !ok {
		fields = object{"a": field("integer")}
	}
	return drawMembers(t, fields, astray)
}

func drawMembers(t *rapid.T, fields object, astray bool) object {
	members := object{}
	for _, name := range drawnNames {
		f, declared := fields[name].(object)
		switch {
		case !declared && rapid.IntRange(0, 5).Draw(t, "more") > 0:
		case !declared:
			members[name] = nil
		case (f["optional"] != nil || f["default"] != nil) && rapid.Bool().Draw(t, "left out"):
		case rapid.IntRange(0, 9).Draw(t, "missing") > 0:
			members[name] = drawValue(t, f, astray)
		}
	}
	return members
}

// compareDrawn draws a declaration and requests for it. Declarations that are
// refused come to nothing.
func compareDrawn(t *rapid.T, tell func(verdict)) {
	fields := drawFields(t, 3)
	s, err := schema.Parse(fields, allFormats)
	if err != nil {
		return
	}
	theirs := compile(t, s)
	for range 8 {
		input, err := strictjson.Append(nil, drawMembers(t, fields, true))
		if err != nil {
			t.Fatal(err)
		}
		tell(compareWith(t, s, theirs, input))
	}
}

// Whatever is declared, the exported schema and Validate agree on what comes
// near to it; and of both verdicts there are many.
func TestDrawnAgainstJSONSchema(t *testing.T) {
	seen := map[verdict]int{}
	rapid.Check(t, func(rt *rapid.T) {
		compareDrawn(rt, func(v verdict) { seen[v]++ })
	})
	t.Logf("%v", seen)
	all := seen[accepted] + seen[refused] + seen[excused]
	if all < 100 || seen[accepted] < all/10 || seen[refused] < all/10 || seen[excused] > all/10 {
		t.Errorf("the comparisons are lopsided: %v", seen)
	}
}

func FuzzDrawnAgainstJSONSchema(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		var key [32]byte
		binary.LittleEndian.PutUint64(key[:], seed)
		data := make([]byte, 16<<10) // a declaration and its requests take less
		_, _ = rand.NewChaCha8(key).Read(data)
		rapid.MakeFuzz(func(rt *rapid.T) { compareDrawn(rt, func(verdict) {}) })(t, data)
	})
}

// A pattern for ECMA-262 matches the texts that RE2's matches as a whole, in
// either engine.
func FuzzPattern(f *testing.F) {
	for _, pattern := range append(drawnPatterns, `^a$|\bb\B`, `[\p{L}\-\]^]+?`, "(?U)a{2,}(b{3})?", `\x{10ffff}*[^\x{0}-\x{fffe}]`, "(?i)[k-m]ſ/", `\Q.*\E|`, `[[:^alpha:]]`, `\pN`, "a$b", `(a*)*(|b)+`) {
		for _, text := range drawnTexts {
			f.Add(pattern, text.(string))
		}
		f.Add(pattern, "aa.*bbb]/\u212a\U0010ffff")
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		s, err := schema.Parse(object{"x": field("string", "pattern", pattern)}, nil)
		if err != nil || !utf8.ValidString(text) {
			return
		}
		x, _ := s.Field("x")
		comparePattern(t, &x, pattern, text)
	})
}

func comparePattern(t *testing.T, x *schema.Field, pattern, text string) {
	translated, told := exportedPattern(t, x)
	if !told {
		return
	}
	want := regexp.MustCompile(`\A(?:` + pattern + `)\z`).MatchString(text)
	ours, err := regexp.Compile(translated)
	if err != nil {
		t.Fatalf("%q becomes %q: %v", pattern, translated, err)
	}
	if got := ours.MatchString(text); got != want {
		t.Fatalf("%q becomes %q: on %q it is %t with RE2, want %t", pattern, translated, text, got, want)
	}
	theirs, err := regexp2.Compile(translated, regexp2.ECMAScript|regexp2.Unicode)
	if err != nil {
		t.Fatalf("%q becomes %q: %v", pattern, translated, err)
	}
	theirs.MatchTimeout = time.Second // it backtracks
	if got, err := theirs.MatchString(text); err == nil && got != want {
		t.Fatalf("%q becomes %q: on %q it is %t with ECMA-262, want %t", pattern, translated, text, got, want)
	}
}

func exportedPattern(t *testing.T, x *schema.Field) (string, bool) {
	t.Helper()
	exported, err := strictjson.Parse(x.AppendJSONSchema(nil), strictjson.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	pattern, told := exported.(object)["pattern"].(string)
	return pattern, told
}
