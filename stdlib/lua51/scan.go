package lua51

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// maxNesting bounds the depth of the syntax tree, as every walk through it
// recurses. Nested blocks and brackets count, and so do the operators, calls
// and indexes of one expression.
const maxNesting = 400

// maxWords bounds how many names, numbers and strings may differ. The library
// compares each that it meets with all before it; 25,000 take nine seconds.
const maxWords = 8192

// A scan goes through the tokens of a file and keeps account of what is open.
type scan struct {
	tokens *parse.Scanner
	open   []opening // innermost last; open[0] is the file
	depth  int       // of the syntax tree at this place, at most
	last   ast.Token
	header bool // between "function" and the "(" of its parameters
	params bool // last is the ")" of parameters
	split  bool // last is the "(" of a call, on another line than the function
	broken bool // a token closes what is not open; the parser will stop there
}

// An opening is a block or bracket that is not closed yet.
type opening struct {
	token  ast.Token
	links  int  // operators, calls and indexes in the expression so far
	params bool // it holds a function's parameters
}

func newScan(name string, source []byte) *scan {
	return &scan{tokens: parse.NewScanner(bytes.NewReader(source), name), open: make([]opening, 1)}
}

// next gives the next token. At the end of the file its Type is parse.EOF.
func (s *scan) next() (ast.Token, error) {
	token, err := s.tokens.Scan(&parse.Lexer{})
	if err != nil {
		return token, err
	}
	s.split = token.Type == '(' && token.Pos.Line != s.last.Pos.Line && !s.params &&
		(s.last.Type == parse.TIdent || s.last.Type == ')' || s.last.Type == ']')
	s.params = token.Type == ')' && s.open[len(s.open)-1].params
	s.count(token)
	s.last = token
	return token, nil
}

func (s *scan) count(token ast.Token) {
	switch token.Type {
	case parse.TIf, parse.TElseIf, parse.TDo, parse.TRepeat:
		s.link(0)
		s.push(token)
	case parse.TFunction:
		s.value(0)
		s.push(token)
	case '(', '{', '[':
		s.link(1)
		s.push(token)
	case parse.TEnd:
		for s.innermost() == parse.TElseIf {
			s.pop(parse.TElseIf)
		}
		s.pop(parse.TFunction, parse.TIf, parse.TDo)
	case parse.TUntil:
		s.pop(parse.TRepeat)
	case ')':
		s.pop('(')
	case '}':
		s.pop('{')
	case ']':
		s.pop('[')
	case parse.TIdent, parse.TNumber, parse.TNil, parse.TTrue, parse.TFalse, parse.T3Comma:
		s.value(0)
	case parse.TString:
		s.value(1)
	case parse.TAnd, parse.TOr, parse.TNot, parse.TEqeq, parse.TNeq, parse.TLte, parse.TGte, parse.T2Comma,
		'<', '>', '+', '-', '*', '/', '%', '^', '#', '.', ':':
		s.link(1)
	default: // a keyword or a separator
		s.link(0)
	}
}

// value notes a token that begins a value. After a value, it begins the next
// statement, if n is 0, or is an argument, if n is 1.
func (s *scan) value(n int) {
	switch s.last.Type {
	case parse.TIdent, parse.TNumber, parse.TString, parse.TNil, parse.TTrue, parse.TFalse, parse.T3Comma,
		parse.TEnd, ')', '}', ']':
		s.link(n)
	}
}

// link adds n to the innermost expression, or begins a new one if n is 0.
func (s *scan) link(n int) {
	expression := &s.open[len(s.open)-1]
	if n == 0 {
		s.depth -= expression.links
		expression.links = 0
	}
	expression.links += n
	s.depth += n
}

func (s *scan) push(token ast.Token) {
	s.open = append(s.open, opening{token: token, params: s.header && token.Type == '('})
	s.header = token.Type == parse.TFunction
	s.depth++
}

// pop closes the innermost opening, which has to be one of those.
func (s *scan) pop(openers ...int) {
	if !slices.Contains(openers, s.innermost()) {
		s.broken = true
		return
	}
	last := len(s.open) - 1
	s.depth -= 1 + s.open[last].links
	s.open = s.open[:last]
}

func (s *scan) innermost() int { return s.open[len(s.open)-1].token.Type }

// unclosed says what is open, with a colon before it.
func (s *scan) unclosed() string {
	if len(s.open) == 1 {
		return ""
	}
	i := len(s.open) - 1
	for s.open[i].token.Type == parse.TElseIf {
		i--
	}
	token := s.open[i].token
	missing := map[int]string{'(': ")", '{': "}", '[': "]", parse.TRepeat: "until"}[token.Type]
	if missing == "" {
		missing = "end"
	}
	return fmt.Sprintf(`: the %q of line %d has no %q`, token.Str, token.Pos.Line, missing)
}

// checkTokens refuses what is nested too deeply, and what Lua refuses but the
// parser does not. It stops, with ok false, where the parser will as well.
func checkTokens(name string, source []byte) (ok bool, _ *SyntaxError) {
	s := newScan(name, source)
	words := make(map[string]struct{})
	for {
		token, err := s.next()
		switch token.Type {
		case parse.TIdent, parse.TNumber, parse.TString:
			words[token.Str] = struct{}{}
		}
		switch {
		case err != nil, s.broken:
			return false, nil
		case token.Type == parse.EOF:
			return len(s.open) == 1, nil
		case s.depth > maxNesting:
			return false, at(name, token, "nested too deeply: blocks, brackets and the operators of an expression may make %d levels", maxNesting)
		case len(words) > maxWords:
			return false, at(name, token, "more than %d different names, numbers and strings", maxWords)
		case s.split:
			return false, at(name, token, `a "(" on a new line: write it behind the function that it calls, or ";" before it`)
		case token.Type == parse.TNumber:
			if _, ok := parseNumber(token.Str); !ok {
				return false, at(name, token, "malformed number")
			}
		}
	}
}

func at(name string, token ast.Token, format string, args ...any) *SyntaxError {
	return &SyntaxError{File: name, Line: token.Pos.Line, Column: token.Pos.Column, Message: fmt.Sprintf(format, args...)}
}
