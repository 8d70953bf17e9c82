package script

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"runtime/metrics"
	"time"
)

// ErrMemory is why the run ended that had gone on for longest when the heap
// passed its limit.
var ErrMemory = errors.New("cancelled: the heap passed its limit")

const (
	// guardInterval is how often the heap is looked at. A script fills some
	// 500 MB a second.
	guardInterval = 5 * time.Millisecond
	// longRun is how long a run may go on while the heap stays above the limit.
	longRun = 100 * time.Millisecond
	// idleLifetime is how long a VM that nobody needs is kept.
	idleLifetime = time.Minute
)

// Guard bounds what runs can do to the host together, until ctx ends: while the
// heap is above limit bytes it cancels, one at a time, the run that has gone on
// for longest, if that began when the heap was below or goes on for longRun.
// gopher-lua has no limit of its own, and whose memory it is cannot be told; but
// a run that fills the heap takes many times longer than others. Guard also
// lets go of VMs that are idle for long.
func (p *Pool) Guard(ctx context.Context, limit uint64, logger *slog.Logger) {
	tick := time.NewTicker(guardInterval)
	defer tick.Stop()
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	var nextGC time.Time
	lastLow, nextShrink := time.Now(), time.Now().Add(idleLifetime)
	for {
		var now time.Time
		select {
		case <-ctx.Done():
			return
		case now = <-tick.C:
		}
		if now.After(nextShrink) {
			p.shrink(now.Add(-idleLifetime))
			nextShrink = now.Add(idleLifetime / 4)
		}
		if !p.busy() {
			lastLow = now
			continue
		}
		metrics.Read(heap)
		used := heap[0].Value.Uint64()
		if used < limit {
			lastLow = now
			continue
		}
		if p.cancelOldest(lastLow, now.Add(-longRun)) {
			logger.Error("heap passed its limit", "bytes", used, "limit", limit)
		}
		if now.Before(nextGC) {
			continue
		}
		runtime.GC() // what was cancelled may be all that was too much
		metrics.Read(heap)
		if heap[0].Value.Uint64() < limit {
			lastLow = time.Now()
		} else {
			nextGC = time.Now().Add(longRun)
		}
	}
}

// busy tells whether anything runs.
func (p *Pool) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.running) > 0
}

// cancelOldest cancels the run that has gone on for longest, if it began
// before either time.
func (p *Pool) cancelOldest(lastLow, long time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	var oldest *vm
	var began time.Time
	for v, since := range p.running {
		if (oldest == nil || since.Before(began)) && v.ctx.Err() == nil {
			oldest, began = v, since
		}
	}
	if oldest == nil || !began.Before(lastLow) && !began.Before(long) {
		return false
	}
	oldest.ctx.cancel(ErrMemory)
	return true
}

// shrink closes the VMs that were idle since before t, but for one a core.
func (p *Pool) shrink(t time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for n < len(p.idle)-runtime.NumCPU() && p.idle[n].since.Before(t) {
		p.idle[n].vm.L.Close()
		n++
	}
	p.idle = append(p.idle[:0], p.idle[n:]...)
}
