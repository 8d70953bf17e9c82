package schema_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/host/schema"
)

type object = map[string]any
type list = []any

// formats stand for those of stdlib.
var formats = schema.Formats{
	"email": func(text string) error {
		if !strings.Contains(text, "@") {
			return errors.New("no @")
		}
		return nil
	},
}

// field is a declaration of that type with more keywords, in pairs.
func field(kind string, more ...any) object {
	f := object{"type": kind, "description": "A " + kind}
	for i := 0; i < len(more); i += 2 {
		f[more[i].(string)] = more[i+1]
	}
	return f
}

func TestParseFaults(t *testing.T) {
	const known = " (string, integer, number, boolean, object, array)"
	for _, tt := range []struct {
		name  string
		field any
		want  string // after "field x: ", or the whole where it begins with "field"
	}{
		{"unknown type", field("strng"), `unknown type "strng", did you mean "string"?` + known},
		{"abbreviated type", field("int"), `unknown type "int", did you mean "integer"?` + known},
		{"strange type", field("date"), `unknown type "date"` + known},
		{"missing type", object{"description": "d"}, "type is missing" + known},
		{"type of a wrong type", object{"type": 1.0, "description": "d"}, "type must be a string"},
		{"missing description", object{"type": "string"}, "description is missing"},
		{"empty description", object{"type": "string", "description": " \n"}, "description is empty"},
		{"description not UTF-8", object{"type": "string", "description": "a\xff"}, "description must be a string"},
		{"no table", "string", `must be a table such as { type = "string", description = "..." }`},
		{"a list", list{}, `must be a table such as { type = "string", description = "..." }`},
		{"unknown keyword", field("string", "colour", "red"), `unknown keyword "colour"`},
		{"required", field("string", "requird", true), `unknown keyword "requird": a field is required unless it has default or optional`},
		{"swapped letters", field("string", "min_lenght", 1.0), `unknown keyword "min_lenght", did you mean "min_length"?`},
		{"two slips", field("string", "dscripton", "d"), `unknown keyword "dscripton", did you mean "description"?`},
		{"camel case", field("string", "maxLength", 1.0), `unknown keyword "maxLength", did you mean "max_length"?`},
		{"nearest", field("integer", "mnimum", 1.0), `unknown keyword "mnimum", did you mean "minimum"?`},
		{"abbreviated", field("string", "desc", "d"), `unknown keyword "desc", did you mean "description"?`},
		{"ambiguous", field("string", "min", 1.0), `unknown keyword "min"`},
		{"length of a number", field("integer", "min_length", 1.0), `keyword "min_length" is not for type integer, only for string`},
		{"coerce of a string", field("string", "coerce", true), `keyword "coerce" is not for type string, only for integer and number and boolean`},
		{"items of an object", field("object", "items", field("string")), `keyword "items" is not for type object, only for array`},
		{"fields of an array", field("array", "fields", object{}), `keyword "fields" is not for type array, only for object`},
		{"flag of a wrong type", field("string", "optional", "yes"), "optional must be true or false"},
		{"null flag", field("string", "secret", nil), "secret must be true or false"},
		{"negative length", field("string", "min_length", -1.0), "min_length must be a whole number from 0 to 2147483647"},
		{"half a length", field("string", "max_length", 1.5), "max_length must be a whole number from 0 to 2147483647"},
		{"text as length", field("string", "max_length", "3"), "max_length must be a number"},
		{"lengths crossed", field("string", "min_length", 3.0, "max_length", 2.0), "min_length 3 is above max_length 2"},
		{"items crossed", field("array", "min_items", 3.0, "max_items", 2.0), "min_items 3 is above max_items 2"},
		{"range crossed", field("number", "minimum", 0.5, "maximum", -2.0), "minimum 0.5 is above maximum -2"},
		{"half a bound", field("integer", "minimum", 0.5), "minimum must be an integer between -9007199254740991 and 9007199254740991"},
		{"bound beyond 2^53", field("integer", "maximum", 1e16), "maximum must be an integer between -9007199254740991 and 9007199254740991"},
		{"bad pattern", field("string", "pattern", "a)|(b"), "pattern: error parsing regexp: unexpected ): `a)|(b`"},
		{"backreference", field("string", "pattern", `(a)\1`), "pattern: error parsing regexp: invalid escape sequence: `\\1`"},
		{"unknown format", field("string", "format", "emial"), `unknown format "emial", did you mean "email"? (email, phone, uuid, date-time, uri)`},
		{"format without a check", field("string", "format", "phone"), `format "phone" has no check in this program`},
		{"empty enum", field("string", "enum", object{}), "enum must be a list of at least one value"},
		{"enum is no list", field("string", "enum", "a"), "enum must be a list of at least one value"},
		{"enum of a wrong type", field("string", "enum", list{"a", 1.0, "b", nil}), "enum: value 2 must be a string\nenum: value 4 must be a string"},
		{"enum breaks a rule", field("integer", "maximum", 3.0, "enum", list{1.0, 4.0}), "enum: value 2 must be an integer of at most 3"},
		{"default of a wrong type", field("string", "default", 1.0), "default must be a string"},
		{"default too short", field("string", "min_length", 3.0, "default", "ab"), "default must be at least 3 characters"},
		{"default not in the enum", field("string", "enum", list{"a", "b"}, "default", "c"), "default must be one of: a, b"},
		{"default is never converted", field("integer", "coerce", true, "default", "42"), "default must be an integer"},
		{"default half an integer", field("integer", "default", 1.5), "default must be an integer"},
		{"default not UTF-8", field("string", "default", "\xff"), "default is no value: encode JSON: text that is not UTF-8"},
		{"default wrong inside", field("object", "fields", object{"zip": field("string")}, "default", object{"zip": 1.0}), "default is wrong at zip: must be a string"},
		{"default wrong in a list", field("array", "items", field("string"), "default", list{"a", 1.0}), "default is wrong at [1]: must be a string"},
		{"default and optional", field("string", "default", "a", "optional", true), "give default or optional, not both"},
		{"null default and optional", field("string", "default", nil, "optional", true), "give default or optional, not both"},
		{"fields no table", field("object", "fields", list{}), "fields must be a table of fields"},
		{"items no table", field("array", "items", "string"), `field x[]: must be a table such as { type = "string", description = "..." }`},
		{"nested", field("object", "fields", object{"a": field("array", "items", field("strng"))}), `field x.a[]: unknown type "strng", did you mean "string"?` + known},
		{"items with default", field("array", "items", field("string", "default", "a")), `field x[]: keyword "default" is not for the items of an array`},
		{"items optional", field("array", "items", field("string", "optional", true)), `field x[]: keyword "optional" is not for the items of an array`},
		{"nested name", field("object", "fields", object{"a b": field("string")}), `"a b" is not a field's name: letters, digits and _, at most 64, no digit in front`},
		{"all at once", object{"type": "integer", "minimum": 2.0, "maximum": 1.0, "pattern": "a", "optinal": true},
			"description is missing\n" +
				`unknown keyword "optinal", did you mean "optional"?` + "\n" +
				`keyword "pattern" is not for type integer, only for string` + "\n" +
				"minimum 2 is above maximum 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := schema.Parse(object{"ok": field("string"), "x": tt.field}, formats)
			if err == nil {
				t.Fatal("Parse took it")
			}
			var want []string
			for fault := range strings.SplitSeq(tt.want, "\n") {
				if !strings.HasPrefix(fault, "field ") {
					fault = "field x: " + fault
				}
				want = append(want, fault)
			}
			if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("faults (-want +got)\n%s", diff)
			}
		})
	}
}

func TestParseNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "_": true, "A9_z": true, strings.Repeat("a", 64): true,
		"": false, "9a": false, "a-b": false, "a.b": false, "é": false, "a\n": false, strings.Repeat("a", 65): false,
	} {
		_, err := schema.Parse(object{name: field("string")}, nil)
		if (err == nil) != ok {
			t.Errorf("a field named %q: %v", name, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), "fields: ") {
			t.Errorf("a field named %q: %v, want the fault at fields", name, err)
		}
	}
}

func TestParseBounds(t *testing.T) {
	many := object{}
	for i := range schema.MaxFields - 1 {
		many[fmt.Sprintf("f%d", i)] = field("string")
	}
	deep := field("string")
	for range schema.MaxNesting - 1 {
		deep = field("array", "items", deep)
	}
	for name, fields := range map[string]object{"many": many, "deep": {"x": deep}} {
		if _, err := schema.Parse(fields, nil); err != nil {
			t.Errorf("%s, up to the bound: %v", name, err)
		}
	}
	many["last"] = field("array", "items", field("string"))
	if _, err := schema.Parse(many, nil); err == nil || err.Error() != "fields: more than 256 fields" {
		t.Errorf("many, beyond the bound: %v", err)
	}
	_, err := schema.Parse(object{"x": field("array", "items", deep)}, nil)
	if err == nil || !strings.HasSuffix(err.Error(), ": nested deeper than 16") {
		t.Errorf("deep, beyond the bound: %v", err)
	}
}

