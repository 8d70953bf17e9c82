package script

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/host/script/lualib"
)

// ErrBusy is why a run did not start: no VM was free before its deadline.
var ErrBusy = errors.New("no VM was free in time")

// declareTimeout bounds how long a file's own code may run. It only builds a
// table.
const declareTimeout = 2 * time.Second

// Options configure a Pool. A zero Size or limit means its default.
type Options struct {
	Size    int                       // the most VMs that run at once; default 64
	Modules map[string]lua.LGFunction // the primitives' loaders, by the name that scripts require
	Strings lualib.Limits             // of Lua's own library
	Answer  AnswerLimits              // default 8 MiB, 64 deep, 1,000,000 elements

	CallDepth int // calls of Lua functions within each other; default 200

	// Globals gives further names that every file finds, in each new VM; nil,
	// as a host has it, means none. For files that are no actions.
	Globals func(L *lua.LState) map[string]lua.LValue

	// Coverage counts what programs execute that it has compiled; nil means
	// that there are none.
	Coverage *Coverage
}

// A Pool lends VMs, each for one run. Many goroutines may use it.
//
// One action alone gets no more than three quarters of them: what it does to
// itself, an endless loop say, must leave room for others.
type Pool struct {
	options Options
	slots   chan struct{} // one for each VM that may run
	warm    int           // VMs that are kept however long they are idle

	mu      sync.Mutex
	idle    []idleVM                 // least recently used first
	running map[*vm]run              // VMs that are lent
	shares  map[string]chan struct{} // likewise for one action alone, by its name
}

// A run is what a VM is lent for.
type run struct {
	action string
	since  time.Time
}

type idleVM struct {
	vm    *vm
	since time.Time
}

// NewPool returns a pool with a VM for each core ready to run.
func NewPool(options Options) *Pool {
	if options.Size <= 0 {
		options.Size = 64
	}
	if options.CallDepth <= 0 {
		options.CallDepth = 200
	}
	if options.Answer.Bytes <= 0 {
		options.Answer.Bytes = 8 << 20
	}
	if options.Answer.Depth <= 0 {
		options.Answer.Depth = 64
	}
	if options.Answer.Elements <= 0 {
		options.Answer.Elements = 1_000_000
	}
	p := &Pool{
		options: options, slots: make(chan struct{}, options.Size), warm: min(options.Size, runtime.GOMAXPROCS(0)),
		running: make(map[*vm]run), shares: make(map[string]chan struct{}),
	}
	for range p.warm {
		p.idle = append(p.idle, idleVM{p.newVM(), time.Now()})
	}
	return p
}

func (p *Pool) newVM() *vm { return newVM(p.options) }

// Run runs a program and gives its answer. The error is ErrBusy or ErrTimeout,
// the cause of ctx's end, that of call.Input, or an *Error.
func (p *Pool) Run(ctx context.Context, call Call) (Answer, error) {
	var a Answer
	err := p.lend(ctx, &call, func(v *vm) (err error) {
		defer recovered(&err)
		a, err = v.run(&call, p.options.Answer)
		return err
	})
	return a, err
}

// Declare evaluates a program's file and gives what it says of itself.
func (p *Pool) Declare(ctx context.Context, program *Program, library Library) (Declaration, error) {
	var d Declaration
	call := Call{Program: program, Library: library, Deadline: time.Now().Add(declareTimeout)}
	call.Info.Loading = true
	err := p.lend(ctx, &call, func(v *vm) (err error) {
		defer recovered(&err)
		d, err = v.declare(&call)
		return err
	})
	if errors.Is(err, ErrTimeout) {
		err = fmt.Errorf("the file ran for more than %v without returning its table", declareTimeout)
	}
	return d, err
}

// Load tells how many VMs run and how many are ready.
func (p *Pool) Load() (running, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.running), len(p.idle)
}

// Evaluate evaluates a file that is no action, as if it were loaded, and then
// has use call the functions that the file left with the pool's Globals. The
// error is one of Run's, or what use returned.
func (p *Pool) Evaluate(ctx context.Context, call Call, use func(call func(fn lua.LValue, args ...lua.LValue) error) error) error {
	return p.lend(ctx, &call, func(v *vm) (err error) {
		defer recovered(&err)
		call.Info.Loading = true
		if err := v.call(v.chunk(call.Program.whole)); err != nil {
			return err
		}
		call.Info.Loading = false
		v.L.SetTop(0)
		return use(func(fn lua.LValue, args ...lua.LValue) error {
			defer v.L.SetTop(0)
			return v.call(fn, args...)
		})
	})
}

// lend gives use a VM for one run.
func (p *Pool) lend(ctx context.Context, call *Call, use func(*vm) error) error {
	own := p.share(call.Info.Action)
	if err := wait(ctx, own, call.Deadline); err != nil {
		return err
	}
	defer func() { <-own }()
	if err := wait(ctx, p.slots, call.Deadline); err != nil {
		return err
	}
	defer func() { <-p.slots }()
	if call.Input != nil {
		var err error
		if call.fields, err = call.Input(); err != nil {
			return err
		}
	}
	v := p.take(call.Info.Action)
	v.begin(call)
	stop := func() bool { return true }
	if ctx.Done() != nil {
		stop = context.AfterFunc(ctx, func() { v.ctx.cancel(context.Cause(ctx)) })
	}
	healthy := false
	defer func() { // also when use panics
		whole := v.end()
		p.give(v, stop() && whole && healthy)
	}()
	err := use(v)
	healthy = err == nil
	return err
}

// recovered turns a panic of the Lua library, which a script can provoke, into
// the error that the run ended with.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = &Error{Message: cut(fmt.Sprint("panic: ", p)), Traceback: string(debug.Stack())}
	}
}

// share gives an action's part of the pool.
func (p *Pool) share(action string) chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.shares[action]
	if s == nil {
		s = make(chan struct{}, p.options.Size-p.options.Size/4)
		p.shares[action] = s
	}
	return s
}

// wait takes one of the slots before the deadline.
func wait(ctx context.Context, slots chan struct{}, deadline time.Time) error {
	left := time.Until(deadline)
	if left <= 0 {
		return ErrTimeout
	}
	select {
	case slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case slots <- struct{}{}:
		if !time.Now().Before(deadline) { // both were ready
			<-slots
			return ErrBusy
		}
		return nil
	case <-timer.C:
		return ErrBusy
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// take gives the VM that was used last, whose memory is warmest, or a new one.
func (p *Pool) take(action string) *vm {
	p.mu.Lock()
	defer p.mu.Unlock()
	lent := run{action, time.Now()}
	n := len(p.idle)
	if n == 0 {
		p.mu.Unlock()
		v := p.newVM()
		p.mu.Lock()
		p.running[v] = lent
		return v
	}
	v := p.idle[n-1].vm
	p.idle[n-1] = idleVM{}
	p.idle = p.idle[:n-1]
	p.running[v] = lent
	return v
}

// give takes a VM back, to be lent again if it is healthy.
func (p *Pool) give(v *vm, healthy bool) {
	p.mu.Lock()
	delete(p.running, v)
	healthy = healthy && v.ctx.Err() == nil // Guard may have cancelled it at the last moment
	if healthy {
		p.idle = append(p.idle, idleVM{v, time.Now()})
	}
	p.mu.Unlock()
	if !healthy {
		v.L.Close()
	}
}
