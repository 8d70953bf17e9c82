package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"vera/host/schema"
	"vera/host/script"
	"vera/host/spell"
)

// A record is what a function does with a parameter: run with its inputs, or
// another function with what it is handed.
type record struct {
	file    *file
	shape   *shape // what is declared of it; nil for other functions' parameters
	reads   []read
	written map[string]bool // paths that are assigned to
	whole   map[string]bool // paths where all below may be read
	open    map[string]bool // paths where anything below may be assigned to
	passed  []passage
}

type read struct {
	path string
	expr *ast.AttrGetExpr
}

// A passage hands a part to another function's parameter.
type passage struct {
	path string
	to   *record
}

func newRecord(f *file) *record {
	return &record{file: f, written: make(map[string]bool), whole: make(map[string]bool), open: make(map[string]bool)}
}

// lose notes that a part goes where it cannot be followed.
func (r *record) lose(path string) { r.whole[path], r.open[path] = true, true }

// parameter is the record of what is done with a parameter.
func (v *variable) parameter() *record {
	if v.record == nil {
		v.record = newRecord(v.file)
		if v.changed {
			v.record.lose("")
		}
	}
	return v.record
}

// shape is what is declared of an input; nil if nothing is.
func (in input) shape() *shape { return in.record.shape.at(in.path) }

// reassigned tells whether the file may put something else in its place.
func (in input) reassigned() bool {
	return in.record.file.set[in.path[strings.LastIndexByte(in.path, '/')+1:]]
}

// findRun finds what answers an action's requests, before anything is
// evaluated, and says what its parameters are.
func (c *checker) findRun(f *file) {
	if f.Module != "" {
		return
	}
	made, ok := c.returned(f).(object)
	if !ok || made.members.file != f || made.members.known["run"] == nil {
		return
	}
	run, ok := c.value(f, made.members.known["run"]).(closure)
	if !ok || run.fn.file != f {
		return
	}
	f.run = run.fn
	if len(f.run.params) > 0 {
		fields := f.run.params[0].parameter()
		fields.shape = inputShape(f, f.Schema, made.members.known["fields"])
		fields.shape.whole = fields.shape.whole && made.members.literal
	}
	if len(f.run.params) > 1 {
		f.run.params[1].parameter().shape = contextShape(script.ContextKeys())
	}
}

// follow notes what becomes of an expression that is an input.
func (c *checker) follow(f *file, e ast.Expr) {
	in, ok := c.value(f, e).(input)
	if !ok {
		return
	}
	switch p := f.nodes[e].parent.(type) {
	case *ast.AssignStmt:
		if slices.Contains(p.Lhs, e) {
			in.record.write(in.path)
			return
		}
	case *ast.FuncDefStmt:
		in.record.write(in.path)
		return
	}
	if member, ok := e.(*ast.AttrGetExpr); ok {
		in.record.reads = append(in.record.reads, read{in.path, member})
	}
	if !c.flows(f, e, in) {
		in.record.lose(in.path)
	}
}

func (r *record) write(path string) {
	if table, any := strings.CutSuffix(path, anyItem); any {
		r.open[strings.TrimSuffix(table, "/")] = true
	}
	r.written[path] = true
}

// flows tells whether all that becomes of an input is noted here or at the
// expressions around it.
func (c *checker) flows(f *file, e ast.Expr, in input) bool {
	switch p := f.nodes[e].parent.(type) {
	case *ast.AttrGetExpr, *ast.RelationalOpExpr, *ast.UnaryNotOpExpr, *ast.UnaryLenOpExpr, *ast.UnaryMinusOpExpr,
		*ast.ArithmeticOpExpr, *ast.StringConcatOpExpr,
		*ast.IfStmt, *ast.WhileStmt, *ast.RepeatStmt, *ast.NumberForStmt:
		return true
	case *ast.LocalAssignStmt:
		i := slices.Index(p.Exprs, e)
		return i >= len(p.Names) || !f.declared[&p.Names[i]].changed
	case *ast.LogicalOpExpr:
		return p.Operator == "and" && p.Lhs == e || c.value(f, p) == value(in)
	case *ast.FuncCallExpr:
		return c.passes(f, p, e, in)
	}
	return false
}

// passes is flows for an input that is called, or an argument.
func (c *checker) passes(f *file, call *ast.FuncCallExpr, e ast.Expr, in input) bool {
	nth := slices.Index(call.Args, e)
	if nth < 0 {
		return true
	}
	if call.Receiver != nil {
		nth++
	}
	switch fn := c.callee(f, call).(type) {
	case closure:
		if nth < len(fn.fn.params) {
			in.record.passed = append(in.record.passed, passage{in.path, fn.fn.params[nth].parameter()})
			return true
		}
		return !fn.fn.expr.ParList.HasVargs
	case native:
		if loop, ok := f.nodes[call].parent.(*ast.GenericForStmt); ok && fn.full == "ipairs" {
			return len(loop.Names) < 2 || !f.declared[&loop.Names[1]].changed
		}
		in.record.whole[in.path] = true
		return fn.keeps(c)
	}
	return false
}

