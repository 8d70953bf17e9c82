package schema_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/host/schema"
	"vera/stdlib/strictjson"
)

// againstCases hold, for every keyword, values of x that both take and values
// that both refuse. Nothing between them is a request without x.
var againstCases = []struct {
	field  object
	takes  []string
	refuse []string
}{
	{field("string"), []string{`""`, `"é😀"`, `"\u0000"`}, []string{``, `null`, `1`, `true`, `[]`, `{}`}},
	{field("string", "optional", true), []string{``, `null`, `"a"`}, []string{`1`}},
	{field("string", "default", "d"), []string{``, `null`, `"a"`}, []string{`false`}},
	{field("string", "min_length", 2.0, "max_length", 3.0), []string{`"ab"`, `"😀😀😀"`}, []string{`"a"`, `"😀"`, `"abcd"`, `""`}},
	{field("string", "max_length", 0.0, "optional", true), []string{`""`, `null`, ``}, []string{`"a"`}},
	{field("string", "pattern", "[a-z]+|x"), []string{`"abc"`}, []string{`"abc1"`, `"1abc"`, `""`, `"abc\n"`, `"A"`}},
	{field("string", "pattern", `(?i)k\d{2,3}.é`), []string{`"K12xÉ"`, "\"k123\\ré\"", "\"\u212a12-é\""}, []string{`"k1xé"`, "\"k12\\né\"", `"k12xe"`}},
	{field("string", "pattern", `^(?:\p{Greek}|[^\x00-\x7f])*$`), []string{`"αé😀"`, `""`}, []string{`"a"`}},
	{field("string", "pattern", `\Ba\b.(?s:.)*`), nil, []string{`"a"`, `"ab"`}},
	{field("string", "pattern", `\ba\B.(?s:.)*`), []string{`"ab\n"`}, []string{`"a b"`, `"-a"`}},
	{field("string", "format", "email"), []string{`"a@b.co"`}, []string{`"ab"`, `""`}},
	{field("string", "format", "phone"), []string{`"+1"`}, []string{`"1"`}},
	{field("string", "format", "uuid"), []string{`"0190163d-8694-739b-aea5-966c26f8ad91"`, `"0190163D-8694-739B-AEA5-966C26F8AD91"`}, []string{`"0190163d8694739baea5966c26f8ad91"`, `"{0190163d-8694-739b-aea5-966c26f8ad91}"`, `""`}},
	{field("string", "format", "date-time"), []string{`"2024-02-29T23:59:59Z"`, `"2024-02-29t00:00:00.5+05:30"`}, []string{`"2023-02-29T00:00:00Z"`, `"2024-01-01 00:00:00Z"`, `"2024-01-01T00:00:00"`, `"2024-01-01T24:00:00Z"`, `"2024-01-01T00:00:00,5Z"`}},
	{field("string", "format", "uri"), []string{`"https://a.example/b?c#d"`, `"mailto:a@b.co"`, `"urn:a:b"`}, []string{`"a"`, `"/a/b"`, `"//a"`, `""`, `"http://[::1"`, `"1a:b"`}},
	{field("string", "enum", list{"a", "b"}), []string{`"a"`, `"b"`}, []string{`"c"`, `null`, ``, `1`}},
	{field("string", "enum", list{"a"}, "optional", true), []string{`"a"`, `null`, ``}, []string{`"b"`}},
	{field("string", "secret", true, "min_length", 8.0), []string{`"12345678"`}, []string{`"1"`, `1`}},

	{field("integer"), []string{`0`, `-0`, `1.0`, `1e3`, `9007199254740991`, `-9007199254740991`}, []string{`1.5`, `"1"`, `true`, `null`, `9007199254740992`, `-9007199254740993`, `1e300`, `9007199254740990.5`}},
	{field("integer", "minimum", -1.0, "maximum", 10.0), []string{`-1`, `10.0`}, []string{`-2`, `11`, `0.5`, `1e16`}},
	{field("integer", "enum", list{1.0, 2.0}), []string{`1`, `2.0`}, []string{`3`, `"1"`}},
	{field("integer", "coerce", true), []string{`"42"`, `"-7"`, `42`, `"-0"`, `"1.00"`}, []string{`" 42"`, `"42 "`, `""`, `"+42"`, `"042"`, `"0x2a"`, `"1e3"`, `"1.5"`, `"1."`, `"null"`, `"[1]"`, `"4\n"`, `true`, `null`}},
	{field("integer", "coerce", true, "enum", list{0.0, 12.0}), []string{`"12"`, `"12.0"`, `12`, `"0"`, `"-0.00"`, `0`, `-0.0`}, []string{`"1"`, `"-12"`, `13`, `"120"`}},
	{field("integer", "coerce", true, "default", 1.0, "enum", list{1.0}), []string{``, `null`, `"1"`}, []string{`2`, `"2"`}},
	{field("number"), []string{`1.5`, `1e300`, `-0.0`, `1e-400`}, []string{`"1.5"`, `false`, `null`}},
	{field("number", "minimum", 0.1, "maximum", 0.5), []string{`0.1`, `0.5`, `5e-1`}, []string{`0.09`, `0.6`, `-1`, `1e300`}},
	{field("number", "enum", list{0.1, 1e300, -2.5}), []string{`0.1`, `1e300`, `10e299`, `-2.50`}, []string{`0.2`, `1e299`}},
	{field("number", "coerce", true), []string{`"1.5"`, `"-0.10"`, `2`, `"7"`}, []string{`"1e3"`, `".5"`, `"1."`, `"NaN"`, `"Infinity"`, `""`}},
	{field("number", "coerce", true, "enum", list{-0.5, 7.0, 1e-7}), []string{`"-0.50"`, `"7"`, `"7.0"`, `"0.0000001"`, `1e-7`}, []string{`"0.5"`, `"70"`, `"0.00000010001"`}},

	{field("boolean"), []string{`true`, `false`}, []string{`"true"`, `0`, `null`, ``}},
	{field("boolean", "coerce", true), []string{`"true"`, `"false"`, `true`, `false`}, []string{`"TRUE"`, `"1"`, `1`, `""`, `"true "`}},
	{field("boolean", "coerce", true, "enum", list{true}), []string{`"true"`, `true`}, []string{`"false"`, `false`, `null`}},
	{field("boolean", "default", false), []string{``, `null`, `true`}, []string{`"true"`}},

	{field("array"), []string{`[]`, `[1,null,{"a":[true]}]`}, []string{`{}`, `"[]"`, `null`}},
	{field("array", "min_items", 1.0, "max_items", 2.0), []string{`[1]`, `[1,null]`}, []string{`[]`, `[1,2,3]`}},
	{field("array", "items", field("integer", "minimum", 0.0)), []string{`[]`, `[1,2.0]`}, []string{`[null]`, `[-1]`, `["1"]`, `[1,1.5]`}},
	{field("array", "enum", list{list{1.0}, object{}}), []string{`[]`, `[1]`, `[1.0]`}, []string{`[2]`, `[1,1]`}},
	{field("array", "items", field("integer", "coerce", true), "enum", list{list{1.0, 2.0}, list{}}), []string{`[]`, `["1",2]`, `[1,"2.0"]`}, []string{`[1]`, `["1",2,3]`, `["2",1]`}},
	{field("array", "default", list{}, "items", field("string")), []string{``, `null`, `["a"]`}, []string{`[1]`}},

	{field("object"), []string{`{}`, `{"a":{"b":null},"n":1e300}`}, []string{`[]`, `"{}"`, `null`}},
	{field("object", "enum", list{object{"a": 1.0}}), []string{`{"a":1}`, `{"a":1.0}`}, []string{`{}`, `{"a":1,"b":2}`}},
	{field("object", "fields", object{}), []string{`{}`, `{"a":1}`}, []string{`1`}},
	{field("object", "fields", object{"a": field("integer"), "b": field("string", "optional", true)}), []string{`{"a":1}`, `{"a":1,"b":null,"c":[]}`, `{"a":1,"b":""}`}, []string{`{}`, `{"a":null}`, `{"a":1,"b":1}`, `{"b":"x"}`}},
	{field("object", "fields", object{"zip": field("string", "max_length", 2.0)}, "optional", true), []string{``, `null`, `{"zip":"ab"}`}, []string{`{"zip":"abc"}`, `{}`}},
	{
		field("object", "enum", list{object{"a": 1.0}, object{"a": 2.0, "b": 5.0, "c": "x"}},
			"fields", object{"a": field("integer"), "b": field("integer", "default", 3.0, "coerce", true), "c": field("string", "optional", true)}),
		[]string{`{"a":1}`, `{"a":1,"b":3}`, `{"a":1,"b":"3.0","c":null,"z":1}`, `{"a":2,"b":5,"c":"x"}`},
		[]string{`{"a":1,"b":5}`, `{"a":2,"c":"x"}`, `{"a":1,"c":"x"}`, `{"a":3}`, `{"a":2,"b":5}`},
	},
}

