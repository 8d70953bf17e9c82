package plugboard

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// An entity is a service or a token, as far as the client looks at it.
type entity struct {
	ID        json.RawMessage `json:"id"`
	Name      string          `json:"name"`
	ServiceID json.RawMessage `json:"service_id"`
	ExpiresAt string          `json:"expires_at"`
	Value     string          `json:"value"` // of a new token; never logged
}

func (e *entity) is(id json.RawMessage) bool { return len(e.ID) > 0 && bytes.Equal(e.ID, id) }

// A notice is the payload of any event but a request.
type notice struct {
	Status   string `json:"status"`
	Response struct {
		Reason       json.RawMessage `json:"reason"`
		NumConsumers int             `json:"num_consumers"`
		Service      entity          `json:"service"`
		Token        entity          `json:"token"`
	} `json:"response"`
	NumConsumers int    `json:"num_consumers"`
	Service      entity `json:"service"`
	Token        entity `json:"token"`
}

// handleEvents takes what read has passed on.
func (s *session) handleEvents(now time.Time) {
	s.mu.Lock()
	events := s.events
	s.events = nil
	s.mu.Unlock()
	for i := range events {
		s.handleEvent(&events[i], now)
	}
}

func (s *session) handleEvent(f *Frame, now time.Time) {
	if f.Topic != topicService && (f.Topic != topicPhoenix || f.Event != eventReply) {
		s.ignore(f)
		return
	}
	var n notice
	if err := json.Unmarshal(f.Payload, &n); err != nil {
		s.client.badFrame(fmt.Errorf("payload of %s: %w", f.Event, err), len(f.Payload))
		return
	}
	if f.Topic == topicService {
		s.hear(now)
	}
	switch f.Event {
	case eventReply:
		s.handleReply(f.ref(), &n, now)
	case eventError:
		s.handleCrash(now)
	case eventClose:
		// Of the join before the last, or after a leave. The frame does not
		// say of which join, and comes after the new one was confirmed.
		s.log.Debug("channel closed")
	case eventNumConsumers:
		s.log.Debug("consumers", "num_consumers", n.NumConsumers)
		s.noticeConsumers(n.NumConsumers, now)
	case eventServiceUpdated:
		s.log.Debug("service updated", "service", n.Service.Name, "own", s.service.is(n.Service.ID))
	case eventServiceDeleted:
		s.handleServiceDeleted(&n.Service)
	case eventTokenCreated:
		s.handleTokenCreated(&n.Token)
	case eventTokenDeleted:
		s.handleTokenDeleted(&n.Token)
	default:
		s.ignore(f)
	}
}

func (s *session) ignore(f *Frame) {
	s.client.count.ignored.Add(1)
	s.log.Debug("frame ignored", "topic", cutText(f.Topic), "event", cutText(f.Event))
}

