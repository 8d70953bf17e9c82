package script

import (
	"slices"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// A table with names costs gopher-lua ten allocations, and the answer's is
// taken apart as soon as run has returned it. So where run returns a table
// that is written out,
//
//	return { status_code = 200, fields = x }
//
// a run executes
//
//	return 200, nil, x, (spread)
//
// which nobody but us can see: run is a function without a name.
const (
	spreadName    = "(spread)" // no script can write it
	spreadResults = 4
)

// spreadMark is what spreadName stands for. All VMs share it; it holds nothing.
var spreadMark lua.LValue = &lua.LUserData{Metatable: lua.LNil}

// spreadReturns does so with all returns of the function's own block.
func spreadReturns(block []ast.Stmt) {
	for _, stmt := range block {
		switch s := stmt.(type) {
		case *ast.ReturnStmt:
			spreadReturn(s)
		case *ast.DoBlockStmt:
			spreadReturns(s.Stmts)
		case *ast.IfStmt:
			spreadReturns(s.Then)
			spreadReturns(s.Else)
		case *ast.WhileStmt:
			spreadReturns(s.Stmts)
		case *ast.RepeatStmt:
			spreadReturns(s.Stmts)
		case *ast.NumberForStmt:
			spreadReturns(s.Stmts)
		case *ast.GenericForStmt:
			spreadReturns(s.Stmts)
		}
	}
}

// spreadReturn leaves alone what is no answer: that is for the script's author
// to be told.
func spreadReturn(s *ast.ReturnStmt) {
	if len(s.Exprs) != 1 {
		return
	}
	table, ok := s.Exprs[0].(*ast.TableExpr)
	if !ok {
		return
	}
	mark := &ast.IdentExpr{Value: spreadName}
	mark.SetLine(table.Line())
	exprs := make([]ast.Expr, len(answerKeys), spreadResults)
	last := -1
	for _, field := range table.Fields {
		key, _ := field.Key.(*ast.StringExpr)
		if key == nil {
			return
		}
		// The values are evaluated in the order in which they are written.
		i := slices.Index(answerKeys, key.Value)
		if i <= last && !isConstant(field.Value) || i < 0 || exprs[i] != nil {
			return
		}
		exprs[i], last = field.Value, max(i, last)
	}
	for i, expr := range exprs {
		if expr == nil {
			none := &ast.NilExpr{}
			none.SetLine(table.Line())
			exprs[i] = none
		}
	}
	s.Exprs = append(exprs, mark)
}

func isConstant(expr ast.Expr) bool {
	_, ok := expr.(ast.ConstExpr)
	return ok
}
