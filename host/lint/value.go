package lint

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"vera/host/schema"
	"vera/stdlib/declared"
)

// A value is what is known of one; nil if nothing is. Values of one kind can
// be compared.
type value any

type (
	// A module is a table of the api.
	module struct{ full string }
	// A native is a function of the api, or a method of a class.
	native struct{ full, class, fn string }
	// An instance is a value that has a class's methods.
	instance struct{ class string }
	// A piece is a string.
	piece struct{}
	// A number is one.
	number struct{}
	// An input is what a function was given as a parameter, or a part of it.
	input struct {
		record *record
		path   string // names with slashes between; empty for the whole
	}
	// A closure is a function of a file.
	closure struct{ fn *function }
	// An object is a table that a file builds.
	object struct{ members *members }
)

// value tells what is known of an expression's value.
func (c *checker) value(f *file, e ast.Expr) value {
	if known, ok := f.values[e]; ok {
		return known
	}
	f.values[e] = nil // what depends on itself is not known
	known := c.evaluate(f, e)
	f.values[e] = known
	return known
}

func (c *checker) evaluate(f *file, expr ast.Expr) value {
	switch e := expr.(type) {
	case *ast.StringExpr, *ast.StringConcatOpExpr:
		return piece{}
	case *ast.NumberExpr, *ast.ArithmeticOpExpr, *ast.UnaryLenOpExpr, *ast.UnaryMinusOpExpr:
		return number{}
	case *ast.IdentExpr:
		if v := f.locals[e]; v != nil {
			return c.variable(v)
		}
		if f.written[e.Value] {
			return nil
		}
		return c.api.value(e.Value)
	case *ast.AttrGetExpr:
		return c.member(c.value(f, e.Object), e.Key)
	case *ast.FuncCallExpr:
		return c.result(f, e, 0)
	case *ast.FunctionExpr:
		return closure{f.funcs[e]}
	case *ast.TableExpr:
		return object{c.membersOf(f, e)}
	case *ast.LogicalOpExpr:
		return c.logical(f, e)
	}
	return nil
}

// logical takes a value that could be false or nil for the other one: whoever
// uses it takes it for that, too.
func (c *checker) logical(f *file, e *ast.LogicalOpExpr) value {
	left, right := c.value(f, e.Lhs), c.value(f, e.Rhs)
	if e.Operator == "and" || left == right {
		return right
	}
	if _, ok := left.(input); ok && addsNothing(e.Rhs) {
		return left
	}
	return nil
}

// addsNothing tells what has no members that could be asked for: a constant or
// an empty table.
func addsNothing(e ast.Expr) bool {
	table, ok := e.(*ast.TableExpr)
	if _, constant := e.(ast.ConstExpr); constant {
		return true
	}
	return ok && len(table.Fields) == 0
}

// variable tells what is known of a local, wherever it is used.
func (c *checker) variable(v *variable) value {
	if v.resolved {
		return v.known
	}
	if v.resolving { // a function that calls itself
		if v.owner != nil {
			return input{record: v.parameter()}
		}
		return nil
	}
	v.resolving = true
	v.known = c.declared(v)
	v.resolving, v.resolved = false, true
	return v.known
}

func (c *checker) declared(v *variable) value {
	switch {
	case v.changed:
		return nil
	case v.owner != nil:
		return c.argument(v)
	case v.counter:
		return number{}
	case v.loop != nil:
		return c.item(v)
	case v.value == nil:
		return nil
	case v.nth > 0:
		if call, ok := v.value.(*ast.FuncCallExpr); ok {
			return c.result(v.file, call, v.nth)
		}
		return nil
	}
	return c.value(v.file, v.value)
}

// item is what for i, item in ipairs(list) gives.
func (c *checker) item(v *variable) value {
	list := c.ipairs(v.file, v.loop)
	switch {
	case list == nil:
		return nil
	case v.nth == 0:
		return number{}
	}
	if list, ok := c.value(v.file, list).(input); ok {
		return input{list.record, below(list.path, anyItem)}
	}
	return nil
}

// ipairs gives the list that a loop goes over with ipairs, else nil.
func (c *checker) ipairs(f *file, loop *ast.GenericForStmt) ast.Expr {
	call, ok := loop.Exprs[0].(*ast.FuncCallExpr)
	if !ok || len(call.Args) != 1 {
		return nil
	}
	if fn, ok := c.callee(f, call).(native); !ok || fn.full != "ipairs" {
		return nil
	}
	return call.Args[0]
}

// argument is what a parameter gets: a transaction's function its handle, a
// function that is only called what all calls give it. What is done with
// another one is noted, for callers who know more.
func (c *checker) argument(v *variable) value {
	if v.owner.expr == nil {
		return nil
	}
	if kind := c.handedTo(v); kind != "" {
		if class, ok := c.api.class(kind); ok && len(class.Methods) > 0 {
			return instance{class.Name}
		}
	}
	var common value
	for i, call := range v.owner.calls() {
		var given value
		if at := argumentAt(call, v.nth); at != nil {
			given = c.value(v.file, at)
		}
		if given == nil || i > 0 && given != common {
			common = nil
			break
		}
		common = given
	}
	if common != nil {
		return common
	}
	return input{record: v.parameter()}
}

