package lualib

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/limit"
)

// A library is what the functions of one VM share. It belongs to the VM's
// goroutine.
type library struct {
	limits Limits
	ticks  int // of work since the context was last looked at

	next, nextIndex lua.LValue // what pairs and ipairs give
}

// A function is a library function. It pushes its results and gives their
// number.
type function func(call) int

// A call is one call to a library function.
type call struct {
	*lua.LState
	lib  *library
	name string // the function's, for error messages
}

func (lib *library) register(L *lua.LState, t *lua.LTable, functions map[string]function) {
	for name, fn := range functions {
		t.RawSetString(name, lib.function(L, name, fn))
	}
}

func (lib *library) function(L *lua.LState, name string, fn function) *lua.LFunction {
	return L.NewFunction(func(L *lua.LState) int { return fn(call{L, lib, name}) })
}

// fail raises an error with the place of the script that called. It does not
// return.
func (c call) fail(format string, args ...any) {
	c.RaiseError("%s", fmt.Sprintf(format, args...))
}

// exceed raises what a limit is exceeded by, and tells of it.
func (c call) exceed(err *limit.Error) {
	if c.lib.limits.Exceeded != nil {
		c.lib.limits.Exceeded(err.Limit)
	}
	c.fail("%s", err)
}

func (c call) badArgument(n int, problem string) {
	c.fail("bad argument #%d to '%s' (%s)", n, c.name, problem)
}

func (c call) expected(n int, what string) {
	got := "no value"
	if n <= c.GetTop() {
		got = c.Get(n).Type().String()
	}
	c.badArgument(n, what+" expected, got "+got)
}

// ticksPerLook is how much work, in units of some 10 ns, may be done before
// the context is looked at again. The VM looks before each of its
// instructions, but a library function may call another one without any.
const ticksPerLook = 4096

// tick counts work and raises when the context has ended.
func (c call) tick(n int) {
	if c.lib.ticks += n; c.lib.ticks >= ticksPerLook {
		c.look()
	}
}

// look raises when the context has ended.
func (c call) look() {
	c.lib.ticks = 0
	if ctx := c.Context(); ctx != nil && ctx.Err() != nil {
		c.fail("%s", ctx.Err())
	}
}

// fit raises if a string of n bytes is too long. Whoever builds a string asks
// before.
func (c call) fit(n int) {
	if n > c.lib.limits.StringBytes {
		c.exceed(limit.Strings(n, c.lib.limits.StringBytes))
	}
}

// bytes counts the work of going over n bytes.
func (c call) bytes(n int) { c.tick(n / 64) }

// maxResults bounds what one call returns, as it lies on the VM's stack.
const maxResults = 8000

// checkResults raises if a call would give more than that: what says of what.
func (c call) checkResults(n int, what string) {
	if n > maxResults {
		c.exceed(limit.Fixed("results", maxResults, "%s: %d", what, n))
	}
}

// value gives argument n, which must be there.
func (c call) value(n int) lua.LValue {
	if n > c.GetTop() {
		c.badArgument(n, "value expected")
	}
	return c.Get(n)
}

// text gives argument n, a string or a number.
func (c call) text(n int) string {
	switch v := c.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return formatNumber(float64(v))
	}
	c.expected(n, "string")
	return ""
}

// number gives argument n, a number or a string that is one.
func (c call) number(n int) float64 {
	switch v := c.Get(n).(type) {
	case lua.LNumber:
		return float64(v)
	case lua.LString:
		if f, ok := parseNumber(string(v)); ok {
			return f
		}
	}
	c.expected(n, "number")
	return 0
}

// integer gives argument n, a number, without its fraction and as far as
// integers are exact.
func (c call) integer(n int) int { return truncate(c.number(n)) }

// integerOr is integer, or otherwise if the argument is nil or not there.
func (c call) integerOr(n, otherwise int) int {
	if c.Get(n) == lua.LNil {
		return otherwise
	}
	return c.integer(n)
}

// table gives argument n for reading: of a sealed table, what it seals.
func (c call) table(n int) *lua.LTable {
	t, ok := c.Get(n).(*lua.LTable)
	if !ok {
		c.expected(n, "table")
	}
	return unseal(t)
}

// ownTable gives argument n for writing.
func (c call) ownTable(n int) *lua.LTable {
	t, ok := c.Get(n).(*lua.LTable)
	if !ok {
		c.expected(n, "table")
	}
	if IsSealed(t) {
		c.fail("attempt to change a read-only table")
	}
	return t
}

// callOne calls fn with args and gives its first result.
func (c call) callOne(fn lua.LValue, args ...lua.LValue) lua.LValue {
	c.look() // fn may be a library function that takes long
	c.Push(fn)
	for _, arg := range args {
		c.Push(arg)
	}
	c.Call(len(args), 1)
	result := c.Get(-1)
	c.Pop(1)
	return result
}
