package strictjson

import (
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"
)

// A scanner reads one text, once, from front to back. Every method starts at
// pos and leaves pos behind what it read.
type scanner struct {
	data   []byte
	pos    int
	depth  int    // levels that may still be entered
	levels int    // that were allowed in the beginning
	values int    // that may still come, negative for any number
	text   string // data once more, made when the first string is cut from it
	stack  []any  // elements of the arrays that are being parsed
}

func newScanner(data []byte, limits Limits) scanner {
	s := scanner{data: data, levels: limits.Depth, values: limits.Values}
	if s.levels <= 0 {
		s.levels = DefaultDepth
	}
	if s.values <= 0 {
		s.values = -1
	}
	s.depth = s.levels
	return s
}

func (s *scanner) fault(offset int, reason string) *SyntaxError {
	return &SyntaxError{Offset: offset, Reason: reason}
}

// unexpected is the fault of a byte that cannot stand at pos.
func (s *scanner) unexpected(wanted string) *SyntaxError {
	if s.pos >= len(s.data) {
		return s.fault(len(s.data), "unexpected end")
	}
	return s.fault(s.pos, "expected "+wanted)
}

// within notes on an error's way out that it came from the given part.
func (e *SyntaxError) within(part string) { e.Path = append(e.Path, part) }

// outward is e as callers get it: the path in reading order.
func (e *SyntaxError) outward() *SyntaxError {
	slices.Reverse(e.Path)
	return e
}

func element(index int) string { return "[" + strconv.Itoa(index) + "]" }

// peek returns the byte at pos, or 0 at the end of the text.
func (s *scanner) peek() byte {
	if s.pos < len(s.data) {
		return s.data[s.pos]
	}
	return 0
}

func (s *scanner) space() {
	for s.pos < len(s.data) {
		switch s.data[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// end makes sure that nothing comes any more.
func (s *scanner) end() *SyntaxError {
	s.space()
	if s.pos < len(s.data) {
		return s.fault(s.pos, "text after the value")
	}
	return nil
}

// finish is what a walk over the outermost value returns.
func (s *scanner) finish(err *SyntaxError) error {
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return err.outward()
	}
	return nil
}

// open enters an array or object and reports whether it has anything in it.
func (s *scanner) open(first, last byte) (bool, *SyntaxError) {
	if s.peek() != first {
		return false, s.unexpected("'" + string(rune(first)) + "'")
	}
	if s.depth == 0 {
		return false, &SyntaxError{Offset: s.pos, Reason: fmt.Sprintf("nested deeper than %d", s.levels), Limit: TooDeep}
	}
	s.depth--
	s.pos++
	s.space()
	if s.peek() == last {
		s.pos++
		s.depth++
		return false, nil
	}
	return true, nil
}

// more steps behind a member or element and reports whether one follows.
func (s *scanner) more(last byte) (bool, *SyntaxError) {
	s.space()
	switch s.peek() {
	case ',':
		s.pos++
		s.space()
		return true, nil
	case last:
		s.pos++
		s.depth++
		return false, nil
	}
	return false, s.unexpected("',' or '" + string(rune(last)) + "'")
}

// member reads a member's name and the colon, as name does, but does not
// look for duplicates.
func (s *scanner) member() (raw []byte, escaped bool, err *SyntaxError) {
	if s.peek() != '"' {
		return nil, false, s.unexpected("a member's name")
	}
	raw, escaped, err = s.quoted()
	if err != nil {
		return nil, false, err
	}
	s.space()
	if s.peek() != ':' {
		return nil, false, s.unexpected("':'")
	}
	s.pos++
	s.space()
	return raw, escaped, nil
}

// name reads a member's name and the colon and returns the name decoded.
func (s *scanner) name(seen *names) ([]byte, *SyntaxError) {
	start := s.pos
	key, escaped, err := s.member()
	if err != nil {
		return nil, err
	}
	if escaped {
		key = unescape(make([]byte, 0, len(key)), key)
	}
	if !seen.add(key) {
		return nil, s.duplicate(start, string(key))
	}
	return key, nil
}

func (s *scanner) duplicate(offset int, key string) *SyntaxError {
	const longest = 64
	short := key
	if len(key) > longest {
		cut := longest
		for !utf8.RuneStart(key[cut]) {
			cut--
		}
		short = key[:cut] + "…"
	}
	err := s.fault(offset, "duplicate member "+strconv.Quote(short))
	err.within(key)
	return err
}

// names are the member names of one object so far. A few are faster in an
// array than in a map.
type names struct {
	few  [16][]byte
	n    int
	many map[string]struct{}
}

// add reports whether name is new.
func (n *names) add(name []byte) bool {
	if n.many != nil {
		before := len(n.many)
		n.many[string(name)] = struct{}{}
		return len(n.many) > before
	}
	for _, other := range n.few[:n.n] {
		if string(other) == string(name) {
			return false
		}
	}
	if n.n < len(n.few) {
		n.few[n.n] = name
		n.n++
		return true
	}
	n.many = make(map[string]struct{}, 4*len(n.few))
	for _, other := range n.few {
		n.many[string(other)] = struct{}{}
	}
	n.many[string(name)] = struct{}{}
	return true
}

// count takes one value off those that may still come.
func (s *scanner) count() *SyntaxError {
	if s.values == 0 {
		return &SyntaxError{Offset: s.pos, Reason: "too many values", Limit: TooMany}
	}
	s.values--
	return nil
}

// skip checks the value at pos without building it.
func (s *scanner) skip() *SyntaxError {
	if err := s.count(); err != nil {
		return err
	}
	switch c := s.peek(); {
	case c == '"':
		_, _, err := s.quoted()
		return err
	case c == '{':
		return s.skipObject()
	case c == '[':
		return s.skipArray()
	case c == '-' || '0' <= c && c <= '9':
		return s.number()
	}
	_, err := s.literal()
	return err
}

func (s *scanner) skipObject() *SyntaxError {
	var seen names
	more, err := s.open('{', '}')
	for ; more && err == nil; more, err = s.more('}') {
		key, err := s.name(&seen)
		if err != nil {
			return err
		}
		if err := s.skip(); err != nil {
			err.within(string(key))
			return err
		}
	}
	return err
}

func (s *scanner) skipArray() *SyntaxError {
	index := 0
	more, err := s.open('[', ']')
	for ; more && err == nil; more, err = s.more(']') {
		if err := s.skip(); err != nil {
			err.within(element(index))
			return err
		}
		index++
	}
	return err
}

// literal reads null, true or false.
func (s *scanner) literal() (any, *SyntaxError) {
	rest := s.data[s.pos:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "null":
		s.pos += 4
		return nil, nil
	case len(rest) >= 4 && string(rest[:4]) == "true":
		s.pos += 4
		return true, nil
	case len(rest) >= 5 && string(rest[:5]) == "false":
		s.pos += 5
		return false, nil
	}
	return nil, s.unexpected("a value")
}
