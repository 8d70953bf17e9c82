package lint

import (
	"github.com/yuin/gopher-lua/ast"

	"vera/stdlib/lua51"
)

// A file is a source and what each name in it stands for.
type file struct {
	File
	comments []comment
	silences map[silence]bool
	findings int
	chunk    []ast.Stmt
	main     *function
	run      *function // what answers requests; nil in a module, and where it is not in this file
	exprs    []ast.Expr
	nodes    map[ast.Expr]node
	places   map[any]token // of names, numbers, strings and tables: by their node or *string
	locals   map[*ast.IdentExpr]*variable
	visible  map[*ast.IdentExpr][]string // of unresolved names: the locals around
	written  map[string]bool             // globals that the file assigns to
	set      map[string]bool             // names of members that the file assigns, to whatever table
	built    map[string]bool             // those that it writes into a table's braces
	funcs    map[*ast.FunctionExpr]*function
	declared map[*string]*variable // by the name in their statement: local or for

	values map[ast.Expr]value // what is known so far
}

// A node is where an expression stands.
type node struct {
	parent any // an ast.Expr or ast.Stmt
	fn     *function
}

// A function is one of the file's, or the file as a whole.
type function struct {
	file    *file
	expr    *ast.FunctionExpr // nil for the file
	outer   *function
	params  []*variable // a method's self among them
	returns []*ast.ReturnStmt
}

// A variable is a local: declared by local, a parameter or a loop's.
type variable struct {
	file  *file
	name  string
	uses  []*ast.IdentExpr
	owner *function // whose parameter it is; nil if it is none
	nth   int       // among the parameters, the values of its call, or the loop's variables

	value   ast.Expr            // what it is declared as; nil: nothing
	loop    *ast.GenericForStmt // whose variable it is; nil if it is none
	counter bool                // of a numeric for
	changed bool                // assigned to later
	later   []ast.Expr          // what it is assigned; nil among them for what is not known

	known     value // once resolved
	resolved  bool
	resolving bool
	record    *record // of a parameter: what is done with it
}

// parseFile reads a file and resolves its names. A file with a syntax fault gives
// nil: that is told elsewhere.
func parseFile(given File, known func(global string) bool) *file {
	chunk, err := lua51.Parse(given.Path, given.Source)
	if err != nil {
		return nil
	}
	f := &file{
		File: given, chunk: chunk, nodes: make(map[ast.Expr]node), places: make(map[any]token),
		locals: make(map[*ast.IdentExpr]*variable), visible: make(map[*ast.IdentExpr][]string),
		written: make(map[string]bool), set: make(map[string]bool), built: make(map[string]bool),
		funcs: make(map[*ast.FunctionExpr]*function), declared: make(map[*string]*variable),
		values: make(map[ast.Expr]value),
	}
	r := &resolver{file: f, known: known}
	r.tokens, f.comments = scan(string(given.Source))
	f.silences = silences(f.comments)
	f.main = &function{file: f}
	r.fn = f.main
	r.block(chunk)
	return f
}

// place is where an expression begins, as well as that is known.
func (f *file) place(e ast.Expr) token {
	if at, ok := f.places[e]; ok {
		return at
	}
	switch e := e.(type) {
	case *ast.AttrGetExpr:
		return f.place(e.Object)
	case *ast.FuncCallExpr:
		if e.Func != nil {
			return f.place(e.Func)
		}
		return f.place(e.Receiver)
	case *ast.StringConcatOpExpr:
		return f.place(e.Lhs)
	case *ast.LogicalOpExpr:
		return f.place(e.Lhs)
	}
	return token{line: e.Line()}
}

// span is from where an expression begins to where its name ends, if that is
// on one line: all of crypto.hex.encode.
func (f *file) span(e ast.Expr) token {
	at := f.place(e)
	if member, ok := e.(*ast.AttrGetExpr); ok {
		if key, ok := f.places[member.Key]; ok && key.line == at.line && key.kind == aName {
			at.end = key.end
		}
	}
	return at
}

// memberPlace is where the name of a member stands: the hex of crypto.hex.
func (f *file) memberPlace(e *ast.AttrGetExpr) token {
	if at, ok := f.places[e.Key]; ok {
		return at
	}
	return f.place(e)
}

// callPlace is where the name of what is called stands.
func (f *file) callPlace(call *ast.FuncCallExpr) token {
	if call.Func != nil {
		return f.span(call.Func)
	}
	if at, ok := f.places[&call.Method]; ok {
		return at
	}
	return token{line: call.Line()}
}

// operands are those of an operator, in order.
func operands(expr ast.Expr) []ast.Expr {
	switch e := expr.(type) {
	case *ast.LogicalOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.RelationalOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.StringConcatOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.ArithmeticOpExpr:
		return []ast.Expr{e.Lhs, e.Rhs}
	case *ast.UnaryMinusOpExpr:
		return []ast.Expr{e.Expr}
	case *ast.UnaryNotOpExpr:
		return []ast.Expr{e.Expr}
	case *ast.UnaryLenOpExpr:
		return []ast.Expr{e.Expr}
	}
	return nil
}
