package strictjson_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/stdlib/strictjson"
)

func TestAppendString(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", `""`},
		{"plain é 😀 \x7f", "\"plain é 😀 \x7f\""},
		{"a\"b\\c/", `"a\"b\\c/"`},
		{"\b\f\n\r\t\x00\x1f", `"\b\f\n\r\t\u0000\u001f"`},
		{"x\u2028y\u2029", `"x\u2028y\u2029"`},
		{"a\xffb\xed\xa0\x80c", `"a` + "\ufffd" + `b` + "\ufffd\ufffd\ufffd" + `c"`},
		{"<&>", `"<&>"`},
	} {
		if got := string(strictjson.AppendString([]byte("x="), tt.in)); got != "x="+tt.want {
			t.Errorf("AppendString(%q) = %s, want x=%s", tt.in, got, tt.want)
		}
	}
}

func TestAppendNumber(t *testing.T) {
	for _, tt := range []struct {
		in   float64
		want string
	}{
		{0, "0"},
		{math.Copysign(0, -1), "0"},
		{1, "1"},
		{-42, "-42"},
		{0.1, "0.1"},
		{1e-6, "0.000001"},
		{1e-7, "1e-07"},
		{123456789.5, "123456789.5"},
		{1e15, "1000000000000000"},
		{1<<53 - 1, "9007199254740991"},
		{-(1<<53 - 1), "-9007199254740991"},
		{1 << 53, "9.007199254740992e+15"},
		{1e21, "1e+21"},
		{math.MaxFloat64, "1.7976931348623157e+308"},
		{math.SmallestNonzeroFloat64, "5e-324"},
	} {
		got := string(strictjson.AppendNumber(nil, tt.in))
		if got != tt.want {
			t.Errorf("AppendNumber(%v) = %s, want %s", tt.in, got, tt.want)
		}
		if back := strictjson.Number(got).Float64(); back != tt.in {
			t.Errorf("AppendNumber(%v) = %s reads back as %v", tt.in, got, back)
		}
	}
}

func TestAppend(t *testing.T) {
	tree := map[string]any{
		"b": []any{nil, true, false, "x\n", 1.5, 2, int64(math.MaxInt64), strictjson.Number("1.0")}, "a": map[string]any{}, "c": []any{},
	}
	want := `{"a":{},"b":[null,true,false,"x\n",1.5,2,9223372036854775807,1.0],"c":[]}`
	got, err := strictjson.Append([]byte("- "), tree)
	if err != nil || string(got) != "- "+want {
		t.Errorf("Append = %s, %v, want - %s", got, err, want)
	}
}

func TestAppendRefuses(t *testing.T) {
	cycle := map[string]any{}
	cycle["self"] = cycle
	deep := any("x")
	for range 65 {
		deep = []any{deep}
	}
	for name, v := range map[string]any{
		"NaN":            math.NaN(),
		"infinity":       []any{math.Inf(-1)},
		"a channel":      make(chan int),
		"a struct":       map[string]any{"a": struct{}{}},
		"bad text":       "a\xff",
		"a bad name":     map[string]any{"\xff": 1},
		"a cycle":        cycle,
		"depth":          deep,
		"a bad Number":   strictjson.Number("01"),
		"an open Number": strictjson.Number("1,"),
		"an empty one":   strictjson.Number(""),
	} {
		got, err := strictjson.Append([]byte("kept"), v)
		if err == nil || string(got) != "kept" {
			t.Errorf("Append of %s = %.40s, %v, want an error", name, got, err)
		}
	}
	if _, err := strictjson.Append(nil, deep.([]any)[0]); err != nil {
		t.Errorf("Append of 64 levels: %v", err)
	}
}

