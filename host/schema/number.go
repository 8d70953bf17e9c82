package schema

import (
	"math"
	"strings"

	"vera/stdlib/strictjson"
)

// maxInteger is the largest integer that every smaller one can be told from
// in a float64.
const maxInteger = 1<<53 - 1

func (v *validator) number(f *Field, raw []byte) (any, bool) {
	literal, ok := v.literal(f, raw)
	if !ok {
		return v.fail("type", f.numberText())
	}
	value := literal.Float64()
	switch {
	case f.Minimum != nil && value < *f.Minimum:
		return v.fail("minimum", f.numberText())
	case f.Maximum != nil && value > *f.Maximum:
		return v.fail("maximum", f.numberText())
	case f.Type == Integer:
		n, whole := literal.Int64()
		if !whole && math.Abs(value) <= maxInteger {
			return v.fail("type", f.numberText())
		}
		value, ok = float64(n), whole
	default:
		value, ok = exact(literal)
	}
	if !ok {
		return v.fail("range", rangeText)
	}
	return value, true
}

// literal takes the number in raw, or in a text if the field allows it.
func (v *validator) literal(f *Field, raw []byte) (strictjson.Number, bool) {
	if raw[0] == '"' && f.Coerce {
		text := v.parse(raw).(string)
		value, err := strictjson.Parse([]byte(text), v.limits)
		number, ok := value.(strictjson.Number)
		// Spaces around it or an exponent are no decimal text.
		return number, err == nil && ok && len(number) == len(text) && !strings.ContainsAny(text, "eE")
	}
	if c := raw[0]; c != '-' && (c < '0' || c > '9') {
		return "", false
	}
	return v.parse(raw).(strictjson.Number), true
}

// exact is the number as a float64, unless it is written as an integer that
// a float64 would have to round.
func exact(literal strictjson.Number) (float64, bool) {
	if literal.IsInteger() {
		n, ok := literal.Int64()
		return float64(n), ok
	}
	return literal.Float64(), true
}

// floats turns the numbers in tree to float64, in place where it can.
func floats(tree any) (any, bool) {
	ok := true
	switch tree := tree.(type) {
	case strictjson.Number:
		return exact(tree)
	case []any:
		for i, item := range tree {
			var fits bool
			tree[i], fits = floats(item)
			ok = ok && fits
		}
	case map[string]any:
		for key, item := range tree {
			var fits bool
			tree[key], fits = floats(item)
			ok = ok && fits
		}
	}
	return tree, ok
}
