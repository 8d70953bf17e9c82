package plugboard

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/coder/websocket"
)

const (
	keepSent      = 1024    // frames remembered after they were written, at most twice as many
	keepSentBytes = 8 << 20 // and their size, at most twice as much or one frame: more than is on its way at a time
)

// write sends the batch with one flush, and what the WebSocket library has
// queued.
func (s *session) write() error {
	first := len(s.sent)
	var latest time.Time
	for _, m := range s.batch {
		m.end = math.MaxInt64 // not written
		s.sent = append(s.sent, m)
		s.sentBytes += len(m.frame)
		if m.isAnswer() {
			// The hub forgets a request after 30 s, and we after less.
			latest = earliest(latest, m.received.Add(s.client.opts.AnswerDeadline+500*time.Millisecond))
		}
	}
	clear(s.batch)
	s.batch = s.batch[:0]

	s.conn.gather(latest)
	for i := first; i < len(s.sent); i++ {
		m := &s.sent[i]
		queued, waiting := s.conn.position()
		if waiting >= pieceSize {
			if err := s.conn.flush(); err != nil {
				return err
			}
			s.conn.gather(latest)
		}
		// If a pong slips in before the frame, it ends later than noted here.
		// That errs on the safe side: the hub may have the frame.
		m.end = queued + wireSize(len(m.frame))
		// Not with a context that ends: the library closes the connection then.
		if err := s.ws.Write(context.Background(), websocket.MessageText, m.frame); err != nil {
			return err
		}
	}
	if err := s.conn.flush(); err != nil {
		return err
	}
	s.settle()
	s.forget()
	now := time.Now()
	for i := range s.awaited {
		if c := &s.awaited[i]; !c.sent {
			c.at, c.sent = now, true // what is before it may have taken its time
		}
	}
	return nil
}

// wireSize is how many bytes a masked WebSocket frame has on the wire.
func wireSize(payload int) int64 {
	header := 2 + 4
	switch {
	case payload > math.MaxUint16:
		header += 8
	case payload > 125:
		header += 2
	}
	return int64(header + payload)
}

// settle finishes the requests whose answers the kernel has taken.
func (s *session) settle() {
	taken := s.conn.progress()
	for ; s.settled < len(s.sent) && s.sent[s.settled].end <= taken; s.settled++ {
		if m := &s.sent[s.settled]; m.isAnswer() {
			s.client.finish(m)
			s.client.count.answers.Add(1)
		}
	}
}

// forget drops the oldest of what was written, when it is much.
func (s *session) forget() {
	n := 0
	if s.settled > 2*keepSent {
		n = s.settled - keepSent
	}
	bytes := s.sentBytes
	for _, m := range s.sent[:n] {
		bytes -= len(m.frame)
	}
	if bytes > 2*keepSentBytes {
		for ; n < s.settled-1 && bytes > keepSentBytes; n++ {
			bytes -= len(s.sent[n].frame)
		}
	}
	s.drop(n)
}

// drop removes the first n of what was written.
func (s *session) drop(n int) {
	if n == 0 {
		return
	}
	for _, m := range s.sent[:n] {
		s.sentBytes -= len(m.frame)
	}
	s.sent = slices.Delete(s.sent, 0, n)
	s.settled -= n
}

// salvage puts the answers back into the outbox that the hub cannot have.
//
// The rule: an answer whose last byte the kernel has taken may have reached
// the hub, and is never sent again, as two copies of an answer can reach two
// callers. All others go out on the next session: those that were only in our
// buffer, and the one in the middle of a short write, as a WebSocket message
// that is not complete is nothing to the hub. It follows that a frame over
// which the hub closed the connection (1011) is not sent again either: to
// judge it, the hub must have had all of it.
func (s *session) salvage() {
	s.settle()
	s.handleEvents(time.Now()) // answers that the hub returned
	s.client.outbox.giveBack(slices.DeleteFunc(s.sent[s.settled:], func(m message) bool { return !m.isAnswer() }))
}
