package lua51

import lua "github.com/yuin/gopher-lua"

const (
	// maxDepth bounds how deep protected calls nest. Each level has a Lua
	// stack of its own, so this multiplies what one VM may use.
	maxDepth = 100
	// keptThreads is how many levels keep their thread for the next call.
	// Deeper ones are rare and leave theirs to the garbage collector.
	keptThreads = 4
)

// A pool holds the threads of one VM, one for each level of protected calls.
// It lives in the VM's registry and belongs to the VM's goroutine.
type pool struct {
	threads []*lua.LState // by level, for reuse
	callers []*lua.LState // of the protected calls that are active

	quiet, traced *lua.LFunction // guards, without and with a traceback
	error         *lua.LFunction
}

const registryKey = "vera.lua51"

func poolOf(L *lua.LState) *pool {
	if data, ok := L.G.Registry.RawGetString(registryKey).(*lua.LUserData); ok {
		return data.Value.(*pool)
	}
	p := &pool{
		quiet:  L.NewFunction(func(L *lua.LState) int { return guard(L, false) }),
		traced: L.NewFunction(func(L *lua.LState) int { return guard(L, true) }),
	}
	p.error = L.NewFunction(p.raise)
	L.G.Registry.RawSetString(registryKey, &lua.LUserData{Value: p, Metatable: lua.LNil})
	return p
}

// run calls the top n values of L, a function and its arguments, one level
// deeper. The results stay on the thread's stack. The caller must leave.
func (p *pool) run(L *lua.LState, n int) (*lua.LState, *lua.ApiError) {
	thread, err := p.enter(L)
	if err != nil {
		return nil, err
	}
	thread.Push(p.quiet)
	L.XMoveTo(thread, n)
	return thread, call(thread, n)
}

// enter goes one level deeper and gives its thread, which is idle and has the
// context of L. Leave goes back, also after an error.
func (p *pool) enter(L *lua.LState) (*lua.LState, *lua.ApiError) {
	p.callers = append(p.callers, L)
	if len(p.callers) > maxDepth {
		return nil, &lua.ApiError{Type: lua.ApiErrorRun, Object: lua.LString("stack overflow")}
	}
	ctx := L.RemoveContext()
	thread := p.thread(L)
	thread.SetTop(0) // L may have had no room for what it returned last
	if ctx == nil {
		thread.RemoveContext()
		return thread, nil
	}
	L.SetContext(ctx)
	thread.SetContext(ctx)
	return thread, nil
}

func (p *pool) leave() { p.callers = p.callers[:len(p.callers)-1] }

// thread gives the thread of the current level. L must be without a context,
// or a new thread would get a child of it that nobody cancels.
func (p *pool) thread(L *lua.LState) *lua.LState {
	depth := len(p.callers)
	if depth <= len(p.threads) {
		return p.threads[depth-1]
	}
	thread, _ := L.NewThread()
	if depth <= keptThreads {
		p.threads = append(p.threads, thread)
	}
	return thread
}

func (p *pool) isGuard(fn lua.LValue) bool { return fn == p.quiet || fn == p.traced }
