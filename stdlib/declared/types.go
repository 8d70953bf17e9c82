package declared

import (
	"errors"
	"fmt"
	"strings"
)

// maxTypeDepth bounds how deep a type is nested: a table of functions of
// tables of … .
const maxTypeDepth = 16

// cutType cuts the type off that text begins with, and gives it and the rest
// without the blanks between.
func cutType(text string) (kind, rest string, err error) {
	s := &typeScanner{text: text}
	if err := s.union(0); err != nil {
		return "", "", err
	}
	return text[:s.at], strings.TrimLeft(text[s.at:], " \t"), nil
}

// A typeScanner walks over a type; it only finds the end.
type typeScanner struct {
	text string
	at   int
}

// union is type|type|…, each with [] and ? behind it.
func (s *typeScanner) union(depth int) error {
	if depth > maxTypeDepth {
		return fmt.Errorf("the type is nested deeper than %d", maxTypeDepth)
	}
	for {
		if err := s.one(depth); err != nil {
			return err
		}
		for s.take("[]") || s.take("?") {
		}
		if before := s.at; !s.spaced("|") {
			s.at = before
			return nil
		}
		s.blanks()
	}
}

func (s *typeScanner) one(depth int) error {
	switch {
	case s.take(`"`), s.take("'"):
		quote := s.text[s.at-1]
		end := strings.IndexByte(s.text[s.at:], quote)
		if end < 0 {
			return errors.New("the type has a quote that is not closed")
		}
		s.at += end + 1
		return nil
	case s.take("..."):
		return nil
	case s.take("("):
		return s.list(depth, ")", false)
	case s.take("{"):
		return s.list(depth, "}", true)
	}
	name := s.name()
	switch {
	case name == "":
		return fmt.Errorf("there is no type in %q", s.text)
	case name == "fun" && s.take("("):
		if err := s.list(depth, ")", true); err != nil || !s.spaced(":") {
			return err
		}
		for {
			s.blanks()
			if err := s.union(depth + 1); err != nil || !s.spaced(",") {
				return err
			}
		}
	case s.take("<"):
		return s.list(depth, ">", false)
	}
	return nil
}

// list is what stands between brackets: types, or names with types behind a
// colon.
func (s *typeScanner) list(depth int, closing string, named bool) error {
	s.blanks()
	if named && s.take(closing) {
		return nil
	}
	for {
		s.blanks()
		if err := s.union(depth + 1); err != nil {
			return err
		}
		if named && s.spaced(":") {
			s.blanks()
			if err := s.union(depth + 1); err != nil {
				return err
			}
		}
		switch {
		case s.spaced(","):
		case s.spaced(closing):
			return nil
		default:
			return fmt.Errorf("the type has no %q at %q", closing, s.text[s.at:])
		}
	}
}

// take steps over the text if it is next.
func (s *typeScanner) take(text string) bool {
	if strings.HasPrefix(s.text[s.at:], text) {
		s.at += len(text)
		return true
	}
	return false
}

// spaced is take over blanks; without the text it stays where it is.
func (s *typeScanner) spaced(text string) bool {
	before := s.at
	s.blanks()
	if s.take(text) {
		return true
	}
	s.at = before
	return false
}

func (s *typeScanner) blanks() {
	for s.take(" ") || s.take("\t") {
	}
}

// name is a name with dots, or a number.
func (s *typeScanner) name() string {
	from := s.at
	for s.at < len(s.text) && (isNameByte(s.text[s.at]) || s.text[s.at] == '.' && s.at > from &&
		s.at+1 < len(s.text) && isNameByte(s.text[s.at+1])) {
		s.at++
	}
	return s.text[from:s.at]
}

func isNameByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
