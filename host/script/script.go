// Package script runs actions: source becomes a [Program], a Program runs in a
// VM of a [Pool].
//
//	program, err := script.Compile("greet.lua", source)
//	declared, err := pool.Declare(ctx, program, nil)
//	answer, err := pool.Run(ctx, script.Call{Program: program, Input: input, Deadline: deadline})
//
// # Isolation
//
// A VM holds primitives and Lua's own library, sealed against writing, and
// never an action. Every run executes its file anew, in a fresh environment:
// globals, the file's locals, the modules under lib/ and whatever a primitive
// returned live as long as the run. That costs 5 to 7 µs for a small file,
// which is less than the system call that sends the answer. The compiled code
// is immutable and shared by all VMs.
//
// # Faults
//
// A run that ends with an error costs the pool its VM: what was interrupted
// cannot be trusted to be whole, and a new VM takes well under a millisecond.
package script

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/lua51"
	"vera/stdlib/runinfo"
)

// A Program is a compiled file. It is immutable; all VMs share it.
type Program struct {
	file  string
	whole *lua.FunctionProto // all of the file
	run   *lua.FunctionProto // without what only loading reads
}

// Compile compiles the source of a file, whose path below the actions'
// directory is file. A fault is a *lua51.SyntaxError with the place.
func Compile(file string, source []byte) (*Program, error) {
	whole, err := lua51.Compile(file, source)
	if err != nil {
		return nil, err
	}
	chunk, err := lua51.Parse(file, source)
	if err != nil {
		return nil, err
	}
	run, err := lua51.CompileTree(file, forRuns(chunk))
	if err != nil {
		return nil, err
	}
	return &Program{file: file, whole: whole, run: run}, nil
}

// File is the path that the program was compiled from.
func (p *Program) File() string { return p.file }

// A Library is the modules that actions may require, by dotted name:
// lib/tokens.lua is "lib.tokens". It must not change while it is in use.
type Library map[string]*Program

// A Call is one run of a program.
type Call struct {
	Program  *Program
	Library  Library
	Info     runinfo.Info
	Deadline time.Time // nothing of the run goes on after it

	// Input gives the validated fields, as schema gives them. It is called when
	// the run has its turn, so that what many requests hold is not decoded for
	// all of them at once. Its error ends the run, and is Run's as it is. Nil
	// means no fields.
	Input func() (map[string]any, error)

	fields map[string]any
}

// An Answer is what run returned, ready for the wire.
type Answer struct {
	Status  int
	Message *string // nil where the script gave none
	Fields  []byte  // JSON; nil where the script gave none
}

// An Error is what a script raised, or what was wrong with what it returned.
// Its text is for the log: nothing of it is for callers.
type Error struct {
	Message   string // begins with file:line: of the script's own code, where that is known
	Traceback string // may be empty
	cause     error
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the Go error that a primitive raised, if one did.
func (e *Error) Unwrap() error { return e.cause }

var (
	beginsWithPlace = regexp.MustCompile(`^[^:\n]+\.lua:\d+: `)
	tracedPlace     = regexp.MustCompile(`(?m)^\s+([^:\n]+\.lua:\d+: )in `)
)

// place puts the script's innermost line before a message that does not say
// where: a primitive does not know who called it.
func (e *Error) place() {
	if beginsWithPlace.MatchString(e.Message) {
		return
	}
	if traced := tracedPlace.FindStringSubmatch(e.Traceback); traced != nil {
		e.Message = traced[1] + e.Message
	}
}

func errorf(format string, args ...any) *Error {
	return &Error{Message: cut(fmt.Sprintf(format, args...))}
}

// cut bounds a text that a script chose, as it goes into the log.
func cut(text string) string {
	const longest = 4 << 10
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}
