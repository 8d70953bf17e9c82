package script

import (
	"context"
	"fmt"
	"sync"
	"time"

	"vera/stdlib/runinfo"
)

// ErrTimeout is why a run ended that took longer than its deadline.
var ErrTimeout = fmt.Errorf("action timed out: %w", context.DeadlineExceeded)

// runContext is the context that a VM and its primitives see. gopher-lua asks
// a context for Done before every instruction, so this one answers with a
// field, is reused from run to run and wraps nothing.
type runContext struct {
	info     *runinfo.Info
	waits    runinfo.Waits
	deadline time.Time
	done     chan struct{}
	timer    *time.Timer

	mu  sync.Mutex
	err error // set, once, before done is closed
}

func newRunContext() *runContext {
	c := &runContext{info: &runinfo.Info{}, done: make(chan struct{})}
	c.timer = time.AfterFunc(time.Hour, func() { c.cancel(ErrTimeout) })
	c.timer.Stop()
	return c
}

// begin starts the clock of a run.
func (c *runContext) begin(info *runinfo.Info, deadline time.Time) {
	c.info, c.deadline = info, deadline
	c.timer.Reset(time.Until(deadline))
}

// end stops the clock. False means that it had run out, or that the run was
// cancelled: then the context is spent, and its VM with it.
func (c *runContext) end() bool {
	return c.timer.Stop() && c.Err() == nil
}

func (c *runContext) cancel(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.done)
	}
}

func (c *runContext) Deadline() (time.Time, bool) { return c.deadline, true }
func (c *runContext) Done() <-chan struct{}       { return c.done }

func (c *runContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *runContext) Value(key any) any {
	switch key.(type) {
	case runinfo.Key:
		return c.info
	case runinfo.WaitKey:
		return &c.waits
	}
	return nil
}

var _ context.Context = (*runContext)(nil)
