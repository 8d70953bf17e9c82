// Package lint reads actions without running them, and tells what would go
// wrong when they run.
//
//	linter, err := lint.NewLinter()
//	for _, finding := range linter.Check(files) {
//		fmt.Println(finding)
//	}
//
// What it knows of primitives and of Lua's library it takes from their
// declarations, what it knows of inputs from each action's schema, and what it
// knows of answers from package script. A value that it cannot follow, it
// takes to be right: what is found is wrong, or at least never of use.
//
// A line that is right nonetheless says so behind itself,
//
//	db.query("SELECT " .. columns) -- check: ignore sql-concatenation
//
// or a comment on the line above does.
package lint

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/yuin/gopher-lua/ast"

	"vera/host/schema"
	"vera/host/script/lualib"
	"vera/stdlib"
)

// A Severity says what a finding means to who runs the action.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // it fails, or does not do what it says
	Warning Severity = "warning" // it works, but nobody wants it so
)

// A Finding is one thing wrong with a file.
type Finding struct {
	File      string   `json:"file"` // below the actions' folder, with slashes; empty if it is about the folder
	Line      int      `json:"line"` // from 1; 0 if it is about the file
	Column    int      `json:"column"`
	EndColumn int      `json:"end_column"` // behind what is meant; both in bytes from 1, and 0 if only the line is known
	Rule      string   `json:"rule"`
	Severity  Severity `json:"severity"`
	Message   string   `json:"message"`
	Hint      string   `json:"hint"` // what to do; may be empty
}

// Place is FILE:LINE:COLUMN, as much of it as is known.
func (f Finding) Place() string {
	switch {
	case f.Line == 0:
		return f.File
	case f.Column == 0:
		return fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	return fmt.Sprintf("%s:%d:%d", f.File, f.Line, f.Column)
}

// Compare orders findings by place.
func Compare(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Hint, b.Hint))
}

// MaxFindings is how many findings of one file are told.
const MaxFindings = 100

// A File is one script.
type File struct {
	Path   string // below the actions' folder, with slashes
	Module string // the name by which others require it; empty for an action's file
	Source []byte
	Schema *schema.Schema // of an action's fields; nil where the host does not know them
}

// A Linter checks files. Many goroutines may use it.
type Linter struct {
	api *api
}

// NewLinter returns a linter for scripts that may call what the declarations
// of the primitives and of Lua's library say. An error is one in these.
func NewLinter() (*Linter, error) {
	primitives, err := stdlib.Declarations()
	if err != nil {
		return nil, err
	}
	library, err := lualib.Declarations()
	if err != nil {
		return nil, err
	}
	return &Linter{api: newAPI(primitives, library)}, nil
}

// Check gives what is wrong with the files of one folder, sorted by file and
// place. All have to be given, as they require each other. A file that has a
// syntax fault has no findings.
func (l *Linter) Check(files []File) []Finding {
	c := &checker{api: l.api, modules: make(map[string]*file), exists: make(map[string]bool)}
	for _, f := range parseAll(files, l.api.isGlobal) {
		if f != nil {
			c.files = append(c.files, f)
		}
	}
	for _, given := range files {
		if given.Module != "" {
			c.exists[given.Module] = true
		}
	}
	for _, f := range c.files {
		if f.Module != "" {
			c.modules[f.Module] = f
		}
	}
	c.check()
	return c.sorted()
}

// parseAll reads the files on all cores.
func parseAll(files []File, known func(string) bool) []*file {
	parsed := make([]*file, len(files))
	var g sync.WaitGroup
	next := make(chan int)
	for range runtime.NumCPU() {
		g.Go(func() {
			for i := range next {
				parsed[i] = parseFile(files[i], known)
			}
		})
	}
	for i := range files {
		next <- i
	}
	close(next)
	g.Wait()
	return parsed
}

// A checker is one run over all files.
type checker struct {
	api      *api
	files    []*file
	modules  map[string]*file
	exists   map[string]bool // modules, also those that have a syntax fault
	findings []Finding
}

func (c *checker) check() {
	for _, f := range c.files {
		c.findRun(f)
	}
	for _, f := range c.files {
		for _, e := range f.exprs {
			c.expr(f, e)
		}
	}
	for _, f := range c.files {
		c.inputs(f)
		c.answers(f)
		c.suppressions(f)
	}
	c.cycles()
}

// expr applies the rules that look at one expression.
func (c *checker) expr(f *file, expr ast.Expr) {
	c.follow(f, expr)
	if f.findings >= MaxFindings {
		return
	}
	switch e := expr.(type) {
	case *ast.IdentExpr:
		c.global(f, e)
	case *ast.AttrGetExpr:
		c.memberExists(f, e)
	case *ast.FuncCallExpr:
		c.required(f, e)
		c.call(f, e)
	}
}

// report notes a finding, unless its line asks to ignore it.
func (c *checker) report(f *file, at token, r *Rule, message, hint string) {
	if f.findings >= MaxFindings || f.silences[silence{at.line, r.Name}] {
		return
	}
	f.findings++
	c.findings = append(c.findings, Finding{
		File: f.Path, Line: at.line, Column: at.column, EndColumn: at.end,
		Rule: r.Name, Severity: r.Severity, Message: message, Hint: hint,
	})
}

// sorted gives the findings by place, each once.
func (c *checker) sorted() []Finding {
	slices.SortFunc(c.findings, Compare)
	return slices.Compact(c.findings)
}
