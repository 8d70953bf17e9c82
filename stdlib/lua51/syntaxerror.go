package lua51

import (
	"errors"
	"fmt"
	"slices"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// A SyntaxError is a fault in source text.
type SyntaxError struct {
	File    string
	Line    int // from 1; 0 if the fault is the file's as a whole
	Column  int // in bytes, from 1; 0 if it is not known
	Message string
	AtEnd   bool // the source ends too early: more of it could repair it
}

func (e *SyntaxError) Error() string {
	switch {
	case e.Line == 0:
		return fmt.Sprintf("%s: %s", e.File, e.Message)
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// explain puts the parser's error into words. The parser knows where it read
// last, so explain goes there again, token by token.
func explain(name string, source []byte, err error) *SyntaxError {
	parseErr, ok := errors.AsType[*parse.Error](err)
	if !ok {
		return &SyntaxError{File: name, Message: err.Error()}
	}
	s := newScan(name, source)
	for {
		before := s.last
		token, err := s.next()
		switch {
		case err != nil:
			return explainToken(name, token, err)
		case token.Type == parse.EOF && parseErr.Pos.Line != parse.EOF:
			return &SyntaxError{File: name, Line: parseErr.Pos.Line, Message: parseErr.Message}
		case token.Type == parse.EOF:
			return &SyntaxError{File: name, Line: lines(source), Message: "unexpected end of file" + s.unclosed(), AtEnd: true}
		case s.tokens.Pos == parseErr.Pos:
			return explainUnexpected(name, s, before, token, parseErr.Message)
		}
	}
}

func explainUnexpected(name string, s *scan, before, token ast.Token, message string) *SyntaxError {
	text := fmt.Sprintf("unexpected %q", token.Str)
	if token.Type == parse.TString {
		text = "unexpected string"
	}
	switch {
	case s.broken, token.Type == ',' && before.Type == parse.TEnd && !slices.Contains([]int{'(', '{', '['}, s.innermost()):
		// Behind the comma of "end," a table goes on: some end before is missing.
		text += s.unclosed()
	case message == "parse error":
		text += ": what stands before it does nothing"
	}
	return at(name, token, "%s", text)
}

// explainToken explains an error of the scanner in token.
func explainToken(name string, token ast.Token, err error) *SyntaxError {
	scanErr, ok := errors.AsType[*parse.Error](err)
	if !ok {
		return at(name, token, "%s", err)
	}
	switch scanErr.Message {
	case "unterminated string":
		return at(name, token, "the string does not end on its line")
	case "unterminated multiline string":
		return atEnd(at(name, token, "the string does not end"))
	case "invalid multiline string":
		return at(name, token, `unexpected "["`)
	case "invalid multiline comment":
		return atEnd(at(name, token, "the comment does not end"))
	case "illegal hexadecimal number":
		return at(name, token, "malformed number")
	}
	return at(name, token, "unexpected character %q", scanErr.Token)
}

func atEnd(fault *SyntaxError) *SyntaxError {
	fault.AtEnd = true
	return fault
}