// handedTo is the type of what a function of the api hands to the function
// that is given to it.
func (c *checker) handedTo(v *variable) string {
	call, ok := v.file.nodes[v.owner.expr].parent.(*ast.FuncCallExpr)
	if !ok {
		return ""
	}
	fn, ok := c.callee(v.file, call).(native)
	if !ok {
		return ""
	}
	for i, param := range c.function(fn).Params {
		if i < len(call.Args) && call.Args[i] == ast.Expr(v.owner.expr) {
			if types := handed(param.Type); v.nth < len(types) {
				return types[v.nth]
			}
		}
	}
	return ""
}

// argumentAt is the expression that alone gives a function's nth parameter.
func argumentAt(call *ast.FuncCallExpr, nth int) ast.Expr {
	if call.Receiver != nil {
		if nth == 0 {
			return call.Receiver
		}
		nth--
	}
	return valueAt(call.Args, nth)
}

// calls lists the calls of a function whose name is used for nothing else;
// none if it may be called from elsewhere.
func (fn *function) calls() []*ast.FuncCallExpr {
	f := fn.file
	local, ok := f.nodes[fn.expr].parent.(*ast.LocalAssignStmt)
	if !ok {
		return nil
	}
	v := f.declaredBy(local, fn.expr)
	if v == nil || v.changed {
		return nil
	}
	var calls []*ast.FuncCallExpr
	for _, use := range v.uses {
		call, ok := f.nodes[use].parent.(*ast.FuncCallExpr)
		if !ok || call.Func != ast.Expr(use) {
			return nil
		}
		calls = append(calls, call)
	}
	return calls
}

// declaredBy is the variable that a local statement gives this value.
func (f *file) declaredBy(local *ast.LocalAssignStmt, value ast.Expr) *variable {
	for i, e := range local.Exprs {
		if e == value && i < len(local.Names) {
			return f.declared[&local.Names[i]]
		}
	}
	return nil
}

// function is the declaration of a function of the api.
func (c *checker) function(fn native) declared.Function {
	if fn.class != "" {
		method, _ := c.api.classes[fn.class].Method(fn.fn)
		return method
	}
	return c.api.functions[fn.full]
}

// result is the nth value that a call gives.
func (c *checker) result(f *file, call *ast.FuncCallExpr, nth int) value {
	fn, ok := c.callee(f, call).(native)
	if !ok {
		return nil
	}
	if fn.full == "require" {
		return c.requireValue(call, nth)
	}
	returns := c.function(fn).Returns
	if nth >= len(returns) || returns[nth].Optional || returns[nth].Name == "..." {
		return nil
	}
	switch kind := returns[nth].Type; kind {
	case "string":
		return piece{}
	case "number", "integer":
		return number{}
	default:
		if class, ok := c.api.class(kind); ok && len(class.Methods) > 0 {
			return instance{class.Name}
		}
	}
	return nil
}

// requireValue is what require gives.
func (c *checker) requireValue(call *ast.FuncCallExpr, nth int) value {
	name, ok := valueAt(call.Args, 0).(*ast.StringExpr)
	if !ok || nth > 0 {
		return nil
	}
	if f := c.modules[name.Value]; f != nil {
		return c.returned(f)
	}
	return c.api.value(primitive(name.Value))
}

// callee is what a call calls.
func (c *checker) callee(f *file, call *ast.FuncCallExpr) value {
	if call.Func != nil {
		return c.value(f, call.Func)
	}
	receiver := c.value(f, call.Receiver)
	if c.isString(receiver) {
		return c.api.value("string." + call.Method)
	}
	return c.member(receiver, &ast.StringExpr{Value: call.Method})
}

// isString tells what is a string for certain, if it is not nil.
func (c *checker) isString(v value) bool {
	switch v := v.(type) {
	case piece:
		return true
	case input:
		shape := v.shape()
		return shape != nil && shape.kind == schema.String && !v.reassigned()
	}
	return false
}

// member is what a value holds under a key.
func (c *checker) member(of value, key ast.Expr) value {
	word, named := key.(*ast.StringExpr)
	if in, ok := of.(input); ok {
		if !named {
			return input{in.record, below(in.path, anyItem)}
		}
		return input{in.record, below(in.path, word.Value)}
	}
	if !named {
		return nil
	}
	switch of := of.(type) {
	case module:
		return c.api.value(of.full + "." + word.Value)
	case instance:
		if method, ok := c.api.classes[of.class].Method(word.Value); ok {
			return native{full: of.class + ":" + method.Name, class: of.class, fn: method.Name}
		}
	case object:
		if e := of.members.known[word.Value]; e != nil && !of.members.open {
			return c.value(of.members.file, e)
		}
	}
	return nil
}

// below is the path of a member.
func below(path, key string) string {
	if strings.ContainsRune(key, '/') {
		key = "?" // no field has such a name
	}
	return join(path, key)
}

func join(path, rest string) string {
	if path == "" || rest == "" {
		return path + rest
	}
	return path + "/" + rest
}

// anyItem is the step to an element of an array, or whatever is under a key
// that is not known.
const anyItem = "[]"
