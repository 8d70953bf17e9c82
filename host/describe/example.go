package describe

import (
	"math"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"vera/host/schema"
	"vera/stdlib/strictjson"
)

// byName are values that say more than "text", for fields of that name.
var byName = map[string]string{
	"username": "johndoe", "name": "John Doe", "email": "john@example.com",
	"phone_number": "+1-212-555-1234", "phone": "+1-212-555-1234", "password": "securepassword123",
}

// byFormat are values of each format.
var byFormat = map[string]string{
	"email": "john@example.com", "phone": "+12125551234", "uuid": "0192f0c1-7b3a-7c4d-8e5f-6a7b8c9d0e1f",
	"date-time": "2026-01-31T09:30:00Z", "uri": "https://example.com/",
}

// Example gives fields, as JSON, that the schema accepts: what is required, and
// nothing else. It is false where none was found, as for a pattern and a
// length that few texts obey.
func Example(s *schema.Schema) ([]byte, bool) {
	out, err := strictjson.Append(nil, exampleObject(s))
	if err != nil {
		return nil, false
	}
	_, err = s.Validate(out, strictjson.Limits{})
	return out, err == nil
}

func exampleObject(s *schema.Schema) map[string]any {
	object := make(map[string]any)
	if s == nil {
		return object
	}
	for _, field := range s.Fields() {
		if field.Required() {
			object[field.Name] = exampleValue(&field)
		}
	}
	return object
}

func exampleValue(f *schema.Field) any {
	if len(f.Enum) > 0 && !f.Confidential() {
		return f.Enum[0]
	}
	switch f.Type {
	case schema.String:
		return exampleText(f)
	case schema.Integer:
		return math.Ceil(exampleNumber(f, 1))
	case schema.Number:
		return exampleNumber(f, 1.5)
	case schema.Boolean:
		return true
	case schema.Object:
		return exampleObject(f.Fields)
	}
	least := 1
	if f.MinItems != nil {
		least = max(least, *f.MinItems)
	}
	if f.MaxItems != nil {
		least = min(least, *f.MaxItems)
	}
	list := make([]any, min(least, 100))
	for i := range list {
		list[i] = "text"
		if f.Items != nil {
			list[i] = exampleValue(f.Items)
		}
	}
	return list
}

func exampleNumber(f *schema.Field, n float64) float64 {
	if f.Minimum != nil {
		n = max(n, *f.Minimum)
	}
	if f.Maximum != nil {
		n = min(n, *f.Maximum)
	}
	return n
}

func exampleText(f *schema.Field) string {
	if f.Pattern != "" {
		if re, err := syntax.Parse(f.Pattern, syntax.Perl); err == nil {
			return matching(re.Simplify())
		}
	}
	if f.Format != "" {
		return byFormat[f.Format]
	}
	text := byName[f.Name]
	if text == "" {
		text = "text"
	}
	if f.MinLength != nil && *f.MinLength <= 1000 {
		for utf8.RuneCountInString(text) < *f.MinLength {
			text += text
		}
	}
	if f.MaxLength != nil && len(text) > *f.MaxLength {
		text = text[:*f.MaxLength] // it is ASCII
	}
	return text
}

// matching is a text that a pattern matches, if it asks for nothing about what
// stands around a place.
func matching(re *syntax.Regexp) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		return string(likelyRune(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpCapture, syntax.OpPlus, syntax.OpStar, syntax.OpQuest:
		return matching(re.Sub[0])
	case syntax.OpAlternate:
		return matching(re.Sub[0])
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range re.Sub {
			b.WriteString(matching(sub))
		}
		return b.String()
	}
	return "" // an anchor, or what matches nothing
}

// likelyRune takes a letter or a digit out of a class, given as ranges, if one
// is in it.
func likelyRune(ranges []rune) rune {
	for _, wanted := range []rune{'a', 'A', '1'} {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= wanted && wanted <= ranges[i+1] {
				return wanted
			}
		}
	}
	if len(ranges) == 0 {
		return 'x'
	}
	return ranges[0]
}