// cutText bounds what the peer chose, for the log.
func cutText(text string) string {
	const longest = 100
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

func (s *session) handleReply(ref string, n *notice, now time.Time) {
	i := slices.IndexFunc(s.awaited, func(c control) bool { return c.ref == ref })
	if i < 0 {
		if n.Status == "error" {
			s.handleRejected(ref, now)
		}
		return
	}
	event := s.awaited[i].event
	s.awaited = slices.Delete(s.awaited, i, i+1)
	switch event {
	case eventHeartbeat:
		// All that was written before it has been taken, too.
		s.drop(1 + slices.IndexFunc(s.sent[:s.settled], func(m message) bool { return m.event == event && m.ref == ref }))
	case eventLeave:
		s.enter(left)
	case eventJoin:
		s.handleJoin(n, now)
	}
}

func (s *session) handleJoin(n *notice, now time.Time) {
	if n.Status != "ok" {
		s.log.Error("join refused", "error", string(n.Response.Reason))
		s.handleCrash(now)
		return
	}
	s.service, s.access, s.consumers = n.Response.Service, n.Response.Token, n.Response.NumConsumers
	again, level := !s.firstJoin.IsZero(), slog.LevelInfo
	if !again {
		s.firstJoin = now
		creds := &s.client.creds
		creds.joinedToken, creds.joinedManifest, creds.deleted = s.token, s.manifest, false
	}
	switch s.state {
	case leaving, left:
		return // a leave has followed this join
	case joined:
		level = slog.LevelDebug // only made sure
	}
	s.joinedAt = now
	s.enter(joined)
	s.log.Log(context.Background(), level, "joined", "again", again,
		"service", s.service.Name, "service_id", string(s.service.ID),
		"num_consumers", n.Response.NumConsumers, "token_expires", s.access.ExpiresAt)
	if s.client.opts.OnJoined != nil {
		s.client.opts.OnJoined(s.manifest)
	}
}

// handleCrash prepares to join again: at once the first time, then with
// growing pauses. The hub's channels crash in normal operation, for example
// when somebody creates a child service.
func (s *session) handleCrash(now time.Time) {
	s.awaited = slices.DeleteFunc(s.awaited, func(c control) bool { return c.event == eventJoin })
	if s.state == leaving || s.state == left { // the hub replies to the leave all the same
		s.joinAt = now.Add(backoff(s.rejoins, s.client.opts.MaxPause))
		s.rejoins++
		return
	}
	if !s.joinedAt.IsZero() && now.Sub(s.joinedAt) >= stableAfter {
		s.rejoins = 0
	}
	s.joinedAt = time.Time{}
	s.joinAt = now
	if s.rejoins > 0 {
		s.joinAt = now.Add(backoff(s.rejoins, s.client.opts.MaxPause))
	}
	s.rejoins++
	s.enter(apart)
	s.log.Warn("channel lost, joining again", "pause", s.joinAt.Sub(now))
}

// handleRejected takes back an answer that the hub returned because we were
// not joined when it came. It is certain that nobody has got it.
func (s *session) handleRejected(ref string, now time.Time) {
	i := slices.IndexFunc(s.sent[:s.settled], func(m message) bool { return m.isAnswer() && m.ref == ref })
	if i < 0 {
		s.log.Warn("error reply to what is not remembered; if it was an answer, it is lost", "ref", cutText(ref))
		return
	}
	m := s.sent[i]
	s.sent = slices.Delete(s.sent, i, i+1)
	s.sentBytes -= len(m.frame)
	s.settled--
	s.client.resume(&m)
	s.client.count.answers.Add(-1)
	s.client.count.rejected.Add(1)
	s.client.outbox.giveBack([]message{m})
	s.log.Debug("answer rejected", "ref", ref)
	if s.state == joined {
		s.handleCrash(now) // which the hub has not told us
	}
}

// handleServiceDeleted drains the client if the service is ours. The hub
// goes on routing and never closes the connection.
func (s *session) handleServiceDeleted(deleted *entity) {
	if !s.service.is(deleted.ID) {
		s.log.Debug("other service deleted", "service", deleted.Name)
		return
	}
	s.log.Error("service deleted on the hub, stopping", "service", s.service.Name, "service_id", string(s.service.ID))
	s.client.fatal = ErrServiceDeleted
	s.client.stop()
}

func (s *session) handleTokenCreated(token *entity) {
	if !s.service.is(token.ServiceID) || token.Value == "" {
		return
	}
	s.client.creds.rotate(token.Value)
	s.log.Info("token created, used for the next connect", "token_id", string(token.ID), "token_expires", token.ExpiresAt)
}

func (s *session) handleTokenDeleted(token *entity) {
	if !s.access.is(token.ID) {
		s.log.Info("other token deleted", "token_id", string(token.ID))
		return
	}
	s.client.creds.deleted = true
	s.log.Warn("token in use deleted: this connection stays, the next needs another token", "token_id", string(token.ID))
}

// logEnd logs how the session ended.
func (s *session) logEnd(err error) {
	duration := time.Since(s.began)
	if errors.Is(err, errRetired) || errors.Is(err, errHandedOver) {
		s.log.Info("left", "duration", duration)
		return
	}
	code := websocket.CloseStatus(err)
	switch code {
	case websocket.StatusProtocolError, websocket.StatusInvalidFramePayloadData, websocket.StatusInternalError:
		s.log.Error("connection closed by the hub for a fault of ours",
			"code", int(code), "duration", duration, "last_frames", s.lastFrames())
	default:
		s.log.Warn("connection lost", "error", err, "code", int(code), "duration", duration)
	}
}

// lastFrames describes the frames that the hub may have had last, without
// their contents. Those before the last heartbeat it replied to are not among
// them.
func (s *session) lastFrames() []string {
	const most = 16
	sent := s.sent[:s.settled]
	sent = sent[max(0, len(sent)-most):]
	frames := make([]string, len(sent))
	for i, m := range sent {
		frames[i] = fmt.Sprintf("%s ref %s, %d bytes", m.event, m.ref, len(m.frame))
	}
	return frames
}
