package lint

import "strings"

// A token is a piece of a source that parses. Keywords are signs.
type token struct {
	kind   tokenKind
	text   string // but a string's
	line   int    // both from 1, the column in bytes
	column int
	end    int // the column behind it, or behind its first line
}

type tokenKind int

const (
	aSign tokenKind = iota
	aName
	aNumber
	aText
)

// A comment is one without its dashes.
type comment struct {
	text  string
	line  int
	last  int  // its last line
	alone bool // nothing stands before it
}

// A scanner cuts a source into tokens exactly where gopher-lua's does, which
// gives no ends and no comments.
type scanner struct {
	source   string
	at       int
	line     int
	start    int // of the line
	tokens   []token
	comments []comment
}

// scan gives all tokens of a source, and its comments, in order.
func scan(source string) ([]token, []comment) {
	s := &scanner{source: source, line: 1}
	for s.at < len(s.source) {
		s.next()
	}
	return s.tokens, s.comments
}

func (s *scanner) next() {
	from, line, start := s.at, s.line, s.start
	kind := aSign
	switch c := s.source[s.at]; {
	case isNewline(c):
		s.newline()
		return
	case strings.HasPrefix(s.source[s.at:], "--"):
		s.comment()
		return
	case isLetter(c):
		for s.at < len(s.source) && (isLetter(s.source[s.at]) || isDigit(s.source[s.at])) {
			s.at++
		}
		if kind = aName; keywords[s.source[from:s.at]] {
			kind = aSign
		}
	case isDigit(c), c == '.' && isDigit(s.peek(1)):
		kind = aNumber
		s.number()
	case c == '"', c == '\'':
		kind = aText
		s.quoted(c)
	case c == '[' && s.bracket() >= 0:
		kind = aText
		s.long(s.bracket())
	case strings.HasPrefix(s.source[s.at:], "..."):
		s.at += len("...")
	case strings.HasPrefix(s.source[s.at:], ".."), strings.HasPrefix(s.source[s.at:], "::"):
		s.at += len("..")
	default:
		if s.at++; c == ' ' || c == '\t' {
			return
		}
	}
	word := ""
	if kind != aText {
		word = s.source[from:s.at]
	}
	end := s.at
	if s.line != line {
		end = from + strings.IndexAny(s.source[from:], "\r\n")
	}
	s.tokens = append(s.tokens, token{kind: kind, text: word, line: line, column: from - start + 1, end: end - start + 1})
}

func (s *scanner) peek(ahead int) byte {
	if s.at+ahead < len(s.source) {
		return s.source[s.at+ahead]
	}
	return 0
}

// newline steps over the end of a line, of one byte or two.
func (s *scanner) newline() {
	if next := s.peek(1); isNewline(next) && next != s.source[s.at] {
		s.at++
	}
	s.at++
	s.line++
	s.start = s.at
}

func (s *scanner) comment() {
	alone := strings.Trim(s.source[s.start:s.at], " \t") == ""
	s.at += len("--")
	from, line := s.at, s.line
	if level := s.bracket(); level >= 0 {
		s.long(level)
	} else {
		for s.at < len(s.source) && !isNewline(s.source[s.at]) {
			s.at++
		}
	}
	s.comments = append(s.comments, comment{text: s.source[from:s.at], line: line, last: s.line, alone: alone})
}

// bracket gives the level of the long bracket that opens here, -1 if none.
func (s *scanner) bracket() int {
	if s.peek(0) != '[' {
		return -1
	}
	level := 0
	for s.peek(1+level) == '=' {
		level++
	}
	if s.peek(1+level) != '[' {
		return -1
	}
	return level
}

// long steps over a long bracket.
func (s *scanner) long(level int) {
	closing := "]" + strings.Repeat("=", level) + "]"
	s.at += level + 2
	for s.at < len(s.source) {
		switch {
		case strings.HasPrefix(s.source[s.at:], closing):
			s.at += len(closing)
			return
		case isNewline(s.source[s.at]):
			s.newline()
		default:
			s.at++
		}
	}
}

// quoted steps over a string in quotes. A backslash takes the next byte with
// it, also the end of a line.
func (s *scanner) quoted(quote byte) {
	s.at++
	for s.at < len(s.source) {
		c := s.source[s.at]
		if c == '\\' && s.at+1 < len(s.source) {
			s.at++
			c = 0
		}
		if isNewline(s.source[s.at]) {
			s.newline()
			continue
		}
		s.at++
		if c == quote {
			return
		}
	}
}

func (s *scanner) number() {
	if s.source[s.at] == '0' && (s.peek(1) == 'x' || s.peek(1) == 'X') {
		s.at += 2
		for isHex(s.peek(0)) {
			s.at++
		}
		return
	}
	s.digits()
	if s.peek(0) == '.' {
		s.at++
		s.digits()
	}
	if s.peek(0) == 'e' || s.peek(0) == 'E' {
		s.at++
		if s.peek(0) == '+' || s.peek(0) == '-' {
			s.at++
		}
		s.digits()
	}
}

func (s *scanner) digits() {
	for isDigit(s.peek(0)) {
		s.at++
	}
}

func isNewline(c byte) bool { return c == '\n' || c == '\r' }

func isLetter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// keywords are gopher-lua's: Lua 5.1's and goto.
var keywords = map[string]bool{
	"and": true, "break": true, "do": true, "else": true, "elseif": true, "end": true, "false": true, "for": true,
	"function": true, "goto": true, "if": true, "in": true, "local": true, "nil": true, "not": true, "or": true,
	"repeat": true, "return": true, "then": true, "true": true, "until": true, "while": true,
}
