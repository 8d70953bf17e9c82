package lint

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// needs are what each module requires while it is loaded, and where.
type needs map[string]map[string]ast.Expr

// cycles tells modules that require each other, once for each ring, at its
// first module.
func (c *checker) cycles() {
	required := make(needs)
	for name, f := range c.modules {
		required[name] = c.needs(f)
	}
	for _, name := range keys(required) {
		way := required.back(name, name, make(map[string]bool))
		if way == nil {
			continue
		}
		f := c.modules[name]
		c.report(f, f.place(required[name][way[0]]), ruleCycle,
			"modules require each other: "+name+" -> "+strings.Join(way, " -> "),
			"move what both need into a module of its own, or require one where it is used, inside of a function")
	}
}

// back is a way from a module to start, through modules that come behind start
// in the order of names; nil if there is none.
func (n needs) back(start, from string, seen map[string]bool) []string {
	for _, next := range keys(n[from]) {
		if next == start {
			return []string{start}
		}
		if next < start || seen[next] {
			continue
		}
		seen[next] = true
		if way := n.back(start, next, seen); way != nil {
			return append([]string{next}, way...)
		}
	}
	return nil
}

// needs lists what a module requires while it is loaded.
func (c *checker) needs(f *file) map[string]ast.Expr {
	required := make(map[string]ast.Expr)
	for _, e := range f.exprs {
		call, ok := e.(*ast.FuncCallExpr)
		if !ok || f.nodes[e].fn != f.main {
			continue
		}
		if fn, ok := c.callee(f, call).(native); !ok || fn.full != "require" {
			continue
		}
		if name, ok := valueAt(call.Args, 0).(*ast.StringExpr); ok && required[name.Value] == nil {
			required[name.Value] = name
		}
	}
	return required
}
