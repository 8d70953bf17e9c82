package schema

import (
	"strconv"
	"strings"

	"vera/stdlib/strictjson"
)

// What a value must be, by type.
var typeText = map[string]string{
	String:  "must be a string",
	Integer: "must be an integer",
	Number:  "must be a number",
	Boolean: "must be true or false",
	Object:  "must be an object",
	Array:   "must be an array",
}

const (
	rangeText     = "must be between -9007199254740991 and 9007199254740991"
	freeRangeText = "must not hold an integer beyond 9007199254740991"
)

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// numberText says all that a number must be.
func (f *Field) numberText() string {
	text := typeText[f.Type]
	switch {
	case f.Minimum != nil && f.Maximum != nil:
		return text + " between " + decimal(*f.Minimum) + " and " + decimal(*f.Maximum)
	case f.Minimum != nil:
		return text + " of at least " + decimal(*f.Minimum)
	case f.Maximum != nil:
		return text + " of at most " + decimal(*f.Maximum)
	}
	return text
}

func decimal(f float64) string { return string(strictjson.AppendNumber(nil, f)) }

// enumText lists what is accepted, unless that is secret, long or structured.
func (f *Field) enumText() string {
	const unlisted, longest = "is not one of the accepted values", 200
	if f.Secret || f.Type == Object || f.Type == Array {
		return unlisted
	}
	members := make([]string, len(f.Enum))
	for i, member := range f.Enum {
		switch member := member.(type) {
		case string:
			members[i] = member
		case float64:
			members[i] = decimal(member)
		case bool:
			members[i] = strconv.FormatBool(member)
		}
	}
	text := "must be one of: " + strings.Join(members, ", ")
	if len(text) > longest {
		return unlisted
	}
	return text
}
