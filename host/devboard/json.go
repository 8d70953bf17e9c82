package devboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth keeps a hostile text from exhausting the stack. The hub has no
// limit, and encoding/json one of 10,000, which is why it is not used here.
const maxDepth = 250_000

// normalize returns the JSON text data as the hub passes it on: compact, keys
// sorted, the last of equal keys kept, -0 as 0 and 1e5 as 1.0e5. It refuses
// what the hub cannot decode: beside malformed text these are bad UTF-8, lone
// surrogates and numbers beyond float64.
func normalize(data []byte) (json.RawMessage, error) {
	p := parser{in: data, out: make([]byte, 0, len(data))}
	if !utf8.Valid(data) {
		return nil, errors.New("text is not UTF-8")
	}
	if err := p.value(0); err != nil {
		return nil, err
	}
	if p.space(); p.pos < len(p.in) {
		return nil, p.fault("text after the value")
	}
	return p.out, nil
}

// members splits a JSON object into its normalized values.
func members(data []byte) (map[string]json.RawMessage, error) {
	p := parser{in: data, out: make([]byte, 0, len(data))}
	if !utf8.Valid(data) {
		return nil, errors.New("text is not UTF-8")
	}
	if p.space(); p.peek() != '{' {
		return nil, p.fault("not an object")
	}
	list, err := p.object(1)
	if err != nil {
		return nil, err
	}
	if p.space(); p.pos < len(p.in) {
		return nil, p.fault("text after the object")
	}
	keys := make(map[string]json.RawMessage, len(list))
	for _, m := range list {
		keys[m.key] = p.out[m.value:m.end:m.end]
	}
	return keys, nil
}