func request(value string) []byte {
	if value == "" {
		return []byte(`{}`)
	}
	return []byte(`{"x":` + value + `}`)
}

func TestAgainstJSONSchema(t *testing.T) {
	for _, tt := range againstCases {
		s := exportable(t, object{"x": tt.field})
		theirs := compile(t, s)
		for want, values := range map[verdict][]string{accepted: tt.takes, refused: tt.refuse} {
			for _, value := range values {
				if got := compareWith(t, s, theirs, request(value)); got != want {
					t.Errorf("%v: %s is %s, want %s", tt.field, value, got, want)
				}
			}
		}
	}
}

// What JSON Schema has no words for: we refuse it, and the exported schema
// takes it.
func TestJSONSchemaTakesMore(t *testing.T) {
	for _, tt := range []struct {
		field object
		value string
	}{
		{field("number"), `9007199254740993`},
		{field("object"), `{"a":9007199254740993}`},
		{field("integer", "coerce", true), `"9007199254740993"`},
		{field("integer", "coerce", true, "maximum", 5.0), `"6"`},
		{field("string", "secret", true, "enum", list{"a"}), `"b"`},
		{field("string", "pattern", "(?m)a$|b"), `"c"`},
		{field("string", "format", "date-time"), `"2016-12-31T23:59:60Z"`},
		{field("string", "format", "date-time"), `"2016-12-31T23:59:59.0123456789Z"`},
		{field("string", "format", "uri"), `"http:a"`},
		{field("object"), `{"a":1,"a":2}`},
		{field("string"), `"\ud800"`},
		{field("array"), strings.Repeat("[", 70) + strings.Repeat("]", 70)},
	} {
		s := exportable(t, object{"x": tt.field})
		if _, err := s.Validate(request(tt.value), strictjson.Limits{}); err == nil {
			t.Errorf("%v: %s is taken", tt.field, tt.value)
		}
		var instance any
		if err := json.Unmarshal(request(tt.value), &instance); err != nil {
			t.Fatal(err)
		}
		theirs := compile(t, s)
		if err := theirs.Validate(instance); err != nil {
			t.Errorf("%v: %s: the exported schema refuses it: %v", tt.field, tt.value, err)
		}
		if got := compareWith(t, s, theirs, request(tt.value)); got != excused {
			t.Errorf("%v: %s is %s", tt.field, tt.value, got)
		}
	}
}

