package lua51

import (
	"fmt"
	"runtime/debug"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Open puts pcall, xpcall and error into the table into, usually the globals
// of L. Beside what package lua51 says, pcall and xpcall differ from the
// library's in that the end of L's context and a Go panic go through them. The
// handler of xpcall is called when the stack is unwound already.
func Open(L *lua.LState, into *lua.LTable) {
	p := poolOf(L)
	into.RawSetString("pcall", L.NewFunction(p.pcall))
	into.RawSetString("xpcall", L.NewFunction(p.xpcall))
	into.RawSetString("error", p.error)
	into.RawSetString(ConcatName, L.NewFunction(Concat(nil, plainNumber)))
}

// PCall calls fn with args and gives all its results. Primitives that take a
// Lua function call it with this, and so does Go itself: outside of any Lua
// function, fn runs on L, else in a thread with the context of L. It is for
// the goroutine that L belongs to.
//
// The error is a *lua.ApiError whose Object is what Lua raised. After a Go
// panic its Type is ApiErrorPanic and its Cause a [*PanicError]. A primitive
// passes it on with [Raise].
func PCall(L *lua.LState, fn lua.LValue, args ...lua.LValue) ([]lua.LValue, error) {
	p := poolOf(L)
	on := L
	if _, running := L.GetStack(0); running {
		defer p.leave()
		thread, err := p.enter(L)
		if err != nil {
			return nil, err
		}
		on = thread
	}
	n, err := Call(on, fn, args...)
	if err != nil {
		return nil, err
	}
	base := on.GetTop() - n
	results := make([]lua.LValue, n)
	for i := range results {
		results[i] = on.Get(base + 1 + i)
	}
	on.SetTop(base)
	return results, nil
}

// Call is PCall for Go itself: no function runs on L. The n results stay on
// top of the stack of L.
func Call(L *lua.LState, fn lua.LValue, args ...lua.LValue) (n int, err error) {
	base := L.GetTop()
	L.Push(poolOf(L).traced)
	L.Push(fn)
	for _, arg := range args {
		L.Push(arg)
	}
	if err := call(L, 1+len(args)); err != nil {
		return 0, err
	}
	return L.GetTop() - base, nil
}

// Raise raises the error that [PCall] returned once more, with its traceback,
// and any other as its text. It does not return.
func Raise(L *lua.LState, err error) {
	apiErr, ok := err.(*lua.ApiError)
	if !ok {
		L.RaiseError("%s", err.Error())
	}
	closeUpvalues(L)
	panic(apiErr)
}

// A PanicError is a Go panic in a primitive or in the library.
type PanicError struct {
	Value any    // as given to panic
	Stack string // of the goroutine
}

func (e *PanicError) Error() string { return fmt.Sprint("panic: ", e.Value) }

// Unwrap gives the value of panic if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// pcall(fn, …) -> true, results … | false, error
func (p *pool) pcall(L *lua.LState) int {
	L.CheckAny(1)
	defer p.leave()
	thread, err := p.run(L, L.GetTop())
	if err != nil {
		raiseFatal(L, err)
		L.Push(lua.LFalse)
		L.Push(err.Object)
		return 2
	}
	return succeed(L, thread)
}

const errorInHandling = lua.LString("error in error handling") // Lua's own words

// xpcall(fn, handler) -> true, results … | false, what handler(error) returns
func (p *pool) xpcall(L *lua.LState) int {
	handler := L.CheckAny(2)
	L.SetTop(1)
	defer p.leave()
	thread, err := p.run(L, 1)
	if err == nil {
		return succeed(L, thread)
	}
	raiseFatal(L, err)
	L.Push(lua.LFalse)
	if handler.Type() != lua.LTFunction {
		L.Push(errorInHandling)
		return 2
	}
	L.Push(handler)
	L.Push(err.Object)
	p.leave() // one level is enough for both
	thread, err = p.run(L, 2)
	if err != nil {
		raiseFatal(L, err)
		L.Push(errorInHandling)
		return 2
	}
	L.Push(thread.Get(1)) // nil if there is none
	thread.SetTop(0)
	return 2
}

// succeed pushes true and the results on the thread's stack.
func succeed(L, thread *lua.LState) int {
	n := thread.GetTop()
	L.Push(lua.LTrue)
	thread.XMoveTo(L, n)
	return 1 + n
}

// raiseFatal raises again what no script may catch: a Go panic, and whatever
// came of the end of the run's time.
func raiseFatal(L *lua.LState, err *lua.ApiError) {
	if err.Type == lua.ApiErrorPanic {
		Raise(L, err)
	}
	if ctx := L.Context(); ctx != nil && ctx.Err() != nil {
		L.RaiseError("%s", ctx.Err().Error())
	}
}

// call calls the guard that lies below the top n values of L.
func call(L *lua.LState, n int) *lua.ApiError {
	err := L.PCall(n, lua.MultRet, nil)
	if err == nil {
		return nil
	}
	return err.(*lua.ApiError) // PCall returns no other
}

// A guard is the lowest function of each protected call. It calls its first
// argument with the others and prepares what the library's PCall will find:
// panics are errors, captured locals are saved, and there is a traceback, so
// that PCall does not make its own, which may have a million lines.
func guard(L *lua.LState, traced bool) int {
	defer func() {
		if cause := recover(); cause != nil {
			panic(prepare(L, cause, traced))
		}
	}()
	fn := L.Get(1)
	if fn.Type() != lua.LTFunction && L.GetMetaField(fn, "__call").Type() != lua.LTFunction {
		L.Error(lua.LString("attempt to call a "+fn.Type().String()+" value"), 0)
	}
	L.Call(L.GetTop()-1, lua.MultRet)
	return L.GetTop()
}

func prepare(L *lua.LState, cause any, traced bool) *lua.ApiError {
	apiErr, ok := cause.(*lua.ApiError)
	if !ok {
		wrapped := &PanicError{Value: cause, Stack: string(debug.Stack())}
		apiErr = &lua.ApiError{Type: lua.ApiErrorPanic, Object: lua.LString(wrapped.Error()), Cause: wrapped}
	}
	closeUpvalues(L)
	if text, ok := apiErr.Object.(lua.LString); ok && !poolOf(L).raising(L) {
		// The library puts a blank where a place would be but no Lua function is.
		apiErr.Object = lua.LString(strings.TrimPrefix(string(text), " "))
	}
	switch {
	case traced, apiErr.Type == lua.ApiErrorPanic:
		apiErr.StackTrace = trace(L, apiErr.StackTrace)
	case apiErr.StackTrace == "":
		apiErr.StackTrace = "\n" // nobody will read it
	}
	return apiErr
}

// closeUpvalues saves the captured locals of all frames of L, as raising
// does; so this raises, and catches at once. A Go panic has not saved them.
func closeUpvalues(L *lua.LState) {
	defer func() { _ = recover() }()
	L.Error(lua.LNil, 0)
}
