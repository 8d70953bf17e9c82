package password

import (
	"context"
	"math"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// meter is a Hasher whose work the test itself runs, to measure the processor
// time of its own thread: what other programs do meanwhile does not count.
type meter struct{ *Hasher }

func newMeter(cost int) meter {
	return meter{&Hasher{cost: cost, maxCost: MaxCost, lane: newLane(0, 1)}}
}

// verify returns the processor time of one Verify that must be false.
func (m meter) verify(t *testing.T, text, digest string) time.Duration {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan bool)
	go func() {
		ok, _ := m.Verify(ctx, text, digest)
		result <- ok
	}()
	job := <-m.lane.queue
	before := threadTime(t)
	job()
	took := threadTime(t) - before
	if <-result {
		t.Errorf("Verify(%.20q, %q) is true", text, digest)
	}
	cancel()
	return took
}

func threadTime(t *testing.T) time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(unix.TimevalToNsec(used.Utime) + unix.TimevalToNsec(used.Stime))
}

// Whatever is wrong, the answer takes as much work, within a quarter.
func TestEqualTime(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const cost = 7
	m := newMeter(cost)
	long := strings.Repeat("p", 100)
	sample := func(text string, cost int) string {
		digest, err := newDigest(text, cost)
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	plain, costly := sample("password123", cost), "$2b$31$"+strings.Repeat("a", 53)
	branches := []struct{ name, text, digest string }{
		{"wrong", "wrongpass1", plain},
		{"unknown user", "wrongpass1", ""},
		{"malformed digest", "wrongpass1", "$2b$12$x"},
		{"too costly", "wrongpass1", costly},
		{"cheaper digest", "wrongpass1", sample("password123", cost-2)},
		{"long digest", "wrongpass1", sample(long, cost)},
		{"long text", long, plain},
		{"both long", long + "x", sample(long, cost)},
		{"above the limit", strings.Repeat("p", 2*MaxBytes), plain},
		{"empty", "", plain},
		{"NUL", "a\x00b", plain},
		{"NUL, unknown user", "a\x00b", ""},
		{"control", "tab\there", plain},
	}
	least := make([]time.Duration, len(branches))
	for i := range least {
		least[i] = math.MaxInt64
	}
	for range 3 { // in turn, so that a slow spell hits all alike
		for i, b := range branches {
			least[i] = min(least[i], m.verify(t, b.text, b.digest))
		}
	}
	for i, b := range branches {
		if ratio := float64(least[i]) / float64(least[0]); ratio < 0.8 || ratio > 1.25 {
			t.Errorf("%s takes %.2f times the %v of a wrong password", b.name, ratio, least[0])
		}
	}
	// An unusual spelling costs twice, and that alike for everybody.
	for _, digest := range []string{plain, ""} {
		if ratio := float64(m.verify(t, "cafe\u0301", digest)) / float64(least[0]); ratio < 1.6 || ratio > 2.5 {
			t.Errorf("two spellings take %.2f times a wrong password", ratio)
		}
	}
}
