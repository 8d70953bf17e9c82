package script

import (
	"reflect"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"
)

// forRuns takes out of a file's tree what only its loading reads: the
// description, the fields and so on of the table that it returns, each unless
// leaving it out could be noticed. A run executes the file anew, and building
// a declaration that nobody looks at would be most of its work. Where run is
// all that is left, the file returns run itself.
func forRuns(chunk []ast.Stmt) []ast.Stmt {
	if len(chunk) == 0 {
		return chunk
	}
	last, ok := chunk[len(chunk)-1].(*ast.ReturnStmt)
	if !ok || len(last.Exprs) != 1 {
		return chunk
	}
	table, ok := last.Exprs[0].(*ast.TableExpr)
	if !ok {
		return chunk
	}
	s := silence{primitives: primitivesOf(chunk)}
	table.Fields = slices.DeleteFunc(table.Fields, func(field *ast.Field) bool {
		_, named := field.Key.(*ast.StringExpr)
		return named && !isRun(field.Key) && s.holds(field.Value)
	})
	if len(table.Fields) == 1 { // run, or the file would not have loaded
		last.Exprs[0] = table.Fields[0].Value
	}
	for _, field := range table.Fields {
		if fn, ok := field.Value.(*ast.FunctionExpr); ok && isRun(field.Key) {
			spreadReturns(fn.Stmts)
		}
	}
	return chunk
}

func isRun(key ast.Expr) bool {
	name, ok := key.(*ast.StringExpr)
	return ok && name.Value == "run"
}

// primitivesOf lists the file's locals that are a primitive and nothing else.
func primitivesOf(chunk []ast.Stmt) map[string]bool {
	changed := assigned(chunk)
	names := make(map[string]bool)
	for _, stmt := range chunk {
		local, ok := stmt.(*ast.LocalAssignStmt)
		if !ok {
			continue
		}
		for i, name := range local.Names {
			names[name] = i < len(local.Exprs) && isPrimitive(local.Exprs[i]) && !changed[name]
		}
	}
	if _, own := names["require"]; own || changed["require"] {
		return nil
	}
	return names
}

// assigned lists the names that are assigned anywhere in the file, in whatever
// function or block: one that is another's local may be in it too.
func assigned(chunk []ast.Stmt) map[string]bool {
	names := make(map[string]bool)
	note := func(target ast.Expr) {
		if ident, ok := target.(*ast.IdentExpr); ok {
			names[ident.Value] = true
		}
	}
	inspect(reflect.ValueOf(chunk), func(node any) {
		switch n := node.(type) {
		case *ast.AssignStmt:
			for _, target := range n.Lhs {
				note(target)
			}
		case *ast.FuncName:
			note(n.Func)
		}
	})
	return names
}

// inspect calls visit with every node of a tree. It finds them by reflection,
// so that no kind of node can be forgotten.
func inspect(v reflect.Value, visit func(node any)) {
	switch v.Kind() {
	case reflect.Interface:
		inspect(v.Elem(), visit)
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Interface())
			inspect(v.Elem(), visit)
		}
	case reflect.Slice:
		for i := range v.Len() {
			inspect(v.Index(i), visit)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				inspect(v.Field(i), visit)
			}
		}
	}
}

// isPrimitive tells require("name") with a name that is no file's.
func isPrimitive(expr ast.Expr) bool {
	call, ok := expr.(*ast.FuncCallExpr)
	if !ok || len(call.Args) != 1 {
		return false
	}
	callee, isName := call.Func.(*ast.IdentExpr)
	module, isText := call.Args[0].(*ast.StringExpr)
	return isName && isText && callee.Value == "require" && !strings.Contains(module.Value, ".")
}

// silence tells expressions whose evaluation changes nothing that a script
// could notice. What it does not know, it takes for noticeable: a call of the
// file's own function, and whatever may call a metamethod.
type silence struct {
	primitives map[string]bool
}

func (s silence) holds(expr ast.Expr) bool {
	switch e := expr.(type) {
	case nil:
		return true
	case *ast.IdentExpr, *ast.FunctionExpr:
		return true
	case *ast.TableExpr:
		return !slices.ContainsFunc(e.Fields, func(f *ast.Field) bool { return !s.holds(f.Key) || !s.holds(f.Value) })
	case *ast.LogicalOpExpr:
		return s.holds(e.Lhs) && s.holds(e.Rhs)
	case *ast.UnaryNotOpExpr:
		return s.holds(e.Expr)
	}
	return s.isScalar(expr)
}

// isScalar tells silent expressions that give no table, so that an operator on
// them calls no metamethod.
func (s silence) isScalar(expr ast.Expr) bool {
	switch e := expr.(type) {
	case ast.ConstExpr:
		return true
	case *ast.ArithmeticOpExpr:
		return s.isScalar(e.Lhs) && s.isScalar(e.Rhs)
	case *ast.StringConcatOpExpr:
		return s.isScalar(e.Lhs) && s.isScalar(e.Rhs)
	case *ast.RelationalOpExpr:
		return s.isScalar(e.Lhs) && s.isScalar(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		return s.isScalar(e.Expr)
	case *ast.FuncCallExpr:
		return s.isPrimitiveCall(e) && !slices.ContainsFunc(e.Args, func(arg ast.Expr) bool { return !s.isScalar(arg) })
	}
	return false
}

// isPrimitiveCall tells env.integer("X"): a primitive may do nothing while a
// file is loaded but give a value.
func (s silence) isPrimitiveCall(call *ast.FuncCallExpr) bool {
	member, ok := call.Func.(*ast.AttrGetExpr)
	if !ok {
		return false
	}
	module, ok := member.Object.(*ast.IdentExpr)
	return ok && s.primitives[module.Value]
}
