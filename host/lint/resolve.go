package lint

import "github.com/yuin/gopher-lua/ast"

// A resolver walks over a file's tree and its tokens side by side: the names,
// numbers and strings of the one are those of the other, in the same order, and the tree
// does not know its columns.
type resolver struct {
	file   *file
	known  func(global string) bool
	tokens []token
	next   int
	scope  []*variable // innermost last
	fn     *function
}

// take steps to the next name, number or string, which is this one.
func (r *resolver) take(kind tokenKind, word string) token {
	for r.next < len(r.tokens) && r.tokens[r.next].kind == aSign {
		r.next++
	}
	if r.next == len(r.tokens) || r.tokens[r.next].kind != kind || kind == aName && r.tokens[r.next].text != word {
		r.next = len(r.tokens) // out of step: no more columns
		return token{}
	}
	r.next++
	return r.tokens[r.next-1]
}

func (r *resolver) mark(what any, kind tokenKind, word string) {
	if at := r.take(kind, word); at.line > 0 {
		r.file.places[what] = at
	}
}

// names marks those of a list, before what stands behind them is walked.
func (r *resolver) names(list []string) {
	for i := range list {
		r.mark(&list[i], aName, list[i])
	}
}

func (r *resolver) declare(v *variable) *variable {
	v.file = r.file
	r.scope = append(r.scope, v)
	return v
}

func (r *resolver) lookup(word string) *variable {
	for i := len(r.scope) - 1; i >= 0; i-- {
		if r.scope[i].name == word {
			return r.scope[i]
		}
	}
	return nil
}

// block walks over statements with a scope of their own; more, which may be
// nil, belongs to it.
func (r *resolver) block(stmts []ast.Stmt, more ...func()) {
	outer := len(r.scope)
	for _, stmt := range stmts {
		r.stmt(stmt)
	}
	for _, walk := range more {
		walk()
	}
	r.scope = r.scope[:outer]
}

func (r *resolver) stmt(stmt ast.Stmt) {
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		r.exprs(s.Lhs, s)
		r.exprs(s.Rhs, s)
		for i, target := range s.Lhs {
			r.assign(target, valueAt(s.Rhs, i))
		}
	case *ast.LocalAssignStmt:
		r.local(s)
	case *ast.FuncCallStmt:
		r.expr(s.Expr, s)
	case *ast.FuncDefStmt:
		r.definition(s)
	case *ast.ReturnStmt:
		r.exprs(s.Exprs, s)
		r.fn.returns = append(r.fn.returns, s)
	case *ast.LabelStmt:
		r.take(aName, s.Name)
	case *ast.GotoStmt:
		r.take(aName, s.Label)
	default:
		r.nested(stmt)
	}
}

// nested walks over the statements that hold others.
func (r *resolver) nested(stmt ast.Stmt) {
	switch s := stmt.(type) {
	case *ast.DoBlockStmt:
		r.block(s.Stmts)
	case *ast.WhileStmt:
		r.expr(s.Condition, s)
		r.block(s.Stmts)
	case *ast.RepeatStmt:
		r.block(s.Stmts, func() { r.expr(s.Condition, s) })
	case *ast.IfStmt:
		r.expr(s.Condition, s)
		r.block(s.Then)
		r.block(s.Else)
	case *ast.NumberForStmt:
		r.mark(&s.Name, aName, s.Name)
		r.exprs([]ast.Expr{s.Init, s.Limit}, s)
		if s.Step != nil {
			r.expr(s.Step, s)
		}
		outer := len(r.scope)
		r.declare(&variable{name: s.Name, counter: true})
		r.block(s.Stmts)
		r.scope = r.scope[:outer]
	case *ast.GenericForStmt:
		r.names(s.Names)
		r.exprs(s.Exprs, s)
		outer := len(r.scope)
		for i, word := range s.Names {
			r.file.declared[&s.Names[i]] = r.declare(&variable{name: word, loop: s, nth: i})
		}
		r.block(s.Stmts)
		r.scope = r.scope[:outer]
	}
}

// local declares. What a lone function declares it can call itself: gopher-lua
// takes local f = function … for local function f ….
func (r *resolver) local(s *ast.LocalAssignStmt) {
	r.names(s.Names)
	_, lone := valueAt(s.Exprs, 0).(*ast.FunctionExpr)
	lone = lone && len(s.Names) == 1 && len(s.Exprs) == 1
	if !lone {
		r.exprs(s.Exprs, s)
	}
	for i, word := range s.Names {
		v := r.declare(&variable{name: word, value: valueAt(s.Exprs, i)})
		r.file.declared[&s.Names[i]] = v
		if v.value == nil && i >= len(s.Exprs) && len(s.Exprs) > 0 {
			v.value, v.nth = s.Exprs[len(s.Exprs)-1], i-len(s.Exprs)+1
		}
	}
	if lone {
		r.expr(s.Exprs[0], s)
	}
}

