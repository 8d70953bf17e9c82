package testrun

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"vera/host/spell"
	"vera/stdlib/lua51"
	"vera/stdlib/luaconv"
)

// An expectation is what expect(value) gives.
type expectation struct {
	value lua.LValue
	never bool // the opposite is expected
}

// A verdict is what came of an expectation.
type verdict struct {
	met         bool
	expected    string // what was expected: "to be a string"
	want        string // the value that was expected, if there is one
	got         string
	differences []string
}

// An assertion looks at a value and the arguments that follow.
type assertion func(L *lua.LState, value lua.LValue) verdict

var assertions = map[string]assertion{
	"equals":   equals,
	"contains": containing,
	"matches":  matching,
	"is_nil":   isNil,
	"is_a":     isA,
	"raises":   raises,
}

// expectations gives expect(value) -> expectation.
func expectations(L *lua.LState) *lua.LFunction {
	meta := L.NewTable()
	meta.RawSetString("__metatable", lua.LString("expectation"))
	methods := make(map[string]lua.LValue, len(assertions))
	for name, check := range assertions {
		methods[name] = L.NewFunction(func(L *lua.LState) int { return assert(L, name, check) })
	}
	known := append(slices.Sorted(maps.Keys(assertions)), "never")
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		e := L.CheckUserData(1).Value.(*expectation)
		name := L.ToString(2)
		switch method, ok := methods[name]; {
		case ok:
			L.Push(method)
		case name == "never":
			L.Push(&lua.LUserData{Value: &expectation{e.value, !e.never}, Metatable: meta})
		default:
			L.RaiseError("expect has no %q%s", name, spell.Hint(name, known))
		}
		return 1
	}))
	return L.NewFunction(func(L *lua.LState) int {
		if L.GetTop() == 0 {
			L.ArgError(1, "a value expected, which may be nil")
		}
		L.Push(&lua.LUserData{Value: &expectation{value: L.Get(1)}, Metatable: meta})
		return 1
	})
}

// assert raises unless the expectation is met, and else gives the value.
func assert(L *lua.LState, name string, check assertion) int {
	var e *expectation
	if ud, ok := L.Get(1).(*lua.LUserData); ok {
		e, _ = ud.Value.(*expectation)
	}
	if e == nil {
		L.RaiseError("%s is a method: write expect(value):%s(…), with a colon", name, name)
	}
	L.Remove(1)
	v := check(L, e.value)
	if v.met != e.never {
		L.Push(e.value)
		return 1
	}
	message := "expected " + v.expected
	if e.never {
		message = "expected never " + v.expected
		v.differences = nil
	}
	luaconv.Raise(L, &unmet{where: L.Where(1), message: message, expected: v.want, got: v.got, differences: v.differences})
	return 0
}

// expect(v):equals(want): the same value, of tables the same members.
func equals(L *lua.LState, value lua.LValue) verdict {
	want := L.CheckAny(1)
	c := &comparison{}
	c.compare("", want, value)
	v := verdict{met: c.same(), expected: "to be equal", want: show(want), got: show(value)}
	if value.Type() == lua.LTTable && want.Type() == lua.LTTable {
		v.differences = c.list()
	}
	return v
}

// expect(v):contains(part): text in text, an element of a list, members of a
// table.
func containing(L *lua.LState, value lua.LValue) verdict {
	part := L.CheckAny(1)
	v := verdict{expected: "to contain", want: show(part), got: show(value)}
	switch whole := value.(type) {
	case lua.LString:
		v.met = strings.Contains(string(whole), string(lua.LString(L.CheckString(1))))
	case *lua.LTable:
		c := contains(whole, part)
		v.met, v.differences = c.same(), c.list()
	}
	return v
}

// expect(v):matches(pattern): Lua's patterns.
func matching(L *lua.LState, value lua.LValue) verdict {
	pattern := L.CheckString(1)
	v := verdict{expected: "to match the pattern", want: show(lua.LString(pattern)), got: show(value)}
	if value.Type() != lua.LTString {
		return v
	}
	L.Push(L.GetField(value, "find"))
	L.Push(value)
	L.Push(lua.LString(pattern))
	L.Call(2, 1)
	v.met = L.Get(-1) != lua.LNil
	L.Pop(1)
	return v
}

// expect(v):is_nil(): nil or json.null.
func isNil(_ *lua.LState, value lua.LValue) verdict {
	return verdict{met: luaconv.IsNull(value), expected: "nil", got: show(value)}
}

var types = []string{"boolean", "function", "number", "string", "table"}

// expect(v):is_a(type)
func isA(L *lua.LState, value lua.LValue) verdict {
	name := L.CheckString(1)
	if !slices.Contains(types, name) {
		L.ArgError(1, fmt.Sprintf("there is no type %q; the types are %s", name, strings.Join(types, ", ")))
	}
	return verdict{met: value.Type().String() == name, expected: "a " + name, got: show(value)}
}

// expect(fn):raises([text]): an error whose text contains that.
func raises(L *lua.LState, value lua.LValue) verdict {
	text := L.OptString(1, "")
	v := verdict{expected: "an error", got: show(value)}
	if text != "" {
		v.expected, v.want = "an error that contains", show(lua.LString(text))
	}
	if value.Type() != lua.LTFunction {
		v.got += ", which cannot be called"
		return v
	}
	_, err := lua51.PCall(L, value)
	if ctx := L.Context(); ctx.Err() != nil {
		luaconv.Raise(L, ctx.Err())
	}
	if err == nil {
		v.got = "no error"
		return v
	}
	raised := message(err)
	v.met, v.got = strings.Contains(raised, text), show(lua.LString(raised))
	return v
}

// message is the text of what was raised.
func message(err error) string {
	if cause := luaconv.Cause(err); cause != err {
		return cause.Error()
	}
	apiErr, ok := err.(*lua.ApiError)
	if !ok {
		return err.Error()
	}
	if table, ok := apiErr.Object.(*lua.LTable); ok {
		if text, ok := table.RawGetString("message").(lua.LString); ok {
			return string(text)
		}
		return show(table)
	}
	return apiErr.Object.String()
}
