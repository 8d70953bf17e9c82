package schema_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/host/schema"
	"vera/stdlib/strictjson"
)

// parse reads a declaration that is right.
func parse(t testing.TB, fields object) *schema.Schema {
	t.Helper()
	s, err := schema.Parse(fields, formats)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestValidateOneField(t *testing.T) {
	const missing = "required: is required"
	integerRange := field("integer", "minimum", 1.0, "maximum", 10.0)
	for _, tt := range []struct {
		field object
		in    string // the value of x, or empty for none
		want  any    // or, for a fault, "code: message"
	}{
		{field("string"), `"a"`, "a"},
		{field("string"), `""`, ""},
		{field("string"), `"\u0000\ud83d\ude00"`, "\x00😀"},
		{field("string"), ``, fault(missing)},
		{field("string"), `null`, fault(missing)},
		{field("string"), `1`, fault("type: must be a string")},
		{field("string"), `true`, fault("type: must be a string")},
		{field("string"), `["a"]`, fault("type: must be a string")},
		{field("string"), `{}`, fault("type: must be a string")},

		{field("string", "optional", true), ``, nil},
		{field("string", "optional", true), `null`, nil},
		{field("string", "optional", true), `1`, fault("type: must be a string")},
		{field("string", "default", "d"), ``, "d"},
		{field("string", "default", "d"), `null`, "d"},
		{field("string", "default", "d"), `""`, ""},
		{field("string", "default", nil), ``, nil},

		{field("string", "min_length", 1.0), `""`, fault("min_length: must be at least 1 character")},
		{field("string", "min_length", 3.0), `"éé"`, fault("min_length: must be at least 3 characters")},
		{field("string", "min_length", 3.0), `"ééé"`, "ééé"},
		{field("string", "max_length", 2.0), `"😀😀"`, "😀😀"},
		{field("string", "max_length", 2.0), `"abc"`, fault("max_length: must be at most 2 characters")},
		{field("string", "pattern", "[a-z]+"), `"abc"`, "abc"},
		{field("string", "pattern", "[a-z]+"), `"abc1"`, fault("pattern: must match the pattern [a-z]+")},
		{field("string", "pattern", "a|bc"), `"abc"`, fault("pattern: must match the pattern a|bc")},
		{field("string", "pattern", "(?m)^a$"), `"a\nb"`, fault("pattern: must match the pattern (?m)^a$")},
		{field("string", "format", "email"), `"a@b"`, "a@b"},
		{field("string", "format", "email"), `"ab"`, fault("format: must be an email address")},
		{field("string", "enum", list{"a", "b"}), `"b"`, "b"},
		{field("string", "enum", list{"a", "b"}), `"c"`, fault("enum: must be one of: a, b")},
		{field("string", "enum", list{"a", "b"}, "secret", true), `"c"`, fault("enum: is not one of the accepted values")},
		{field("string", "enum", list{strings.Repeat("a", 200)}), `"c"`, fault("enum: is not one of the accepted values")},

		{field("integer"), `1`, 1.0},
		{field("integer"), `-0`, 0.0},
		{field("integer"), `1.0`, 1.0},
		{field("integer"), `1e3`, 1000.0},
		{field("integer"), `1.5`, fault("type: must be an integer")},
		{field("integer"), `"1"`, fault("type: must be an integer")},
		{field("integer"), `true`, fault("type: must be an integer")},
		{field("integer"), `9007199254740991`, 9007199254740991.0},
		{field("integer"), `9007199254740993`, fault("range: must be between -9007199254740991 and 9007199254740991")},
		{field("integer"), `9007199254740992`, fault("range: must be between -9007199254740991 and 9007199254740991")},
		{field("integer"), `-1e300`, fault("range: must be between -9007199254740991 and 9007199254740991")},
		{field("integer"), `9007199254740990.5`, fault("type: must be an integer")},
		{field("integer"), `9007199254740991.25`, fault("type: must be an integer")},
		{integerRange, `1`, 1.0},
		{integerRange, `10`, 10.0},
		{integerRange, `0`, fault("minimum: must be an integer between 1 and 10")},
		{integerRange, `11`, fault("maximum: must be an integer between 1 and 10")},
		{integerRange, `1e300`, fault("maximum: must be an integer between 1 and 10")},
		{integerRange, `1.5`, fault("type: must be an integer between 1 and 10")},
		{field("integer", "minimum", 0.0), `-1`, fault("minimum: must be an integer of at least 0")},
		{field("integer", "enum", list{1.0, 2.0}), `2.0`, 2.0},
		{field("integer", "enum", list{1.0, 2.0}), `3`, fault("enum: must be one of: 1, 2")},

		{field("integer", "coerce", true), `"42"`, 42.0},
		{field("integer", "coerce", true), `"-7"`, -7.0},
		{field("integer", "coerce", true), `42`, 42.0},
		{field("integer", "coerce", true), `" 42"`, fault("type: must be an integer")},
		{field("integer", "coerce", true), `"42 "`, fault("type: must be an integer")},
		{field("integer", "coerce", true), `""`, fault("type: must be an integer")},
		{field("integer", "coerce", true), `"+42"`, fault("type: must be an integer")},
		{field("integer", "coerce", true), `"042"`, fault("type: must be an integer")},
		{field("integer", "coerce", true), `"0x2a"`, fault("type: must be an integer")},
		{field("integer", "coerce", true), `"1e3"`, fault("type: must be an integer")},
		{field("integer", "coerce", true), `"null"`, fault("type: must be an integer")},
		{field("integer", "coerce", true), `"[1]"`, fault("type: must be an integer")},
		{field("integer", "coerce", true), `true`, fault("type: must be an integer")},
		{field("integer", "coerce", true), `"9007199254740993"`, fault("range: must be between -9007199254740991 and 9007199254740991")},
		{field("number", "coerce", true), `"-1.25"`, -1.25},
		{field("boolean", "coerce", true), `"true"`, true},
		{field("boolean", "coerce", true), `"false"`, false},
		{field("boolean", "coerce", true), `"TRUE"`, fault("type: must be true or false")},
		{field("boolean", "coerce", true), `1`, fault("type: must be true or false")},

		{field("number"), `1.5`, 1.5},
		{field("number"), `1e300`, 1e300},
		{field("number"), `9007199254740993`, fault("range: must be between -9007199254740991 and 9007199254740991")},
		{field("number"), `"1.5"`, fault("type: must be a number")},
		{field("number", "minimum", 0.5), `0.4`, fault("minimum: must be a number of at least 0.5")},
		{field("number", "maximum", 0.5), `0.5`, 0.5},
		{field("number", "maximum", 0.5), `0.6`, fault("maximum: must be a number of at most 0.5")},

		{field("boolean"), `true`, true},
		{field("boolean"), `false`, false},
		{field("boolean"), `"true"`, fault("type: must be true or false")},
		{field("boolean"), `0`, fault("type: must be true or false")},

		{field("array"), `[1,null,{"a":[true]}]`, list{1.0, nil, object{"a": list{true}}}},
		{field("array"), `[]`, list{}},
		{field("array"), `{}`, fault("type: must be an array")},
		{field("array", "min_items", 1.0), `[]`, fault("min_items: must have at least 1 item")},
		{field("array", "min_items", 1.0), `[1]`, list{1.0}},
		{field("array", "max_items", 2.0), `[1,2]`, list{1.0, 2.0}},
		{field("array", "max_items", 2.0), `[1,2,3]`, fault("max_items: must have at most 2 items")},
		{field("array", "items", field("integer")), `[1,2.0]`, list{1.0, 2.0}},
		{field("array", "enum", list{list{1.0}, object{}}), `[]`, list{}},
		{field("array", "enum", list{list{1.0}}), `[2]`, fault("enum: is not one of the accepted values")},
		{field("array", "default", object{}), ``, list{}},

		{field("object"), `{"a":{"b":null},"n":1e300}`, object{"a": object{"b": nil}, "n": 1e300}},
		{field("object"), `{"a":[9007199254740993]}`, fault("range: must not hold an integer beyond 9007199254740991")},
		{field("object"), `[]`, fault("type: must be an object")},
		{field("object"), `"{}"`, fault("type: must be an object")},
		{field("object", "fields", object{}), `{"a":1}`, object{}},
	} {
		s := parse(t, object{"x": tt.field})
		in := "{}"
		if tt.in != "" {
			in = `{"x":` + tt.in + `}`
		}
		got, err := s.Validate([]byte(in), strictjson.Limits{})
		if want, faulty := tt.want.(fault); faulty {
			code, message, _ := strings.Cut(string(want), ": ")
			invalid, _ := errors.AsType[*schema.Error](err)
			if diff := cmp.Diff(&schema.Error{Faults: []schema.Fault{{Field: "x", Code: code, Message: message}}}, invalid); diff != "" {
				t.Errorf("%v: Validate(%s): (-want +got)\n%s", tt.field, in, diff)
			}
			continue
		}
		want := object{}
		if tt.want != nil {
			want["x"] = tt.want
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v: Validate(%s): %v (-want +got)\n%s", tt.field, in, err, diff)
		}
	}
}

// A fault is "code: message".
type fault string

// signUp has something of everything.
func signUp() object {
	return object{
		"name":     field("string", "min_length", 3.0),
		"password": field("string", "secret", true, "min_length", 8.0, "pattern", "[a-z]+"),
		"age":      field("integer", "optional", true),
		"tags":     field("array", "optional", true, "items", field("string", "max_length", 3.0)),
		"address": field("object", "optional", true, "fields", object{
			"zip":     field("string", "max_length", 5.0),
			"door":    field("object", "secret", true, "optional", true, "fields", object{"code": field("string")}),
			"country": field("string", "default", "FR"),
			"geo":     field("object", "default", object{"at": list{1.0}}),
		}),
	}
}

func TestValidate(t *testing.T) {
	s := parse(t, signUp())
	for range 2 { // what one request does to its values, the next does not see
		got, err := s.Validate([]byte(` {"id":1,"name":"Ada","password":"secretsecret","age":null,"address":{"zip":"1","x":{}}} `), strictjson.Limits{})
		want := object{
			"name": "Ada", "password": "secretsecret",
			"address": object{"zip": "1", "country": "FR", "geo": object{"at": list{1.0}}},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("Validate: %v (-want +got)\n%s", err, diff)
		}
		got["address"].(object)["geo"].(object)["at"].(list)[0] = "changed"
	}
}

func TestValidateFaults(t *testing.T) {
	s := parse(t, signUp())
	for _, tt := range []struct{ in, want string }{
		{`{}`, "name: is required; password: is required"},
		{
			`{"tags":["ok","long",7,null],"password":"short","address":{"zip":"1234567"},"age":"old","name":null}`,
			"address.zip: must be at most 5 characters; age: must be an integer; name: is required; password: must be at least 8 characters; " +
				"tags[1]: must be at most 3 characters; tags[2]: must be a string; tags[3]: must be a string",
		},
		{`{"name":"Ada","password":"secretsecret","address":{}}`, "address.zip: is required"},
		{`{"name":"Ada","password":"secretsecret","address":[]}`, "address: must be an object"},
		{`{"name":"Ada","name":"Bob"}`, `name: is not valid JSON: duplicate member "name"`},
		{`{"name":"\ud800"}`, "name: is not valid JSON: lone surrogate in a string"},
		{`{"password":"\ud800"}`, "password: is not valid JSON"},
		{`{"address":{"zip":"1","geo":{"a":01}}}`, "address.geo: is not valid JSON: a number with a leading zero"},
		{`{"address":{"door":{"code":"\ud800"}}}`, "address.door.code: is not valid JSON"},
		{`{"name":1,"other":"\ud800"}`, "fields: is not valid JSON: lone surrogate in a string"},
		{`{"address":{"other":{"a":01}}}`, "address: is not valid JSON: a number with a leading zero"},
		{`{"tags":["a",{"b":1e999}]}`, "tags[1]: is not valid JSON: a number out of range"},
		{`{"tags":{"b":1e999}}`, "tags: is not valid JSON: a number out of range"},
		{`{"other":[1 2]}`, "fields: is not valid JSON: expected ',' or ']'"},
		{`{"name":"Ada"} x`, "fields: is not valid JSON: text after the value"},
		{`{`, "fields: is not valid JSON: unexpected end"},
		{`{"other":` + strings.Repeat("[", 70), "fields: is not valid JSON: nested deeper than 64"},
		{`null`, "fields: must be an object"},
		{`[]`, "fields: must be an object"},
		{`"{}"`, "fields: must be an object"},
		{`12`, "fields: must be an object"},
		{``, "fields: must be an object"},
		{` `, "fields: must be an object"},
	} {
		got, err := s.Validate([]byte(tt.in), strictjson.Limits{})
		if err == nil || err.Error() != "Invalid input: "+tt.want || got != nil {
			t.Errorf("Validate(%s) = %v, %v\nwant %s", tt.in, got, err, tt.want)
		}
	}
}

func TestValidateCapsFaults(t *testing.T) {
	s := parse(t, object{"tags": field("array", "items", field("string"))})
	in := `{"tags":[` + strings.Repeat("1,", 149) + `1]}`
	_, err := s.Validate([]byte(in), strictjson.Limits{})
	invalid, _ := errors.AsType[*schema.Error](err)
	if invalid == nil || len(invalid.Faults) != 100 || invalid.More != 50 || !strings.HasSuffix(err.Error(), "; and 50 more") {
		t.Errorf("Validate of 150 faults = %.200v", err)
	}
}

func TestValidateLimits(t *testing.T) {
	s := parse(t, object{"x": field("object")})
	for _, tt := range []struct {
		in     string
		limits strictjson.Limits
		want   string
	}{
		{`{"x":{"a":{"b":1}}}`, strictjson.Limits{Depth: 3}, ""},
		{`{"x":{"a":{"b":1}}}`, strictjson.Limits{Depth: 2}, "Invalid input: x: is not valid JSON: nested deeper than 2"},
		{`{"x":{"a":[1,2]}}`, strictjson.Limits{Values: 4}, ""},
		{`{"x":{"a":[1,2]}}`, strictjson.Limits{Values: 3}, "Invalid input: x: is not valid JSON: too many values"},
		{`{"x":{"a":[` + strings.Repeat("1,", 100_000) + `1]}}`, strictjson.Limits{}, "Invalid input: x: is not valid JSON: too many values"},
	} {
		_, err := s.Validate([]byte(tt.in), tt.limits)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("Validate(%.40s, %+v) = %v, want %q", tt.in, tt.limits, err, tt.want)
		}
	}
}

