package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"vera/host/spell"
	"vera/stdlib/declared"
)

// elsewhere says what to do without globals that Lua has in other hosts.
var elsewhere = map[string]string{
	"print":     `require("log").info(message) writes to the host's log`,
	"os":        `require("time") has the time of day, require("env") the settings`,
	"coroutine": "a run is one thread; a primitive that waits holds up nobody else",
	"load":      "scripts cannot compile text", "loadstring": "scripts cannot compile text",
	"dofile": `require("lib.name") loads lib/name.lua`, "loadfile": `require("lib.name") loads lib/name.lua`,
	"module": "a file below lib returns its table", "package": `require("lib.name") loads lib/name.lua`,
	"io": "scripts have no files; keep data with db", "debug": "scripts cannot look into the VM",
}

// global tells names that nobody declared, and globals that are set.
func (c *checker) global(f *file, e *ast.IdentExpr) {
	if f.locals[e] != nil {
		return
	}
	switch p := f.nodes[e].parent.(type) {
	case *ast.AssignStmt:
		if slices.Contains(p.Lhs, ast.Expr(e)) {
			c.setsGlobal(f, e)
			return
		}
	case *ast.FuncDefStmt:
		if p.Name.Func == ast.Expr(e) {
			c.setsGlobal(f, e)
			return
		}
	}
	if f.written[e.Value] || c.api.isGlobal(e.Value) {
		return
	}
	hint := elsewhere[e.Value]
	guess := spell.Hint(e.Value, append(f.visible[e], c.api.members[""]...))
	if slices.Contains(c.api.required, e.Value) {
		hint, guess = fmt.Sprintf("local %s = require(%q)", e.Value, e.Value), ""
	}
	c.report(f, f.place(e), ruleGlobal, fmt.Sprintf("undeclared global %q%s", e.Value, guess), hint)
}

func (c *checker) setsGlobal(f *file, e *ast.IdentExpr) {
	guess := spell.Hint(e.Value, f.visible[e])
	c.report(f, f.place(e), ruleSetGlobal, fmt.Sprintf("%q is set as a global%s", e.Value, guess),
		fmt.Sprintf("declare it with local %s; nothing global outlives a run", e.Value))
}

// required tells modules that are not there.
func (c *checker) required(f *file, call *ast.FuncCallExpr) {
	if fn, ok := c.callee(f, call).(native); !ok || fn.full != "require" {
		return
	}
	name, ok := valueAt(call.Args, 0).(*ast.StringExpr)
	if !ok || c.exists[name.Value] || slices.Contains(c.api.required, name.Value) {
		return
	}
	hint := "the primitives are " + strings.Join(c.api.required, ", ") + "; your own modules begin with lib."
	if strings.Contains(name.Value, ".") {
		hint = fmt.Sprintf("there is no file %s.lua below a folder named lib", strings.ReplaceAll(name.Value, ".", "/"))
	}
	known := append(slices.Clone(c.api.required), keys(c.exists)...)
	c.report(f, f.place(name), ruleModule, fmt.Sprintf("unknown module %q%s", name.Value, spell.Hint(name.Value, known)), hint)
}

// memberExists tells members that a table of the api, or one of the folder's
// own that is called, does not have.
func (c *checker) memberExists(f *file, e *ast.AttrGetExpr) {
	key, ok := e.Key.(*ast.StringExpr)
	if !ok || f.isTarget(e) {
		return
	}
	called := false
	switch p := f.nodes[e].parent.(type) {
	case *ast.FuncCallExpr:
		called = p.Func == ast.Expr(e)
	case *ast.LogicalOpExpr: // is it there?
		if p.Lhs == ast.Expr(e) {
			return
		}
	case *ast.IfStmt, *ast.UnaryNotOpExpr, *ast.RelationalOpExpr:
		return
	}
	c.has(f, e.Object, key.Value, f.memberPlace(e), called)
}