func TestAppendJSONSchema(t *testing.T) {
	s := exportable(t, object{
		"name":   field("string", "max_length", 64.0, "pattern", "[a-z]{2}"),
		"pin":    field("string", "secret", true, "default", "1234", "enum", list{"1234", "4321"}),
		"times":  field("integer", "coerce", true, "default", 1.0, "minimum", 1.0, "maximum", 10.0),
		"labels": field("array", "items", field("string"), "max_items", 3.0, "optional", true),
		"login":  field("object", "fields", object{"key": field("string", "secret", true)}, "default", object{"key": "hidden"}),
	})
	const want = `{"type":"object","properties":{` +
		`"labels":{"type":["array","null"],"description":"A array","items":{"type":"string","description":"A string"},"maxItems":3},` +
		`"login":{"type":["object","null"],"description":"A object","properties":{"key":{"type":"string","description":"A string","writeOnly":true}},"required":["key"],"additionalProperties":true},` +
		`"name":{"type":"string","description":"A string","maxLength":64,"pattern":"^[a-z]{2}$"},` +
		`"pin":{"type":["string","null"],"description":"A string","writeOnly":true},` +
		`"times":{"type":["integer","string","null"],"description":"A integer","pattern":"^-?(0|[1-9][0-9]*)(\\.0+)?$","minimum":1,"maximum":10,"default":1}` +
		`},"required":["name"],"additionalProperties":true}`
	if diff := cmp.Diff(want, string(s.AppendJSONSchema(nil))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	compile(t, s)
}

// What is in a secret field is secret, whoever describes it.
func TestSecretsWithin(t *testing.T) {
	inner := object{"pin": field("string", "default", "hush", "enum", list{"hush", "hushed"}), "pins": field("array", "optional", true, "items", field("string", "enum", list{"hush"}))}
	s := exportable(t, object{"card": field("object", "secret", true, "fields", inner)})
	for what, text := range map[string][]byte{"the schema": s.AppendJSONSchema(nil), "the manifest": s.AppendManifest(nil)} {
		if strings.Contains(string(text), "hush") {
			t.Errorf("%s tells a secret: %s", what, text)
		}
	}
	_, err := s.Validate([]byte(`{"card":{"pin":"x","pins":["y"]}}`), strictjson.Limits{})
	if err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("the fault tells a secret: %v", err)
	}
}

func ExampleSchema_AppendJSONSchema() {
	s, err := schema.Parse(map[string]any{
		"name": map[string]any{"type": "string", "description": "Who", "max_length": 64.0},
	}, nil)
	fmt.Println(string(s.AppendJSONSchema(nil)), err)
	// Output: {"type":"object","properties":{"name":{"type":"string","description":"Who","maxLength":64}},"required":["name"],"additionalProperties":true} <nil>
}

// The exported schema and Validate agree, whatever is declared and sent.
func FuzzAgainstJSONSchema(f *testing.F) {
	add := func(field object, value string) {
		declaration, err := strictjson.Append(nil, object{"x": field})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(declaration, request(value))
	}
	for _, tt := range againstCases {
		for _, value := range tt.takes {
			add(tt.field, value)
		}
		for _, value := range tt.refuse {
			add(tt.field, value)
		}
	}
	f.Fuzz(func(t *testing.T, declaration, input []byte) {
		var fields map[string]any
		if json.Unmarshal(declaration, &fields) != nil {
			return
		}
		s, err := schema.Parse(fields, allFormats)
		if err != nil {
			return
		}
		compareWith(t, s, compile(t, s), input)
	})
}
