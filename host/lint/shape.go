package lint

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"vera/host/schema"
)

// A shape is what is declared of a value that scripts are handed.
type shape struct {
	kind   string            // of the schema's types; empty if anything may be there
	fields map[string]*shape // of an object; nil if it may hold anything
	items  *shape            // of an array
	free   bool              // text that the declaration does not bound
	whole  bool              // fields are all there are, whatever the settings
	key    ast.Expr          // where the file declares it; nil if elsewhere
}

// contextShape is what run's second argument holds.
func contextShape(names []string) *shape {
	s := &shape{kind: schema.Object, fields: make(map[string]*shape), whole: true}
	for _, name := range names {
		s.fields[name] = &shape{}
	}
	return s
}

// inputShape joins what the host knows of an action's fields, if it does, with
// what its file says of them. A setting may have switched some off that the
// file still reads, so a field that is only in the file is one, too.
func inputShape(f *file, known *schema.Schema, declared ast.Expr) *shape {
	s := &shape{kind: schema.Object, fields: make(map[string]*shape)}
	var loaded []schema.Field
	if known != nil {
		loaded = known.Fields()
	}
	for i := range loaded {
		s.fields[loaded[i].Name] = fieldShape(f, &loaded[i], nil)
	}
	table := f.table(declared)
	if table == nil {
		return s
	}
	_, s.whole = declared.(*ast.TableExpr) // nothing else can add to it then
	for _, entry := range table.Fields {
		key, ok := entry.Key.(*ast.StringExpr)
		if !ok {
			s.whole = false
			continue
		}
		var field *schema.Field
		if i := slices.IndexFunc(loaded, func(f schema.Field) bool { return f.Name == key.Value }); i >= 0 {
			field = &loaded[i]
		}
		s.fields[key.Value] = fieldShape(f, field, f.table(entry.Value))
		s.fields[key.Value].key = key
	}
	return s
}

// fieldShape is that of a field. Either the host or the file may not say.
func fieldShape(f *file, field *schema.Field, table *ast.TableExpr) *shape {
	s := &shape{}
	if field == nil {
		if kind, ok := memberOf(table, "type").(*ast.StringExpr); ok {
			s.kind = kind.Value
		}
		field = &schema.Field{Pattern: ".*"} // of which nothing more is said
	} else {
		s.kind = field.Type
	}
	s.free = s.kind == schema.String && field.Enum == nil && field.Pattern == "" && field.Format == ""
	if nested := memberOf(table, "fields"); field.Fields != nil || nested != nil && s.kind == schema.Object {
		of := inputShape(f, field.Fields, nested)
		s.fields, s.whole = of.fields, of.whole
	}
	if items := f.table(memberOf(table, "items")); field.Items != nil || items != nil && s.kind == schema.Array {
		s.items = fieldShape(f, field.Items, items)
	}
	return s
}

// table is the table that an expression is written as: itself, that of a local
// which is never assigned to, or the one in `SETTING and { … } or nil`.
func (f *file) table(e ast.Expr) *ast.TableExpr {
	switch e := e.(type) {
	case *ast.TableExpr:
		return e
	case *ast.IdentExpr:
		if v := f.locals[e]; v != nil && !v.changed && v.nth == 0 && v.value != nil {
			table, _ := v.value.(*ast.TableExpr)
			return table
		}
	case *ast.LogicalOpExpr:
		if table := f.table(e.Rhs); table != nil {
			return table
		}
		return f.table(e.Lhs)
	}
	return nil
}

// memberOf is what a table is written to hold under a name.
func memberOf(table *ast.TableExpr, name string) ast.Expr {
	if table == nil {
		return nil
	}
	for _, field := range table.Fields {
		if key, ok := field.Key.(*ast.StringExpr); ok && key.Value == name {
			return field.Value
		}
	}
	return nil
}

// at is what is declared of a part; nil if nothing is.
func (s *shape) at(path string) *shape {
	for step := range strings.SplitSeq(path, "/") {
		switch {
		case s == nil || path == "":
			return s
		case step == anyItem:
			s = s.items
		default:
			s = s.fields[step]
		}
	}
	return s
}
