package schema

import "vera/stdlib/strictjson"

// The text that a number may be sent as where the field has coerce.
const (
	integerText = `^-?(0|[1-9][0-9]*)(\.0+)?$`
	decimalText = `^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`
)

// AppendJSONSchema appends the fields as a JSON Schema, draft 2020-12, of the
// object that a request sends:
//
//	{"type":"object","properties":{"name":{"type":"string","description":"…","maxLength":64}},"required":["name"],"additionalProperties":true}
//
// It accepts what [Schema.Validate] accepts. Where JSON Schema has no words
// for a rule it accepts more:
//
//   - an integer beyond 2^53 where the type is number or nothing is declared;
//   - bounds, where coerce takes the number as text;
//   - the accepted values and the default of what is secret, which are not told;
//   - a pattern that stands on the ends of lines, which is left out;
//   - format, which says only the name: email and phone are the checks of this
//     program, and its date-time and uri are narrower than the standard's;
//   - text that is not the strict JSON that is taken: a name twice in an
//     object, half a surrogate pair, too deep, too many values.
//
// Numbers are compared as float64, so a literal of more digits than one holds
// is rounded first.
func (s *Schema) AppendJSONSchema(dst []byte) []byte {
	return append(s.appendObject(append(dst, `{"type":"object"`...)), '}')
}

// AppendJSONSchema appends the field as [Schema.AppendJSONSchema] has it.
func (f *Field) AppendJSONSchema(dst []byte) []byte {
	dst = f.appendType(append(dst, `{"type":`...))
	dst = strictjson.AppendString(append(dst, `,"description":`...), f.Description)
	dst = f.appendText(dst)
	dst = f.appendRange(dst)
	dst = f.appendItems(dst)
	if f.Fields != nil {
		dst = f.Fields.appendObject(dst)
	}
	if f.Enum != nil && !f.Confidential() {
		dst = f.appendAccepted(append(dst, ','))
	}
	if f.Default != nil && !f.Confidential() {
		dst = appendValue(append(dst, `,"default":`...), f.Default)
	}
	if f.Secret {
		dst = append(dst, `,"writeOnly":true`...)
	}
	return append(dst, '}')
}

// appendObject appends the keywords of an object that has these fields.
func (s *Schema) appendObject(dst []byte) []byte {
	dst = append(dst, `,"properties":{`...)
	var required []string
	for i := range s.fields {
		f := &s.fields[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = f.AppendJSONSchema(append(strictjson.AppendString(dst, f.Name), ':'))
		if f.Required() {
			required = append(required, f.Name)
		}
	}
	dst = appendRequired(append(dst, '}'), required)
	return append(dst, `,"additionalProperties":true`...)
}

func appendRequired(dst []byte, names []string) []byte {
	if len(names) == 0 {
		return dst
	}
	dst = append(dst, `,"required":[`...)
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strictjson.AppendString(dst, name)
	}
	return append(dst, ']')
}

// omissible reports whether null stands for leaving the field out.
func (f *Field) omissible() bool { return f.Name != "" && !f.Required() }

// appendType appends the type, or the types: text where coerce takes it, null
// where the field may be left out.
func (f *Field) appendType(dst []byte) []byte {
	if !f.Coerce && !f.omissible() {
		return strictjson.AppendString(dst, f.Type)
	}
	dst = strictjson.AppendString(append(dst, '['), f.Type)
	if f.Coerce {
		dst = append(dst, `,"string"`...)
	}
	if f.omissible() {
		dst = append(dst, `,"null"`...)
	}
	return append(dst, ']')
}

// appendText appends what text must be: of a string, or of what coerce takes.
func (f *Field) appendText(dst []byte) []byte {
	dst = appendSize(dst, `,"minLength":`, f.MinLength)
	dst = appendSize(dst, `,"maxLength":`, f.MaxLength)
	pattern, told := f.textPattern()
	if told {
		dst = strictjson.AppendString(append(dst, `,"pattern":`...), pattern)
	}
	if f.Format != "" {
		dst = strictjson.AppendString(append(dst, `,"format":`...), f.Format)
	}
	return dst
}

func (f *Field) textPattern() (string, bool) {
	switch {
	case f.pattern != nil:
		return ecmaPattern(f.Pattern)
	case f.Coerce && f.Type == Integer:
		return integerText, true
	case f.Coerce && f.Type == Number:
		return decimalText, true
	case f.Coerce:
		return "^(true|false)$", true
	}
	return "", false
}

func appendSize(dst []byte, keyword string, size *int) []byte {
	if size == nil {
		return dst
	}
	return strictjson.AppendNumber(append(dst, keyword...), float64(*size))
}

// appendRange appends the bounds, which every integer has.
func (f *Field) appendRange(dst []byte) []byte {
	least, most := f.Minimum, f.Maximum
	if f.Type == Integer {
		if least == nil {
			least = new(float64(-maxInteger))
		}
		if most == nil {
			most = new(float64(maxInteger))
		}
	}
	if least != nil {
		dst = strictjson.AppendNumber(append(dst, `,"minimum":`...), *least)
	}
	if most != nil {
		dst = strictjson.AppendNumber(append(dst, `,"maximum":`...), *most)
	}
	return dst
}

func (f *Field) appendItems(dst []byte) []byte {
	if f.Items != nil {
		dst = f.Items.AppendJSONSchema(append(dst, `,"items":`...))
	}
	dst = appendSize(dst, `,"minItems":`, f.MinItems)
	return appendSize(dst, `,"maxItems":`, f.MaxItems)
}

// Confidential reports whether the field or anything in it is secret, so that
// neither its default nor what it accepts may be told.
func (f *Field) Confidential() bool {
	if f.Secret || f.Items != nil && f.Items.Confidential() {
		return true
	}
	if f.Fields == nil {
		return false
	}
	for i := range f.Fields.fields {
		if f.Fields.fields[i].Confidential() {
			return true
		}
	}
	return false
}