// What we accept the standard library accepts with the same value; what only
// it accepts is refused for one of five reasons.
func FuzzParse(f *testing.F) {
	for _, tt := range refused {
		if len(tt.in) < 1000 {
			f.Add([]byte(tt.in))
		}
	}
	f.Add([]byte(`{"a":[1,2.5e3,"\u00e9\ud83d\ude00",null,true,{"b":{}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		ours, err := strictjson.Parse(data, strictjson.Limits{})
		if valid := strictjson.Valid(data, strictjson.Limits{}); (valid == nil) != (err == nil) || valid != nil && valid.Error() != err.Error() {
			t.Fatalf("Parse: %v, but Valid: %v", err, valid)
		}
		theirs, theirErr := decode(data)
		if err != nil {
			if theirErr == nil && !stricter(err.Error()) {
				t.Fatalf("%v, but encoding/json takes it", err)
			}
			return
		}
		if theirErr != nil {
			t.Fatalf("accepted, but encoding/json: %v", theirErr)
		}
		if diff := cmp.Diff(theirs, standard(ours)); diff != "" {
			t.Fatalf("(-encoding/json +strictjson)\n%s", diff)
		}
		roundTrip(t, ours)
	})
}

func roundTrip(t *testing.T, tree any) {
	out, err := strictjson.Append(nil, tree)
	if err != nil {
		t.Fatalf("what was parsed is not written: %v", err)
	}
	again, err := strictjson.Parse(out, strictjson.Limits{})
	if err != nil {
		t.Fatalf("what was written is not parsed: %v\n%s", err, out)
	}
	if diff := cmp.Diff(tree, again); diff != "" {
		t.Fatalf("round trip (-want +got)\n%s", diff)
	}
}

func decode(data []byte) (any, error) {
	if !json.Valid(data) {
		return nil, json.Unmarshal(data, new(any))
	}
	decoder := json.NewDecoder(strings.NewReader(string(data)))
	decoder.UseNumber()
	var tree any
	err := decoder.Decode(&tree)
	return tree, err
}

// stricter reports whether the refusal is one that encoding/json lacks.
func stricter(reason string) bool {
	for _, known := range []string{
		"duplicate member ", "invalid UTF-8 ", "lone surrogate in a string ", "nested deeper than 64 ", "a number out of range ",
	} {
		if strings.HasPrefix(reason, known) {
			return true
		}
	}
	return false
}

// standard is the tree with encoding/json's numbers.
func standard(tree any) any {
	switch tree := tree.(type) {
	case strictjson.Number:
		return json.Number(tree)
	case []any:
		out := make([]any, len(tree))
		for i, item := range tree {
			out[i] = standard(item)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(tree))
		for key, item := range tree {
			out[key] = standard(item)
		}
		return out
	}
	return tree
}

// Any text that is UTF-8 comes back as it was, and any other as JSON.
func FuzzAppendString(f *testing.F) {
	f.Add("plain \" \\ \x00 \u2028 é 😀")
	f.Add("\xff\xc0\x80")
	f.Fuzz(func(t *testing.T, text string) {
		out := strictjson.AppendString(nil, text)
		got, err := strictjson.Parse(out, strictjson.Limits{})
		if err != nil {
			t.Fatalf("AppendString(%q) = %s: %v", text, out, err)
		}
		if got != toValid(text) {
			t.Fatalf("AppendString(%q) = %s, reads back as %q", text, out, got)
		}
	})
}

// toValid replaces every byte that is not part of UTF-8.
func toValid(text string) string { return string([]rune(text)) }

func FuzzAppendNumber(f *testing.F) {
	f.Add(0.1)
	f.Add(1e22)
	f.Add(-5e-324)
	f.Fuzz(func(t *testing.T, n float64) {
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return
		}
		out := strictjson.AppendNumber(nil, n)
		got, err := strictjson.Parse(out, strictjson.Limits{})
		if err != nil || got.(strictjson.Number).Float64() != n {
			t.Fatalf("AppendNumber(%v) = %s, reads back as %v, %v", n, out, got, err)
		}
	})
}
