package strictjson

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// AppendString appends s as a JSON string. Control characters, quotes,
// backslashes and the line separators U+2028 and U+2029 are escaped. s must
// be valid UTF-8; what is not is written as U+FFFD, so that the result is
// JSON in any case. Who cannot accept that asks utf8.ValidString first, as
// [Append] does.
func AppendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0 // of what is not yet copied
	for at := 0; at < len(s); {
		c := s[at]
		if plain[c] {
			at++
			continue
		}
		if c < utf8.RuneSelf {
			dst = appendEscape(append(dst, s[start:at]...), c)
			at++
			start = at
			continue
		}
		r, size := utf8.DecodeRuneInString(s[at:])
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:at]...), "\uFFFD"...)
			start = at + size
		case r == '\u2028' || r == '\u2029':
			dst = append(append(dst, s[start:at]...), `\u202`...)
			dst = append(dst, hexDigits[r&0xF])
			start = at + size
		}
		at += size
	}
	return append(append(dst, s[start:]...), '"')
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xF])
}

// AppendNumber appends the shortest literal that reads back as f, which must
// be finite. Whole numbers up to 2^53-1 are written as integers, minus zero
// as 0, and whole numbers above with an exponent, so that nobody takes them
// for exact.
func AppendNumber(dst []byte, f float64) []byte {
	if f == math.Trunc(f) && math.Abs(f) <= maxSafe {
		return strconv.AppendInt(dst, int64(f), 10)
	}
	if abs := math.Abs(f); abs >= 1e-6 && abs <= maxSafe {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'e', -1, 64)
}

// Append appends v as JSON, the members of objects sorted by name. v is
// built of nil, bool, string, [Number], float64, int, int64, []any and
// map[string]any, at most [DefaultDepth] deep. Anything else is an error, as
// are a number that is not finite and text that is not UTF-8; dst is then
// returned as it came.
func Append(dst []byte, v any) ([]byte, error) {
	out, err := appendValue(dst, v, DefaultDepth)
	if err != nil {
		return dst, fmt.Errorf("encode JSON: %w", err)
	}
	return out, nil
}

func appendValue(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendText(dst, v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%v is not a JSON number", v)
		}
		return AppendNumber(dst, v), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case Number:
		return appendLiteral(dst, v)
	case []any:
		return appendArray(dst, v, depth-1)
	case map[string]any:
		return appendObject(dst, v, depth-1)
	}
	return nil, fmt.Errorf("a %T is not a JSON value", v)
}

func appendText(dst []byte, s string) ([]byte, error) {
	if !utf8.ValidString(s) {
		return nil, errors.New("text that is not UTF-8")
	}
	return AppendString(dst, s), nil
}

func appendLiteral(dst []byte, n Number) ([]byte, error) {
	s := newScanner([]byte(n), Limits{})
	if s.number() != nil || s.pos < len(n) {
		return nil, errors.New("a Number that is not a JSON number")
	}
	return append(dst, n...), nil
}

var errDeep = fmt.Errorf("nested deeper than %d", DefaultDepth)

func appendArray(dst []byte, array []any, depth int) ([]byte, error) {
	if depth < 0 {
		return nil, errDeep
	}
	dst = append(dst, '[')
	for i, item := range array {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendValue(dst, item, depth); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func appendObject(dst []byte, object map[string]any, depth int) ([]byte, error) {
	if depth < 0 {
		return nil, errDeep
	}
	keys := slices.AppendSeq(make([]string, 0, len(object)), maps.Keys(object))
	slices.Sort(keys)
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = appendText(dst, key); err != nil {
			return nil, err
		}
		if dst, err = appendValue(append(dst, ':'), object[key], depth); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}
