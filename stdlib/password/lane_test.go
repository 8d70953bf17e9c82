package password

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
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
			_ = l.do(context.Background(), 1, func() { started <- struct{}{}; <-hold })
		})
	}
	for range workers {
		<-started
	}
	return sync.OnceFunc(func() { close(hold); busy.Wait() })
}

func TestLaneRunsAtMostItsWorkers(t *testing.T) {
	const workers = 3
	l := newLane(workers, 64, math.MaxInt64)
	defer l.close()
	var running, most atomic.Int32
	var all sync.WaitGroup
	for range 60 {
		all.Go(func() {
			err := l.do(t.Context(), 1, func() {
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
	l := newLane(1, 2, math.MaxInt64)
	defer l.close()
	release := occupy(t, l, 1)
	defer release()
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() {
			if err := l.do(t.Context(), 1, func() {}); err != nil {
				t.Errorf("a waiter got %v", err)
			}
		})
	}
	for len(l.queue) < 2 {
		runtime.Gosched()
	}
	start := time.Now()
	if err := l.do(t.Context(), 1, func() { t.Error("it ran") }); !errors.Is(err, ErrBusy) {
		t.Errorf("do on a full queue = %v, want ErrBusy", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("the refusal took %v", took)
	}
	release()
	waiting.Wait()
}

// Full tells beforehand what do would say.
func TestLaneFull(t *testing.T) {
	l := newLane(1, 2, 4)
	defer l.close()
	if l.full(100) {
		t.Error("an empty lane takes anything")
	}
	release := occupy(t, l, 1)
	defer release()
	for _, tt := range []struct {
		rounds int
		full   bool
	}{{3, false}, {4, true}} {
		if got := l.full(tt.rounds); got != tt.full {
			t.Errorf("with 1 round of 4 pending, full(%d) = %v", tt.rounds, got)
		}
	}
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() { _ = l.do(t.Context(), 1, func() {}) })
	}
	for len(l.queue) < 2 {
		runtime.Gosched()
	}
	if !l.full(1) {
		t.Error("the queue is full")
	}
	if err := l.do(t.Context(), 1, func() {}); !errors.Is(err, ErrBusy) {
		t.Errorf("do = %v", err)
	}
	release()
	waiting.Wait()
}

func TestLaneDropsWhoLeft(t *testing.T) {
	l := newLane(1, 2, math.MaxInt64) // the dropped one may still be in it when the last comes
	defer l.close()
	release := occupy(t, l, 1)
	defer release()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("deadline of the action")
	result := make(chan error)
	go func() { result <- l.do(ctx, 1, func() { t.Error("work ran after its context had ended") }) }()
	for len(l.queue) < 1 {
		runtime.Gosched()
	}
	cancel(cause)
	if err := <-result; !errors.Is(err, cause) {
		t.Errorf("do = %v, want the cause", err)
	}
	release()
	if err := l.do(t.Context(), 1, func() {}); err != nil { // comes after the dropped one
		t.Error(err)
	}
}

func TestLaneCloseWakesWaiters(t *testing.T) {
	l := newLane(1, 1, math.MaxInt64)
	release := occupy(t, l, 1)
	result := make(chan error)
	go func() { result <- l.do(t.Context(), 1, func() {}) }()
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

// Who is admitted can be served in time, whatever a digest costs: so many
// wait at cost 10, and so few at 15. An idle lane takes anything.
func TestLaneAdmitsWhatItCanDoInTime(t *testing.T) {
	const workers, patience = 2, 5 * time.Second
	for _, o := range []Options{{Cost: 10}, {Cost: 12}, {Cost: 14}, {Cost: 15}, {Scheme: Argon2id}} {
		o.Workers, o.Queue, o.Patience = workers, 1<<20, patience
		h, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		release := occupy(t, h.lane, workers)
		rounds := int64(h.cost.work(Bcrypt))
		admitted := 0
		for h.lane.admit(rounds, func() {}) {
			admitted++
		}
		release()
		h.Close()
		lasts := time.Duration(float64(admitted) * float64(rounds) * roundTime() / workers * float64(time.Second))
		if each := lasts / time.Duration(max(1, admitted)); admitted < 1 || lasts > patience && admitted > workers || lasts+each < patience-each {
			t.Errorf("%+v: %d are admitted, which takes %v", o, admitted, lasts)
		}
	}
	l := newLane(0, 8, 10)
	for i, want := range []bool{true, false, false} {
		if got := l.admit(1000, func() {}); got != want {
			t.Errorf("call %d of too much work: admitted %v, want %v", i, got, want)
		}
	}
}

// What a failure asks the lane for is what it takes, be the digest cheap, and
// the password typed in an unusual spelling.
func TestVerifyAsksForItsWork(t *testing.T) {
	for _, tt := range []struct {
		text   string
		digest string
		rounds int64
	}{
		{"wrongpass1", "", 1 << 6}, {"wrongpass1", "$2b$04$" + strings.Repeat("a", 53), 1 << 6}, {"cafe\u0301", "", 2 << 6},
		{"a\x00b", "$2b$06$" + strings.Repeat("a", 53), 1 << 6}, {"", "$2b$12$x", 1 << 6}, {strings.Repeat("p", MaxBytes+1), "", 1 << 6},
	} {
		h := newHasher(cost{scheme: Bcrypt, rounds: 5}, 8, pepper{}, nil, newLane(0, 1, 1<<40))
		h.Expect("$2b$06$" + strings.Repeat("a", 53))
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error)
		go func() {
			_, err := h.Verify(ctx, tt.text, tt.digest)
			result <- err
		}()
		job := <-h.lane.queue
		asked := h.lane.pending.Load()
		job()
		if err := <-result; err != nil {
			t.Error(err)
		}
		cancel()
		if s := h.Stats(); asked != tt.rounds || s != (Stats{Jobs: 1, Rounds: tt.rounds}) || h.lane.pending.Load() != 0 {
			t.Errorf("Verify(%.10q, %q) asks for %d rounds and comes to %+v, want %d", tt.text, tt.digest, asked, s, tt.rounds)
		}
	}
}
