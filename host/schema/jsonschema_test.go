package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"vera/host/schema"
	"vera/stdlib/strictjson"
)

// validator compiles the JSON Schema of some fields. Formats are checked by
// the functions that our own validation uses: what a format is does not
// concern the exporter.
func validator(t interface{ Fatalf(string, ...any) }, s *schema.Schema) *jsonschema.Schema {
	exported := s.AppendJSONSchema(nil)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(exported))
	if err != nil {
		t.Fatalf("%s is not JSON: %v", exported, err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	for name, check := range formats {
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if text, ok := v.(string); ok {
				return check(text)
			}
			return nil
		}})
	}
	if err := c.AddResource("fields.json", document); err != nil {
		t.Fatalf("%s: %v", exported, err)
	}
	compiled, err := c.Compile("fields.json")
	if err != nil {
		t.Fatalf("%s is no JSON Schema: %v", exported, err)
	}
	return compiled
}

// verdicts tells whether our validation takes the input, and whether the
// validator does.
func verdicts(t interface{ Fatalf(string, ...any) }, s *schema.Schema, theirs *jsonschema.Schema, input []byte) (ours error, other error) {
	_, ours = s.Validate(input, strictjson.Limits{})
	if _, ok := errors.AsType[*schema.Error](ours); ours != nil && !ok {
		t.Fatalf("Validate: %v", ours)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(input))
	if err != nil {
		t.Fatalf("the input is not JSON: %s", input)
	}
	return ours, theirs.Validate(value)
}

// Every keyword, with what it takes and what it refuses, on both sides.
func TestJSONSchemaKeywords(t *testing.T) {
	nested := object{"zip": field("string", "max_length", 5.0), "note": field("string", "optional", true)}
	for name, tt := range map[string]struct {
		field     object
		good, bad []string // values of the field; "" for none
	}{
		"string":            {field("string"), []string{`"a"`, `""`}, []string{`1`, `null`, ``, `["a"]`, `{}`}},
		"optional":          {field("string", "optional", true), []string{`"a"`, `null`, ``}, []string{`1`}},
		"default":           {field("string", "default", "d"), []string{`"a"`, `null`, ``}, []string{`false`}},
		"secret":            {field("string", "secret", true, "default", "d"), []string{`"a"`, ``}, []string{`1`}},
		"min_length":        {field("string", "min_length", 2.0), []string{`"ab"`, `"\u00e9\ud83d\ude00"`}, []string{`"a"`, `"\ud83d\ude00"`}},
		"max_length":        {field("string", "max_length", 2.0), []string{`""`, `"\ud83d\ude00\ud83d\ude00"`}, []string{`"abc"`}},
		"pattern":           {field("string", "pattern", "a|bc"), []string{`"a"`, `"bc"`}, []string{`"abc"`, `"xa"`, `"a\n"`}},
		"format":            {field("string", "format", "email"), []string{`"a@b"`}, []string{`"a"`}},
		"uuid":              {field("string", "format", "uuid"), []string{`"4cccc73f-c011-42c0-b568-253473d13e93"`}, []string{`"4cccc73f"`}},
		"date-time":         {field("string", "format", "date-time"), []string{`"2026-01-02T03:04:05Z"`}, []string{`"2026-01-02"`}},
		"uri":               {field("string", "format", "uri"), []string{`"https://example.com/a"`}, []string{`"example"`}},
		"enum":              {field("string", "enum", list{"a", "b"}), []string{`"a"`}, []string{`"c"`, `null`}},
		"enum, optional":    {field("string", "enum", list{"a"}, "optional", true), []string{`"a"`, `null`, ``}, []string{`"c"`}},
		"enum of numbers":   {field("integer", "enum", list{1.0, 2.0}), []string{`1`, `2.0`}, []string{`3`}},
		"enum of lists":     {field("array", "items", field("integer"), "enum", list{list{1.0}, list{1.0, 2.0}}), []string{`[1]`, `[1,2.0]`}, []string{`[2]`, `[]`}},
		"integer":           {field("integer"), []string{`1`, `1.0`, `-0`, `1e2`, `9007199254740991`}, []string{`1.5`, `"1"`, `9007199254740993`, `true`}},
		"minimum":           {field("integer", "minimum", 2.0), []string{`2`}, []string{`1`}},
		"maximum":           {field("number", "maximum", 2.5), []string{`2.5`, `-1e300`}, []string{`2.6`}},
		"number":            {field("number"), []string{`1`, `1.5`, `1e300`}, []string{`"1"`, `null`}},
		"boolean":           {field("boolean"), []string{`true`, `false`}, []string{`"true"`, `0`, `null`}},
		"coerced integer":   {field("integer", "coerce", true), []string{`1`, `"42"`, `"-7"`}, []string{`"x"`, `"1.5"`, `" 1"`, `"01"`, `"1e2"`, `1.5`, `null`}},
		"coerced number":    {field("number", "coerce", true, "optional", true), []string{`"1.5"`, `2`, `null`, ``}, []string{`"1."`, `"+1"`, `"NaN"`, `true`}},
		"coerced boolean":   {field("boolean", "coerce", true), []string{`true`, `"true"`, `"false"`}, []string{`"True"`, `"1"`, `1`}},
		"array":             {field("array"), []string{`[]`, `[1,"a",null]`}, []string{`{}`, `null`}},
		"items":             {field("array", "items", field("string")), []string{`[]`, `["a"]`}, []string{`[1]`, `["a",null]`}},
		"min_items":         {field("array", "min_items", 1.0), []string{`[null]`}, []string{`[]`}},
		"max_items":         {field("array", "max_items", 1.0), []string{`[]`, `[1]`}, []string{`[1,2]`}},
		"object":            {field("object"), []string{`{}`, `{"a":[null]}`}, []string{`[]`, `null`}},
		"fields":            {field("object", "fields", nested), []string{`{"zip":"1"}`, `{"zip":"1","note":null,"more":1}`}, []string{`{}`, `{"zip":"123456"}`, `{"zip":null}`, `{"zip":"1","note":2}`}},
		"fields, optional":  {field("object", "fields", nested, "optional", true), []string{`{"zip":"1"}`, `null`, ``}, []string{`{}`}},
		"items with fields": {field("array", "items", field("object", "fields", nested)), []string{`[{"zip":"1"}]`}, []string{`[{}]`, `[null]`}},
	} {
		t.Run(name, func(t *testing.T) {
			s := parse(t, object{"x": tt.field})
			theirs := validator(t, s)
			for i, value := range append(tt.good[:len(tt.good):len(tt.good)], tt.bad...) {
				input := `{"x":` + value + `}`
				if value == "" {
					input = `{}`
				}
				ours, other := verdicts(t, s, theirs, []byte(input))
				if good := i < len(tt.good); (ours == nil) != good || (other == nil) != good {
					t.Errorf("%s: ours %v, by the schema %v, want it taken: %t\n%s", input, ours, other, good, s.AppendJSONSchema(nil))
				}
			}
		})
	}
}

