package lua51

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/parse"
)

// syntaxError puts the parser's error in plain words.
func syntaxError(file string, source []byte, err error) *SyntaxError {
	fault, ok := errors.AsType[*parse.Error](err)
	if !ok {
		return &SyntaxError{File: file, Message: strings.TrimSpace(err.Error())}
	}
	if fault.Pos.Line == parse.EOF {
		lines := bytes.Count(bytes.TrimRight(source, "\n"), []byte("\n")) + 1
		return &SyntaxError{File: file, Line: lines, Message: `the file ends in the middle of a statement; is an "end" or a bracket missing?`}
	}
	message := strings.TrimSpace(fault.Message)
	switch {
	case message == "syntax error" || message == "parse error":
		message = "unexpected " + quoted(fault.Token)
	case fault.Token != "":
		message += " near " + quoted(fault.Token)
	}
	return &SyntaxError{File: file, Line: fault.Pos.Line, Column: fault.Pos.Column, Message: message}
}

func quoted(token string) string {
	const longest = 40
	if len(token) > longest {
		token = token[:longest] + "…"
	}
	return fmt.Sprintf("%q", token)
}
