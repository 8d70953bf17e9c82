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
}

// A Pool lends VMs, each for one run. Many goroutines may use it.
type Pool struct {
	options Options
	slots   chan struct{} // one for each VM that may run

	mu      sync.Mutex
	idle    []idleVM          // least recently used first
	running map[*vm]time.Time // since when
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
	if options.Answer.Bytes <= 0 {
		options.Answer.Bytes = 8 << 20
	}
	if options.Answer.Depth <= 0 {
		options.Answer.Depth = 64
	}
	if options.Answer.Elements <= 0 {
		options.Answer.Elements = 1_000_000
	}
	p := &Pool{options: options, slots: make(chan struct{}, options.Size), running: make(map[*vm]time.Time)}
	for range min(options.Size, runtime.NumCPU()) {
		p.idle = append(p.idle, idleVM{p.newVM(), time.Now()})
	}
	return p
}

func (p *Pool) newVM() *vm { return newVM(p.options.Modules, p.options.Strings) }

// Run runs a program and gives its answer. The error is ErrBusy or ErrTimeout,
// the cause of ctx's end, or an *Error.
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

// lend gives use a VM for one run.
func (p *Pool) lend(ctx context.Context, call *Call, use func(*vm) error) error {
	if err := p.wait(ctx, call.Deadline); err != nil {
		return err
	}
	defer func() { <-p.slots }()
	v := p.take()
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

// wait takes a slot before the deadline.
func (p *Pool) wait(ctx context.Context, deadline time.Time) error {
	left := time.Until(deadline)
	if left <= 0 {
		return ErrTimeout
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return ErrBusy
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// take gives the VM that was used last, whose memory is warmest, or a new one.
func (p *Pool) take() *vm {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		p.mu.Unlock()
		v := p.newVM()
		p.mu.Lock()
		p.running[v] = time.Now()
		return v
	}
	v := p.idle[n-1].vm
	p.idle = p.idle[:n-1]
	p.running[v] = time.Now()
	return v
}

// give takes a VM back, to be lent again if it is healthy.
func (p *Pool) give(v *vm, healthy bool) {
	p.mu.Lock()
	delete(p.running, v)
	if healthy {
		p.idle = append(p.idle, idleVM{v, time.Now()})
	}
	p.mu.Unlock()
	if !healthy {
		v.L.Close()
	}
}