// The schema of a secret field tells neither its default nor that it has one.
func TestJSONSchemaHidesSecrets(t *testing.T) {
	s := parse(t, object{"x": field("string", "secret", true, "default", "hunter2")})
	if exported := string(s.AppendJSONSchema(nil)); strings.Contains(exported, "hunter2") || !strings.Contains(exported, `"writeOnly":true`) {
		t.Error(exported)
	}
}

func ExampleSchema_AppendJSONSchema() {
	s, err := schema.Parse(map[string]any{
		"name": map[string]any{"type": "string", "description": "Who", "max_length": 64.0},
	}, nil)
	fmt.Println(string(s.AppendJSONSchema(nil)), err)
	// Output: {"type":"object","properties":{"name":{"description":"Who","type":"string","maxLength":64}},"required":["name"]} <nil>
}

// Random fields and random inputs near to them: our validation and a JSON
// Schema validator agree.
func TestAgainstJSONSchema(t *testing.T) { rapid.Check(t, againstJSONSchema) }

func FuzzAgainstJSONSchema(f *testing.F) { f.Fuzz(rapid.MakeFuzz(againstJSONSchema)) }

func againstJSONSchema(t *rapid.T) {
	declared := drawFields(2).Draw(t, "fields")
	s, err := schema.Parse(declared, formats)
	if err != nil {
		return // such as bounds that are crossed; what Parse says is tested elsewhere
	}
	theirs := validator(t, s)
	for range 4 {
		input, err := json.Marshal(drawInput(t, declared))
		if err != nil {
			t.Fatalf("%v", err)
		}
		ours, other := verdicts(t, s, theirs, input)
		if (ours == nil) != (other == nil) && !excused(declared, input) {
			t.Fatalf("%s\nours: %v\nby the schema: %v\n%s", input, ours, other, s.AppendJSONSchema(nil))
		}
	}
}

// excused tells the differences that AppendJSONSchema names: a range or an
// enum does not bound the text of a field with coerce, and an enum of objects,
// or of what may be converted, is not exported. The inputs have no others: no
// duplicate members, no lone surrogates, and integers beyond 2^53 only where
// they are declared, which the schema bounds.
func excused(declared object, input []byte) bool {
	var inexact bool
	var visit func(f object)
	visit = func(f object) {
		_, enum := f["enum"]
		_, low := f["minimum"]
		_, high := f["maximum"]
		inexact = inexact || f["coerce"] == true && (enum || low || high || f["type"] == "integer") || enum && f["type"] == "object"
		if items, ok := f["items"].(object); ok {
			inexact = inexact || enum && (items["coerce"] == true || items["type"] == "object" || items["type"] == "array")
			visit(items)
		}
		if fields, ok := f["fields"].(object); ok {
			for _, nested := range fields {
				visit(nested.(object))
			}
		}
	}
	for _, f := range declared {
		visit(f.(object))
	}
	return inexact
}

