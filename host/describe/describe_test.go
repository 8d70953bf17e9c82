package describe_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pb33f/libopenapi/datamodel"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"vera/host/describe"
	"vera/host/registry"
	"vera/host/schema"
	"vera/stdlib/strictjson"
)

var update = flag.Bool("update", false, "write the golden files anew")

type object = map[string]any
type list = []any

func action(t testing.TB, name, description string, timeout time.Duration, fields object) *registry.Action {
	t.Helper()
	accept := func(string) error { return nil }
	s, err := schema.Parse(fields, schema.Formats{"email": accept, "phone": accept})
	if err != nil {
		t.Fatal(err)
	}
	return &registry.Action{Name: name, Description: description, Schema: s, Timeout: timeout}
}

func field(kind, description string, more ...any) object {
	f := object{"type": kind, "description": description}
	for i := 0; i < len(more); i += 2 {
		f[more[i].(string)] = more[i+1]
	}
	return f
}

// actions use every keyword, and texts that want to be something else.
func actions(t testing.TB) []*registry.Action {
	return []*registry.Action{
		action(t, "Order", "Orders *all* | <b>at once</b>\n[x](y) `now`", 2500*time.Millisecond, object{
			"email":   field("string", "Whose", "format", "email"),
			"address": field("object", "Where to", "fields", object{"zip": field("string", "Code", "pattern", "[0-9]{5}|[A-Z]+`"), "end": field("string", "Last line", "optional", true)}),
			"items": field("array", "What", "min_items", 1.0, "max_items", 9.0, "items", field("object", "One", "fields", object{
				"sku": field("string", "Number", "min_length", 3.0, "max_length", 12.0), "count": field("integer", "How many", "default", 1.0, "minimum", 1.0, "maximum", 99.0, "coerce", true),
			})),
			"pay":   field("string", "How", "enum", list{"card", "cash"}),
			"sizes": field("array", "Any of", "optional", true, "items", field("string", "One", "enum", list{"s", "m"})),
			"rate":  field("number", "Times", "enum", list{1.0, 2.5}, "optional", true),
			"pin":   field("string", "Pin", "secret", true, "default", "0000"),
			"key":   field("string", "Key", "secret", true, "optional", true, "enum", list{"hush-a", "hush-b"}),
			"login": field("object", "Who", "default", object{"pass": "hush"}, "fields", object{"pass": field("string", "Pass", "secret", true)}),
			"gift":  field("boolean", "Is it?", "default", false),
			"extra": field("object", "Anything", "optional", true),
			"id":    field("string", "Which", "format", "uuid"),
			"due":   field("string", "When", "format", "date-time"),
			"back":  field("string", "Where to then", "format", "uri"),
			"note":  field("number", "At least", "minimum", -0.5),
			"any":   field("array", "Whatever"),
		}),
		action(t, "Ping", "Says pong", 0, object{}),
	}
}

func document(t testing.TB, format describe.Format, options describe.Options) []byte {
	t.Helper()
	text, err := describe.Document(format, actions(t), options)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestGolden(t *testing.T) {
	for format, file := range map[describe.Format]string{
		describe.Hub: "hub.json", describe.JSONSchema: "schema.json", describe.OpenAPI: "openapi.json",
		describe.Markdown: "page.md", describe.LuaLS: "actions.d.lua",
	} {
		got := document(t, format, describe.Options{})
		if bytes.Contains(got, []byte("hush")) || bytes.Contains(got, []byte("0000")) {
			t.Errorf("%s tells a secret", format)
		}
		golden := filepath.Join("testdata", file)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got), -update writes it anew:\n%s", format, diff)
		}
	}
}

// compile compiles the schema at a place in a document. It is an error if that
// is no schema of the dialect 2020-12.
func compile(t testing.TB, text []byte, place string) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("document.json", parsed); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("document.json" + place)
	if err != nil {
		t.Fatalf("%s: %v", place, err)
	}
	return compiled
}