// Nothing that was sent comes back, whatever is wrong with it.
func TestErrorEchoesNoValue(t *testing.T) {
	s := parse(t, object{
		"short": field("string", "max_length", 3.0), "long": field("string", "min_length", 90.0), "like": field("string", "pattern", "[0-9]+"),
		"mail": field("string", "format", "email"), "one": field("string", "enum", list{"a"}), "number": field("integer", "coerce", true),
		"flag": field("boolean", "coerce", true), "object": field("object", "fields", object{}), "array": field("array"), "id": field("string", "format", "uuid"),
	})
	const value = "canary4711"
	var members []string
	for _, f := range s.Fields() {
		members = append(members, fmt.Sprintf("%q:%q", f.Name, value))
	}
	in := "{" + strings.Join(members, ",")
	for _, in := range []string{in + "}", in + `,"x":"` + value + `\ud800"}`, in + "," + value} {
		_, err := s.Validate([]byte(in), strictjson.Limits{})
		invalid, ok := errors.AsType[*schema.Error](err)
		if !ok {
			t.Fatalf("Validate(%s) = %v", in, err)
		}
		if text := err.Error() + string(invalid.AppendJSON(nil)); strings.Contains(text, value) {
			t.Errorf("the value comes back: %s", text)
		}
	}
}

