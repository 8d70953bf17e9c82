package script

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"runtime/metrics"
	"time"
)

// ErrMemory is why a run ended that was going on when the heap passed its
// limit.
var ErrMemory = errors.New("cancelled: the heap passed its limit")

const (
	// guardInterval is how often the heap is looked at. A script fills some
	// 500 MB a second.
	guardInterval = 5 * time.Millisecond
	// idleLifetime is how long a VM that nobody needs is kept.
	idleLifetime = time.Minute
)

// Guard bounds what runs can do to the host together, until ctx ends: when the
// heap passes limit bytes it cancels every run that goes on for longer than
// the heap was last seen below it. gopher-lua has no limit of its own, and
// whose memory it is cannot be told; but a run that fills the heap takes many
// times longer than others. Guard also lets go of VMs that are idle for long.
func (p *Pool) Guard(ctx context.Context, limit uint64, logger *slog.Logger) error {
	tick := time.NewTicker(guardInterval)
	defer tick.Stop()
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	lastLow, nextShrink := time.Now(), time.Now().Add(idleLifetime)
	for {
		var now time.Time
		select {
		case <-ctx.Done():
			return nil
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
		if cancelled := p.cancelSince(lastLow); cancelled > 0 {
			logger.Error("heap passed its limit", "bytes", used, "limit", limit, "cancelled", cancelled)
		}
		runtime.GC() // what was cancelled may be all that was too much
		metrics.Read(heap)
		if heap[0].Value.Uint64() < limit {
			lastLow = time.Now()
		}
	}
}

// busy tells whether anything runs.
func (p *Pool) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.running) > 0
}

// cancelSince cancels the runs that began before t, and gives their number.
func (p *Pool) cancelSince(t time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for v, since := range p.running {
		if since.Before(t) {
			v.ctx.cancel(ErrMemory)
			n++
		}
	}
	return n
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
