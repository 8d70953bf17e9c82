package lint

import (
	"cmp"
	"slices"

	"github.com/yuin/gopher-lua/ast"
)

// members are what a table of a file holds.
type members struct {
	file  *file
	known map[string]ast.Expr // nil: it is there, but may be several things
	keys  map[string]ast.Expr // where each is first given
	list  ast.Expr            // the first value without a name, nil if there is none
	open  bool                // there may be more

	literal bool // it is returned where it is built: nothing is added to it
}

// membersOf lists what a table holds: what it is built with, and where it is
// a local's, what is assigned to that afterwards.
func (c *checker) membersOf(f *file, e *ast.TableExpr) *members {
	m := &members{file: f, known: make(map[string]ast.Expr), keys: make(map[string]ast.Expr)}
	for _, field := range e.Fields {
		switch key := field.Key.(type) {
		case *ast.StringExpr:
			m.add(key, field.Value)
		case nil:
			m.list = cmp.Or(m.list, field.Value)
		default:
			m.open = true
		}
	}
	switch s := f.nodes[e].parent.(type) {
	case *ast.ReturnStmt:
		m.literal = true
	case *ast.LocalAssignStmt:
		v := f.declaredBy(s, e)
		m.open = m.open || v == nil || v.changed
		for _, use := range v.allUses() {
			c.noteUse(m, use)
		}
	default:
		m.open = true
	}
	return m
}

func (v *variable) allUses() []*ast.IdentExpr {
	if v == nil {
		return nil
	}
	return v.uses
}

func (m *members) add(key *ast.StringExpr, e ast.Expr) {
	if _, twice := m.known[key.Value]; twice {
		m.known[key.Value] = nil
		return
	}
	m.known[key.Value], m.keys[key.Value] = e, key
}

// noteUse notes what a use of a table's name does to it.
func (c *checker) noteUse(m *members, use *ast.IdentExpr) {
	f := m.file
	switch p := f.nodes[use].parent.(type) {
	case *ast.AttrGetExpr:
		if p.Object == ast.Expr(use) {
			c.noteMember(m, p)
		}
	case *ast.FuncDefStmt: // function M:name()
		m.add(&ast.StringExpr{Value: p.Name.Method}, p.Func)
	case *ast.ReturnStmt:
		m.open = m.open || f.nodes[use].fn != f.main
	case *ast.FuncCallExpr:
		if p.Receiver != ast.Expr(use) && !c.onlyReads(f, p) {
			m.open = true
		}
	case *ast.RelationalOpExpr, *ast.UnaryLenOpExpr, *ast.UnaryNotOpExpr, *ast.IfStmt:
	default:
		m.open = true
	}
}

// noteMember notes M.name = value, function M.name() and M[key] = value.
func (c *checker) noteMember(m *members, e *ast.AttrGetExpr) {
	key, named := e.Key.(*ast.StringExpr)
	switch p := m.file.nodes[e].parent.(type) {
	case *ast.FuncDefStmt:
		if named && p.Name.Func == ast.Expr(e) {
			m.add(key, p.Func)
		}
	case *ast.AssignStmt:
		i := slices.Index(p.Lhs, ast.Expr(e))
		switch {
		case i < 0: // it is on the right
		case !named:
			m.open = true
		default:
			m.add(key, valueAt(p.Rhs, i))
		}
	}
}

// onlyReads tells whether a call leaves tables that it is given as they are.
func (c *checker) onlyReads(f *file, call *ast.FuncCallExpr) bool {
	fn, ok := c.callee(f, call).(native)
	return ok && fn.full != "rawset" && fn.full != "setmetatable" && !callsBack(c.function(fn))
}

// returned is what a file returns, if that is sure.
func (c *checker) returned(f *file) value {
	if len(f.chunk) == 0 {
		return nil
	}
	last, ok := f.chunk[len(f.chunk)-1].(*ast.ReturnStmt)
	if !ok || len(last.Exprs) != 1 {
		return nil
	}
	return c.value(f, last.Exprs[0])
}