func accepts(t testing.TB, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

// The document as a whole obeys the metaschema, and what it says of an action
// can be used from there.
func TestJSONSchema(t *testing.T) {
	text := document(t, describe.JSONSchema, describe.Options{})
	whole := compile(t, text, "")
	if got := whole.DraftVersion; got != 2020 {
		t.Errorf("the dialect is %d", got)
	}
	for _, a := range actions(t) {
		example, ok := describe.Example(a.Schema)
		if !ok {
			t.Fatalf("%s has no example", a.Name)
		}
		alone, err := describe.Document(describe.JSONSchema, []*registry.Action{a}, describe.Options{Alone: true})
		if err != nil {
			t.Fatal(err)
		}
		for what, s := range map[string]*jsonschema.Schema{"$defs": compile(t, text, "#/$defs/"+a.Name), "alone": compile(t, alone, "")} {
			if err := accepts(t, s, example); err != nil {
				t.Errorf("%s %s refuses %s: %v", a.Name, what, example, err)
			}
			if err := accepts(t, s, []byte(`[]`)); err == nil {
				t.Errorf("%s %s takes a list", a.Name, what)
			}
			if err := accepts(t, s, []byte(`{"email":1}`)); a.Name == "Order" && err == nil {
				t.Errorf("%s %s takes what is wrong", a.Name, what)
			}
		}
	}
}

// The document obeys the schema that OpenAPI 3.1 is published with, and each
// schema within it the dialect's metaschema; every reference leads somewhere.
func TestOpenAPI(t *testing.T) {
	for name, listed := range map[string][]*registry.Action{"all": actions(t), "none": nil} {
		text, err := describe.Document(describe.OpenAPI, listed, describe.Options{Server: "https://hub.example"})
		if err != nil {
			t.Fatal(err)
		}
		official, err := jsonschema.UnmarshalJSON(strings.NewReader(datamodel.OpenAPI31SchemaData))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("openapi.json", official); err != nil {
			t.Fatal(err)
		}
		if err := accepts(t, c.MustCompile("openapi.json"), text); err != nil {
			t.Errorf("%s: not OpenAPI 3.1: %v", name, err)
		}
		if err := accepts(t, c.MustCompile("openapi.json"), bytes.Replace(text, []byte(`"bearer"`), []byte(`7`), 1)); err == nil {
			t.Error("the schema of OpenAPI 3.1 takes everything")
		}
		for _, place := range schemasIn(t, text) {
			compile(t, text, place)
		}
	}
}

// schemasIn gives the places of a document's schemas. What they refer to is
// compiled with them.
func schemasIn(t testing.TB, text []byte) []string {
	t.Helper()
	type content map[string]struct{ Schema json.RawMessage }
	var document struct {
		Paths map[string]struct {
			Post struct {
				RequestBody struct{ Content content }
				Responses   map[string]struct{ Content content }
			}
		}
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	var places []string
	in := func(content content, place string) {
		for kind := range content {
			places = append(places, place+"/content/"+strings.ReplaceAll(kind, "/", "~1")+"/schema")
		}
	}
	post := document.Paths["/"].Post
	in(post.RequestBody.Content, "#/paths/~1/post/requestBody")
	for status, response := range post.Responses {
		in(response.Content, "#/paths/~1/post/responses/"+status)
	}
	for name := range document.Components.Schemas {
		places = append(places, "#/components/schemas/"+name)
	}
	if len(places) < 15 { // one body, eleven responses, four forms of answers
		t.Fatalf("there are only %v", places)
	}
	return places
}

// The body's schema tells actions apart, and takes its own examples.
func TestOpenAPIBody(t *testing.T) {
	text := document(t, describe.OpenAPI, describe.Options{})
	body := compile(t, text, "#/paths/~1/post/requestBody/content/application~1json/schema")
	var parsed struct {
		Paths map[string]struct {
			Post struct {
				RequestBody struct {
					Content map[string]struct {
						Examples map[string]struct{ Value json.RawMessage }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	examples := parsed.Paths["/"].Post.RequestBody.Content["application/json"].Examples
	if len(examples) != 2 {
		t.Errorf("%d examples", len(examples))
	}
	for name, example := range examples {
		if err := accepts(t, body, example.Value); err != nil {
			t.Errorf("the example of %s: %v", name, err)
		}
	}
	for _, wrong := range []string{
		`{"service_id":1,"action":"Pong","fields":{}}`, `{"service_id":1,"action":"Order","fields":{}}`,
		`{"action":"Ping","fields":{}}`, `{"service_id":1,"action":"Ping"}`,
	} {
		if err := accepts(t, body, []byte(wrong)); err == nil {
			t.Errorf("takes %s", wrong)
		}
	}
}

// Whatever is given as an example is accepted, also at odd limits.
func TestExample(t *testing.T) {
	for name, f := range map[string]object{
		"text":   field("string", "x", "min_length", 300.0),
		"short":  field("string", "x", "max_length", 2.0),
		"name":   field("string", "x", "max_length", 3.0),
		"code":   field("string", "x", "pattern", `(?i)v\d{1,3}(-[^a-z]+)?`),
		"either": field("string", "x", "pattern", `\A(?:\p{Greek}|b)\z`),
		"low":    field("integer", "x", "maximum", -3.0),
		"high":   field("number", "x", "minimum", 1e9),
		"lists":  field("array", "x", "min_items", 3.0, "items", field("array", "y", "max_items", 0.0)),
		"object": field("object", "x"),
	} {
		a := action(t, "A", "x", 0, object{name: f})
		example, ok := describe.Example(a.Schema)
		if !ok {
			t.Errorf("%s: %s is not accepted", name, example)
		}
		if _, err := a.Schema.Validate(example, strictjson.Limits{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	impossible := action(t, "A", "x", 0, object{"x": field("string", "x", "pattern", "a{3}", "min_length", 20.0)})
	if example, ok := describe.Example(impossible.Schema); ok {
		t.Errorf("%s is accepted", example)
	}
	page, err := describe.Document(describe.Markdown, []*registry.Action{impossible}, describe.Options{})
	if err != nil || strings.Contains(string(page), "```") {
		t.Errorf("an example that is none is shown:\n%s", page)
	}
}

func TestSelect(t *testing.T) {
	all := actions(t)
	got, err := describe.Select(all, []string{"Ping", "Order", "Ping"})
	if err != nil || len(got) != 2 || got[0].Name != "Order" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err = describe.Select(all, nil); err != nil || len(got) != 2 {
		t.Errorf("%v, %v", got, err)
	}
	_, err = describe.Select(all, []string{"Oder", "Nothing", "Ping"})
	const want = "there is no action \"Oder\", did you mean \"Order\"?\nthere is no action \"Nothing\"\nthe actions are Order, Ping"
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
}

// The version is that of the promise: neither code nor order change it.
func TestContractVersion(t *testing.T) {
	version := func(a ...*registry.Action) string {
		text, err := describe.Document(describe.OpenAPI, a, describe.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var d struct{ Info struct{ Version string } }
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		return d.Info.Version
	}
	one := version(action(t, "A", "x", 0, object{"n": field("string", "x", "max_length", 3.0)}))
	if same := version(action(t, "A", "x", time.Second, object{"n": field("string", "x", "max_length", 3.0)})); same != one {
		t.Errorf("%s became %s", one, same)
	}
	if other := version(action(t, "A", "x", 0, object{"n": field("string", "x", "max_length", 4.0)})); other == one {
		t.Errorf("%s stays", one)
	}
}
