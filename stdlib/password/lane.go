package password

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"vera/stdlib/runinfo"
)

// Workers returns how many digests to compute at once here: one a core on
// threads of the lowest priority, which leaves other work its pace; where the
// system has no such threads, one core less than there are. It counts the
// cores by GOMAXPROCS: call it before raising that.
func Workers() int {
	cores := runtime.GOMAXPROCS(0)
	if canYield() {
		return cores
	}
	return max(1, cores-1)
}

// canYield reports whether a thread's priority can be lowered here.
var canYield = sync.OnceValue(func() bool {
	lowered := make(chan bool)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		lowered <- lowerPriority()
	}()
	return <-lowered
})

// A lane runs work on its own threads, a bounded number at a time, and lets a
// bounded number wait, as long as all together they ask for no more than limit.
type lane struct {
	queue   chan func()
	limit   int64        // of pending, in rounds of bcrypt
	pending atomic.Int64 // what those who wait and run ask for
	quit    chan struct{}
	closing sync.Once
	workers sync.WaitGroup
}

func newLane(workers, queue int, limit int64) *lane {
	l := &lane{queue: make(chan func(), queue), limit: limit, quit: make(chan struct{})}
	for range workers {
		l.workers.Go(l.run)
	}
	return l
}

func (l *lane) run() {
	runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
	lowerPriority()        // where it cannot be, Workers is lower instead
	for {
		select {
		case <-l.quit:
			return
		case job := <-l.queue:
			job()
		}
	}
}

// do has a worker call work, which takes so many rounds, and waits for its
// end. It returns without waiting ErrBusy when too many or too much waits
// already, and the cause of ctx's end when that comes first: work that has not
// begun by then never does, work that has is left behind and its results must
// not be read.
func (l *lane) do(ctx context.Context, rounds int, work func()) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	done := make(chan struct{})
	job := func() {
		defer l.pending.Add(int64(-rounds))
		if ctx.Err() != nil {
			return
		}
		work()
		close(done)
	}
	select {
	case <-l.quit:
		return ErrClosed
	default:
	}
	if !l.admit(int64(rounds), job) {
		return ErrBusy
	}
	waits := runinfo.WaitsOf(ctx)
	waits.Begin()
	defer waits.End()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.quit:
		return ErrClosed
	}
}

// admit queues a job if it may wait. Where nobody else does, any may.
func (l *lane) admit(rounds int64, job func()) bool {
	if pending := l.pending.Add(rounds); pending > rounds && pending > l.limit {
		l.pending.Add(-rounds)
		return false
	}
	select {
	case l.queue <- job:
		return true
	default:
		l.pending.Add(-rounds)
		return false
	}
}

// full tells whether work of so many rounds would not be admitted now.
func (l *lane) full(rounds int) bool {
	pending := l.pending.Load()
	return len(l.queue) == cap(l.queue) || pending > 0 && pending+int64(rounds) > l.limit
}

func (l *lane) close() {
	l.closing.Do(func() { close(l.quit) })
	l.workers.Wait()
}
