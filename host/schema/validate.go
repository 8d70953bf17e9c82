package schema

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"vera/stdlib/strictjson"
)

// maxValues bounds the values in a request whose limits do not say.
const maxValues = 100_000

// Validate reads the fields of a request and returns what is declared of
// them: bool, float64, string, []any and map[string]any, with defaults filled
// in. A field given as null counts as left out; what is left out and has no
// default is absent from the result. In objects and arrays that may hold
// anything null is nil. Whatever is wrong is told together in an [*Error].
//
// limits bound how deep values nest (zero: 64) and how many there are (zero:
// 100,000); the size in bytes is the caller's to bound.
func (s *Schema) Validate(raw []byte, limits strictjson.Limits) (map[string]any, error) {
	if limits.Values == 0 {
		limits.Values = maxValues
	}
	v := validator{limits: limits}
	if raw = bytes.TrimLeft(raw, " \t\r\n"); len(raw) == 0 || raw[0] != '{' {
		v.add("type", typeText[Object])
		return nil, v.err()
	}
	values, err := v.object(s, raw)
	if err != nil {
		v.malformed(s, err)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	return values, nil
}

// A validator checks one request.
type validator struct {
	limits strictjson.Limits
	faults
}

// object checks the members of the object in raw and adds what they lack. Its
// error is that raw is not JSON.
func (v *validator) object(s *Schema, raw []byte) (map[string]any, error) {
	values := make(map[string]any, len(s.fields))
	err := strictjson.Members(raw, v.limits, func(key, raw []byte) error {
		index, declared := s.index[string(key)]
		if !declared || raw[0] == 'n' {
			return nil
		}
		f := &s.fields[index]
		v.enter(step{name: f.Name})
		values[f.Name] = v.value(f, raw)
		v.leave()
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i := range s.fields {
		f := &s.fields[i]
		if _, given := values[f.Name]; given {
			continue
		}
		switch {
		case f.Default != nil:
			values[f.Name] = clone(f.Default)
		case !f.Optional:
			v.enter(step{name: f.Name})
			v.add("required", "is required")
			v.leave()
		}
	}
	return values, nil
}

// malformed reports a text that is not the JSON we take. Faults found before
// are dropped: they may come from a part that was never meant so.
func (v *validator) malformed(s *Schema, err error) {
	syntax, ok := errors.AsType[*strictjson.SyntaxError](err)
	if !ok {
		panic(err) // no visitor of ours returns an error
	}
	v.faults = faults{limit: syntax.Limit}
	if v.follow(s, syntax.Path) {
		v.add("json", "is not valid JSON")
		return
	}
	v.add("json", "is not valid JSON: "+syntax.Reason)
}

// follow goes along path as far as it is declared, and reports whether that
// leads into something secret.
func (v *validator) follow(s *Schema, path []string) (secret bool) {
	f := &Field{Type: Object, Fields: s}
	for _, part := range path {
		if f.Type == Array && f.Items != nil {
			index, err := strconv.Atoi(strings.Trim(part, "[]"))
			if err != nil {
				break // an object where an array is declared
			}
			v.enter(step{index: index})
			f = f.Items
		} else {
			member, declared := f.member(part)
			if !declared {
				break
			}
			v.enter(step{name: part})
			f = member
		}
		secret = secret || f.Secret
	}
	return secret
}

// member returns the declared member of an object.
func (f *Field) member(name string) (*Field, bool) {
	if f.Fields == nil {
		return nil, false
	}
	at, declared := f.Fields.index[name]
	if !declared {
		return nil, false
	}
	return &f.Fields.fields[at], true
}

// value checks one value, which is not a member given as null, and returns it
// as Go knows it. After a fault what it returns has no meaning.
func (v *validator) value(f *Field, raw []byte) any {
	value, ok := v.typed(f, raw)
	if !ok {
		return nil
	}
	if f.Enum != nil && !f.listed(value) {
		v.add("enum", f.enumText())
	}
	return value
}

// typed checks everything but the enum.
func (v *validator) typed(f *Field, raw []byte) (any, bool) {
	switch f.Type {
	case String:
		return v.text(f, raw)
	case Integer, Number:
		return v.number(f, raw)
	case Boolean:
		return v.boolean(f, raw)
	case Object:
		return v.nested(f, raw)
	}
	return v.array(f, raw)
}

func (v *validator) fail(code, message string) (any, bool) {
	v.add(code, message)
	return nil, false
}

// parse reads a value that was found valid together with the whole.
func (v *validator) parse(raw []byte) any {
	value, err := strictjson.Parse(raw, v.limits)
	if err != nil {
		panic(err)
	}
	return value
}

func (v *validator) text(f *Field, raw []byte) (any, bool) {
	if raw[0] != '"' {
		return v.fail("type", typeText[String])
	}
	value := v.parse(raw)
	text := value.(string)
	if f.MinLength != nil || f.MaxLength != nil {
		length := utf8.RuneCountInString(text)
		if f.MinLength != nil && length < *f.MinLength {
			return v.fail("min_length", "must be at least "+plural(*f.MinLength, "character"))
		}
		if f.MaxLength != nil && length > *f.MaxLength {
			return v.fail("max_length", "must be at most "+plural(*f.MaxLength, "character"))
		}
	}
	ok := true
	if f.pattern != nil && !f.pattern.MatchString(text) {
		_, ok = v.fail("pattern", "must match the pattern "+f.Pattern)
	}
	if f.format != nil && f.format(text) != nil {
		_, ok = v.fail("format", formatText[f.Format])
	}
	return value, ok
}

func (v *validator) boolean(f *Field, raw []byte) (any, bool) {
	switch {
	case raw[0] == 't', f.Coerce && string(raw) == `"true"`:
		return true, true
	case raw[0] == 'f', f.Coerce && string(raw) == `"false"`:
		return false, true
	}
	return v.fail("type", typeText[Boolean])
}

func (v *validator) nested(f *Field, raw []byte) (any, bool) {
	if raw[0] != '{' {
		return v.fail("type", typeText[Object])
	}
	if f.Fields == nil {
		return v.free(raw)
	}
	values, err := v.object(f.Fields, raw)
	if err != nil {
		panic(err) // found valid together with the whole
	}
	return values, true
}

func (v *validator) array(f *Field, raw []byte) (any, bool) {
	if raw[0] != '[' {
		return v.fail("type", typeText[Array])
	}
	list, ok := []any{}, true
	length := 0
	err := strictjson.Elements(raw, v.limits, func(index int, raw []byte) error {
		length++
		if f.MaxItems != nil && index >= *f.MaxItems {
			return nil
		}
		v.enter(step{index: index})
		if f.Items != nil {
			list = append(list, v.value(f.Items, raw))
		} else {
			item, exact := v.free(raw)
			list, ok = append(list, item), ok && exact
		}
		v.leave()
		return nil
	})
	if err != nil {
		panic(err) // found valid together with the whole
	}
	if f.MinItems != nil && length < *f.MinItems {
		return v.fail("min_items", "must have at least "+plural(*f.MinItems, "item"))
	}
	if f.MaxItems != nil && length > *f.MaxItems {
		return v.fail("max_items", "must have at most "+plural(*f.MaxItems, "item"))
	}
	return list, ok
}

// free takes a value of which nothing is declared.
func (v *validator) free(raw []byte) (any, bool) {
	tree, ok := floats(v.parse(raw))
	if !ok {
		return v.fail("range", freeRangeText)
	}
	return tree, true
}

// listed reports whether value is in the enum.
func (f *Field) listed(value any) bool {
	for _, member := range f.Enum {
		if reflect.DeepEqual(member, value) {
			return true
		}
	}
	return false
}

// clone copies what a script could change.
func clone(value any) any {
	switch value := value.(type) {
	case []any:
		list := make([]any, len(value))
		for i, item := range value {
			list[i] = clone(item)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, item := range value {
			object[key] = clone(item)
		}
		return object
	}
	return value
}