// text returns what a JSON string says, and any other JSON text as it is.
func text(raw json.RawMessage) string {
	if len(raw) < 2 || raw[0] != '"' {
		return string(raw)
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	var s string
	json.Unmarshal(raw, &s)
	return s
}

// A parser reads one JSON text and writes it again while it goes.
type parser struct {
	in  []byte
	pos int
	out []byte
}

// A member is where a key with its value lies in the output.
type member struct {
	key               string
	start, value, end int
}

func (p *parser) fault(what string) error { return fmt.Errorf("JSON at byte %d: %s", p.pos, what) }

// peek returns the next byte, 0 at the end (and for a NUL, which no rule takes).
func (p *parser) peek() byte {
	if p.pos < len(p.in) {
		return p.in[p.pos]
	}
	return 0
}

func (p *parser) space() {
	for p.pos < len(p.in) && strings.IndexByte(" \t\r\n", p.in[p.pos]) >= 0 {
		p.pos++
	}
}

// copy moves n bytes of the input to the output.
func (p *parser) copy(n int) {
	p.out = append(p.out, p.in[p.pos:p.pos+n]...)
	p.pos += n
}

func (p *parser) value(depth int) error {
	if depth > maxDepth {
		return p.fault("nested too deep")
	}
	p.space()
	switch c := p.peek(); {
	case c == '{':
		list, err := p.object(depth + 1)
		if err == nil {
			p.sort(list)
		}
		return err
	case c == '[':
		return p.array(depth + 1)
	case c == '"':
		return p.string()
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	}
	for _, word := range []string{"null", "true", "false"} {
		if len(p.in)-p.pos >= len(word) && string(p.in[p.pos:p.pos+len(word)]) == word {
			p.copy(len(word))
			return nil
		}
	}
	return p.fault("no value")
}

// object reads from '{' to '}' and returns the members in their order.
func (p *parser) object(depth int) ([]member, error) {
	p.copy(1)
	if p.space(); p.peek() == '}' {
		p.copy(1)
		return nil, nil
	}
	var list []member
	for {
		p.space()
		m := member{start: len(p.out)}
		if err := p.string(); err != nil {
			return nil, err
		}
		m.key = text(p.out[m.start:])
		if p.space(); p.peek() != ':' {
			return nil, p.fault("no colon after a key")
		}
		p.copy(1)
		m.value = len(p.out)
		if err := p.value(depth); err != nil {
			return nil, err
		}
		m.end = len(p.out)
		list = append(list, m)
		switch p.space(); p.peek() {
		case ',':
			p.copy(1)
		case '}':
			p.copy(1)
			return list, nil
		default:
			return nil, p.fault("object not closed")
		}
	}
}

// sort rewrites the object at the end of the output in the hub's order.
func (p *parser) sort(list []member) {
	sorted := true
	for i := 1; i < len(list) && sorted; i++ {
		sorted = list[i-1].key < list[i].key // equal keys count as unsorted: one of them has to go
	}
	if sorted {
		return
	}
	start := list[0].start
	old := slices.Clone(p.out[start:])
	slices.SortStableFunc(list, func(a, b member) int { return strings.Compare(a.key, b.key) })
	p.out = p.out[:start]
	for i, m := range list {
		if i+1 < len(list) && list[i+1].key == m.key {
			continue
		}
		p.out = append(p.out, old[m.start-start:m.end-start]...)
		p.out = append(p.out, ',')
	}
	p.out[len(p.out)-1] = '}'
}

func (p *parser) array(depth int) error {
	p.copy(1)
	if p.space(); p.peek() == ']' {
		p.copy(1)
		return nil
	}
	for {
		if err := p.value(depth); err != nil {
			return err
		}
		switch p.space(); p.peek() {
		case ',':
			p.copy(1)
		case ']':
			p.copy(1)
			return nil
		default:
			return p.fault("array not closed")
		}
	}
}

// string copies a string as it is.
func (p *parser) string() error {
	if p.peek() != '"' {
		return p.fault("no string")
	}
	for i := p.pos + 1; i < len(p.in); i++ {
		switch c := p.in[i]; {
		case c == '"':
			p.copy(i + 1 - p.pos)
			return nil
		case c < 0x20:
			return p.fault("control character in a string")
		case c == '\\':
			n := escape(p.in[i:])
			if n == 0 {
				return p.fault("bad escape in a string")
			}
			i += n - 1
		}
	}
	return p.fault("string not closed")
}

// escape returns the length of the escape that in begins with, a surrogate
// pair counting as one, or 0 if it is none.
func escape(in []byte) int {
	if len(in) < 2 {
		return 0
	}
	if in[1] != 'u' {
		if strings.IndexByte(`"\/bfnrt`, in[1]) >= 0 {
			return 2
		}
		return 0
	}
	first, ok := unit(in)
	switch {
	case !ok:
		return 0
	case !utf16.IsSurrogate(first):
		return 6
	}
	second, ok := unit(in[6:])
	if !ok || utf16.DecodeRune(first, second) == utf8.RuneError {
		return 0
	}
	return 12
}

// unit decodes the \uXXXX that in begins with.
func unit(in []byte) (rune, bool) {
	if len(in) < 6 || in[0] != '\\' || in[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(in[2:6]), 16, 16)
	return rune(n), err == nil
}

func (p *parser) number() error {
	start := p.pos
	digits := func() int {
		from := p.pos
		for '0' <= p.peek() && p.peek() <= '9' {
			p.pos++
		}
		return p.pos - from
	}
	if p.peek() == '-' {
		p.pos++
	}
	zero := p.peek() == '0'
	if n := digits(); n == 0 || zero && n > 1 {
		return p.fault("bad number")
	}
	mantissa, float := p.pos, false
	if p.peek() == '.' {
		float = true
		p.pos++
		if digits() == 0 {
			return p.fault("bad number")
		}
		mantissa = p.pos
	}
	exponent := ""
	if p.peek()|0x20 == 'e' {
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if digits() == 0 {
			return p.fault("bad number")
		}
		exponent = "e" + strings.TrimPrefix(string(p.in[mantissa+1:p.pos]), "+")
		if !float {
			exponent = ".0" + exponent
		}
		float = true
	}
	literal := string(p.in[start:mantissa])
	if float {
		if _, err := strconv.ParseFloat(string(p.in[start:p.pos]), 64); err != nil {
			return p.fault("number beyond float64")
		}
	} else if literal == "-0" {
		literal = "0"
	}
	p.out = append(append(p.out, literal...), exponent...)
	return nil
}
