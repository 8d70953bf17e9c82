package schema_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/host/schema"
	"vera/stdlib/strictjson"
)

// What Validate gives obeys the schema: it comes through once more unchanged.
func FuzzValidate(f *testing.F) {
	fields := signUp()
	fields["level"] = field("number", "coerce", true, "default", 1.0, "minimum", -5.0)
	fields["free"] = field("object", "default", nil)
	fields["on"] = field("boolean", "coerce", true, "optional", true)
	s := parse(f, fields)
	for _, seed := range []string{
		`{"name":"Ada","password":"secretsecret","address":{"zip":"1"},"tags":["a"],"free":{"a":[1e20,null]},"on":"true","level":"1.5"}`,
		`{"name":"a","password":"\ud800"}`, `{"free":{"a":9007199254740993}}`, `null`, `{"tags":[1,null,{}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		values, err := s.Validate(raw, strictjson.Limits{})
		if err != nil {
			invalid, ok := errors.AsType[*schema.Error](err)
			if !ok || len(invalid.Faults) == 0 || !json.Valid(invalid.AppendJSON(nil)) {
				t.Fatalf("%v is not for the sender", err)
			}
			return
		}
		out, err := strictjson.Append(nil, values)
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Validate(out, strictjson.Limits{})
		if err != nil {
			t.Fatalf("%s came of it and is refused: %v", out, err)
		}
		if diff := cmp.Diff(values, again); diff != "" {
			t.Fatalf("validated twice (-once +twice)\n%s", diff)
		}
	})
}

// Whatever is declared, Parse gives a schema that works or says what is wrong.
func FuzzParse(f *testing.F) {
	for _, fields := range []object{
		signUp(),
		{"x": field("integer", "minimum", 1.0, "maximum", 3.0, "enum", list{1.0, 2.0}, "default", 2.0, "coerce", true)},
		{"x": field("strng", "requird", true, "min_lenght", 1.0)},
	} {
		seed, err := strictjson.Append(nil, fields)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, declaration []byte) {
		var fields map[string]any
		if json.Unmarshal(declaration, &fields) != nil {
			return
		}
		s, err := schema.Parse(fields, formats)
		if err != nil {
			if _, ok := errors.AsType[*schema.DeclarationError](err); !ok {
				t.Fatalf("%v is no DeclarationError", err)
			}
			return
		}
		if manifest := s.AppendManifest(nil); strictjson.Valid(manifest, strictjson.Limits{}) != nil {
			t.Fatalf("the manifest is no JSON: %s", manifest)
		}
		defaults := object{}
		for _, f := range s.Fields() {
			if f.Default != nil {
				defaults[f.Name] = f.Default
			}
		}
		checkDefaults(t, s, defaults)
	})
}

// checkDefaults makes sure that every default is accepted when it is sent.
func checkDefaults(t *testing.T, s *schema.Schema, defaults object) {
	raw, err := strictjson.Append(nil, defaults)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Validate(raw, strictjson.Limits{})
	invalid, _ := errors.AsType[*schema.Error](err)
	if invalid == nil {
		return
	}
	for _, fault := range invalid.Faults {
		if fault.Code != "required" {
			t.Fatalf("the default of %s: %s", fault.Field, fault.Message)
		}
	}
}
