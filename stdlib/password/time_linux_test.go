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
	return meter{newHasher(c, MaxCost, p, nil, newLane(0, 1, 1<<40))}
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
	defer func(before func() int) { kibPerRound = before }(kibPerRound)
	ours := newPepper([]byte("0123456789abcdef0123456789abcdef"))
	for _, tt := range []struct {
		name    string
		current string // scheme of new digests
		pepper  pepper
		costly  string // scheme of some stored digests that cost more; empty: none do
	}{
		{"bcrypt", Bcrypt, pepper{}, ""}, {"bcrypt with pepper", Bcrypt, ours, ""},
		{"argon2id", Argon2id, pepper{}, ""}, {"argon2id with pepper", Argon2id, ours, ""},
		{"bcrypt, lowered", Bcrypt, pepper{}, Bcrypt}, {"bcrypt after argon2id", Bcrypt, pepper{}, Argon2id},
		{"argon2id after bcrypt", Argon2id, pepper{}, Bcrypt}, {"argon2id, lowered", Argon2id, ours, Argon2id},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var faults []string
			for range 4 { // a busy machine may disturb the measure between the schemes, too
				measureSchemes()
				m, branches := failures(t, tt.current, tt.pepper, tt.costly)
				if faults = m.compareAll(t, branches); faults == nil {
					return
				}
			}
			t.Error(strings.Join(faults, "\n"))
		})
	}
}

// costlyPasses is how many passes the costly digests of argon2id have here.
const costlyPasses = 16

// measureSchemes measures anew how the schemes compare, with a cost like that
// of the costly digests: with the race detector passes differ much.
func measureSchemes() {
	like := argon2idCost{uint32(64 * kibPerRound() / costlyPasses), costlyPasses, 1}
	measured := measureKiBPerRound(like)
	kibPerRound = func() int { return measured }
}

// failures gives all that can be wrong with a password and a digest, and who
// verifies them.
func failures(t *testing.T, scheme string, p pepper, costlyScheme string) (meter, []branch) {
	costs := map[string]cost{Bcrypt: {scheme: Bcrypt, rounds: 5}, Argon2id: {Argon2id, 0, argon2idCost{128, 16, 1}}}
	cheaper := map[string]cost{Bcrypt: {scheme: Bcrypt, rounds: 4}, Argon2id: {Argon2id, 0, argon2idCost{128, 8, 1}}}
	current, long := costs[scheme], strings.Repeat("p", 100)
	m := newMeter(current, p)
	theirs := newPepper([]byte("fedcba9876543210fedcba9876543210"))
	sample := func(text string, c cost, p pepper) string {
		digest, err := newDigest(text, c, p)
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	digest := sample("password123", current, p)
	branches := []branch{
		{"wrong", "wrongpass1", digest},
		{"unknown user", "wrongpass1", ""},
		{"malformed digest", "wrongpass1", "$2b$12$x"},
		{"too costly", "wrongpass1", "$2b$31$" + strings.Repeat("a", 53)},
		{"too costly for memory", "wrongpass1", "$argon2id$v=19$m=4194304,t=9,p=1$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA"},
		{"lost pepper", "wrongpass1", sample("password123", current, theirs)},
		{"no pepper yet", "wrongpass1", sample("password123", current, pepper{})},
		{"cheaper digest", "wrongpass1", sample("password123", cheaper[scheme], p)},
		{"long digest", "wrongpass1", sample(long, current, p)},
		{"long text", long, digest},
		{"both long", long + "x", sample(long, current, p)},
		{"above the limit", strings.Repeat("p", 2*MaxBytes), digest},
		{"empty", "", digest},
		{"NUL", "a\x00b", digest},
		{"NUL, unknown user", "a\x00b", ""},
		{"control", "tab\there", digest},
	}
	if scheme == Bcrypt {
		branches = append(branches, branch{"digest of argon2id", "wrongpass1", sample("password123", cost{Argon2id, 0, argon2idCost{32, 8, 1}}, pepper{})})
	}
	if costlyScheme != "" {
		costly := cost{scheme: Bcrypt, rounds: 6}
		if costlyScheme == Argon2id {
			costly = cost{Argon2id, 0, argon2idCost{uint32(costly.work(Argon2id) / costlyPasses), costlyPasses, 1}}
		}
		stored := sample("password123", costly, pepper{})
		m.Expect(stored)
		branches = append(branches, branch{"costlier digest", "wrongpass1", stored}, branch{"costlier digest, NUL", "a\x00b", stored})
	}
	return m, branches
}

type branch struct{ name, text, digest string }

// compareAll measures all branches against the first, in turn, so that a slow
// spell hits all alike. Other work on the machine can only add to a time: it
// measures again, up to a bound, until the least times are near enough. It
// gives what is not.
func (m meter) compareAll(t *testing.T, branches []branch) (faults []string) {
	// An unusual spelling costs twice, and that alike for everybody.
	branches = append(branches, branch{"two spellings", "cafe\u0301", branches[0].digest}, branch{"two spellings, unknown user", "cafe\u0301", ""})
	const least, most = 3, 25
	times := make([]time.Duration, len(branches))
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
			return nil
		}
	}
	return faults
}
