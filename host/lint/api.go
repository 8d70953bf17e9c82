package lint

import (
	"maps"
	"slices"
	"strings"

	"vera/stdlib/declared"
)

// An api is what scripts may call, by full name: "db.one", "string.rep",
// "crypto.hex.encode", "tostring".
type api struct {
	functions map[string]declared.Function
	values    map[string]declared.Value
	members   map[string][]string // of tables; those of "" are globals
	classes   map[string]declared.Class
	required  []string // what require gives, sorted
}

func newAPI(primitives, library []declared.Module) *api {
	a := &api{
		functions: make(map[string]declared.Function), values: make(map[string]declared.Value),
		members: make(map[string][]string), classes: make(map[string]declared.Class),
	}
	for _, module := range library {
		prefix := module.Name + "."
		if module.Name == baseModule {
			prefix = ""
		} else {
			a.member(module.Name)
		}
		a.add(prefix, module)
	}
	a.functions["require"] = declared.Function{Name: "require", Params: []declared.Param{{Name: "name", Type: "string"}}}
	a.member("require")
	for _, module := range primitives {
		a.required = append(a.required, module.Name)
		a.members[primitive(module.Name)] = nil
		a.add(primitive(module.Name)+".", module)
	}
	slices.Sort(a.required)
	return a
}

// baseModule is the one whose names are globals themselves.
const baseModule = "base"

// primitive is the full name of one's table. A script can give its local any
// name, and math could be a primitive too; so no global is named like this.
func primitive(module string) string { return "=" + module }

// shown is a full name as messages write it.
func shown(full string) string { return strings.TrimPrefix(full, "=") }

func (a *api) add(prefix string, module declared.Module) {
	for _, f := range module.Functions {
		a.functions[prefix+f.Name] = f
		a.member(prefix + f.Name)
	}
	for _, v := range module.Values {
		a.values[prefix+v.Name] = v
		a.member(prefix + v.Name)
	}
	for _, class := range module.Classes {
		a.classes[class.Name] = class
	}
}

// member enters a full name among those of its table.
func (a *api) member(full string) {
	table, last := "", full
	if i := strings.LastIndexByte(full, '.'); i >= 0 {
		table, last = full[:i], full[i+1:]
	}
	a.members[table] = append(a.members[table], last)
}

// isGlobal tells the names that a script finds without declaring them.
func (a *api) isGlobal(name string) bool { return slices.Contains(a.members[""], name) }

// value is what a full name stands for; nil if for nothing, or nothing of use.
func (a *api) value(full string) value {
	if f, ok := a.functions[full]; ok {
		return native{full: full, fn: f.Name}
	}
	if _, ok := a.members[full]; ok {
		return module{full}
	}
	return nil
}

func (a *api) exists(full string) bool {
	_, isFunction := a.functions[full]
	_, isValue := a.values[full]
	_, isTable := a.members[full]
	return isFunction || isValue || isTable
}

// class gives the class that a type names, if it has methods or fields.
func (a *api) class(kind string) (declared.Class, bool) {
	class, ok := a.classes[strings.TrimSuffix(kind, "?")]
	return class, ok
}

// handed gives the types of the arguments that a function gets which is passed
// as a parameter of this type: fun(tx: Transaction): ….
func handed(kind string) []string {
	inner, ok := strings.CutPrefix(kind, "fun(")
	if !ok {
		return nil
	}
	inner, _, _ = strings.Cut(inner, ")")
	var types []string
	for param := range strings.SplitSeq(inner, ",") {
		_, kind, _ := strings.Cut(param, ":")
		types = append(types, strings.TrimSpace(kind))
	}
	return types
}

// callsBack tells whether a function may call what it is given, so that what
// else it is given may come to any harm.
func callsBack(f declared.Function) bool {
	return slices.ContainsFunc(f.Params, func(p declared.Param) bool {
		return strings.Contains(p.Type, "fun(") || strings.Contains(p.Type, "function")
	})
}

// keys of a map, sorted.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
