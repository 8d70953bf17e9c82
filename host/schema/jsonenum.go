package schema

import (
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"vera/stdlib/strictjson"
)

// appendAccepted appends the keyword that holds what the field accepts to its
// enum. [Schema.Validate] compares a value after it has been read: text turned
// to a number, defaults filled in, what is not declared dropped.
func (f *Field) appendAccepted(dst []byte) []byte {
	if f.plain() {
		dst = appendList(append(dst, `"enum":[`...), f.Enum)
		if f.omissible() {
			dst = append(dst, `,null`...)
		}
		return append(dst, ']')
	}
	dst = append(dst, `"anyOf":[`...)
	for i, member := range f.Enum {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = f.appendMatch(dst, member)
	}
	if f.omissible() {
		dst = append(dst, `,{"type":"null"}`...)
	}
	return append(dst, ']')
}

// plain reports whether a value is taken just as it is sent.
func (f *Field) plain() bool {
	return !f.Coerce && f.Fields == nil && (f.Items == nil || f.Items.plain())
}

// appendMatch appends a schema of all that is read as value.
func (f *Field) appendMatch(dst []byte, value any) []byte {
	switch {
	case f.plain():
		return append(appendValue(append(dst, `{"const":`...), value), '}')
	case f.Type == Boolean:
		dst = appendValue(append(dst, `{"enum":[`...), value)
		return append(strconv.AppendBool(append(dst, `,"`...), value.(bool)), `"]}`...)
	case f.Type == Array:
		return f.Items.appendElements(dst, value.([]any))
	case f.Type == Object:
		return f.Fields.appendMembers(dst, value.(map[string]any))
	}
	dst = appendValue(append(dst, `{"anyOf":[{"const":`...), value)
	dst = strictjson.AppendString(append(dst, `},{"type":"string","pattern":`...), numberPattern(value.(float64)))
	return append(dst, "}]}"...)
}

// appendElements appends a schema of an array of just these elements, f being
// what each is.
func (f *Field) appendElements(dst []byte, elements []any) []byte {
	dst = append(dst, `{"type":"array"`...)
	for i, element := range elements {
		if i == 0 {
			dst = append(dst, `,"prefixItems":[`...)
		} else {
			dst = append(dst, ',')
		}
		dst = f.appendMatch(dst, element)
	}
	if len(elements) > 0 {
		dst = append(dst, ']')
	}
	n := len(elements)
	dst = appendSize(dst, `,"minItems":`, &n)
	return append(appendSize(dst, `,"maxItems":`, &n), '}')
}

// appendMembers appends a schema of an object that is read as one of these
// members.
func (s *Schema) appendMembers(dst []byte, members map[string]any) []byte {
	dst = append(dst, `{"type":"object","properties":{`...)
	var required []string
	for i := range s.fields {
		f := &s.fields[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(strictjson.AppendString(dst, f.Name), ':')
		value, there := members[f.Name]
		switch {
		case !there: // and so f is optional
			dst = append(dst, `{"type":"null"}`...)
		case f.Default != nil && reflect.DeepEqual(value, f.Default):
			dst = f.appendMatch(append(dst, `{"anyOf":[`...), value)
			dst = append(dst, `,{"type":"null"}]}`...)
		default:
			dst = f.appendMatch(dst, value)
			required = append(required, f.Name)
		}
	}
	return append(appendRequired(append(dst, '}'), required), '}')
}

// numberPattern matches every decimal text of a number.
func numberPattern(number float64) string {
	text := strconv.FormatFloat(math.Abs(number), 'f', -1, 64)
	sign := "-"
	switch {
	case number == 0:
		sign = "-?"
	case number > 0:
		sign = ""
	}
	zeros := `(\.0+)?`
	switch {
	case strings.Contains(text, "."):
		zeros = "0*"
	case math.Abs(number) > maxInteger: // only what does not look like an integer
		zeros = `\.0+`
	}
	return "^" + sign + regexp.QuoteMeta(text) + zeros + "$"
}

// appendValue appends a declared value.
func appendValue(dst []byte, value any) []byte {
	out, err := strictjson.Append(dst, value)
	if err != nil {
		panic(err) // it was read as JSON
	}
	return out
}

func appendList(dst []byte, values []any) []byte {
	for i, value := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, value)
	}
	return dst
}
