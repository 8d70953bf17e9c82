package lua51

import (
	"fmt"

	"github.com/yuin/gopher-lua/ast"
)

// miscompiled reports whether the library may compile stmt wrongly: it takes a
// local of the left side as scratch register while its old value is needed, or
// forgets to move a value there. Assignments to globals it gets right, mostly;
// telling them apart is not worth it, as the detour costs one move.
func miscompiled(stmt *ast.AssignStmt) bool {
	if len(stmt.Lhs) > 1 || len(stmt.Rhs) > 1 {
		return true
	}
	if index, ok := stmt.Lhs[0].(*ast.AttrGetExpr); ok {
		// ("x").y = 1 goes to whatever register has the constant's number.
		_, constant := index.Object.(ast.ConstExpr)
		return constant
	}
	switch value := stmt.Rhs[0].(type) {
	case *ast.LogicalOpExpr:
		return true
	case *ast.FuncCallExpr:
		return value.AdjustRet // in parentheses
	case *ast.Comma3Expr:
		return value.AdjustRet
	}
	return false
}

// viaLocals gives a block that does what stmt does through fresh locals, whose
// names no source can contain:
//
//	x = a and b       to    do local v1 = a and b; x = v1 end
//	x, t[i] = y, f()  to    do local o2, k2 = t, i; local v1, v2 = y, f(); o2[k2] = v2; x = v1 end
//
// Every expression is evaluated, from left to right, before anything is
// assigned, from right to left.
func viaLocals(stmt *ast.AssignStmt) ast.Stmt {
	operands := &ast.LocalAssignStmt{}
	operands.SetLine(stmt.Line())
	values := &ast.LocalAssignStmt{Exprs: stmt.Rhs}
	values.SetLine(stmt.Line())
	assigns := make([]ast.Stmt, len(stmt.Lhs))
	for i, target := range stmt.Lhs {
		if index, ok := target.(*ast.AttrGetExpr); ok {
			index.Object = intoLocal(operands, "(object %d)", index.Object)
			if _, constant := index.Key.(ast.ConstExpr); !constant {
				index.Key = intoLocal(operands, "(key %d)", index.Key)
			}
		}
		value := &ast.IdentExpr{Value: fmt.Sprintf("(value %d)", i)}
		value.SetLine(target.Line())
		values.Names = append(values.Names, value.Value)
		assign := &ast.AssignStmt{Lhs: []ast.Expr{target}, Rhs: []ast.Expr{value}}
		assign.SetLine(target.Line())
		assigns[len(assigns)-1-i] = assign
	}
	do := doBlock(stmt)
	if len(operands.Names) > 0 {
		do.Stmts = append(do.Stmts, operands)
	}
	do.Stmts = append(append(do.Stmts, values), assigns...)
	return do
}

// intoLocal adds a local with the value of expr to stmt and gives its name.
func intoLocal(stmt *ast.LocalAssignStmt, format string, expr ast.Expr) ast.Expr {
	local := &ast.IdentExpr{Value: fmt.Sprintf(format, len(stmt.Names))}
	local.SetLine(expr.Line())
	oneValue(expr)
	stmt.Names = append(stmt.Names, local.Value)
	stmt.Exprs = append(stmt.Exprs, expr)
	return local
}
