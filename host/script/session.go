package script

import (
	"context"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/runinfo"
)

// A Session runs one program after another in one VM, for a prompt: globals
// that one of them sets are there for the next, and all primitives are globals
// from the beginning. One goroutine at a time may use it.
type Session struct {
	vm      *vm
	env     *lua.LTable
	library Library
}

// NewSession makes a session with a VM of its own, which the pool does not
// count. globals are further functions, by name.
func (p *Pool) NewSession(library Library, globals map[string]lua.LGFunction) *Session {
	v := p.newVM()
	env := v.L.CreateTable(0, len(v.modules)+len(globals))
	env.Metatable = v.fallback
	for name, module := range v.modules {
		env.RawSetString(name, module)
	}
	v.L.SetFuncs(env, globals)
	return &Session{vm: v, env: env, library: library}
}

// Run runs a program and gives what it returned. The error is one of
// [Pool.Run]'s; the session goes on after it.
func (s *Session) Run(ctx context.Context, program *Program, deadline time.Time) (results []lua.LValue, err error) {
	v := s.vm
	if !deadline.After(time.Now()) {
		return nil, ErrTimeout
	}
	loaded := v.loaded
	v.begin(&Call{Library: s.library, Info: runinfo.Info{Action: "repl", RequestID: "repl"}, Deadline: deadline})
	v.loaded = loaded // what was required once stays the same
	stop := context.AfterFunc(ctx, func() { v.ctx.cancel(context.Cause(ctx)) })
	defer func() {
		loaded := v.loaded
		stopped := stop()
		if whole := v.end(); !whole || !stopped {
			v.ctx = newRunContext() // that of the run is spent
			v.L.SetContext(v.ctx)
		}
		v.loaded = loaded
	}()
	defer recovered(&err)
	fn := v.L.NewFunctionFromProto(program.whole)
	fn.Env = s.env
	if err := v.call(fn); err != nil {
		return nil, err
	}
	for i := 1; i <= v.L.GetTop(); i++ {
		results = append(results, v.L.Get(i))
	}
	return results, nil
}

// Close lets go of the VM.
func (s *Session) Close() { s.vm.L.Close() }
