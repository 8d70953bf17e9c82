package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dlclark/regexp2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"vera/host/schema"
	"vera/stdlib/strictjson"
)

// allFormats are formats and the one that other tests want to be missing.
var allFormats = schema.Formats{
	"email": formats["email"],
	"phone": func(text string) error {
		if !strings.HasPrefix(text, "+") {
			return errors.New("no +")
		}
		return nil
	},
}

// exportable reads a declaration that is right.
func exportable(t testing.TB, fields object) *schema.Schema {
	t.Helper()
	s, err := schema.Parse(fields, allFormats)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A failer is a testing.TB or a *rapid.T.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

// compile gives the exported schema to a validator of others. Patterns are
// matched as ECMA-262 has them, formats are checked.
func compile(t failer, s *schema.Schema) *jsonschema.Schema {
	t.Helper()
	exported := s.AppendJSONSchema(nil)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(exported))
	if err != nil {
		t.Fatalf("the schema is no JSON: %v\n%s", err, exported)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.UseRegexpEngine(ecmaRegexp)
	c.AssertFormat()
	for name, check := range allFormats { // these two are the caller's
		c.RegisterFormat(&jsonschema.Format{Name: name, Validate: func(v any) error {
			if text, ok := v.(string); ok {
				return check(text)
			}
			return nil
		}})
	}
	if err := c.AddResource("fields.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("fields.json")
	if err != nil {
		t.Fatalf("not valid by the metaschema: %v\n%s", err, exported)
	}
	return compiled
}

type ecmaExpression struct{ *regexp2.Regexp }

func (e ecmaExpression) MatchString(text string) bool {
	ok, err := e.Regexp.MatchString(text)
	return ok && err == nil
}

func ecmaRegexp(pattern string) (jsonschema.Regexp, error) {
	compiled, err := regexp2.Compile(pattern, regexp2.ECMAScript|regexp2.Unicode)
	if err != nil {
		return nil, err
	}
	compiled.MatchTimeout = time.Second // it backtracks
	return ecmaExpression{compiled}, nil
}

// A verdict is what became of one comparison.
type verdict string

const (
	accepted verdict = "accepted"
	refused  verdict = "refused"
	excused  verdict = "excused" // they may differ, and somebody has said why
)

// compareWith fails the test if the two do not agree on input for no known
// reason.
func compareWith(t failer, s *schema.Schema, theirs *jsonschema.Schema, input []byte) verdict {
	t.Helper()
	if vast(input) {
		return excused
	}
	_, err := s.Validate(input, strictjson.Limits{})
	instance, theirErr := jsonschema.UnmarshalJSON(bytes.NewReader(input))
	if theirErr == nil {
		theirErr = theirs.Validate(instance)
	}
	invalid, _ := errors.AsType[*schema.Error](err)
	switch {
	case err == nil && theirErr == nil:
		return accepted
	case err != nil && theirErr != nil:
		return refused
	case invalid != nil && excusable(s, invalid, input), finer(input):
		return excused
	}
	t.Fatalf("%s\nours: %v\ntheirs: %v\nschema: %s", input, err, theirErr, s.AppendJSONSchema(nil))
	return ""
}

// excusable reports whether all that is wrong with input is what JSON Schema
// has no words for, so that the other may take it. What each is stands in the
// comment of AppendJSONSchema.
func excusable(s *schema.Schema, invalid *schema.Error, input []byte) bool {
	for _, fault := range invalid.Faults {
		if fault.Code == "json" {
			return stricterJSON(fault.Message)
		}
		field, sent := declaredAt(s, fault.Field), sentAt(input, fault.Field)
		if field == nil || !excusableFault(field, fault.Code, sent) {
			return false
		}
	}
	return true
}

// stricterJSON is about strictjson's own rules: a name twice, half a
// surrogate pair, text that is not UTF-8, too deep, too many, 1e400.
func stricterJSON(message string) bool {
	for _, known := range []string{
		"duplicate member ", "lone surrogate in a string", "invalid UTF-8", "nested deeper than ", "too many values", "a number out of range",
	} {
		if strings.Contains(message, "is not valid JSON: "+known) {
			return true
		}
	}
	return message == "is not valid JSON" // where a reason would tell of a secret
}

var (
	moreThanNano = regexp.MustCompile(`\.\d{10,}`)
	leapSecond   = regexp.MustCompile(`:60(\.\d+)?([Zz]|[+-])`)
	notURI       = regexp.MustCompile("[^!-~]|[\"<>\\\\^`{|}]")
	emptyURI     = regexp.MustCompile(`^(?i:https?:(//)?($|[/?#:@].*|[^/].*)|[^:]*:(//)?([?#].*)?)$`)
)

func excusableFault(field *schema.Field, code string, sent any) bool {
	text, isText := sent.(string)
	switch code {
	case "range": // 2^53 where it cannot be a bound, or in text
		return field.Type != schema.Integer || isText
	case "minimum", "maximum", "type": // of a number in text; one beyond float64 is no number at all
		return isText && field.Coerce && field.Type != schema.Boolean && (code != "type" || len(text) > 300)
	case "enum": // the values of a secret are not told
		return field.Confidential()
	case "pattern":
		return strings.Contains(field.Pattern, "(?m)") // ends of lines
	case "format":
		switch field.Format {
		case "date-time":
			return moreThanNano.MatchString(text) || leapSecond.MatchString(text)
		case "uri":
			return notURI.MatchString(text) || emptyURI.MatchString(text)
		}
	}
	return false
}

var step = regexp.MustCompile(`\[\d+\]|[^.\[\]]+`)

// declaredAt finds what a fault's path leads to in the declaration.
func declaredAt(s *schema.Schema, path string) *schema.Field {
	var field *schema.Field
	for _, part := range step.FindAllString(path, -1) {
		if part[0] == '[' {
			field, s = field.Items, field.Items.Fields
			continue
		}
		member, ok := s.Field(part)
		if !ok {
			return nil // "fields": the whole
		}
		field, s = &member, member.Fields
	}
	return field
}

// sentAt finds it in the request.
func sentAt(input []byte, path string) any {
	var value any
	if json.Unmarshal(input, &value) != nil {
		return nil
	}
	for _, part := range step.FindAllString(path, -1) {
		switch container := value.(type) {
		case map[string]any:
			value = container[part]
		case []any:
			index, _ := new(big.Int).SetString(strings.Trim(part, "[]"), 10)
			value = container[index.Int64()]
		}
	}
	return value
}

var literal = regexp.MustCompile(`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?`)

// vast reports whether there is a number in input that would take all memory
// as a fraction, which theirs makes of it; for ours it is zero.
func vast(input []byte) bool {
	for _, text := range literal.FindAll(input, -1) {
		if _, exponent, _ := strings.Cut(strings.ToLower(string(text)), "e"); len(exponent) > 4 {
			return true
		}
	}
	return false
}

// finer reports whether there is a number in input, or in a text of it, that
// a float64 rounds: ours compares what is left.
func finer(input []byte) bool {
	for _, text := range literal.FindAll(input, -1) {
		number := strictjson.Number(text)
		if number.IsInteger() || number.Float64() != number.Float64() {
			continue // told as range, or as no JSON
		}
		exact, _ := new(big.Rat).SetString(string(text))
		kept, _ := new(big.Rat).SetString(string(strictjson.AppendNumber(nil, number.Float64())))
		if exact.Cmp(kept) != 0 {
			return true
		}
	}
	return false
}