// isTarget tells what is assigned to.
func (f *file) isTarget(e ast.Expr) bool {
	switch p := f.nodes[e].parent.(type) {
	case *ast.AssignStmt:
		return slices.Contains(p.Lhs, e)
	case *ast.FuncDefStmt:
		return true
	}
	return false
}

// has reports unless the value of an expression has a member of that name.
func (c *checker) has(f *file, of ast.Expr, name string, at token, called bool) {
	owner, names := shownExpr(of), []string(nil)
	switch of := c.value(f, of).(type) {
	case module:
		full := of.full + "." + name
		if c.api.exists(full) {
			return
		}
		owner, names = shown(of.full), c.api.members[of.full]
	case instance:
		class := c.api.classes[of.class]
		if _, ok := class.Method(name); ok {
			return
		}
		for _, method := range class.Methods {
			names = append(names, method.Name)
		}
		if slices.ContainsFunc(class.Fields, func(f declared.Field) bool { return f.Name == name }) {
			return
		}
	case object:
		if _, ok := of.members.keys[name]; ok || !called || of.members.open || c.anySets(name) {
			return
		}
		names = keys(of.members.keys)
	default:
		return
	}
	names = slices.Sorted(slices.Values(names))
	c.report(f, at, ruleFunction, fmt.Sprintf("%s has no %q%s", owner, name, spell.Hint(name, names)), "it has "+listed(names))
}

