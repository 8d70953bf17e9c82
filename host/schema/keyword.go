package schema

import (
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"vera/host/spell"
)

// A Keyword is one of those that a field may say.
type Keyword struct {
	Name  string
	Types []string // that it is for; none means all
	Value string   // what it takes, as editors are told
	About string
}

// keywordList is in the order of the reference.
var keywordList = []Keyword{
	{"type", nil, `"string"|"integer"|"number"|"boolean"|"object"|"array"`, "required"},
	{"description", nil, "string", "required; plain text that callers see"},
	{"default", nil, "any", "what stands in where the field is left out; it obeys the other keywords"},
	{"optional", nil, "boolean", "may be left out, and is then nil"},
	{"enum", nil, "any[]", "all that is accepted"},
	{"secret", nil, "boolean", "never in a log or an error"},
	{"coerce", []string{Integer, Number, Boolean}, "boolean", "takes decimal text too: \"42\", \"true\""},
	{"min_length", []string{String}, "integer", "in code points"},
	{"max_length", []string{String}, "integer", "in code points"},
	{"pattern", []string{String}, "string", "RE2, for the whole text"},
	{"format", []string{String}, `"email"|"phone"|"uuid"|"date-time"|"uri"`, "what the text must be"},
	{"minimum", []string{Integer, Number}, "number", "inclusive"},
	{"maximum", []string{Integer, Number}, "number", "inclusive; an integer beyond 2^53 is refused, never rounded"},
	{"items", []string{Array}, "Field", "what each item is; without it they may be anything"},
	{"min_items", []string{Array}, "integer", "how many at least"},
	{"max_items", []string{Array}, "integer", "how many at most"},
	{"fields", []string{Object}, "table<string, Field>", "its own fields; without it the object may hold anything"},
}

// Keywords lists all that a field may say, in the order of the reference.
func Keywords() []Keyword { return slices.Clone(keywordList) }

// keywords are the types that each keyword is for; none means all.
var keywords = func() map[string][]string {
	types := make(map[string][]string)
	for _, keyword := range keywordList {
		types[keyword.Name] = keyword.Types
	}
	return types
}()

// types in the order of the reference.
var types = []string{String, Integer, Number, Boolean, Object, Array}

// A declaration is the table of one field while it is read.
type declaration struct {
	parser *parser
	path   string
	table  map[string]any
}

func (d *declaration) fault(format string, args ...any) {
	d.parser.fault(d.path, format, args...)
}

func (d *declaration) has(keyword string) bool {
	_, ok := d.table[keyword]
	return ok
}

// take returns a keyword's value, nil if it is not given or not what it must
// be.
func (d *declaration) take(keyword, what string) any {
	value, given := d.table[keyword]
	if !given {
		return nil
	}
	ok := false
	switch what {
	case "a string":
		var text string
		text, ok = value.(string)
		ok = ok && utf8.ValidString(text)
	case "true or false":
		_, ok = value.(bool)
	case "a number":
		var f float64
		f, ok = value.(float64)
		ok = ok && !math.IsNaN(f) && !math.IsInf(f, 0)
	case "a table of fields":
		_, ok = value.(map[string]any)
	}
	if !ok {
		d.fault("%s must be %s", keyword, what)
		return nil
	}
	return value
}

func (d *declaration) flag(keyword string) bool {
	value, _ := d.take(keyword, "true or false").(bool)
	return value
}

func (d *declaration) fieldType() string {
	if !d.has("type") {
		d.fault("type is missing (%s)", strings.Join(types, ", "))
		return ""
	}
	name, ok := d.take("type", "a string").(string)
	if !ok || slices.Contains(types, name) {
		return name
	}
	d.fault("unknown type %q%s (%s)", shorten(name), spell.Hint(name, types), strings.Join(types, ", "))
	return ""
}

func (d *declaration) description() string {
	if !d.has("description") {
		d.fault("description is missing")
		return ""
	}
	text, ok := d.take("description", "a string").(string)
	if ok && strings.TrimSpace(text) == "" {
		d.fault("description is empty")
	}
	return text
}

// unknown reports the keywords that do not exist or are not for the type.
func (d *declaration) unknown(fieldType string) {
	for _, keyword := range slices.Sorted(maps.Keys(d.table)) {
		allowed, known := keywords[keyword]
		switch {
		case !known && (keyword == "required" || spell.Meant(keyword, []string{"required"}) != ""):
			d.fault("unknown keyword %q: a field is required unless it has default or optional", keyword)
		case !known:
			d.fault("unknown keyword %q%s", shorten(keyword), spell.Hint(keyword, slices.Sorted(maps.Keys(keywords))))
		case allowed != nil && fieldType != "" && !slices.Contains(allowed, fieldType):
			d.fault("keyword %q is not for type %s, only for %s", keyword, fieldType, strings.Join(allowed, " and "))
		}
	}
}

// span reads two counts of which the first may not be above the second.
func (d *declaration) span(least, most string) (low, high *int) {
	low, high = d.size(least), d.size(most)
	if low != nil && high != nil && *low > *high {
		d.fault("%s %d is above %s %d", least, *low, most, *high)
	}
	return low, high
}

// size reads a length or a count.
func (d *declaration) size(keyword string) *int {
	value, ok := d.take(keyword, "a number").(float64)
	if !ok {
		return nil
	}
	if value < 0 || value > math.MaxInt32 || value != math.Trunc(value) {
		d.fault("%s must be a whole number from 0 to %d", keyword, math.MaxInt32)
		return nil
	}
	return new(int(value))
}

// bound reads an end of a range of numbers.
func (d *declaration) bound(keyword, fieldType string) *float64 {
	value, ok := d.take(keyword, "a number").(float64)
	if !ok {
		return nil
	}
	if fieldType == Integer && (value != math.Trunc(value) || math.Abs(value) > maxInteger) {
		d.fault("%s must be an integer between -%d and %d", keyword, maxInteger, maxInteger)
		return nil
	}
	return new(value)
}

func (d *declaration) pattern(f *Field) {
	text, ok := d.take("pattern", "a string").(string)
	if !ok {
		return
	}
	// The pattern alone first: with its brackets open it could close ours.
	if _, err := regexp.Compile(text); err != nil {
		d.fault("pattern: %.200s", err.Error()) // it repeats the pattern
		return
	}
	whole, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		d.fault("pattern: %.200s", err.Error())
		return
	}
	f.Pattern, f.pattern = text, whole
}

func (d *declaration) format(f *Field) {
	name, ok := d.take("format", "a string").(string)
	if !ok {
		return
	}
	if _, known := formatText[name]; !known {
		d.fault("unknown format %q%s (%s)", shorten(name), spell.Hint(name, slices.Sorted(maps.Keys(formatText))), formatNames)
		return
	}
	f.Format, f.format = name, ownFormats[name]
	if f.format == nil {
		f.format = d.parser.formats[name]
	}
	if f.format == nil {
		d.fault("format %q has no check in this program", name)
	}
}