func drawFields(depth int) *rapid.Generator[object] {
	return rapid.Custom(func(t *rapid.T) object {
		fields := object{}
		for _, name := range []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "count")] {
			fields[name] = drawField(t, depth, true)
		}
		return fields
	})
}

func drawField(t *rapid.T, depth int, member bool) object {
	kinds := []string{"string", "integer", "number", "boolean", "array", "object"}
	if depth == 0 {
		kinds = kinds[:4]
	}
	f := field(rapid.SampledFrom(kinds).Draw(t, "type"))
	maybe := func(keyword string, value func() any) {
		if rapid.IntRange(0, 3).Draw(t, keyword+"?") == 0 {
			f[keyword] = value()
		}
	}
	few := func() any { return float64(rapid.IntRange(0, 3).Draw(t, "few")) }
	bound := func() any {
		if f["type"] == "integer" {
			return float64(rapid.IntRange(-3, 3).Draw(t, "bound"))
		}
		return rapid.SampledFrom([]any{-2.5, 0.0, 1.5}).Draw(t, "bound")
	}
	switch f["type"] {
	case "string":
		maybe("min_length", few)
		maybe("max_length", few)
		maybe("pattern", func() any {
			return rapid.SampledFrom([]string{"a*", "a|bc", "[^x]+", "(?s).b", `\d+`}).Draw(t, "pattern")
		})
		maybe("format", func() any { return rapid.SampledFrom([]string{"email", "uri"}).Draw(t, "format") })
		maybe("enum", func() any { return list{"a", "bc", "a@b"} })
	case "integer", "number":
		maybe("minimum", bound)
		maybe("maximum", bound)
		maybe("coerce", func() any { return true })
		maybe("enum", func() any { return list{0.0, 1.0, 2.0} })
	case "boolean":
		maybe("coerce", func() any { return true })
	case "array":
		maybe("min_items", few)
		maybe("max_items", few)
		maybe("items", func() any { return drawField(t, depth-1, false) })
		maybe("enum", func() any { return list{list{}, list{1.0}, list{"a"}} })
	case "object":
		maybe("fields", func() any { return drawFields(depth-1).Draw(t, "nested") })
		maybe("enum", func() any { return list{object{}, object{"a": "a"}} })
	}
	if member {
		maybe("optional", func() any { return true })
		maybe("default", func() any { return nil })
	}
	maybe("secret", func() any { return true })
	return f
}

// drawInput draws an object with members of the declared names, most of them
// of the declared types.
func drawInput(t *rapid.T, declared object) object {
	input := object{}
	for _, name := range []string{"a", "b", "c"} {
		f, ok := declared[name].(object)
		if !ok || rapid.IntRange(0, 5).Draw(t, "left out?") == 0 {
			continue
		}
		input[name] = drawValue(t, f)
	}
	return input
}

func drawValue(t *rapid.T, f object) any {
	odd := []any{nil, true, false, "true", "", "a", "bc", "a@b", "é😀", "1", "-2.5", "1.0", "x\n", 0.0, 1.0, 2.0, -2.5, 1.5, 3.0, 1e300, math.MaxInt32 * 1.0, list{}, object{}, list{"a"}, list{1.0}, object{"a": "a"}}
	if rapid.IntRange(0, 3).Draw(t, "odd?") == 0 {
		return rapid.SampledFrom(odd).Draw(t, "odd")
	}
	var fitting list
	for _, value := range odd {
		if reflect.TypeOf(value) == map[any]reflect.Type{
			"string": reflect.TypeOf(""), "integer": reflect.TypeOf(0.0), "number": reflect.TypeOf(0.0), "boolean": reflect.TypeOf(true),
		}[f["type"]] {
			fitting = append(fitting, value)
		}
	}
	switch f["type"] {
	case "array":
		items, ok := f["items"].(object)
		values := make(list, rapid.IntRange(0, 3).Draw(t, "length"))
		for i := range values {
			if values[i] = rapid.SampledFrom(odd).Draw(t, "item"); ok {
				values[i] = drawValue(t, items)
			}
		}
		return values
	case "object":
		if nested, ok := f["fields"].(object); ok {
			return drawInput(t, nested)
		}
		return object{"free": rapid.SampledFrom(odd).Draw(t, "free")}
	}
	return rapid.SampledFrom(fitting).Draw(t, "fitting")
}