func TestParseFields(t *testing.T) {
	s, err := schema.Parse(object{
		"tags":  field("array", "items", field("string", "max_length", 8.0), "max_items", 3.0, "default", object{}),
		"email": field("string", "format", "email", "secret", true),
		"note":  field("string", "default", nil),
		"level": field("integer", "enum", list{1.0, 2.0}, "default", 2.0),
	}, formats)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.Fields() {
		got = append(got, fmt.Sprintf("%s %s required=%t optional=%t default=%v secret=%t", f.Name, f.Type, f.Required(), f.Optional, f.Default, f.Secret))
	}
	want := []string{
		"email string required=true optional=false default=<nil> secret=true",
		"level integer required=false optional=false default=2 secret=false",
		"note string required=false optional=true default=<nil> secret=false",
		"tags array required=false optional=false default=[] secret=false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Fields (-want +got)\n%s", diff)
	}
	tags, ok := s.Field("tags")
	if !ok || *tags.Items.MaxLength != 8 || *tags.MaxItems != 3 || tags.MinItems != nil {
		t.Errorf("Field(tags) = %+v, %t", tags, ok)
	}
	if _, ok := s.Field("none"); ok {
		t.Error("Field found what is not declared")
	}
}

func TestDeclarationError(t *testing.T) {
	_, err := schema.Parse(object{"phone": field("strng")}, nil)
	fault, ok := errors.AsType[*schema.DeclarationError](err)
	if !ok || fault.Field != "phone" {
		t.Errorf("Parse = %v, want a DeclarationError of phone", err)
	}
}

func TestAppendManifest(t *testing.T) {
	nullable := object{"type": "integer", "description": "a < b & c > d", "optional": true}
	s, err := schema.Parse(object{
		"name":    field("string"),
		"when":    nullable,
		"times":   field("integer", "default", 1.0),
		"ratio":   field("number", "default", 0.25),
		"loud":    field("boolean", "default", true),
		"quiet":   field("boolean", "default", false),
		"tone":    field("string", "default", "a<\"b\">"),
		"pin":     field("string", "default", "0000", "secret", true),
		"empty":   field("object", "fields", object{}),
		"free":    field("object", "default", object{"a": 1.0}),
		"address": field("object", "optional", true, "fields", object{"zip": field("string"), "city": field("string", "default", "Paris")}),
		"tags":    field("array", "default", list{list{"a"}}, "items", field("array", "items", field("string"))),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
"address":{"type":"object","description":"A object","default":null,"fields":{"city":{"type":"string","description":"A string","default":"Paris"},"zip":{"type":"string","description":"A string"}}},
"empty":{"type":"object","description":"A object","fields":{}},
"free":{"type":"object","description":"A object","default":null},
"loud":{"type":"boolean","description":"A boolean","default":true},
"name":{"type":"string","description":"A string"},
"pin":{"type":"string","description":"A string","default":null},
"quiet":{"type":"boolean","description":"A boolean","default":false},
"ratio":{"type":"number","description":"A number","default":0.25},
"tags":{"type":"array","description":"A array","default":null,"items":{"type":"array","description":"A array","items":{"type":"string","description":"A string"}}},
"times":{"type":"integer","description":"A integer","default":1},
"tone":{"type":"string","description":"A string","default":"a<\"b\">"},
"when":{"type":"integer","description":"a &lt; b &amp; c &gt; d","default":null}}`
	got := string(s.AppendManifest([]byte("x")))
	if diff := cmp.Diff("x"+strings.ReplaceAll(want, "\n", ""), got); diff != "" {
		t.Errorf("AppendManifest (-want +got)\n%s", diff)
	}
}