func TestErrorJSON(t *testing.T) {
	s := parse(t, signUp())
	_, err := s.Validate([]byte(`{"password":"12345678","address":{"zip":"1234567"}}`), strictjson.Limits{})
	invalid, ok := errors.AsType[*schema.Error](err)
	if !ok {
		t.Fatal(err)
	}
	want := `{"errors":[{"field":"address.zip","code":"max_length","message":"must be at most 5 characters"},` +
		`{"field":"name","code":"required","message":"is required"},` +
		`{"field":"password","code":"pattern","message":"must match the pattern [a-z]+"}]}`
	if got := string(invalid.AppendJSON(nil)); got != want {
		t.Errorf("AppendJSON = %s\nwant %s", got, want)
	}
}

func TestFormats(t *testing.T) {
	for format, texts := range map[string]map[string]bool{
		"uuid": {
			"4cccc73f-c011-42c0-b568-253473d13e93": true, "4CCCC73F-C011-42C0-B568-253473D13E93": true, "00000000-0000-0000-0000-000000000000": true,
			"": false, "4cccc73fc01142c0b568253473d13e93": false, "{4cccc73f-c011-42c0-b568-253473d13e93}": false, "4cccc73f-c011-42c0-b568-253473d13e9g": false,
			"4cccc73f-c011-42c0-b568-253473d13e93 ": false, "-cccc73f-c011-42c0-b568-253473d13e93": false, "4cccc73fac011-42c0-b568-253473d13e93": false,
		},
		"date-time": {
			"2026-11-24T01:59:00Z": true, "2026-11-24t01:59:00.123456789z": true, "2026-11-24T01:59:00+05:30": true, "2024-02-29T00:00:00Z": true,
			"": false, "2026-11-24": false, "2026-11-24 01:59:00Z": false, "2026-11-24T01:59:00": false, "2026-02-30T00:00:00Z": false,
			"2026-11-24T1:59:00Z": false, "2026-11-24T01:59:00,5Z": false, "2026-11-24T24:00:00Z": false, "2026-11-24T01:59:00+25:00": false,
			"2026-11-24T01:59:00." + strings.Repeat("0", 100) + "Z": false,
		},
		"uri": {
			"https://example.com/a?b=c#d": true, "mailto:a@example.com": true, "urn:isbn:0451450523": true, "file:///etc/hosts": true,
			"": false, "/a/b": false, "example.com": false, "//example.com": false, "http://": false, "http:///a": false, "http:": false,
			"http://a b": false, "http://a/<b>": false, "http://a/%zz": false, "http://ä.example": false, "http://a\n": false, "1http://a": false,
		},
	} {
		s := parse(t, object{"x": field("string", "format", format)})
		for text, ok := range texts {
			in, err := strictjson.Append(nil, object{"x": text})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Validate(in, strictjson.Limits{}); (err == nil) != ok {
				t.Errorf("%s %q: %v, want it taken: %t", format, text, err, ok)
			}
		}
	}
}

