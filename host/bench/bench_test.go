package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Quantiles are those of the sorted durations, within the width of a bucket.
func TestHistogram(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h, half histogram
	var all []time.Duration
	for i := range 10_000 {
		d := time.Duration(random.ExpFloat64() * 1e5)
		all = append(all, d)
		if i%2 == 0 {
			h.record(d)
		} else {
			half.record(d)
		}
	}
	h.add(&half)
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 1} {
		want := all[int(q*float64(len(all)))-1]
		got := h.quantile(q)
		if got < want || float64(got) > float64(want)*(1+1.0/subBuckets)+1 {
			t.Errorf("quantile %v is %v, want %v or little more", q, got, want)
		}
	}
	if h.max != all[len(all)-1] || h.total != int64(len(all)) {
		t.Errorf("max %v, total %d; want %v, %d", h.max, h.total, all[len(all)-1], len(all))
	}
	if got := new(histogram).quantile(0.5); got != 0 {
		t.Errorf("an empty one has the median %v", got)
	}
}

// Every duration is in the bucket whose bounds are around it, and the buckets
// are in order.
func TestBuckets(t *testing.T) {
	for _, d := range []time.Duration{-1, 0, 1, 63, 64, 127, 128, 129, 255, 256, 1e6, 1e9, time.Hour, 1<<63 - 1} {
		i := bucket(d)
		if d > upper(i) || i > 0 && max(d, 0) <= upper(i-1) {
			t.Errorf("%d is in bucket %d, from above %d to %d", d, i, upper(max(i-1, 0)), upper(i))
		}
	}
}

func TestRun(t *testing.T) {
	var calls atomic.Int64
	report, err := Run(t.Context(), Options{
		Call: func() int {
			time.Sleep(time.Millisecond)
			return 200 + int(calls.Add(1)%2)*300
		},
		Duration: 100 * time.Millisecond, WarmUp: 20 * time.Millisecond, Concurrency: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Requests == 0 || report.Requests >= calls.Load() || report.Concurrency != 3 {
		t.Errorf("%d requests counted, %d made, the warm-up included", report.Requests, calls.Load())
	}
	if report.Statuses[200]+report.Statuses[500] != report.Requests || report.NotOK() != report.Statuses[500] || report.NotOK() == 0 {
		t.Errorf("%d requests, answered %v, %d of them not OK", report.Requests, report.Statuses, report.NotOK())
	}
	if report.P50 < time.Millisecond || report.P50 > report.P90 || report.P90 > report.P99 || report.P99 > report.Max {
		t.Errorf("p50 %v, p90 %v, p99 %v, max %v", report.P50, report.P90, report.P99, report.Max)
	}
	if report.Duration < 100*time.Millisecond {
		t.Errorf("measured for %v", report.Duration)
	}
}

// What a call allocates is counted, and little besides.
func TestRunAllocs(t *testing.T) {
	var keep atomic.Pointer[[1000]byte]
	report, err := Run(t.Context(), Options{
		Call:     func() int { keep.Store(new([1000]byte)); return 200 },
		Duration: 100 * time.Millisecond, WarmUp: time.Millisecond, Concurrency: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	allocs, size := float64(report.Allocs)/float64(report.Requests), float64(report.Bytes)/float64(report.Requests)
	if allocs < 1 || allocs > 1.5 || size < 1000 || size > 1500 || report.CPU <= 0 {
		t.Errorf("%.2f allocations and %.0f bytes a call, %v CPU; want one of 1,000 bytes", allocs, size, report.CPU)
	}
}

func TestRunStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, Options{Call: func() int { cancel(); return 200 }, Duration: time.Hour})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
	for _, o := range []Options{{}, {Duration: 1}, {Call: func() int { return 200 }}} {
		if _, err := Run(t.Context(), o); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

var report = Report{
	Requests: 92_311, Duration: 3 * time.Second, Concurrency: 2,
	P50: 61_234, P90: 94_000, P99: 1_234_567, Max: 12_345_678,
	CPU: 92_311 * 62_500, Allocs: 92_311 * 24, Bytes: 92_311 * 1900,
	Statuses: map[int]int64{200: 92_000, 400: 311},
}

func TestPrint(t *testing.T) {
	var b strings.Builder
	if err := report.Print(&b); err != nil {
		t.Fatal(err)
	}
	want := `requests     92,311 in 3.0 s, 2 at once
rate         30,770 requests/s
latency      p50 61.2µs, p90 94µs, p99 1.23ms, max 12.3ms
CPU          62.5µs a request
allocations  24 a request, 1900 bytes
answers      200: 92,000, 400: 311
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if err := (Report{Duration: time.Second}).Print(&b); err != nil { // divides by no zero
		t.Error(err)
	}
}

func TestJSON(t *testing.T) {
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, text, "", " "); err != nil {
		t.Fatal(err)
	}
	want := `{
 "requests": 92311,
 "seconds": 3,
 "concurrency": 2,
 "requests_per_second": 30770.333333333332,
 "latency_us": {
  "p50": 61.234,
  "p90": 94,
  "p99": 1234.567,
  "max": 12345.678
 },
 "cpu_us_per_request": 62.5,
 "allocations_per_request": 24,
 "bytes_per_request": 1900,
 "statuses": {
  "200": 92000,
  "400": 311
 }
}`
	if diff := cmp.Diff(want, indented.String()); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
