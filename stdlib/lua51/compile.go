package lua51

import (
	"bytes"
	"errors"
	"fmt"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// MaxSource is the size in bytes up to which source is parsed.
const MaxSource = 256 << 10

// A SyntaxError is a fault in source text.
type SyntaxError struct {
	File    string
	Line    int // from 1; 0 if the fault is the file's as a whole
	Column  int // in bytes, from 1; 0 if it is not known
	Message string
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

// Compile compiles the source of a file. Its name is what error messages say.
// The result is immutable and may be shared by many VMs and goroutines. The
// error is a *SyntaxError.
func Compile(name string, source []byte) (*lua.FunctionProto, error) {
	chunk, err := Parse(name, source)
	if err != nil {
		return nil, err
	}
	Fix(chunk)
	proto, err := lua.Compile(chunk, name)
	if compileErr, ok := errors.AsType[*lua.CompileError](err); ok {
		return nil, &SyntaxError{File: name, Line: compileErr.Line, Message: compileErr.Message}
	}
	if err != nil {
		return nil, &SyntaxError{File: name, Message: err.Error()}
	}
	if err := fixCode(proto); err != nil {
		return nil, err
	}
	return proto, nil
}

// Parse gives the syntax tree of source as it is written. It refuses more
// than [MaxSource] bytes and what is nested so deeply that walking the tree
// could exhaust the stack. The error is a *SyntaxError.
func Parse(name string, source []byte) ([]ast.Stmt, error) {
	if len(source) > MaxSource {
		return nil, &SyntaxError{File: name, Message: fmt.Sprintf("the file has more than %d KiB", MaxSource>>10)}
	}
	chunk, err := parse.Parse(bytes.NewReader(source), name)
	if err != nil {
		return nil, syntaxError(name, source, err)
	}
	return chunk, nil
}
