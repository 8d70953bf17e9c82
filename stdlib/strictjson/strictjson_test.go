package strictjson_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/stdlib/strictjson"
)

func nested(depth int) string {
	return strings.Repeat("[", depth) + strings.Repeat("]", depth)
}

func TestParse(t *testing.T) {
	type object = map[string]any
	type list = []any
	number := func(s string) any { return strictjson.Number(s) }
	for _, tt := range []struct {
		in   string
		want any
	}{
		{`null`, nil},
		{` true` + "\r\n\t ", true},
		{`false`, false},
		{`0`, number("0")},
		{`-0.50e+07`, number("-0.50e+07")},
		{`9007199254740993`, number("9007199254740993")},
		{`123456789012345678901234567890`, number("123456789012345678901234567890")},
		{`1e-400`, number("1e-400")},
		{`1.7976931348623157e308`, number("1.7976931348623157e308")},
		{`""`, ""},
		{`"grüß 😀"`, "grüß 😀"},
		{`"\"\\\/\b\f\n\r\t\u0041\u00e9\uD83D\uDE00\u0000"`, "\"\\/\b\f\n\r\tAé😀\x00"},
		{`"\ud7ff\ue000"`, "\ud7ff\ue000"},
		{"\"\x7f\u2028\ufffd\"", "\x7f\u2028\ufffd"},
		{`[]`, list{}},
		{`[ ]`, list{}},
		{`{ }`, object{}},
		{`[1 , [2,[]], {"a" : null}]`, list{number("1"), list{number("2"), list{}}, object{"a": nil}}},
		{`{"a":{"a":1},"b":[{"a":2},{"a":3}],"":"x"}`, object{
			"a": object{"a": number("1")}, "b": list{object{"a": number("2")}, object{"a": number("3")}}, "": "x",
		}},
		{`{"\u0061":1,"A":2}`, object{"a": number("1"), "A": number("2")}},
	} {
		got, err := strictjson.Parse([]byte(tt.in), strictjson.Limits{})
		if err != nil {
			t.Errorf("Parse(%s): %v", tt.in, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Parse(%s): (-want +got)\n%s", tt.in, diff)
		}
		if err := strictjson.Valid([]byte(tt.in), strictjson.Limits{}); err != nil {
			t.Errorf("Valid(%s): %v", tt.in, err)
		}
	}
}

// refused are texts and why and where they are no JSON to us.
var refused = []struct {
	in     string
	offset int
	reason string
}{
	{``, 0, "unexpected end"},
	{`  `, 2, "unexpected end"},
	{"\ufeff1", 0, "expected a value"},
	{`nul`, 0, "expected a value"},
	{`NaN`, 0, "expected a value"},
	{`Infinity`, 0, "expected a value"},
	{`-Infinity`, 1, "expected a digit"},
	{`True`, 0, "expected a value"},
	{`'a'`, 0, "expected a value"},
	{`.5`, 0, "expected a value"},
	{`+1`, 0, "expected a value"},
	{`-`, 1, "unexpected end"},
	{`1.`, 2, "unexpected end"},
	{`1.e5`, 2, "expected a digit"},
	{`1e`, 2, "unexpected end"},
	{`1e+x`, 3, "expected a digit"},
	{`01`, 0, "a number with a leading zero"},
	{`-00`, 0, "a number with a leading zero"},
	{`0x10`, 1, "text after the value"},
	{`1_000`, 1, "text after the value"},
	{`1e400`, 0, "a number out of range"},
	{`[-1e309]`, 1, "a number out of range"},
	{strings.Repeat("9", 309), 0, "a number out of range"},
	{`1 2`, 2, "text after the value"},
	{`{} {}`, 3, "text after the value"},
	{"{}\x00", 2, "text after the value"},
	{`null//`, 4, "text after the value"},
	{`"abc`, 4, "unexpected end"},
	{`"abc\`, 5, "unexpected end"},
	{`"\x41"`, 1, "unknown escape in a string"},
	{`"\u12g4"`, 1, "unknown escape in a string"},
	{`"\u12`, 1, "unknown escape in a string"},
	{`"\U0041"`, 1, "unknown escape in a string"},
	{"\"a\nb\"", 2, "control character in a string"},
	{"\"a\x00b\"", 2, "control character in a string"},
	{"\"a\x1fb\"", 2, "control character in a string"},
	{"\"ab\xffc\"", 3, "invalid UTF-8"},
	{"\"é\xc0\x80\"", 3, "invalid UTF-8"},
	{"\"\xed\xa0\x80\"", 1, "invalid UTF-8"},
	{"{\"\xff\":1}", 2, "invalid UTF-8"},
	{`"a\ud800"`, 2, "lone surrogate in a string"},
	{`"\udfff"`, 1, "lone surrogate in a string"},
	{`"\udc00"`, 1, "lone surrogate in a string"},
	{`"\ud800\ud800"`, 1, "lone surrogate in a string"},
	{`"\ud800A"`, 1, "lone surrogate in a string"},
	{`"\ud800\n"`, 1, "lone surrogate in a string"},
	{`[1,]`, 3, "expected a value"},
	{`[,1]`, 1, "expected a value"},
	{`[1 2]`, 3, "expected ',' or ']'"},
	{`[1`, 2, "unexpected end"},
	{`[}`, 1, "expected a value"},
	{`{"a":1,}`, 7, "expected a member's name"},
	{`{a:1}`, 1, "expected a member's name"},
	{`{"a" 1}`, 5, "expected ':'"},
	{`{"a":}`, 5, "expected a value"},
	{`{"a":1]`, 6, "expected ',' or '}'"},
	{`{"a":1,"b":2,"a":3}`, 13, `duplicate member "a"`},
	{`{"a":1,"\u0061":3}`, 7, `duplicate member "a"`},
	{`[{"x":{"a":1,"a":3}}]`, 13, `duplicate member "a"`},
	{nested(65), 64, "nested deeper than 64"},
	{strings.Repeat(`{"a":`, 65), 5 * 64, "nested deeper than 64"},
	{nested(100_000), 64, "nested deeper than 64"},
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range refused {
		for name, read := range map[string]func([]byte, strictjson.Limits) error{
			"Parse": func(data []byte, limits strictjson.Limits) error {
				_, err := strictjson.Parse(data, limits)
				return err
			},
			"Valid": strictjson.Valid,
		} {
			err := read([]byte(tt.in), strictjson.Limits{})
			syntax, ok := errors.AsType[*strictjson.SyntaxError](err)
			if !ok {
				t.Errorf("%s(%.40q) = %v, want a SyntaxError", name, tt.in, err)
				continue
			}
			if syntax.Offset != tt.offset || syntax.Reason != tt.reason {
				t.Errorf("%s(%.40q) = %q, want %q at %d", name, tt.in, err, tt.reason, tt.offset)
			}
		}
	}
}

func TestLimits(t *testing.T) {
	for _, tt := range []struct {
		in     string
		limits strictjson.Limits
		reason string // empty: accepted
	}{
		{nested(64), strictjson.Limits{}, ""},
		{nested(3), strictjson.Limits{Depth: 3}, ""},
		{nested(4), strictjson.Limits{Depth: 3}, "nested deeper than 3"},
		{nested(1000), strictjson.Limits{Depth: 1000}, ""},
		{`[[],[],{"a":[]}]`, strictjson.Limits{Depth: 3}, ""}, // what closes may open again
		{`[1,2,{"a":3}]`, strictjson.Limits{Values: 5}, ""},
		{`[1,2,{"a":3}]`, strictjson.Limits{Values: 4}, "too many values"},
	} {
		_, err := strictjson.Parse([]byte(tt.in), tt.limits)
		got := ""
		if syntax, ok := errors.AsType[*strictjson.SyntaxError](err); ok {
			got = syntax.Reason
		}
		if got != tt.reason {
			t.Errorf("Parse(%.40s, %+v) = %v, want %q", tt.in, tt.limits, err, tt.reason)
		}
		if valid := strictjson.Valid([]byte(tt.in), tt.limits); fmt.Sprint(valid) != fmt.Sprint(err) {
			t.Errorf("Valid(%.40s, %+v) = %v, but Parse: %v", tt.in, tt.limits, valid, err)
		}
	}
}

func TestManyMembers(t *testing.T) {
	var text strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&text, `,"m%d":%d`, i, i)
	}
	object := "{" + text.String()[1:]
	if err := strictjson.Valid([]byte(object+"}"), strictjson.Limits{}); err != nil {
		t.Errorf("Valid of 1000 members: %v", err)
	}
	for _, again := range []string{"m0", "m15", "m16", "m17", "m999"} {
		err := strictjson.Valid(fmt.Appendf(nil, `%s,"%s":0}`, object, again), strictjson.Limits{})
		if syntax, ok := errors.AsType[*strictjson.SyntaxError](err); !ok || syntax.Reason != `duplicate member "`+again+`"` {
			t.Errorf("Valid with %s twice = %v", again, err)
		}
	}
}

