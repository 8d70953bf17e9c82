package schema

import (
	"math"

	"vera/stdlib/strictjson"
)

// AppendJSONSchema appends the fields as a JSON Schema of the dialect 2020-12,
// an object without "$schema": it may stand within another one.
//
//	{"type":"object","properties":{"name":{"type":"string","description":"…","maxLength":64}},"required":["name"]}
//
// It takes what [Schema.Validate] takes, with these exceptions. Validate alone
// refuses what has no one meaning in JSON, such as a duplicate member, and
// integers that a float64 cannot hold. A range of numbers, and an enum, cannot
// be said of the text that a field with coerce takes besides, nor an enum of
// objects: what JSON Schema cannot say is left out, so that nothing is
// refused that Validate takes. Patterns are RE2's; those that ECMA-262 does not
// know are not portable. The format phone is no standard one.
func (s *Schema) AppendJSONSchema(dst []byte) []byte {
	dst = append(dst, `{"type":"object","properties":{`...)
	for i := range s.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strictjson.AppendString(dst, s.fields[i].Name)
		dst = s.fields[i].appendJSONSchema(append(dst, ':'), !s.fields[i].Required())
	}
	dst = append(dst, '}')
	first := true
	for i := range s.fields {
		if !s.fields[i].Required() {
			continue
		}
		if first {
			dst, first = append(dst, `,"required":[`...), false
		} else {
			dst = append(dst, ',')
		}
		dst = strictjson.AppendString(dst, s.fields[i].Name)
	}
	if !first {
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// appendJSONSchema appends one field. Null stands for a field that is left out,
// where it may be.
func (f *Field) appendJSONSchema(dst []byte, nullable bool) []byte {
	o := objectWriter{dst: append(dst, '{')}
	o.string("description", f.Description)
	if f.Secret {
		o.raw("writeOnly", "true")
	}
	if f.Default != nil && !f.Secret {
		o.value("default", f.Default)
	}
	switch {
	case f.Coerce:
		o.key("anyOf")
		o.dst = f.appendCoerced(append(o.dst, '['), nullable)
		o.dst = append(o.dst, ']')
	default:
		f.writeType(&o, nullable)
	}
	return append(o.dst, '}')
}

// appendCoerced appends the alternatives of a field that takes text too.
func (f *Field) appendCoerced(dst []byte, nullable bool) []byte {
	o := objectWriter{dst: append(dst, '{')}
	f.writeType(&o, nullable)
	dst = append(o.dst, `},`...)
	if f.Type == Boolean {
		return append(dst, `{"enum":["true","false"]}`...)
	}
	dst = strictjson.AppendString(append(dst, `{"type":"string","pattern":`...), decimalText[f.Type])
	return append(dst, '}')
}

// decimalText is the decimal text of a number, as coerce takes it.
var decimalText = map[string]string{
	Integer: `^-?(0|[1-9][0-9]*)(\.0+)?$`,
	Number:  `^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`,
}

// writeType writes the type and what belongs to it.
func (f *Field) writeType(o *objectWriter, nullable bool) {
	if nullable {
		o.raw("type", `["`+f.Type+`","null"]`)
	} else {
		o.string("type", f.Type)
	}
	f.writeEnum(o, nullable)
	o.count("minLength", f.MinLength)
	o.count("maxLength", f.MaxLength)
	if f.Pattern != "" {
		o.string("pattern", "^(?:"+f.Pattern+")$")
	}
	if f.Format != "" {
		o.string("format", f.Format)
	}
	f.writeRange(o)
	o.count("minItems", f.MinItems)
	o.count("maxItems", f.MaxItems)
	if f.Items != nil {
		o.key("items")
		o.dst = f.Items.appendJSONSchema(o.dst, false)
	}
	if f.Fields != nil {
		members := f.Fields.AppendJSONSchema(nil)
		const head = `{"type":"object",`
		o.comma()
		o.dst = append(o.dst, members[len(head):len(members)-1]...)
	}
}

// writeRange writes the bounds of a number. An integer has some always.
func (f *Field) writeRange(o *objectWriter) {
	low, high := math.Inf(-1), math.Inf(1)
	if f.Type == Integer {
		low, high = -maxInteger, maxInteger
	}
	if f.Minimum != nil {
		low = max(low, *f.Minimum)
	}
	if f.Maximum != nil {
		high = min(high, *f.Maximum)
	}
	if !math.IsInf(low, 0) {
		o.value("minimum", low)
	}
	if !math.IsInf(high, 0) {
		o.value("maximum", high)
	}
}

// writeEnum writes the accepted values, where they are compared as they are
// sent: members of an object that are not declared do not count, and what an
// array holds may be converted.
func (f *Field) writeEnum(o *objectWriter, nullable bool) {
	plain := f.Type != Object && (f.Type != Array || f.Items == nil || !f.Items.Coerce && f.Items.Type != Object && f.Items.Type != Array)
	if f.Enum == nil || !plain {
		return
	}
	members := f.Enum
	if nullable {
		members = append(members[:len(members):len(members)], nil)
	}
	o.value("enum", members)
}

// An objectWriter appends the members of a JSON object.
type objectWriter struct {
	dst    []byte
	inside bool
}

func (o *objectWriter) comma() {
	if o.inside {
		o.dst = append(o.dst, ',')
	}
	o.inside = true
}

func (o *objectWriter) key(name string) {
	o.comma()
	o.dst = append(strictjson.AppendString(o.dst, name), ':')
}

func (o *objectWriter) raw(name, value string) {
	o.key(name)
	o.dst = append(o.dst, value...)
}

func (o *objectWriter) string(name, value string) {
	o.key(name)
	o.dst = strictjson.AppendString(o.dst, value)
}

func (o *objectWriter) count(name string, n *int) {
	if n != nil {
		o.value(name, float64(*n))
	}
}

// value writes a value of a declaration, which was read from Lua and so is
// JSON.
func (o *objectWriter) value(name string, value any) {
	o.key(name)
	dst, err := strictjson.Append(o.dst, value)
	if err != nil {
		panic(err)
	}
	o.dst = dst
}
