package password

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// meter is a Hasher whose work the test itself runs, to measure the processor
// time that goes by: what other programs do meanwhile does not count.
type meter struct{ *Hasher }

func newMeter(c cost, p pepper) meter {
	return meter{newHasher(c, MaxCost, p, nil, newLane(0, 1))}
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
	before := processorTime(t)
	job()
	took := processorTime(t) - before
	if <-result {
		t.Errorf("Verify(%.20q, %q) is true", text, digest)
	}
	cancel()
	return took
}

// processorTime is that of the whole program, as argon2id runs on goroutines
// of its own. The kernel brings it up to date for the calling thread only, so
// no other may run meanwhile.
func processorTime(t *testing.T) time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(unix.TimevalToNsec(used.Utime) + unix.TimevalToNsec(used.Stime))
}

// Whatever is wrong, the answer takes as much work, within a quarter, with
// either scheme, with a pepper and without, and also where digests are stored
// that cost more than new ones.
func TestEqualTime(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // see processorTime
	bcrypt, argon := cost{scheme: Bcrypt, rounds: 5}, cost{Argon2id, 0, argon2idCost{128, 16, 1}}
	costlyBcrypt, costlyArgon := cost{scheme: Bcrypt, rounds: 7}, cost{Argon2id, 0, argon2idCost{512, 16, 1}}
	ours := newPepper([]byte("0123456789abcdef0123456789abcdef"))
	theirs := newPepper([]byte("fedcba9876543210fedcba9876543210"))
	for _, tt := range []struct {
		name    string
		current cost
		pepper  pepper
		stored  cost // of some digests; zero: all are like new ones, or cost less
	}{
		{"bcrypt", bcrypt, pepper{}, cost{}}, {"bcrypt with pepper", bcrypt, ours, cost{}},
		{"argon2id", argon, pepper{}, cost{}}, {"argon2id with pepper", argon, ours, cost{}},
		{"bcrypt, lowered", bcrypt, pepper{}, costlyBcrypt}, {"bcrypt after argon2id", bcrypt, pepper{}, costlyArgon},
		{"argon2id after bcrypt", argon, pepper{}, costlyBcrypt}, {"argon2id, lowered", argon, ours, costlyArgon},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMeter(tt.current, tt.pepper)
			long := strings.Repeat("p", 100)
			sample := func(text string, c cost, p pepper) string {
				digest, err := newDigest(text, c, p)
				if err != nil {
					t.Fatal(err)
				}
				return digest
			}
			digest := sample("password123", tt.current, tt.pepper)
			cheaper := bcrypt
			cheaper.rounds--
			if tt.current == argon {
				cheaper = cost{Argon2id, 0, argon2idCost{128, 8, 1}}
			}
			branches := []branch{
				{"wrong", "wrongpass1", digest},
				{"unknown user", "wrongpass1", ""},
				{"malformed digest", "wrongpass1", "$2b$12$x"},
				{"too costly", "wrongpass1", "$2b$31$" + strings.Repeat("a", 53)},
				{"too costly for memory", "wrongpass1", "$argon2id$v=19$m=4194304,t=9,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA"},
				{"lost pepper", "wrongpass1", sample("password123", tt.current, theirs)},
				{"no pepper yet", "wrongpass1", sample("password123", tt.current, pepper{})},
				{"cheaper digest", "wrongpass1", sample("password123", cheaper, tt.pepper)},
				{"long digest", "wrongpass1", sample(long, tt.current, tt.pepper)},
				{"long text", long, digest},
				{"both long", long + "x", sample(long, tt.current, tt.pepper)},
				{"above the limit", strings.Repeat("p", 2*MaxBytes), digest},
				{"empty", "", digest},
				{"NUL", "a\x00b", digest},
				{"NUL, unknown user", "a\x00b", ""},
				{"control", "tab\there", digest},
			}
			if tt.current == bcrypt {
				branches = append(branches, branch{"digest of argon2id", "wrongpass1", sample("password123", cost{Argon2id, 0, argon2idCost{32, 8, 1}}, pepper{})})
			}
			if tt.stored.scheme != "" {
				costly := sample("password123", tt.stored, pepper{})
				m.Expect(costly)
				branches = append(branches, branch{"costlier digest", "wrongpass1", costly}, branch{"costlier digest, NUL", "a\x00b", costly})
			}
			m.compareAll(t, branches)
		})
	}
}

type branch struct{ name, text, digest string }

// compareAll measures all branches against the first, in turn, so that a slow
// spell hits all alike. Other work on the machine can only add to a time: it
// measures again, up to a bound, until the least times are near enough.
func (m meter) compareAll(t *testing.T, branches []branch) {
	// An unusual spelling costs twice, and that alike for everybody.
	branches = append(branches, branch{"two spellings", "cafe\u0301", branches[0].digest}, branch{"two spellings, unknown user", "cafe\u0301", ""})
	const least, most = 3, 100
	times := make([]time.Duration, len(branches))
	var faults []string
	for n := 1; n <= most; n++ {
		for i, b := range branches {
			if took := m.verify(t, b.text, b.digest); n == 1 || took < times[i] {
				times[i] = took
			}
		}
		faults = nil
		for i, b := range branches {
			ratio := float64(times[i]) / float64(times[0])
			if i >= len(branches)-2 {
				ratio /= 2
			}
			if ratio < 0.8 || ratio > 1.25 {
				faults = append(faults, fmt.Sprintf("%s takes %.2f times what it should: %v, a wrong password %v", b.name, ratio, times[i], times[0]))
			}
		}
		if n >= least && faults == nil {
			return
		}
	}
	t.Error(strings.Join(faults, "\n"))
}
