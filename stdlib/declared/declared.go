// Package declared reads the declarations that stand beside each primitive:
// NAME.d.lua, in the annotations of the Lua language server. They are the one
// description of what a script may call. Editors read the files themselves;
// the linter and the reference read what Parse makes of them.
//
//	module, err := declared.Parse("phone", source)
//	...
//	normalize, ok := module.Function("normalize")
//
// What is understood of the annotations is what the files use: meta, class,
// field, alias, generic, type, param and return. Anything else is a fault, so
// that nothing is declared that only some of the readers see.
package declared

import (
	"slices"
	"strings"
)

// A Module is what one file declares. It is not changed after Parse; many
// goroutines may read it.
type Module struct {
	Name      string
	Doc       string
	Global    bool       // scripts find it without require: a part of Lua's own library
	Functions []Function // of the module's table; dotted where it is nested: "hex.encode"
	Values    []Value    // what is no function: null, and the nested tables, whose type is "table"
	Classes   []Class
	Aliases   []Alias
}

// A Function is one that scripts call: module.Name(…), or value:Name(…).
type Function struct {
	Name     string
	Doc      string
	Method   bool // called with a colon; the value before it is no Param
	Params   []Param
	Variadic *Param // what "..." takes, nil if nothing; its Name is "..."
	Returns  []Return
	Line     int // in the file, from 1
}

// Least is the number of arguments that a call cannot do without.
func (f Function) Least() int {
	for i, param := range slices.Backward(f.Params) {
		if !param.Optional {
			return i + 1
		}
	}
	return 0
}

// Most is the largest number of arguments, -1 if there is no bound.
func (f Function) Most() int {
	if f.Variadic != nil {
		return -1
	}
	return len(f.Params)
}

// Signature is the function as the reference shows it, without the module:
// "normalize(text[, region])".
func (f Function) Signature() string {
	var b strings.Builder
	b.WriteString(f.Name + "(")
	least := f.Least()
	for i, param := range f.Params {
		if i >= least {
			b.WriteString("[")
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(param.Name)
	}
	if f.Variadic != nil {
		if len(f.Params) > 0 {
			b.WriteString(", ")
		}
		b.WriteString("…")
	}
	return b.String() + strings.Repeat("]", len(f.Params)-least) + ")"
}

// A Param is one parameter.
type Param struct {
	Name     string
	Type     string // as written: "string", "table<string, any>", `"a"|"b"`
	Doc      string
	Optional bool // may be left out; one that may be nil but must be given has a type that ends in "?"
}

// A Return is one of the values that a function returns.
type Return struct {
	Type     string // without the mark of Optional
	Name     string // empty if it has none
	Doc      string
	Optional bool // may be nil, or not there
}

// A Value is a member of a module's table that is no function.
type Value struct {
	Name string // dotted where it is nested
	Type string // "table" for a table that holds functions
	Doc  string
	Line int
}

// A Class is the shape of a table that is passed or returned.
type Class struct {
	Name    string
	Parent  string // empty without one
	Doc     string
	Fields  []Field
	Methods []Function
	Line    int
}

// A Field is a member of a class.
type Field struct {
	Name     string // or a type in brackets, "[string]", for members of any such name
	Type     string
	Doc      string
	Optional bool
}

// An Alias is a name for a type.
type Alias struct {
	Name string
	Type string
	Doc  string
	Line int
}

// Function returns the function of that name, dotted where it is nested.
func (m Module) Function(name string) (Function, bool) {
	return find(m.Functions, func(f Function) bool { return f.Name == name })
}

// Value returns the value of that name, dotted where it is nested.
func (m Module) Value(name string) (Value, bool) {
	return find(m.Values, func(v Value) bool { return v.Name == name })
}

// Class returns the class of that name.
func (m Module) Class(name string) (Class, bool) {
	return find(m.Classes, func(c Class) bool { return c.Name == name })
}

// Method returns the method of that name.
func (c Class) Method(name string) (Function, bool) {
	return find(c.Methods, func(f Function) bool { return f.Name == name })
}

func find[T any](list []T, is func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return list[i], true
	}
	var none T
	return none, false
}
