package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// NotOK counts the answers whose status is not 2xx.
func (r Report) NotOK() (n int64) {
	for status, count := range r.Statuses {
		if status/100 != 2 {
			n += count
		}
	}
	return n
}

// Print shows the report to a person.
func (r Report) Print(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "requests\t%s in %.1f s, %d at once\n", grouped(r.Requests), r.Duration.Seconds(), r.Concurrency)
	fmt.Fprintf(table, "rate\t%s requests/s\n", grouped(int64(r.Rate())))
	fmt.Fprintf(table, "latency\tp50 %v, p90 %v, p99 %v, max %v\n", short(r.P50), short(r.P90), short(r.P99), short(r.Max))
	fmt.Fprintf(table, "CPU\t%v a request\n", short(each(r.CPU, r.Requests)))
	fmt.Fprintf(table, "allocations\t%d a request, %d bytes\n", each(r.Allocs, uint64(r.Requests)), each(r.Bytes, uint64(r.Requests)))
	var answers []string
	for _, status := range slices.Sorted(maps.Keys(r.Statuses)) {
		answers = append(answers, fmt.Sprintf("%d: %s", status, grouped(r.Statuses[status])))
	}
	fmt.Fprintf(table, "answers\t%s\n", strings.Join(answers, ", "))
	return table.Flush()
}

// Rate is how many requests were answered in a second.
func (r Report) Rate() float64 { return float64(r.Requests) / r.Duration.Seconds() }

// MarshalJSON gives times in microseconds, and what was used for one request.
func (r Report) MarshalJSON() ([]byte, error) {
	micros := func(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
	type latency struct {
		P50 float64 `json:"p50"`
		P90 float64 `json:"p90"`
		P99 float64 `json:"p99"`
		Max float64 `json:"max"`
	}
	return json.Marshal(struct {
		Requests    int64         `json:"requests"`
		Seconds     float64       `json:"seconds"`
		Concurrency int           `json:"concurrency"`
		Rate        float64       `json:"requests_per_second"`
		Latency     latency       `json:"latency_us"`
		CPU         float64       `json:"cpu_us_per_request"`
		Allocs      uint64        `json:"allocations_per_request"`
		Bytes       uint64        `json:"bytes_per_request"`
		Statuses    map[int]int64 `json:"statuses"`
	}{
		r.Requests, r.Duration.Seconds(), r.Concurrency, r.Rate(),
		latency{micros(r.P50), micros(r.P90), micros(r.P99), micros(r.Max)},
		micros(each(r.CPU, r.Requests)), each(r.Allocs, uint64(r.Requests)), each(r.Bytes, uint64(r.Requests)), r.Statuses,
	})
}

// each is a request's share.
func each[T, N int64 | uint64 | time.Duration](sum T, n N) T {
	if n == 0 {
		return 0
	}
	return sum / T(n)
}

// short is a duration with three digits.
func short(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

// grouped is a number with its thousands apart.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
