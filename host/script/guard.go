package script

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"runtime/metrics"
	"slices"
	"time"
)

// ErrMemory is why a run ended that was cancelled when the heap passed its
// limit.
var ErrMemory = errors.New("cancelled: the heap passed its limit (MAX_HEAP_BYTES)")

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
// for longest, if that began when the heap was below or goes on for longRun; far
// above the limit, all of those at once. gopher-lua has no limit of its own,
// and whose memory it is cannot be told; but a run that fills the heap takes
// many times longer than others, and is not among those that wait for the
// database or a hash. Guard also lets go of VMs that are idle for long, or
// when memory is short.
func (p *Pool) Guard(ctx context.Context, limit uint64, logger *slog.Logger) {
	tick := time.NewTicker(guardInterval)
	defer tick.Stop()
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
			p.shrink(now.Add(-idleLifetime), p.warm)
			nextShrink = now.Add(idleLifetime / 4)
		}
		if !p.busy() {
			lastLow = now
			continue
		}
		used := heapInUse()
		if used < limit {
			lastLow = now
			continue
		}
		p.shrink(now, 0) // an idle VM may hold on to what its last runs left
		most := 1
		if used > limit+limit/4 {
			most = p.options.Size
		}
		if cancelled := p.cancelOldest(lastLow, now.Add(-longRun), most); len(cancelled) > 0 {
			logger.Error("heap passed its limit", "bytes", used, "limit", limit, "setting", "MAX_HEAP_BYTES", "cancelled", cancelled)
		}
		if now.Before(nextGC) {
			continue
		}
		runtime.GC() // what was cancelled may be all that was too much
		if heapInUse() < limit {
			lastLow = time.Now()
		} else {
			nextGC = time.Now().Add(longRun)
		}
	}
}

func heapInUse() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// busy tells whether anything runs.
func (p *Pool) busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.running) > 0
}

// cancelOldest cancels the runs that have gone on for longest, at most so many
// and of those that began before either time; who waits comes after all
// others. It gives their actions.
func (p *Pool) cancelOldest(lastLow, long time.Time, most int) (actions []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var active, waiting []*vm
	for v, run := range p.running {
		switch {
		case v.ctx.Err() != nil, !run.since.Before(lastLow) && !run.since.Before(long):
		case v.ctx.waits.Waiting():
			waiting = append(waiting, v)
		default:
			active = append(active, v)
		}
	}
	if len(active) == 0 {
		active = waiting
	}
	slices.SortFunc(active, func(a, b *vm) int { return p.running[a].since.Compare(p.running[b].since) })
	for _, v := range active[:min(most, len(active))] {
		v.ctx.cancel(ErrMemory)
		actions = append(actions, p.running[v].action)
	}
	return actions
}

// shrink closes the VMs that were idle since before t, but for so many.
func (p *Pool) shrink(t time.Time, keep int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for n < len(p.idle)-keep && p.idle[n].since.Before(t) {
		p.idle[n].vm.L.Close()
		n++
	}
	p.idle = slices.Delete(p.idle, 0, n)
}
