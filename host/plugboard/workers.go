package plugboard

import (
	"context"
	"sync"
	"sync/atomic"
)

// maxIdle is how many workers stay when there is nothing to do.
const maxIdle = 64

// workers do jobs, each on a goroutine that stays for the next one: a new
// goroutine would grow its stack, by copying it, for every request. There are
// as many as there are jobs at one time; whoever hands them out bounds that.
type workers struct {
	do      func(job)
	jobs    chan job
	idle    atomic.Int64
	dismiss func() // lets the idle ones go, now and from now on
	gone    chan struct{}
	all     sync.WaitGroup
}

// A job is one request for the handler.
type job struct {
	ctx context.Context
	req Request
}

func newWorkers(do func(job)) *workers {
	w := &workers{do: do, jobs: make(chan job), gone: make(chan struct{})}
	w.dismiss = sync.OnceFunc(func() { close(w.gone) })
	return w
}

// start has j done, and does not wait for anything.
func (w *workers) start(j job) {
	select {
	case w.jobs <- j:
	default:
		w.all.Go(func() { w.work(j) })
	}
}

// wait returns when every worker has ended. Dismiss comes before it.
func (w *workers) wait() { w.all.Wait() }

func (w *workers) work(j job) {
	for {
		w.do(j)
		if w.idle.Add(1) > maxIdle {
			w.idle.Add(-1)
			return
		}
		select {
		case j = <-w.jobs:
			w.idle.Add(-1)
		case <-w.gone:
			return
		}
	}
}