func TestErrorPath(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want []string
	}{
		{`{"a":{"b":[1,{"c":01}]}}`, []string{"a", "b", "[1]", "c"}},
		{`{"a":{"b":1,"b":2}}`, []string{"a", "b"}},
		{`{"a":[1 2]}`, []string{"a"}},
		{`[[],"\ud800"]`, []string{"[1]"}},
		{`{"a":1} x`, nil},
	} {
		_, parsed := strictjson.Parse([]byte(tt.in), strictjson.Limits{})
		for _, err := range []error{parsed, strictjson.Valid([]byte(tt.in), strictjson.Limits{})} {
			syntax, _ := errors.AsType[*strictjson.SyntaxError](err)
			if diff := cmp.Diff(tt.want, syntax.Path); diff != "" {
				t.Errorf("path of %s: (-want +got)\n%s", tt.in, diff)
			}
		}
	}
}

// An error may name a member, cut to a readable length, and shows no value.
func TestErrorText(t *testing.T) {
	long := strings.Repeat("ä", 1000)
	_, err := strictjson.Parse([]byte(`{"`+long+`":"hidden","`+long+`":1}`), strictjson.Limits{})
	want := `duplicate member "` + strings.Repeat("ä", 32) + `…" at byte 2013`
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	for _, in := range []string{`{"a":"hidden\ud800"}`, `"hidden` + "\x01", `[hidden]`, `"hidden" hidden`} {
		if err := strictjson.Valid([]byte(in), strictjson.Limits{}); err == nil || strings.Contains(err.Error(), "hidden") {
			t.Errorf("Valid(%s) = %v, want an error without the value", in, err)
		}
	}
}

