package plugboard

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func refs(messages []message) (refs []string) {
	for _, m := range messages {
		refs = append(refs, m.ref)
	}
	return refs
}

func TestOutboxOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		nudges := 0
		o := &outbox{hold: 10 * time.Millisecond, start: time.Now(), nudge: func() { nudges++ }}
		start := time.Now()
		at := func(d time.Duration) time.Time { return start.Add(d) }
		time.Sleep(5 * time.Millisecond)
		for _, m := range []struct {
			ref      string
			received time.Duration
			nudges   int // after it was put
		}{
			{"b", 2 * time.Millisecond, 1},
			{"c", 3 * time.Millisecond, 1},
			{"a", 1*time.Millisecond - 1, 2},
			{"c2", 3 * time.Millisecond, 2},
			{"late", -time.Second, 3},
		} {
			o.put(message{ref: m.ref, received: at(m.received)})
			if nudges != m.nudges {
				t.Errorf("after %s: nudged %d times, want %d", m.ref, nudges, m.nudges)
			}
		}
		for _, step := range []struct {
			now  time.Duration
			want []string
			next time.Duration
		}{
			{5 * time.Millisecond, []string{"late"}, 11 * time.Millisecond},
			{11*time.Millisecond - 1, nil, 11 * time.Millisecond},
			{11 * time.Millisecond, []string{"a"}, 12 * time.Millisecond},
			{20 * time.Millisecond, []string{"b", "c", "c2"}, 0},
		} {
			got, next := o.take(at(step.now), nil)
			if !slices.Equal(refs(got), step.want) {
				t.Errorf("at %v: took %v, want %v", step.now, refs(got), step.want)
			}
			if want := at(step.next); step.next > 0 && !next.Equal(want) || step.next == 0 && !next.IsZero() {
				t.Errorf("at %v: next %v, want %v", step.now, next, want)
			}
			if step.now == 11*time.Millisecond {
				o.giveBack(got)
				again, _ := o.take(at(step.now), nil)
				if !slices.Equal(refs(again), step.want) {
					t.Errorf("gave back %v, took %v", step.want, refs(again))
				}
			}
		}
	})
}

// Whatever the order, nothing leaves early, late by more than the grid, or
// out of turn.
func TestOutboxHolds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const hold = 5 * time.Millisecond
		o := &outbox{hold: hold, start: time.Now(), nudge: func() {}}
		left, n := 0, 0
		for range 2000 {
			now := time.Now()
			for range rand.N(4) {
				n++
				o.put(message{ref: fmt.Sprint(n), received: now.Add(-rand.N(8 * time.Millisecond))})
			}
			due, next := o.take(now, nil)
			for _, m := range due {
				left++
				if held := now.Sub(m.received); held < hold {
					t.Fatalf("%s left after %v", m.ref, held)
				}
			}
			if !next.IsZero() && (!next.After(now) || next.Sub(now) > hold+batchGrid) {
				t.Fatalf("next in %v", next.Sub(now))
			}
			time.Sleep(rand.N(time.Millisecond))
		}
		rest, _ := o.take(time.Now().Add(hold+batchGrid), nil)
		if left+len(rest) != n {
			t.Errorf("%d of %d left", left+len(rest), n)
		}
	})
}
