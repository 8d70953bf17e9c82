package script

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/runinfo"
)

// gate gives a pool whose scripts can wait, as for a statement, until open is
// called.
func gate(t *testing.T, size int) (p *Pool, open func(), waiting func(n int)) {
	t.Helper()
	release := make(chan struct{})
	arrived := make(chan struct{}, size)
	p = NewPool(Options{Size: size, Modules: map[string]lua.LGFunction{"gate": func(L *lua.LState) int {
		L.Push(L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{"wait": func(L *lua.LState) int {
			waits := runinfo.WaitsOf(L.Context())
			waits.Begin()
			defer waits.End()
			arrived <- struct{}{}
			select {
			case <-release:
			case <-L.Context().Done():
			}
			return 0
		}}))
		return 1
	}}})
	open = sync.OnceFunc(func() { close(release) })
	t.Cleanup(open)
	return p, open, func(n int) {
		for range n {
			<-arrived
		}
	}
}

func compiled(t *testing.T, action, body string) Call {
	t.Helper()
	program, err := Compile(action+".lua", []byte("return { description = 'Test', fields = {}, run = function() "+body+" end }"))
	if err != nil {
		t.Fatal(err)
	}
	return Call{Program: program, Info: runinfo.Info{Action: action}, Deadline: time.Now().Add(20 * time.Second)}
}

const (
	waits = `require("gate").wait() return { status_code = 200 }`
	quick = `return { status_code = 200 }`
	bomb  = `local t = {} for i = 1, math.huge do t[i] = { i } end`
)

// guarded runs Guard with room for so many bytes more than there are.
func guarded(t *testing.T, p *Pool, room uint64, log io.Writer) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var guarding sync.WaitGroup
	limit := heapInUse() + room
	guarding.Go(func() { p.Guard(ctx, limit, slog.New(slog.NewTextHandler(log, nil))) })
	t.Cleanup(func() { cancel(); guarding.Wait() })
}

// Who fills the heap is cancelled, not who has waited for longer.
func TestGuardCancelsTheCulprit(t *testing.T) {
	p, open, waiting := gate(t, 8)
	var log strings.Builder
	var older sync.WaitGroup
	patient := compiled(t, "Patient", waits)
	for range 4 {
		older.Go(func() {
			if _, err := p.Run(t.Context(), patient); err != nil {
				t.Errorf("one that only waits: %v", err)
			}
		})
	}
	waiting(4)
	t.Cleanup(func() { // when Guard has ended
		if text := log.String(); !strings.Contains(text, "cancelled=[Bomb]") || !strings.Contains(text, "MAX_HEAP_BYTES") || strings.Contains(text, "Patient") {
			t.Errorf("log: %s", text)
		}
	})
	guarded(t, p, 64<<20, &log)
	if _, err := p.Run(t.Context(), compiled(t, "Bomb", bomb)); !errors.Is(err, ErrMemory) {
		t.Errorf("the bomb ends with %v", err)
	}
	open()
	older.Wait()
	if _, err := p.Run(t.Context(), compiled(t, "Quick", quick)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Many at once are cancelled at once.
func TestGuardCancelsMany(t *testing.T) {
	p := NewPool(Options{Size: 64})
	guarded(t, p, 64<<20, io.Discard)
	c := compiled(t, "Bomb", bomb)
	var most uint64
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 48 {
		all.Go(func() {
			_, err := p.Run(t.Context(), c)
			used := heapInUse()
			mu.Lock()
			defer mu.Unlock()
			most = max(most, used)
			if !errors.Is(err, ErrMemory) {
				t.Errorf("a bomb ends with %v", err)
			}
		})
	}
	all.Wait()
	if most > 1<<30 {
		t.Errorf("the heap grew to %d MiB", most>>20)
	}
}

// A VM whose run Guard cancels at its last moment is not lent again.
func TestCancelledAtTheLastMoment(t *testing.T) {
	p := NewPool(Options{Size: 1})
	v := p.take("Test")
	c := compiled(t, "Test", quick)
	v.begin(&c)
	whole := v.end()
	p.cancelOldest(time.Now().Add(time.Second), time.Now(), 1)
	p.give(v, whole)
	if len(p.idle) != 0 {
		t.Error("it was taken back")
	}
}

func TestPoolIsWarmAndShrinks(t *testing.T) {
	p, open, waiting := gate(t, 8)
	if len(p.idle) != p.warm || p.warm == 0 {
		t.Errorf("%d VMs at the start, want %d", len(p.idle), p.warm)
	}
	var all sync.WaitGroup
	for _, action := range []string{"One", "Other"} {
		c := compiled(t, action, waits)
		for range 4 {
			all.Go(func() { _, _ = p.Run(t.Context(), c) })
		}
	}
	waiting(8)
	open()
	all.Wait()
	if len(p.idle) != 8 {
		t.Errorf("%d VMs are idle after 8 runs at once", len(p.idle))
	}
	p.shrink(time.Now().Add(-time.Minute), p.warm)
	if len(p.idle) != 8 {
		t.Errorf("%d VMs: one was let go that was just used", len(p.idle))
	}
	p.shrink(time.Now().Add(time.Second), p.warm)
	if len(p.idle) != p.warm {
		t.Errorf("%d VMs after a while, want %d", len(p.idle), p.warm)
	}
}

// One action cannot take the whole pool.
func TestShare(t *testing.T) {
	p, open, waiting := gate(t, 4)
	greedy := compiled(t, "Greedy", waits)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := p.Run(t.Context(), greedy); err != nil {
				t.Error(err)
			}
		})
	}
	waiting(3)
	if _, err := p.Run(t.Context(), compiled(t, "Other", quick)); err != nil {
		t.Errorf("another action: %v", err)
	}
	open()
	waiting(5)
	all.Wait()
}

// Input is read when it is its run's turn, and what is wrong with it costs no VM.
func TestInput(t *testing.T) {
	p, open, waiting := gate(t, 1)
	var all sync.WaitGroup
	first := compiled(t, "First", waits)
	all.Go(func() { _, _ = p.Run(t.Context(), first) })
	waiting(1)
	second := compiled(t, "Second", quick)
	second.Deadline = time.Now().Add(50 * time.Millisecond)
	second.Input = func() (map[string]any, error) { t.Error("input was read while the pool was full"); return nil, nil }
	if _, err := p.Run(t.Context(), second); !errors.Is(err, ErrBusy) {
		t.Errorf("error %v, want ErrBusy", err)
	}
	open()
	all.Wait()
	bad := errors.New("bad input")
	third := compiled(t, "Third", quick)
	third.Input = func() (map[string]any, error) { return nil, bad }
	before := len(p.idle)
	if _, err := p.Run(t.Context(), third); err != bad || len(p.idle) != before {
		t.Errorf("error %v, want %v; %d VMs are idle, want %d", err, bad, len(p.idle), before)
	}
}
