package password

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// occupy makes l's workers wait until the returned function is called.
func occupy(t *testing.T, l *lane, workers int) (release func()) {
	t.Helper()
	started, hold := make(chan struct{}), make(chan struct{})
	var busy sync.WaitGroup
	for range workers {
		busy.Go(func() {
			_ = l.do(context.Background(), func() { started <- struct{}{}; <-hold })
		})
	}
	for range workers {
		<-started
	}
	return sync.OnceFunc(func() { close(hold); busy.Wait() })
}

func TestLaneRunsAtMostItsWorkers(t *testing.T) {
	const workers = 3
	l := newLane(workers, 64)
	defer l.close()
	var running, most atomic.Int32
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			err := l.do(t.Context(), func() {
				now := running.Add(1)
				for old := most.Load(); now > old && !most.CompareAndSwap(old, now); old = most.Load() {
				}
				runtime.Gosched()
				running.Add(-1)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() > workers {
		t.Errorf("%d ran at once, want at most %d", most.Load(), workers)
	}
}

func TestLaneOverflowsAtOnce(t *testing.T) {
	l := newLane(1, 2)
	defer l.close()
	release := occupy(t, l, 1)
	defer release()
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() {
			if err := l.do(t.Context(), func() {}); err != nil {
				t.Errorf("a waiter got %v", err)
			}
		})
	}
	for len(l.queue) < 2 {
		runtime.Gosched()
	}
	start := time.Now()
	if err := l.do(t.Context(), func() { t.Error("it ran") }); !errors.Is(err, ErrBusy) {
		t.Errorf("do on a full queue = %v, want ErrBusy", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("the refusal took %v", took)
	}
	release()
	waiting.Wait()
}

func TestLaneDropsWhoLeft(t *testing.T) {
	l := newLane(1, 2) // the dropped one may still be in it when the last comes
	defer l.close()
	release := occupy(t, l, 1)
	defer release()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("deadline of the action")
	result := make(chan error)
	go func() { result <- l.do(ctx, func() { t.Error("work ran after its context had ended") }) }()
	for len(l.queue) < 1 {
		runtime.Gosched()
	}
	cancel(cause)
	if err := <-result; !errors.Is(err, cause) {
		t.Errorf("do = %v, want the cause", err)
	}
	release()
	if err := l.do(t.Context(), func() {}); err != nil { // comes after the dropped one
		t.Error(err)
	}
}

func TestLaneCloseWakesWaiters(t *testing.T) {
	l := newLane(1, 1)
	release := occupy(t, l, 1)
	result := make(chan error)
	go func() { result <- l.do(t.Context(), func() {}) }()
	for len(l.queue) < 1 {
		runtime.Gosched()
	}
	closed := make(chan struct{})
	go func() { l.close(); close(closed) }()
	if err := <-result; !errors.Is(err, ErrClosed) {
		t.Errorf("do = %v, want ErrClosed", err)
	}
	release()
	<-closed
}

func TestWorkers(t *testing.T) {
	if n := Workers(); n < 1 || n > runtime.GOMAXPROCS(0) {
		t.Errorf("Workers() = %d with %d cores", n, runtime.GOMAXPROCS(0))
	}
}
