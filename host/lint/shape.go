package lint

import (
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

// inputShape joins what the host knows of an action's fields with what its
// file says of them. A setting may have switched some off that the file still
// reads, so a field that is only in the file is one, too.
func inputShape(f *file, fields *schema.Schema, declared ast.Expr) *shape {
	s := &shape{kind: schema.Object, fields: make(map[string]*shape)}
	written := make(map[string]ast.Expr)
	table := f.table(declared)
	if table != nil {
		s.whole = true
		for _, field := range table.Fields {
			key, ok := field.Key.(*ast.StringExpr)
			if !ok {
				s.whole = false
				continue
			}
			s.fields[key.Value], written[key.Value] = &shape{key: key}, field.Value
		}
	}
	for _, field := range fields.Fields() {
		known := fieldShape(f, &field, f.table(written[field.Name]))
		if before := s.fields[field.Name]; before != nil {
			known.key = before.key
		}
		s.fields[field.Name] = known
	}
	return s
}

// fieldShape is that of a field whose declaration may be written out.
func fieldShape(f *file, field *schema.Field, declared *ast.TableExpr) *shape {
	s := &shape{kind: field.Type}
	s.free = field.Type == schema.String && field.Enum == nil && field.Pattern == "" && field.Format == ""
	if field.Fields != nil {
		nested := inputShape(f, field.Fields, memberOf(declared, "fields"))
		s.fields, s.whole = nested.fields, nested.whole
	}
	if field.Items != nil {
		s.items = fieldShape(f, field.Items, f.table(memberOf(declared, "items")))
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