// keeps tells functions of the api that neither change a table they are given
// nor give it back.
func (fn native) keeps(c *checker) bool {
	switch fn.full {
	case "type", "tostring", "tonumber", "pairs", "next", "rawequal", "unpack", "table.concat":
		return true
	case "=json.array":
		return false
	}
	return strings.HasPrefix(fn.full, "=") && !callsBack(c.function(fn)) || fn.class != "" || strings.HasPrefix(fn.full, "string.")
}

// A usage is all that becomes of an input, also in functions that it is passed
// to.
type usage struct {
	used                 map[string]bool // paths that are read, or lie on the way
	written, whole, open map[string]bool
	seen                 map[passage]bool
}

func usageOf(r *record) *usage {
	u := &usage{
		used: make(map[string]bool), written: make(map[string]bool), whole: make(map[string]bool),
		open: make(map[string]bool), seen: make(map[passage]bool),
	}
	u.add(r, "")
	return u
}

// mostPassages bounds what is followed: functions that call themselves with
// parts of what they got would never end.
const mostPassages = 1000

func (u *usage) add(r *record, at string) {
	if u.seen[passage{at, r}] {
		return
	}
	u.seen[passage{at, r}] = true
	if len(u.seen) > mostPassages || strings.Count(at, "/") > schema.MaxNesting {
		u.whole[at], u.open[at] = true, true
		return
	}
	for _, read := range r.reads {
		for path := join(at, read.path); path != ""; path = path[:max(0, strings.LastIndexByte(path, '/'))] {
			u.used[path] = true
		}
	}
	for to, paths := range map[*map[string]bool]map[string]bool{&u.written: r.written, &u.whole: r.whole, &u.open: r.open} {
		for path := range paths {
			(*to)[join(at, path)] = true
		}
	}
	for _, p := range r.passed {
		u.add(p.to, join(at, p.path))
	}
}

// inputs tells what run reads in vain, and what is declared in vain.
func (c *checker) inputs(f *file) {
	if f.run == nil || f.run.expr.ParList.HasVargs {
		return
	}
	if len(f.run.params) > 1 {
		context := f.run.params[1].parameter()
		c.unknownFields(context, usageOf(context), "context")
	}
	if len(f.run.params) > 0 {
		fields := f.run.params[0].parameter()
		u := usageOf(fields)
		c.unknownFields(fields, u, "fields")
		c.unused(f, fields.shape, u, "")
		return
	}
	if made, ok := c.returned(f).(object); ok {
		c.unused(f, inputShape(f, f.Schema, made.members.known["fields"]), usageOf(newRecord(f)), "")
	}
}

// unknownFields looks at what the file itself reads. Its modules may be handed
// other inputs, too, and look for what only some have.
func (c *checker) unknownFields(r *record, u *usage, what string) {
	for _, read := range r.reads {
		table, name := "", read.path
		if i := strings.LastIndexByte(read.path, '/'); i >= 0 {
			table, name = read.path[:i], read.path[i+1:]
		}
		of := r.shape.at(table)
		if of == nil || of.fields == nil || of.fields[name] != nil || name == anyItem || u.assigned(read.path) {
			continue
		}
		names := keys(of.fields)
		certain := of.whole && !u.reaches(u.open, table)
		if !certain && (spell.Meant(name, names) == "" || c.anySets(name)) {
			continue
		}
		u.used[join(table, spell.Meant(name, names))] = true // as it is meant
		owner := cmp.Or(dotted(table), what)
		c.report(r.file, r.file.memberPlace(read.expr), ruleField,
			fmt.Sprintf("%s has no %q%s", owner, name, spell.Hint(name, names)), knownFields(owner, names))
	}
}

// dotted is a path as people write it: address.zip, items[].price.
func dotted(path string) string {
	return strings.ReplaceAll(strings.ReplaceAll(path, "/", "."), "."+anyItem, anyItem)
}

func knownFields(what string, names []string) string {
	switch {
	case what == "context":
		return "it holds " + strings.Join(names, ", ")
	case len(names) == 0:
		return "no field is declared"
	}
	return "declared are " + strings.Join(names, ", ")
}

// assigned tells whether a path or one that it lies below is given a value.
func (u *usage) assigned(path string) bool { return u.reaches(u.written, path) }

// reaches tells whether paths holds path, or one that it lies below.
func (u *usage) reaches(paths map[string]bool, path string) bool {
	for ; ; path = path[:max(0, strings.LastIndexByte(path, '/'))] {
		if paths[path] || path == "" {
			return paths[path]
		}
	}
}

// anySets tells whether any file gives some table a member of that name.
func (c *checker) anySets(name string) bool {
	return slices.ContainsFunc(c.files, func(f *file) bool { return f.set[name] || f.built[name] })
}

// unused tells fields that nobody reads, at and below a path.
func (c *checker) unused(f *file, s *shape, u *usage, path string) {
	if u.reaches(u.whole, path) || u.used[join(path, anyItem)] && s.kind == schema.Object {
		return
	}
	if s.items != nil {
		c.unused(f, s.items, u, join(path, anyItem))
	}
	for _, name := range keys(s.fields) {
		field, at := s.fields[name], join(path, name)
		if u.used[at] || u.whole[at] {
			c.unused(f, field, u, at)
			continue
		}
		if field.key != nil && field.kind != "" {
			c.report(f, f.place(field.key), ruleUnused, fmt.Sprintf("field %q is declared but never read", name),
				"read it, or take it out: callers have to give what is of no use")
		}
	}
}
