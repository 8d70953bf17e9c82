package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"vera/host/script"
	"vera/host/spell"
)

// answers looks at what run returns.
func (c *checker) answers(f *file) {
	if f.run == nil {
		return
	}
	a := &answers{checker: c, seen: make(map[any]bool)}
	a.returned(f.run)
}

// An answers follows what run returns to where it is written.
type answers struct {
	*checker
	seen map[any]bool // expressions and functions
}

// returned looks at all that run returns, or a transaction's function for it.
func (a *answers) returned(fn *function) {
	if a.seen[fn] {
		return
	}
	a.seen[fn] = true
	for _, s := range fn.returns {
		if len(s.Exprs) == 0 {
			a.noTable(fn.file, token{line: s.Line()}, "nothing")
			continue
		}
		a.direct(fn.file, s.Exprs[0])
	}
}

// direct looks at an expression that is the answer, whatever the way there.
func (a *answers) direct(f *file, expr ast.Expr) {
	switch e := expr.(type) {
	case *ast.TableExpr:
		if made, ok := a.value(f, e).(object); ok {
			a.answer(made.members, e, true)
		}
		return
	case *ast.FuncCallExpr:
		if a.isTransaction(f, e) {
			if fn, ok := a.value(f, valueAt(e.Args, 0)).(closure); ok {
				a.returned(fn.fn)
			}
			return
		}
	case *ast.IdentExpr:
		if table := f.table(e); table != nil {
			a.direct(f, table)
			return
		}
	}
	if kind := kindOf(expr); kind != "" && kind != "a table" {
		a.noTable(f, f.place(expr), kind)
		return
	}
	a.possible(f, expr, 0)
}

func (a *answers) noTable(f *file, at token, kind string) {
	a.report(f, at, ruleAnswer, "run must return a table with a status_code, not "+kind,
		"return { status_code = 200, fields = … }")
}

// kindOf is what an expression gives for certain; empty if that is not known.
func kindOf(expr ast.Expr) string {
	switch expr.(type) {
	case *ast.NilExpr:
		return "nil"
	case *ast.TrueExpr, *ast.FalseExpr:
		return "a boolean"
	case *ast.NumberExpr:
		return "a number"
	case *ast.StringExpr, *ast.StringConcatOpExpr:
		return "a string"
	case *ast.FunctionExpr:
		return "a function"
	case *ast.TableExpr:
		return "a table"
	}
	return ""
}

// possible looks at an expression whose nth value may be an answer, or
// something else where the script sorts them out.
func (a *answers) possible(f *file, expr ast.Expr, nth int) {
	if expr == nil || a.seen[expr] {
		return
	}
	a.seen[expr] = true
	if made, ok := a.value(f, expr).(object); ok && nth == 0 {
		a.answer(made.members, nil, false)
		return
	}
	switch e := expr.(type) {
	case *ast.LogicalOpExpr:
		if e.Operator == "or" {
			a.possible(f, e.Lhs, 0)
		}
		a.possible(f, e.Rhs, 0)
	case *ast.IdentExpr:
		if v := f.locals[e]; v != nil {
			a.possible(f, v.value, v.nth)
			for _, later := range v.later {
				a.possible(f, later, 0)
			}
		}
	case *ast.FuncCallExpr:
		a.result(f, e, nth)
	}
}

// result looks at the nth value of a call.
func (a *answers) result(f *file, call *ast.FuncCallExpr, nth int) {
	fn, ok := a.callee(f, call).(closure)
	if a.isTransaction(f, call) {
		fn, ok = a.value(f, valueAt(call.Args, 0)).(closure)
	}
	if !ok {
		return
	}
	for _, s := range fn.fn.returns {
		last := len(s.Exprs) - 1
		switch {
		case nth <= last:
			a.possible(fn.fn.file, s.Exprs[nth], 0)
		case last >= 0:
			if _, isCall := s.Exprs[last].(*ast.FuncCallExpr); isCall {
				a.possible(fn.fn.file, s.Exprs[last], nth-last)
			}
		}
	}
}

// answer looks at a table. One that is not certain to be an answer is taken
// for one if it has a status code.
func (a *answers) answer(m *members, table *ast.TableExpr, certain bool) {
	known := script.AnswerKeys()
	_, has := m.keys[statusKey]
	if !has && !certain {
		return
	}
	misspelt := false
	for _, name := range keys(m.keys) {
		if _, none := m.known[name].(*ast.NilExpr); none || slices.Contains(known, name) {
			continue
		}
		misspelt = misspelt || spell.Meant(name, known) == statusKey
		a.report(m.file, m.file.place(m.keys[name]), ruleAnswer,
			fmt.Sprintf("an answer has no %q%s", name, spell.Hint(name, known)), "the keys are "+strings.Join(known, ", ")+"; what callers get goes into fields")
	}
	if m.list != nil {
		a.report(m.file, m.file.place(m.list), ruleAnswer, "an answer has no values without a name", "the keys are "+strings.Join(known, ", "))
	}
	switch {
	case has && m.known[statusKey] != nil:
		a.status(m.file, m.known[statusKey], m.known[statusKey])
	case !has && !misspelt && !m.open:
		a.report(m.file, m.file.place(table), ruleStatus, "the answer has no status_code", "return { status_code = 200, … }")
	}
}

const statusKey = "status_code"

// status looks at a status code that is written as e, or comes from there and
// is written at shown.
func (a *answers) status(f *file, e, shown ast.Expr) {
	switch e := e.(type) {
	case *ast.LogicalOpExpr:
		if e.Operator == "or" {
			a.status(f, e.Lhs, e.Lhs)
		}
		a.status(f, e.Rhs, e.Rhs)
		return
	case *ast.IdentExpr:
		if v := f.locals[e]; v != nil && !v.changed && v.nth == 0 && v.value != nil && v.owner == nil {
			if _, constant := v.value.(ast.ConstExpr); constant {
				a.status(f, v.value, shown)
			}
		}
		return
	case *ast.NumberExpr:
		code, err := strconv.ParseFloat(e.Value, 64)
		if err != nil || code == float64(int(code)) && script.Sendable(int(code)) {
			return
		}
		a.badStatus(f, shown, e.Value)
		return
	}
	if kind := kindOf(e); kind != "" {
		a.badStatus(f, shown, kind)
	}
}

func (a *answers) badStatus(f *file, e ast.Expr, what string) {
	a.report(f, f.place(e), ruleStatus, "status_code: the hub takes no "+strings.TrimPrefix(what, "a "), "it takes "+script.SendableStatuses())
}
