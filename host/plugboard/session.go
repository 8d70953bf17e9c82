package plugboard

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// maxRounds bounds how often a session joins again for requests that crossed
// its leave, and nothing else. Under load some cross each leave; each round has
// fewer.
const maxRounds = 30

// The states of a session. Answers leave only while it is joined.
type state int

const (
	apart   state = iota // not joined; the next join is sent at joinAt
	joining              // a join was sent and not yet confirmed
	joined
	leaving // a leave was sent
	left    // and confirmed
)

// A session is one WebSocket connection from the handshake to its end. It has
// two goroutines: read decodes frames, starts requests and never waits, and
// loop does everything else, in steps, each of which ends with one flush. What
// is not said otherwise belongs to loop.
type session struct {
	client   *Client
	log      *slog.Logger
	ws       *websocket.Conn
	conn     *gatherConn
	token    string
	manifest []byte
	began    time.Time

	heard  atomic.Int64 // when the service last said something, in ns after began
	moving atomic.Int64 // likewise, when a part of a large frame last came

	mu     sync.Mutex
	events []Frame // from read to loop

	state     state
	refs      int       // of frames sent by the session itself
	awaited   []control // those whose reply has not come
	nextBeat  time.Time
	joinAt    time.Time
	joinedAt  time.Time
	firstJoin time.Time // zero: not yet
	rejoins   int       // after errors, without a stable time between
	retireBy  time.Time // leave for good when nothing is in flight, at the latest then; zero: stay
	asideBy   time.Time // likewise, to try another manifest
	drainStep time.Time // when the client's drain needs attention; zero: it does not
	rounds    int       // of leaving
	consumers int       // joined, as far as we were told

	service entity // our own, from the join
	access  entity // the token that we joined with

	batch     []message // to be written in this step
	sent      []message // written, of late
	sentBytes int
	settled   int // how many of sent the kernel has taken
}

// A control is a frame of the session's own that the hub replies to.
type control struct {
	event string
	ref   string
	at    time.Time // when it was written, or is about to be
	sent  bool
}

func newSession(c *Client, ws *websocket.Conn, conn *gatherConn, token string, manifest []byte) *session {
	now := time.Now()
	return &session{
		client:   c,
		log:      c.log.With("session", c.count.sessions.Add(1)),
		ws:       ws,
		conn:     conn,
		token:    token,
		manifest: manifest,
		began:    now,
		nextBeat: now.Add(c.opts.Heartbeat),
		joinAt:   now,
	}
}

// run serves the session to its end. Answers that the hub cannot have are
// back in the outbox then. It has logged the error that it returns.
func (s *session) run(life context.Context) error {
	ended := make(chan struct{})
	var readErr error
	s.ws.SetReadLimit(-1) // readMessage has its own, which does not cost the connection
	go func() {
		defer close(ended)
		readErr = s.read(life)
	}()

	err := s.loop(life, ended)
	switch {
	case errors.Is(err, errRetired):
		s.goodbye()
	case err != nil && !errors.Is(err, errHandedOver): // then callers may be waiting for the successor to join
		s.conn.abort()
	}
	s.ws.CloseNow()
	<-ended
	if err == nil || websocket.CloseStatus(readErr) != -1 && !errors.Is(err, errRetired) && !errors.Is(err, errHandedOver) {
		err = fmt.Errorf("read: %w", readErr)
	}
	s.salvage()
	s.enter(apart)
	s.logEnd(err)
	return err
}

// goodbye does the closing handshake.
func (s *session) goodbye() {
	if s.conn.closing(time.Now().Add(farewell)) == nil {
		s.ws.Close(websocket.StatusNormalClosure, "")
	}
}

// loop takes steps until the session is over. It returns nil if the read loop
// has ended, and knows why.
func (s *session) loop(life context.Context, ended <-chan struct{}) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, err := s.step(time.Now())
		if errors.Is(err, errAside) {
			err = s.stepAside(life)
			next = time.Now()
		}
		if err != nil {
			return err
		}
		timer.Reset(time.Until(next))
		select {
		case <-s.client.wake:
		case <-timer.C:
		case <-ended:
			return nil
		}
	}
}

// step does all that is to be done now and returns when there will be more.
func (s *session) step(now time.Time) (next time.Time, err error) {
	s.handleEvents(now)
	if err := s.advance(now); err != nil {
		return time.Time{}, err
	}
	var due time.Time
	if s.state == joined {
		s.batch, due = s.client.outbox.take(now, s.batch)
		s.batch = s.client.withoutLate(s.batch, now)
	}
	wrote := len(s.batch) > 0
	if err := s.write(); err != nil {
		return time.Time{}, fmt.Errorf("write: %w", err)
	}
	if wrote && !s.leaveBy().IsZero() {
		return now, nil // this may have been the last answer
	}
	return s.nextStep(due), nil
}