// listed is a list that is not endless.
func listed(names []string) string {
	const most = 24
	switch {
	case len(names) == 0:
		return "nothing"
	case len(names) > most:
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}

// shownExpr is how a message calls a table.
func shownExpr(e ast.Expr) string {
	if ident, ok := e.(*ast.IdentExpr); ok {
		return ident.Value
	}
	return "it"
}

// call tells what is wrong with how a function of the api is called.
func (c *checker) call(f *file, call *ast.FuncCallExpr) {
	if call.Receiver != nil && !c.methodFits(f, call) {
		return
	}
	fn, ok := c.callee(f, call).(native)
	if !ok {
		return
	}
	given := len(call.Args)
	switch {
	case call.Receiver != nil && fn.class == "":
		given++ // the string itself
	case call.Receiver == nil && fn.class != "":
		c.dotted(f, call, fn)
		return
	}
	c.count(f, call, fn, given)
	c.inTransaction(f, call, fn)
	c.sql(f, call, fn)
}

// methodFits tells whether what is called with a colon is there, and meant to
// be called so.
func (c *checker) methodFits(f *file, call *ast.FuncCallExpr) bool {
	at := f.places[&call.Method]
	if at.line == 0 {
		at = token{line: call.Line()}
	}
	of := c.value(f, call.Receiver)
	if c.isString(of) {
		if c.api.exists("string." + call.Method) {
			return true
		}
		names := slices.Sorted(slices.Values(c.api.members["string"]))
		c.report(f, at, ruleFunction, fmt.Sprintf("a string has no %q%s", call.Method, spell.Hint(call.Method, names)), "it has "+listed(names))
		return false
	}
	if m, ok := of.(module); ok && c.api.exists(m.full+"."+call.Method) {
		name := shown(m.full) + "." + call.Method
		c.report(f, at, ruleMethod, name+" is called with a dot, not a colon", "a colon hands over the table itself as the first argument")
		return false
	}
	c.has(f, call.Receiver, call.Method, at, true)
	return true
}

// dotted tells methods that are called with a dot, and without their value.
func (c *checker) dotted(f *file, call *ast.FuncCallExpr, fn native) {
	member, ok := call.Func.(*ast.AttrGetExpr)
	if !ok || len(call.Args) > 0 && c.value(f, call.Args[0]) == c.value(f, member.Object) {
		return
	}
	owner := shownExpr(member.Object)
	c.report(f, f.memberPlace(member), ruleMethod, fmt.Sprintf("%s:%s is called with a colon, not a dot", owner, fn.fn),
		fmt.Sprintf("write %s:%s(…)", owner, fn.fn))
}

// count tells too few and too many arguments.
func (c *checker) count(f *file, call *ast.FuncCallExpr, fn native, given int) {
	declared := c.function(fn)
	certain := given
	if n := len(call.Args); n > 0 && givesSeveral(call.Args[n-1]) {
		certain--
	}
	least, most := declared.Least(), declared.Most()
	var wrong string
	switch {
	case certain == given && given < least:
		missing := declared.Params[given].Name
		wrong = fmt.Sprintf("too few arguments: %s is missing", missing)
	case most >= 0 && certain > most:
		wrong = fmt.Sprintf("too many arguments: %d instead of %s", certain, bound(least, most))
	default:
		return
	}
	owner := strings.TrimSuffix(shown(fn.full), fn.last())
	if fn.class != "" && call.Receiver != nil {
		owner = shownExpr(call.Receiver) + ":"
	}
	signature := declared.Signature()
	c.report(f, f.callPlace(call), ruleArguments, fmt.Sprintf("%s%s: %s", owner, fn.last(), wrong),
		owner+fn.last()+signature[strings.IndexByte(signature, '('):])
}

// last is the function's own name.
func (fn native) last() string { return fn.full[strings.LastIndexAny(fn.full, ".:=")+1:] }

func bound(least, most int) string {
	switch {
	case most == 0:
		return "none"
	case least == most:
		return fmt.Sprint(most)
	}
	return fmt.Sprintf("at most %d", most)
}

// givesSeveral tells expressions at the end of a list that give any number of
// values.
func givesSeveral(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// inTransaction tells calls of db in a function that a transaction calls.
func (c *checker) inTransaction(f *file, call *ast.FuncCallExpr, fn native) {
	method, ok := strings.CutPrefix(fn.full, databaseName+".")
	around := f.nodes[call].fn
	if !ok || around.expr == nil {
		return
	}
	outer, ok := f.nodes[around.expr].parent.(*ast.FuncCallExpr)
	if !ok || valueAt(outer.Args, 0) != ast.Expr(around.expr) || !c.isTransaction(f, outer) {
		return
	}
	handle := "tx"
	if len(around.params) > 0 {
		handle = around.params[0].name
	}
	c.report(f, f.callPlace(call), ruleTransaction, fmt.Sprintf("%s inside of a transaction", shown(fn.full)),
		fmt.Sprintf("use the transaction's own handle: %s:%s(…)", handle, method))
}

// databaseName is the full name of the primitive whose calls are looked into.
const databaseName = "=db"

// isTransaction tells calls of db.transaction and of a savepoint.
func (c *checker) isTransaction(f *file, call *ast.FuncCallExpr) bool {
	fn, ok := c.callee(f, call).(native)
	return ok && fn.fn == "transaction" && (fn.full == databaseName+".transaction" || fn.class != "")
}

// sql tells statements that an input is written into.
func (c *checker) sql(f *file, call *ast.FuncCallExpr, fn native) {
	params := c.function(fn).Params
	if len(params) == 0 || params[0].Name != "sql" || len(call.Args) == 0 {
		return
	}
	statement, ok := call.Args[0].(*ast.StringConcatOpExpr)
	if !ok {
		return
	}
	for _, part := range parts(statement) {
		in, ok := c.value(f, part).(input)
		if !ok || in.reassigned() {
			continue
		}
		if shape := in.shape(); shape != nil && shape.free {
			c.report(f, f.span(part), ruleSQL, "what a caller sent becomes a part of the statement",
				"write $1, $2, … in its place and hand the value over as an argument")
		}
	}
}

// parts are the operands of a..b..c.
func parts(e ast.Expr) []ast.Expr {
	if concat, ok := e.(*ast.StringConcatOpExpr); ok {
		return append(parts(concat.Lhs), parts(concat.Rhs)...)
	}
	return []ast.Expr{e}
}