// valueAt is the expression that alone gives the value at i of a list.
func valueAt(list []ast.Expr, i int) ast.Expr {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// assign notes that a name gets another value; nil: one that is not known.
func (r *resolver) assign(target, value ast.Expr) {
	if member, ok := target.(*ast.AttrGetExpr); ok {
		note(r.file.set, member.Key)
		return
	}
	ident, ok := target.(*ast.IdentExpr)
	if !ok {
		return
	}
	if v := r.file.locals[ident]; v != nil {
		v.changed = true
		v.later = append(v.later, value)
		return
	}
	r.file.written[ident.Value] = true
}

func note(names map[string]bool, key ast.Expr) {
	if name, ok := key.(*ast.StringExpr); ok {
		names[name.Value] = true
	}
}

// definition is function a.b.c:d() … end.
func (r *resolver) definition(s *ast.FuncDefStmt) {
	if s.Name.Func != nil {
		r.expr(s.Name.Func, s)
		r.assign(s.Name.Func, s.Func)
	} else {
		r.expr(s.Name.Receiver, s)
		r.mark(&s.Name.Method, aName, s.Name.Method)
		r.file.set[s.Name.Method] = true
	}
	r.file.nodes[s.Func] = node{s, r.fn}
	r.file.exprs = append(r.file.exprs, s.Func)
	r.function(s.Func, s.Name.Method != "")
}

func (r *resolver) function(e *ast.FunctionExpr, method bool) {
	fn := &function{file: r.file, expr: e, outer: r.fn}
	r.file.funcs[e] = fn
	r.names(e.ParList.Names)
	outer := len(r.scope)
	if method {
		fn.params = append(fn.params, r.declare(&variable{name: "self", owner: fn}))
	}
	for _, word := range e.ParList.Names {
		fn.params = append(fn.params, r.declare(&variable{name: word, owner: fn, nth: len(fn.params)}))
	}
	r.fn = fn
	r.block(e.Stmts)
	r.fn = fn.outer
	r.scope = r.scope[:outer]
}

func (r *resolver) exprs(list []ast.Expr, parent any) {
	for _, e := range list {
		r.expr(e, parent)
	}
}

func (r *resolver) expr(expr ast.Expr, parent any) {
	r.file.nodes[expr] = node{parent, r.fn}
	r.file.exprs = append(r.file.exprs, expr)
	switch e := expr.(type) {
	case *ast.IdentExpr:
		r.mark(e, aName, e.Value)
		r.ident(e)
	case *ast.StringExpr:
		r.string(e)
	case *ast.NumberExpr:
		r.mark(e, aNumber, e.Value)
	case *ast.AttrGetExpr:
		r.exprs([]ast.Expr{e.Object, e.Key}, e)
	case *ast.TableExpr:
		r.table(e)
	case *ast.FuncCallExpr:
		if e.Func != nil {
			r.expr(e.Func, e)
		} else {
			r.expr(e.Receiver, e)
			r.mark(&e.Method, aName, e.Method)
		}
		r.exprs(e.Args, e)
	case *ast.FunctionExpr:
		r.function(e, false)
	default:
		r.exprs(operands(expr), expr)
	}
}

func (r *resolver) table(e *ast.TableExpr) {
	r.brace(e)
	for _, field := range e.Fields {
		if field.Key != nil {
			r.expr(field.Key, e)
			note(r.file.built, field.Key)
		}
		r.expr(field.Value, e)
	}
}

// brace marks a table where its first brace is: the next one, as all names,
// numbers and strings before it have been taken.
func (r *resolver) brace(e *ast.TableExpr) {
	for i := r.next; i < len(r.tokens) && r.tokens[i].kind == aSign; i++ {
		if r.tokens[i].text == "{" {
			r.file.places[e] = r.tokens[i]
			r.next = i + 1
			return
		}
	}
}

// string marks a string, or the name that stands for one: t.name.
func (r *resolver) string(e *ast.StringExpr) {
	for r.next < len(r.tokens) && r.tokens[r.next].kind == aSign {
		r.next++
	}
	if r.next < len(r.tokens) && r.tokens[r.next].kind == aName {
		r.mark(e, aName, e.Value)
		return
	}
	r.mark(e, aText, "")
}

func (r *resolver) ident(e *ast.IdentExpr) {
	if v := r.lookup(e.Value); v != nil {
		r.file.locals[e] = v
		v.uses = append(v.uses, e)
		return
	}
	if r.known(e.Value) || len(r.file.visible) >= MaxFindings {
		return
	}
	var around []string
	for i := len(r.scope) - 1; i >= 0; i-- {
		around = append(around, r.scope[i].name)
	}
	r.file.visible[e] = around
}
