package lua51

import (
	"errors"
	"strconv"
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// Fix rewrites, in place, what the library would compile wrongly. Lines stay
// as they are. An unfixed tree is for walking, a fixed one for lua.Compile
// alone.
//
//   - Assignments that may go to locals: see viaLocals.
//   - A loop that begins with a jump: the library follows jumps to jumps, and
//     misreads one that it has been at before. So logical expressions and
//     conditions that begin with a constant are folded, and a break is
//     preceded by an instruction.
//   - for k in next, t: what is not given of the three values is nil.
//   - {1, x = f()}: a call that is the value of the last key would add its
//     results to the array.
//   - Concatenations become calls, which can be bounded: see ConcatName.
//   - Number literals: 0010 and 1e999 get a spelling that is read right.
func Fix(chunk []ast.Stmt) { fixBlock(chunk) }

func fixBlock(block []ast.Stmt) {
	for i, stmt := range block {
		block[i] = fixStmt(stmt)
	}
}

func fixStmt(stmt ast.Stmt) ast.Stmt {
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		fixExprs(s.Lhs)
		fixExprs(s.Rhs)
		if miscompiled(s) {
			return viaLocals(s)
		}
	case *ast.LocalAssignStmt:
		fixExprs(s.Exprs)
	case *ast.FuncCallStmt:
		s.Expr = fixExpr(s.Expr)
	case *ast.FuncDefStmt:
		fixBlock(s.Func.Stmts)
	case *ast.ReturnStmt:
		fixExprs(s.Exprs)
	case *ast.DoBlockStmt:
		fixBlock(s.Stmts)
	case *ast.IfStmt:
		return fixIf(s)
	default:
		return fixLoop(stmt)
	}
	return stmt
}

func fixIf(s *ast.IfStmt) ast.Stmt {
	s.Condition = fixExpr(s.Condition)
	fixBlock(s.Then)
	fixBlock(s.Else)
	if isFalse(s.Condition) {
		return doBlock(s, s.Else...)
	}
	return s
}

func fixLoop(stmt ast.Stmt) ast.Stmt {
	switch s := stmt.(type) {
	case *ast.WhileStmt:
		s.Condition = fixExpr(s.Condition)
		fixBlock(s.Stmts)
		if isFalse(s.Condition) {
			return doBlock(s)
		}
	case *ast.RepeatStmt:
		fixBlock(s.Stmts)
		s.Condition = fixExpr(s.Condition)
	case *ast.NumberForStmt:
		s.Init = fixExpr(s.Init)
		s.Limit = fixExpr(s.Limit)
		if s.Step != nil {
			s.Step = fixExpr(s.Step)
		}
		fixBlock(s.Stmts)
	case *ast.GenericForStmt:
		fixExprs(s.Exprs)
		fixGenerator(s)
		fixBlock(s.Stmts)
	case *ast.BreakStmt:
		instruction := &ast.LocalAssignStmt{Names: []string{"(before break)"}}
		instruction.SetLine(s.Line())
		return doBlock(s, instruction, s)
	}
	return stmt
}

// fixGenerator makes the expressions of a generic for give three values or
// more. The library fills up as many as there are names.
func fixGenerator(s *ast.GenericForStmt) {
	last := len(s.Exprs) - 1
	if givesMany(s.Exprs[last]) && last < 3 {
		for len(s.Names) <= last {
			s.Names = append(s.Names, "(unused)")
		}
		return
	}
	for len(s.Exprs) < 3 {
		none := &ast.NilExpr{}
		none.SetLine(s.Line())
		s.Exprs = append(s.Exprs, none)
	}
}

func fixExprs(exprs []ast.Expr) {
	for i, expr := range exprs {
		exprs[i] = fixExpr(expr)
	}
}

func fixExpr(expr ast.Expr) ast.Expr {
	switch e := expr.(type) {
	case *ast.NumberExpr:
		e.Value = spell(e.Value)
	case *ast.AttrGetExpr:
		e.Object = fixExpr(e.Object)
		e.Key = fixExpr(e.Key)
	case *ast.TableExpr:
		for _, field := range e.Fields {
			if field.Key != nil {
				field.Key = fixExpr(field.Key)
				oneValue(field.Value)
			}
			field.Value = fixExpr(field.Value)
		}
	case *ast.FuncCallExpr:
		if e.Func != nil {
			e.Func = fixExpr(e.Func)
		} else {
			e.Receiver = fixExpr(e.Receiver)
		}
		fixExprs(e.Args)
	case *ast.FunctionExpr:
		fixBlock(e.Stmts)
	case *ast.LogicalOpExpr:
		e.Lhs = fixExpr(e.Lhs)
		e.Rhs = fixExpr(e.Rhs)
		return fold(e)
	case *ast.StringConcatOpExpr:
		return concatCall(e)
	default:
		fixOperands(expr)
	}
	return expr
}

func fixOperands(expr ast.Expr) {
	switch e := expr.(type) {
	case *ast.RelationalOpExpr:
		e.Lhs = fixExpr(e.Lhs)
		e.Rhs = fixExpr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs = fixExpr(e.Lhs)
		e.Rhs = fixExpr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = fixExpr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = fixExpr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = fixExpr(e.Expr)
	}
}

// fold gives the operand that e is, if the left one decides it.
func fold(e *ast.LogicalOpExpr) ast.Expr {
	if _, constant := e.Lhs.(ast.ConstExpr); !constant {
		return e
	}
	if isFalse(e.Lhs) == (e.Operator == "and") {
		return e.Lhs
	}
	oneValue(e.Rhs)
	return e.Rhs
}

func isFalse(expr ast.Expr) bool {
	switch expr.(type) {
	case *ast.NilExpr, *ast.FalseExpr:
		return true
	}
	return false
}

// givesMany reports whether expr, as the last of a list, gives all its values.
func givesMany(expr ast.Expr) bool {
	switch e := expr.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// oneValue puts expr in parentheses if it is a call or "...".
func oneValue(expr ast.Expr) {
	switch e := expr.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
}

func doBlock(at ast.Stmt, stmts ...ast.Stmt) *ast.DoBlockStmt {
	do := &ast.DoBlockStmt{Stmts: stmts}
	do.SetLine(at.Line())
	do.SetLastLine(at.LastLine())
	return do
}

// spell writes a number literal such that the library reads Lua's value: it
// takes 0010 for octal, and what overflows for NaN.
func spell(literal string) string {
	value, ok := parseNumber(literal)
	if !ok {
		return literal // only in a tree that is not from Parse
	}
	return strconv.FormatFloat(value, 'g', -1, 64)
}

// parseNumber gives the value of a number literal.
func parseNumber(literal string) (value float64, ok bool) {
	if strings.HasPrefix(strings.ToLower(literal), "0x") {
		literal += "p0" // without an exponent, Go takes it for no float
	}
	value, err := strconv.ParseFloat(literal, 64)
	return value, err == nil || errors.Is(err, strconv.ErrRange)
}
