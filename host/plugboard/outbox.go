package plugboard

import (
	"slices"
	"sync"
	"time"
)

// batchGrid is the grid to which the time of held answers is rounded up, so
// that those of one millisecond leave in one write.
const batchGrid = time.Millisecond

// A message is a frame on its way to the hub: an answer, or a frame of the
// session itself, which has no received time.
type message struct {
	event string
	ref   string
	frame []byte

	received time.Time // when the request came that it answers
	due      time.Time // when it may leave
	slot     bool      // it occupies one of MaxInFlight
	end      int64     // position in the session's stream; set when written
}

func (m *message) isAnswer() bool { return m.event == eventResponse }

// An outbox keeps answers until they may leave. It belongs to the client: a
// session takes what is due, and gives back what it could not write.
type outbox struct {
	hold  time.Duration // between a request's arrival and its answer
	start time.Time     // of the grid
	nudge func()        // wakes who takes

	mu      sync.Mutex
	waiting []message // by due time
}

// put adds the answer to a request. It wakes the session only if no answer
// that leaves sooner has set the session's timer already.
func (o *outbox) put(m message) {
	now := time.Now()
	m.due = m.received.Add(o.hold)
	if m.due.After(now) {
		grid := m.due.Sub(o.start) + batchGrid - 1
		m.due = o.start.Add(grid - grid%batchGrid)
	} else {
		m.due = now
	}
	o.mu.Lock()
	first := o.insert(m)
	o.mu.Unlock()
	if first {
		o.nudge()
	}
}

// insert reports whether m is now the first.
func (o *outbox) insert(m message) bool {
	i := len(o.waiting)
	for i > 0 && o.waiting[i-1].due.After(m.due) {
		i--
	}
	o.waiting = slices.Insert(o.waiting, i, m)
	return i == 0
}

// hasDue tells whether an answer may leave now.
func (o *outbox) hasDue(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.waiting) > 0 && !o.waiting[0].due.After(now)
}

// holdsAll tells whether the outbox holds n answers, or more.
func (o *outbox) holdsAll(n int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return int64(len(o.waiting)) >= n
}

// ends gives the answers that may leave first and last; false: there is none.
func (o *outbox) ends() (first, last message, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		return message{}, message{}, false
	}
	return o.waiting[0], o.waiting[len(o.waiting)-1], true
}

// giveBack puts answers back that the hub cannot have.
func (o *outbox) giveBack(answers []message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range answers {
		o.insert(m)
	}
}

// take appends to batch the answers that are due and returns it, with the
// time when the next one will be, zero if there is none.
func (o *outbox) take(now time.Time, batch []message) (due []message, next time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := 0
	for n < len(o.waiting) && !o.waiting[n].due.After(now) {
		n++
	}
	batch = append(batch, o.waiting[:n]...)
	o.waiting = slices.Delete(o.waiting, 0, n)
	if len(o.waiting) > 0 {
		next = o.waiting[0].due
	}
	return batch, next
}