// advance does what time and the client ask for.
func (s *session) advance(now time.Time) error {
	c := s.client
	if len(s.awaited) > 0 && !now.Before(s.replyDue()) {
		if s.parting() {
			return errRetired
		}
		return fmt.Errorf("no reply to %s within %v", s.awaited[0].event, c.opts.HeartbeatTimeout)
	}
	if !now.Before(s.nextBeat) {
		s.send(now, topicPhoenix, eventHeartbeat)
		s.nextBeat = now.Add(c.opts.Heartbeat)
	}
	if c.reconnect.Swap(false) {
		s.considerChange(now)
	}
	s.prepareChange(now)
	if by := c.stopBy.Load(); by != nil {
		s.retireBy = by.Add(farewell)
		s.drainStep = c.drainStep(now)
	}
	draining := c.stopBy.Load() != nil
	by := s.leaveBy()
	overdue := !by.IsZero() && !now.Before(by)
	finished := overdue || !by.IsZero() && c.unanswered.Load() == 0
	// Who drains wants no new requests: it is joined only while it answers.
	done := finished || draining && !c.outbox.hasDue(now)

	switch {
	case done && s.state == joined:
		s.enter(leaving)
		s.send(now, topicService, eventLeave)
	case done && s.state == joining && !overdue:
		// The hub may push requests as soon as it has the join: leave properly.
	case !s.asideBy.IsZero() && (s.state == left || done && s.state == apart):
		return errAside // what is in flight is answered over the next join
	case finished && s.state != leaving, draining && overdue, s.state == left && s.rounds >= maxRounds:
		return errRetired
	case (s.state == left || s.state == apart) && now.Before(s.joinDue()):
	case s.state == left && draining, s.state == apart && draining:
		s.visit(now)
	case s.state == left, s.state == apart:
		s.join(now)
	case s.state == joined && !now.Before(s.lastHeard().Add(c.opts.RejoinIdle)):
		// The hub may have forgotten us without a sign. If it has not, it
		// only replaces the channel: we stay joined.
		s.hear(now)
		s.send(now, topicService, eventJoin)
	}
	return nil
}

// joinDue is when to join. Who drains joins for its answers alone.
func (s *session) joinDue() time.Time {
	if s.client.stopBy.Load() == nil {
		return s.joinAt
	}
	return later(s.joinAt, s.client.gathered())
}

// leaveBy is when to leave at the latest, for whatever reason; zero: stay.
func (s *session) leaveBy() time.Time { return earliest(s.retireBy, s.asideBy) }

func (s *session) nextStep(due time.Time) time.Time {
	next := earliest(s.nextBeat, due)
	if len(s.awaited) > 0 {
		next = earliest(next, s.replyDue())
	}
	switch s.state {
	case apart, left:
		next = earliest(next, s.joinDue())
	case joined:
		next = earliest(next, s.lastHeard().Add(s.client.opts.RejoinIdle))
		if change := s.client.change; change.pending && s.asideBy.IsZero() {
			next = earliest(next, change.next)
		}
	}
	if s.state != leaving {
		next = earliest(next, earliest(s.leaveBy(), s.drainStep))
	}
	return next
}

// earliest returns the earlier of two times, of which zero is none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// replyDue is when the oldest reply that is awaited must have come.
func (s *session) replyDue() time.Time {
	if s.parting() {
		return s.awaited[len(s.awaited)-1].at.Add(farewell)
	}
	// A large frame on a slow line keeps the reply behind it waiting.
	return later(s.awaited[0].at, s.began.Add(time.Duration(s.moving.Load()))).Add(s.client.opts.HeartbeatTimeout)
}

// parting reports whether only politeness keeps the session open.
func (s *session) parting() bool {
	pending := s.client.unanswered.Load() > 0
	switch s.state {
	case leaving:
		return !pending || s.client.stopBy.Load() == nil
	case joining:
		return !pending && !s.leaveBy().IsZero()
	}
	return false
}

func (s *session) enter(next state) {
	s.state = next
	s.client.joined.Store(next == joined)
}

func (s *session) join(now time.Time) {
	s.enter(joining)
	s.send(now, topicService, eventJoin)
}

// visit joins to answer what may be answered, and leaves. All goes in one
// write: between the join and the leave the hub has no time for new requests,
// however far away it is.
func (s *session) visit(now time.Time) {
	if s.client.outbox.holdsAll(s.client.unanswered.Load()) {
		s.rounds++
	}
	s.join(now)
	s.batch, _ = s.client.outbox.take(now, s.batch)
	s.batch = s.client.withoutLate(s.batch, now)
	s.enter(leaving)
	s.send(now, topicService, eventLeave)
}

// send adds a frame of the session's own to the batch.
func (s *session) send(now time.Time, topic, event string) {
	s.refs++
	ref := strconv.Itoa(s.refs)
	s.awaited = append(s.awaited, control{event: event, ref: ref, at: now})
	s.batch = append(s.batch, message{event: event, ref: ref, frame: appendFrame(nil, topic, event, ref)})
}

func (s *session) hear(now time.Time)   { s.heard.Store(int64(now.Sub(s.began))) }
func (s *session) lastHeard() time.Time { return s.began.Add(time.Duration(s.heard.Load())) }
