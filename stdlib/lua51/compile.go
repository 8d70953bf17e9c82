package lua51

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// MaxSource is the size in bytes up to which source is parsed.
const MaxSource = 256 << 10

// Compile compiles the source of a file. Its name is what error messages say.
// The result is immutable and may be shared by many VMs and goroutines. The
// error is a *[SyntaxError].
func Compile(name string, source []byte) (*lua.FunctionProto, error) {
	chunk, err := Parse(name, source)
	if err != nil {
		return nil, err
	}
	proto, err := CompileTree(name, chunk)
	if fault, ok := errors.AsType[*SyntaxError](err); ok {
		fault.Line = min(fault.Line, lines(source)) // the library gives one too many at the end
		return nil, fault
	}
	return proto, nil
}

// CompileTree compiles a tree that Parse gave, and that the caller may have
// changed. It rewrites the tree. The error is a *[SyntaxError].
func CompileTree(name string, chunk []ast.Stmt) (*lua.FunctionProto, error) {
	Fix(chunk)
	proto, err := compile(name, chunk)
	if err != nil {
		return nil, err
	}
	if err := fixCode(proto); err != nil {
		return nil, err
	}
	return proto, nil
}

func compile(name string, chunk []ast.Stmt) (_ *lua.FunctionProto, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = &SyntaxError{File: name, Message: fmt.Sprint("the compiler cannot take this: ", cause)}
		}
	}()
	proto, err := lua.Compile(chunk, name)
	if compileErr, ok := errors.AsType[*lua.CompileError](err); ok {
		message := compileErr.Message
		switch {
		case message == "no loop to break":
			message = `"break" outside of a loop`
		case strings.HasPrefix(message, "register overflow"):
			message = "too many locals and values at once in one function"
		}
		return nil, &SyntaxError{File: name, Line: compileErr.Line, Message: message}
	}
	if err != nil {
		return nil, &SyntaxError{File: name, Message: err.Error()}
	}
	return proto, nil
}

// lines counts the lines of source, without empty ones at the end.
func lines(source []byte) int {
	return 1 + bytes.Count(bytes.TrimRight(source, " \t\r\n"), []byte("\n"))
}

// Parse gives the syntax tree of source as it is written. It refuses more
// than [MaxSource] bytes, and what is nested so deeply that walking the tree
// would exhaust the stack. The error is a *[SyntaxError].
func Parse(name string, source []byte) ([]ast.Stmt, error) {
	if len(source) > MaxSource {
		return nil, &SyntaxError{File: name, Message: fmt.Sprintf("the file has %d bytes, %d are allowed", len(source), MaxSource)}
	}
	ok, fault := checkTokens(name, source)
	if fault != nil {
		return nil, fault
	}
	chunk, err := parse.Parse(bytes.NewReader(source), name)
	if err != nil {
		return nil, explain(name, source, err)
	}
	if chunk == nil || !ok { // the library has recovered a panic, or we have miscounted
		return nil, &SyntaxError{File: name, Message: "the parser cannot take this"}
	}
	return chunk, nil
}
