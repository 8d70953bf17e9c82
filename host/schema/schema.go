// Package schema is about the inputs that an action declares: it reads the
// declaration, validates requests against it and describes it to the hub.
//
//	s, err := schema.Parse(fields, schema.Formats{"email": checkEmail})
//	...
//	values, err := s.Validate(request.Fields, strictjson.Limits{})
//	if invalid, ok := errors.AsType[*schema.Error](err); ok {
//		return reply(400, invalid.Error(), invalid.AppendJSON(nil))
//	}
//
// What was declared wrong and what was sent wrong is reported whole, not
// fault by fault. A report on a request never holds a value of it.
package schema

import (
	"regexp"
	"slices"
)

// The types of a field.
const (
	String  = "string"
	Integer = "integer"
	Number  = "number"
	Boolean = "boolean"
	Object  = "object"
	Array   = "array"
)

// Bounds of a declaration. They are far from what an action needs and near
// enough that a mistake does not fill the hub's page.
const (
	MaxFields     = 256 // declared fields of an action, nested ones included
	MaxNesting    = 16  // levels of fields and items
	MaxNameLength = 64  // bytes of a field's name
)

// Formats are the checks behind the keyword format. This package has its own
// for "uuid", "date-time" and "uri"; "email" and "phone" come from the caller,
// and without them a declaration that uses these formats is refused. A check
// returns an error for text that is not of its format; what the error says is
// not shown to anybody.
type Formats map[string]func(text string) error

// A Schema is what one action or one object takes. It does not change; many
// goroutines may use it at once.
type Schema struct {
	fields []Field        // sorted by name
	index  map[string]int // from a name into fields
}

// A Field is one declared input. Nil pointers stand for keywords that were
// not given.
type Field struct {
	Name        string // empty for the items of an array
	Type        string
	Description string
	Optional    bool // may be left out, and is then absent
	Default     any  // nil without one; else what stands in when the field is left out
	Enum        []any
	Secret      bool
	Coerce      bool
	MinLength   *int // in code points
	MaxLength   *int
	Pattern     string // as declared; it must match the whole text
	Format      string
	Minimum     *float64
	Maximum     *float64
	Items       *Field // nil if the items may be anything
	MinItems    *int
	MaxItems    *int
	Fields      *Schema // nil if the object may hold anything

	pattern *regexp.Regexp
	format  func(string) error
}

// Required reports whether a request without the field is refused.
func (f *Field) Required() bool { return !f.Optional && f.Default == nil }

// Fields returns the fields sorted by name. What their pointers lead to must
// not be changed.
func (s *Schema) Fields() []Field { return slices.Clone(s.fields) }

// Field returns the field of that name.
func (s *Schema) Field(name string) (Field, bool) {
	if at, ok := s.index[name]; ok {
		return s.fields[at], true
	}
	return Field{}, false
}
