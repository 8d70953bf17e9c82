// Package repl is a Lua prompt: it reads source, runs it in a session and
// shows what comes of it.
//
//	p := repl.Prompt{Pool: pool, Reader: repl.NewLines(os.Stdin), Out: os.Stdout, Err: os.Stderr, Timeout: 10 * time.Second}
//	failed, err := p.Run(ctx)
//
// An expression is shown, a statement is run; a piece that is not complete yet
// goes on in the next line. Globals last as long as the prompt, locals as long
// as the piece they are in.
package repl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"vera/host/script"
	"vera/stdlib/lua51"
)

// ErrInterrupted is what a Reader gives for a line that was given up.
var ErrInterrupted = errors.New("interrupted")

// A Reader reads a person's lines, or those of a file. Its error is io.EOF at
// the end and [ErrInterrupted].
type Reader interface {
	ReadLine(prompt string) (string, error)
}

// A Prompt is what Run needs. Failed may be nil, Library empty; all else is
// required.
type Prompt struct {
	Pool     *script.Pool
	Library  script.Library
	Reader   Reader
	Out, Err io.Writer
	Timeout  time.Duration               // of one piece of source
	Failed   func(context.Context) error // is called after each failure
}

const chunkName = "repl"

// Run reads and runs until the reader's end or ctx's. It tells how many pieces
// failed. An error is one of the reader, or of Failed.
func (p Prompt) Run(ctx context.Context) (failed int, err error) {
	session := p.Pool.NewSession(p.Library, map[string]lua.LGFunction{"print": p.print})
	defer session.Close()
	for {
		program, err := p.read(ctx)
		if errors.Is(err, io.EOF) || ctx.Err() != nil {
			return failed, nil
		}
		fault, isSyntax := errors.AsType[*lua51.SyntaxError](err)
		if err != nil && !isSyntax {
			return failed, err
		}
		if isSyntax {
			failed++
			fmt.Fprintf(p.Err, "error: %s\n", fault.Message)
			continue
		}
		if err := p.eval(ctx, session, program); err != nil {
			failed++
			fmt.Fprintf(p.Err, "error: %s\n", plain(err, p.Timeout))
			if p.Failed == nil {
				continue
			}
			if err := p.Failed(ctx); err != nil {
				return failed, err
			}
		}
	}
}

// eval runs a program and shows what it returns.
func (p Prompt) eval(ctx context.Context, session *script.Session, program *script.Program) error {
	results, err := session.Run(ctx, program, time.Now().Add(p.Timeout))
	if err != nil {
		return err
	}
	for _, value := range results {
		fmt.Fprintln(p.Out, Show(value))
	}
	return nil
}

// read reads lines until they are a whole piece of source.
func (p Prompt) read(ctx context.Context) (*script.Program, error) {
	source, prompt := "", "> "
	for {
		line, err := p.line(ctx, prompt)
		switch {
		case errors.Is(err, ErrInterrupted):
			source, prompt = "", "> "
			continue
		case errors.Is(err, io.EOF) && source != "":
			_, _, err := compile(source) // it says what is missing
			return nil, err
		case err != nil:
			return nil, err
		}
		source += line + "\n"
		if strings.TrimSpace(source) == "" {
			source = ""
			continue
		}
		program, incomplete, err := compile(source)
		if err == nil {
			p.warnOfLocals(source)
			return program, nil
		}
		if !incomplete {
			return nil, err
		}
		prompt = ">> "
	}
}

// line reads a line, but not beyond the end of ctx.
func (p Prompt) line(ctx context.Context, prompt string) (string, error) {
	type result struct {
		line string
		err  error
	}
	read := make(chan result, 1)
	go func() {
		line, err := p.Reader.ReadLine(prompt)
		read <- result{line, err}
	}()
	select {
	case r := <-read:
		return r.line, r.err
	case <-ctx.Done():
		return "", context.Cause(ctx) // the reader is left behind: nothing ends a read of a terminal
	}
}

// compile takes source for an expression, or else for statements. Of an error
// it tells whether more source could repair it.
func compile(source string) (_ *script.Program, incomplete bool, err error) {
	program, expressionErr := script.Compile(chunkName, []byte("return "+source))
	if expressionErr == nil {
		return program, false, nil
	}
	program, err = script.Compile(chunkName, []byte(source))
	if err == nil {
		return program, false, nil
	}
	return nil, atEnd(expressionErr) || atEnd(err), err
}

func atEnd(err error) bool {
	fault, ok := errors.AsType[*lua51.SyntaxError](err)
	return ok && fault.AtEnd
}

// warnOfLocals says that source does nothing that lasts.
func (p Prompt) warnOfLocals(source string) {
	statements, err := lua51.Parse(chunkName, []byte(source))
	if err != nil || len(statements) == 0 {
		return // an expression
	}
	for _, statement := range statements {
		if _, ok := statement.(*ast.LocalAssignStmt); !ok {
			return
		}
	}
	fmt.Fprintln(p.Err, "note: a local ends with its line; without the word local it is there for the next ones")
}

// place is what stands before the message of an error at the prompt.
var place = regexp.MustCompile(`^` + chunkName + `:\d+: `)

// plain is an error as the one at the prompt reads it.
func plain(err error, timeout time.Duration) string {
	switch {
	case errors.Is(err, script.ErrTimeout):
		return fmt.Sprintf("it ran for more than %v", timeout)
	case errors.Is(err, context.Canceled):
		return "interrupted"
	}
	return place.ReplaceAllString(err.Error(), "")
}

// print(…): text as it is, other values as they are shown, on one line.
func (p Prompt) print(L *lua.LState) int {
	parts := make([]string, L.GetTop())
	for i := range parts {
		parts[i] = Show(L.Get(i + 1))
		if text, ok := L.Get(i + 1).(lua.LString); ok {
			parts[i] = harmless(string(text))
		}
	}
	fmt.Fprintln(p.Out, strings.Join(parts, "\t"))
	return 0
}

// harmless replaces what a terminal would obey.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
