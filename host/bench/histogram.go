package bench

import (
	"math"
	"math/bits"
	"time"
)

// subBuckets is into how many buckets each power of two is divided.
const subBuckets = 64

// A histogram counts durations in buckets that are at most 1/64 of their value
// wide: however long is measured, it takes the same memory, and to record
// allocates nothing.
type histogram struct {
	counts [subBuckets * 60]int64
	total  int64
	max    time.Duration
}

func (h *histogram) record(d time.Duration) {
	h.counts[bucket(d)]++
	h.total++
	h.max = max(h.max, d)
}

func (h *histogram) add(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
	h.max = max(h.max, other.max)
}

// quantile gives the duration that the share q of all is not above; zero
// without any.
func (h *histogram) quantile(q float64) time.Duration {
	left := int64(math.Ceil(q * float64(h.total)))
	for i, n := range h.counts {
		if left -= n; left <= 0 && n > 0 {
			return min(upper(i), h.max)
		}
	}
	return 0
}

// bucket gives the place of a duration, in nanoseconds: below 128 each has one
// of its own, above them the first seven bits and their place say it.
func bucket(d time.Duration) int {
	n := uint64(max(d, 0))
	shift := max(0, bits.Len64(n)-7)
	return shift*subBuckets + int(n>>shift)
}

// upper is the longest duration of a bucket.
func upper(i int) time.Duration {
	shift := max(0, i/subBuckets-1)
	return time.Duration((uint64(i-shift*subBuckets)+1)<<shift - 1)
}