func TestMembers(t *testing.T) {
	in := ` { "topic":"service", "\u0065vent" : "request","payload":{"a":[1, 2]} ,"ref":null} `
	var got []string
	err := strictjson.Members([]byte(in), strictjson.Limits{}, func(key, raw []byte) error {
		if cap(raw) != len(raw) {
			t.Errorf("appending to %s would write into the text", raw)
		}
		got = append(got, string(key)+"="+string(raw))
		return nil
	})
	want := []string{`topic="service"`, `event="request"`, `payload={"a":[1, 2]}`, "ref=null"}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("members (-want +got)\n%s", diff)
	}
}

func TestMembersRefuses(t *testing.T) {
	ignore := func(_, _ []byte) error { return nil }
	for _, in := range []string{
		``, `[]`, `null`, `"a"`, `{`, `{"a":1`, `{"a":1}}`, `{"a":1,"a":2}`, `{"a":{"b":1,"b":2}}`, `{"a":01}`, `{"a":"` + "\xff" + `"}`,
	} {
		err := strictjson.Members([]byte(in), strictjson.Limits{}, ignore)
		if _, ok := errors.AsType[*strictjson.SyntaxError](err); !ok {
			t.Errorf("Members(%q) = %v, want a SyntaxError", in, err)
		}
	}
	stop := errors.New("stop")
	calls := 0
	err := strictjson.Members([]byte(`{"a":1,"b":2,"c":3}`), strictjson.Limits{}, func(key, _ []byte) error {
		calls++
		if string(key) == "b" {
			return stop
		}
		return nil
	})
	if err != stop || calls != 2 {
		t.Errorf("Members = %v after %d calls, want the visitor's error after 2", err, calls)
	}
}

func TestElements(t *testing.T) {
	var got []string
	err := strictjson.Elements([]byte(` [1, "b" ,[],{"c":null}] `), strictjson.Limits{}, func(index int, raw []byte) error {
		got = append(got, fmt.Sprintf("%d %s", index, raw))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"0 1", `1 "b"`, "2 []", `3 {"c":null}`}, got); diff != "" {
		t.Errorf("elements (-want +got)\n%s", diff)
	}
	err = strictjson.Elements([]byte(`[1,[2,02]]`), strictjson.Limits{}, func(int, []byte) error { return nil })
	syntax, _ := errors.AsType[*strictjson.SyntaxError](err)
	if syntax == nil || !cmp.Equal(syntax.Path, []string{"[1]", "[1]"}) {
		t.Errorf("Elements = %v, want a fault at [1][1]", err)
	}
}

func TestMembersAllocates(t *testing.T) {
	frame := []byte(`{"topic":"service","event":"request","payload":{"action":"Greet","fields":{"name":"Ada"}},"ref":null}`)
	found := 0
	allocs := testing.AllocsPerRun(100, func() {
		err := strictjson.Members(frame, strictjson.Limits{}, func(key, _ []byte) error {
			if string(key) == "payload" {
				found++
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	if allocs != 0 || found == 0 {
		t.Errorf("Members of a frame makes %v allocations (payload seen %d times), want none", allocs, found)
	}
}

func ExampleMembers() {
	frame := []byte(`{"event":"request","payload":{"n":1},"ref":null}`)
	var payload []byte
	err := strictjson.Members(frame, strictjson.Limits{}, func(key, raw []byte) error {
		if string(key) == "payload" {
			payload = raw
		}
		return nil
	})
	fmt.Println(string(payload), err)
	// Output: {"n":1} <nil>
}

func ExampleParse() {
	_, err := strictjson.Parse([]byte(`{"id": 1, "id": 2}`), strictjson.Limits{})
	fmt.Println(err)
	// Output: duplicate member "id" at byte 10
}
