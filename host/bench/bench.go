// Package bench measures how a call behaves that is made over and over, in
// this process.
//
//	report, err := bench.Run(ctx, bench.Options{Call: call, Duration: 3 * time.Second, Concurrency: 2})
//	report.Print(os.Stdout)
//
// The figures are of this process alone: what a database does for the calls is
// in their latency, but not in the CPU time.
package bench

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// Options configure Run. Call and Duration are required.
type Options struct {
	// Call makes one call and gives the status of its answer. It is called
	// from many goroutines at once.
	Call func() (status int)

	Duration    time.Duration // of the measuring, above 0
	WarmUp      time.Duration // before it, not counted; zero means none
	Concurrency int           // calls at once; zero means one for each core
}

// A Report is what was measured.
type Report struct {
	Requests    int64
	Duration    time.Duration
	Concurrency int

	P50, P90, P99 time.Duration // within 2 %
	Max           time.Duration

	CPU    time.Duration // of this process, for all requests
	Allocs uint64        // for all requests
	Bytes  uint64        // allocated for all requests

	Statuses map[int]int64 // how many answers had which
}

// Run calls for as long as it is told. When ctx ends first, there is no report.
func Run(ctx context.Context, o Options) (Report, error) {
	if o.Call == nil || o.Duration <= 0 {
		return Report{}, errors.New("measure: Call and Duration are required")
	}
	if o.Concurrency <= 0 {
		o.Concurrency = runtime.NumCPU()
	}
	o.phase(ctx, o.WarmUp)
	runtime.GC() // what was before is not counted
	before := usage()
	start := time.Now()
	workers := o.phase(ctx, o.Duration)
	took := time.Since(start)
	after := usage()
	if err := ctx.Err(); err != nil {
		return Report{}, context.Cause(ctx)
	}

	all := worker{statuses: make(map[int]int64)}
	for _, w := range workers {
		all.add(w)
	}
	return Report{
		Requests: all.times.total, Duration: took, Concurrency: o.Concurrency,
		P50: all.times.quantile(0.50), P90: all.times.quantile(0.90), P99: all.times.quantile(0.99), Max: all.times.max,
		CPU: after.cpu - before.cpu, Allocs: after.allocs - before.allocs, Bytes: after.bytes - before.bytes,
		Statuses: all.statuses,
	}, nil
}

// worker is one goroutine's part of a phase.
type worker struct {
	times    histogram
	statuses map[int]int64
}

// phase calls from many goroutines, each of which begins its last call before
// the time is over.
func (o Options) phase(ctx context.Context, duration time.Duration) []*worker {
	if duration <= 0 {
		return nil
	}
	workers := make([]*worker, o.Concurrency)
	end := time.Now().Add(duration)
	var running sync.WaitGroup
	for i := range workers {
		w := &worker{statuses: make(map[int]int64)}
		workers[i] = w
		running.Go(func() {
			for at := time.Now(); at.Before(end) && ctx.Err() == nil; {
				status := o.Call()
				now := time.Now()
				w.times.record(now.Sub(at))
				w.statuses[status]++
				at = now
			}
		})
	}
	running.Wait()
	return workers
}

func (w *worker) add(other *worker) {
	w.times.add(&other.times)
	for status, n := range other.statuses {
		w.statuses[status] += n
	}
}

// used is what this process has used since it began.
type used struct {
	cpu           time.Duration
	allocs, bytes uint64
}

func usage() used {
	var r syscall.Rusage
	var cpu time.Duration
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) == nil { // it fails only for wrong arguments
		cpu = time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return used{cpu: cpu, allocs: m.Mallocs, bytes: m.TotalAlloc}
}
