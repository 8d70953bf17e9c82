package schema

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"vera/stdlib/strictjson"
)

// A DeclarationError is one thing wrong with a declaration.
type DeclarationError struct {
	Field  string // its path, such as address.zip or tags[] for an array's items
	Reason string
}

// Error is the field and the reason.
func (e *DeclarationError) Error() string {
	if e.Field == "" {
		return "fields: " + e.Reason
	}
	return "field " + e.Field + ": " + e.Reason
}

// Parse reads a script's table of fields, built of string, float64, bool,
// []any and map[string]any; an empty map may also stand for an empty list,
// as Lua cannot tell them apart. All faults come together, each a
// [*DeclarationError], joined in the order of their fields.
func Parse(fields map[string]any, formats Formats) (*Schema, error) {
	p := &parser{formats: formats}
	s := p.schema("", fields, 1)
	if len(p.faults) == 0 {
		return s, nil
	}
	slices.SortStableFunc(p.faults, func(a, b *DeclarationError) int { return strings.Compare(a.Field, b.Field) })
	joined := make([]error, len(p.faults))
	for i, fault := range p.faults {
		joined[i] = fault
	}
	return nil, errors.Join(joined...)
}

// A parser reads one declaration.
type parser struct {
	formats  Formats
	declared int // fields so far
	faults   []*DeclarationError
}

func (p *parser) fault(path, format string, args ...any) {
	p.faults = append(p.faults, &DeclarationError{Field: path, Reason: fmt.Sprintf(format, args...)})
}

// schema reads a table of fields that belongs to the object at path.
func (p *parser) schema(path string, table map[string]any, level int) *Schema {
	s := &Schema{fields: make([]Field, 0, len(table)), index: make(map[string]int, len(table))}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !validName(name) {
			p.fault(path, "%q is not a field's name: letters, digits and _, at most %d, no digit in front", shorten(name), MaxNameLength)
			continue
		}
		if f := p.field(join(path, name), name, table[name], level); f != nil {
			s.index[name] = len(s.fields)
			s.fields = append(s.fields, *f)
		}
	}
	return s
}

// field reads one field. It returns nil if nothing can be made of it; the
// fault is then noted.
func (p *parser) field(path, name string, declared any, level int) *Field {
	table, ok := declared.(map[string]any)
	if !ok {
		p.fault(path, "must be a table such as { type = \"string\", description = \"...\" }")
		return nil
	}
	if p.declared++; p.declared > MaxFields {
		if p.declared == MaxFields+1 {
			p.fault("", "more than %d fields", MaxFields)
		}
		return nil
	}
	if level > MaxNesting {
		p.fault(path, "nested deeper than %d", MaxNesting)
		return nil
	}
	before := len(p.faults)
	d := declaration{parser: p, path: path, table: table}
	f := &Field{Name: name, Type: d.fieldType(), Description: d.description()}
	d.unknown(f.Type)
	f.Secret, f.Coerce, f.Optional = d.flag("secret"), d.flag("coerce"), d.flag("optional")
	d.rules(f)
	if f.Type == Array && d.has("items") {
		f.Items = p.field(path+"[]", "", table["items"], level+1)
	}
	if nested, ok := d.take("fields", "a table of fields").(map[string]any); ok && f.Type == Object {
		f.Fields = p.schema(path, nested, level+1)
	}
	if name == "" {
		d.noDefault()
	}
	if f.Secret {
		f.hide()
	}
	// What has to obey the rules is looked at once they are sound.
	if len(p.faults) == before {
		d.enum(f)
	}
	if len(p.faults) == before {
		d.defaultValue(f)
	}
	return f
}

// hide makes what is in a secret field secret too.
func (f *Field) hide() {
	f.Secret = true
	if f.Items != nil {
		f.Items.hide()
	}
	if f.Fields == nil {
		return
	}
	for i := range f.Fields.fields {
		f.Fields.fields[i].hide()
	}
}

// rules reads the keywords that belong to some types only.
func (d *declaration) rules(f *Field) {
	f.MinLength, f.MaxLength = d.span("min_length", "max_length")
	f.MinItems, f.MaxItems = d.span("min_items", "max_items")
	f.Minimum, f.Maximum = d.bound("minimum", f.Type), d.bound("maximum", f.Type)
	if f.Minimum != nil && f.Maximum != nil && *f.Minimum > *f.Maximum {
		d.fault("minimum %s is above maximum %s", decimal(*f.Minimum), decimal(*f.Maximum))
	}
	d.pattern(f)
	d.format(f)
}

// noDefault refuses for an array's items what only makes sense for members.
func (d *declaration) noDefault() {
	for _, keyword := range []string{"default", "optional"} {
		if d.has(keyword) {
			d.fault("keyword %q is not for the items of an array", keyword)
		}
	}
}

// enum reads the accepted values, each of which obeys the other rules.
func (d *declaration) enum(f *Field) {
	if !d.has("enum") {
		return
	}
	list, _ := d.table["enum"].([]any)
	if len(list) == 0 {
		d.fault("enum must be a list of at least one value")
		return
	}
	members := make([]any, 0, len(list))
	for i, declared := range list {
		member, err := obeys(f, declared)
		if err != nil {
			d.fault("enum: value %d %v", i+1, err)
			continue
		}
		members = append(members, member)
	}
	f.Enum = members
}

// defaultValue reads the default, which obeys all other rules. An explicit
// null says that the field is optional.
func (d *declaration) defaultValue(f *Field) {
	if !d.has("default") {
		return
	}
	if f.Optional {
		d.fault("give default or optional, not both")
		return
	}
	declared := d.table["default"]
	if declared == nil {
		f.Optional = true
		return
	}
	value, err := obeys(f, declared)
	if err != nil {
		d.fault("default %v", err)
		return
	}
	f.Default = value
}

// obeys checks a declared value like one that was sent, but never converts
// text, and returns it as [Schema.Validate] would.
func obeys(f *Field, declared any) (any, error) {
	raw, err := strictjson.Append(nil, listed(f, declared))
	if err != nil {
		return nil, fmt.Errorf("is no value: %w", err)
	}
	strict := *f
	strict.Coerce = false
	if string(raw) == "null" {
		return nil, errors.New(typeText[f.Type])
	}
	var v validator
	value := v.value(&strict, raw)
	if len(v.list) == 0 {
		return value, nil
	}
	first := v.list[0]
	if first.Field == wholeRequest {
		return nil, errors.New(first.Message)
	}
	return nil, fmt.Errorf("is wrong at %s: %s", first.Field, first.Message)
}

// listed turns the empty tables in a declared value to lists where the field
// is an array.
func listed(f *Field, declared any) any {
	if f == nil {
		return declared
	}
	switch value := declared.(type) {
	case map[string]any:
		if f.Type == Array && len(value) == 0 {
			return []any{}
		}
		if f.Type != Object || f.Fields == nil {
			return value
		}
		object := maps.Clone(value)
		for name, member := range value {
			if at, ok := f.Fields.index[name]; ok {
				object[name] = listed(&f.Fields.fields[at], member)
			}
		}
		return object
	case []any:
		list := slices.Clone(value)
		for i, item := range value {
			list[i] = listed(f.Items, item)
		}
		return list
	}
	return declared
}

func validName(name string) bool {
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return name != "" && len(name) <= MaxNameLength
}

// shorten keeps a message readable whatever it quotes.
func shorten(text string) string {
	if len(text) <= MaxNameLength {
		return text
	}
	cut := MaxNameLength
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