func TestLongTextIsNotMatched(t *testing.T) {
	called := false
	s, err := schema.Parse(object{"x": field("string", "max_length", 10.0, "format", "phone")}, schema.Formats{
		"phone": func(string) error { called = true; return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Validate([]byte(`{"x":"`+strings.Repeat("1", 1_000_000)+`"}`), strictjson.Limits{})
	if err == nil || called {
		t.Errorf("Validate = %v, format checked: %t, want only the length to be looked at", err, called)
	}
}

func TestValidateAllocates(t *testing.T) {
	s := parse(t, object{"first": field("string"), "last": field("string", "max_length", 64.0)})
	raw := []byte(`{"first":"Ada","last":"Lovelace"}`)
	allocs := testing.AllocsPerRun(100, func() {
		if _, err := s.Validate(raw, strictjson.Limits{}); err != nil {
			t.Fatal(err)
		}
	})
	// The map is two, a string is two, and one is for paths.
	if allocs > 7 {
		t.Errorf("Validate of two strings makes %v allocations, want at most 7", allocs)
	}
}

func ExampleSchema_Validate() {
	s, err := schema.Parse(map[string]any{
		"name":  map[string]any{"type": "string", "description": "Who is greeted", "max_length": 64.0},
		"times": map[string]any{"type": "integer", "description": "How often", "default": 1.0, "maximum": 10.0},
	}, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Validate([]byte(`{"name":"Ada"}`), strictjson.Limits{}))
	fmt.Println(s.Validate([]byte(`{"times":11}`), strictjson.Limits{}))
	// Output:
	// map[name:Ada times:1] <nil>
	// map[] Invalid input: name: is required; times: must be an integer of at most 10
}
