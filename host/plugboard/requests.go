package plugboard

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"net/http"
	"runtime/debug"
	"slices"
	"time"
)

const (
	textOverloaded = "Overloaded, try again"
	textStopping   = "Shutting down, try again"
	textInternal   = "Internal server error"
)

// accept takes the payload of a request frame from the read loop, which must
// not wait for anything.
func (c *Client) accept(contexts *sharedContext, manifest, payload []byte, now time.Time) {
	req, err := parseRequest(payload, now)
	req.Manifest = manifest
	if req.Ref == "" {
		c.badFrame(err, len(payload))
		return
	}
	if !c.seen.add(req.Ref, now) {
		c.count.duplicates.Add(1)
		c.log.Debug("duplicate request", "ref", req.Ref, "action", req.Action)
		return
	}
	c.count.requests.Add(1)
	c.unanswered.Add(1)
	switch {
	case err != nil:
		c.count.badFrames.Add(1)
		c.log.Debug("bad request", "ref", req.Ref, "error", err, "size", len(payload))
		c.answer(req, Failf(http.StatusBadRequest, "Invalid request: %v", err), false)
	case c.stopBy.Load() != nil:
		c.answer(req, Failf(http.StatusServiceUnavailable, textStopping), false)
	case c.slots.Load() >= int64(c.opts.MaxInFlight), c.held.Load() >= c.opts.MaxInFlightBytes:
		c.count.overloaded.Add(1)
		c.opts.OnOverload()
		c.answer(req, Failf(http.StatusServiceUnavailable, textOverloaded), false)
	default:
		c.slots.Add(1)
		c.held.Add(int64(len(req.Fields)))
		req.Fields = bytes.Clone(req.Fields) // they are a part of what the next read overwrites
		ctx := contexts.at(now)
		c.handlers.start(job{ctx, req})
	}
}

func (c *Client) badFrame(err error, size int) {
	c.count.badFrames.Add(1)
	c.log.Debug("bad frame", "error", err, "size", size)
}

// handle calls the handler. One that panics must not end the process.
func (c *Client) handle(ctx context.Context, req Request) (resp Response) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("handler panicked", "ref", req.Ref, "action", req.Action,
				"error", fmt.Sprint(p), "stack", string(debug.Stack()))
			resp = Failf(http.StatusInternalServerError, textInternal)
		}
	}()
	return c.opts.Handler.Handle(ctx, req)
}

// answer puts the answer to a request into the outbox.
func (c *Client) answer(req Request, resp Response, slot bool) {
	resp = c.checked(req, resp)
	m := message{
		event:    eventResponse,
		ref:      req.Ref,
		frame:    appendResponse(nil, req.Ref, resp),
		received: req.Received,
		slot:     slot,
	}
	if slot {
		c.held.Add(int64(len(m.frame) - len(req.Fields)))
	}
	c.outbox.put(m)
	if c.stopBy.Load() != nil {
		c.nudge() // it may be the last one that the drain waits for
	}
}

// checked returns resp, or what takes its place if the hub could not pass it
// on.
func (c *Client) checked(req Request, resp Response) Response {
	if err := checkFields(resp.Fields); err != nil {
		c.count.replaced.Add(1)
		c.log.Error("answer replaced", "ref", req.Ref, "action", req.Action, "error", fmt.Errorf("check fields: %w", err))
		return Failf(http.StatusInternalServerError, textInternal)
	}
	if !ValidStatus(resp.Status) {
		c.count.replaced.Add(1)
		c.log.Error("answer replaced", "ref", req.Ref, "action", req.Action, "status", resp.Status,
			"error", "the hub does not take this status")
		resp.Status = http.StatusInternalServerError
	}
	return resp
}

// finish notes that a request needs no answer any more.
func (c *Client) finish(m *message) {
	c.unanswered.Add(-1)
	if m.slot {
		c.slots.Add(-1)
		c.held.Add(-int64(len(m.frame)))
	}
}

// resume takes back finish, for an answer that the hub returned.
func (c *Client) resume(m *message) {
	c.unanswered.Add(1)
	if m.slot {
		c.slots.Add(1)
		c.held.Add(int64(len(m.frame)))
	}
}

// withoutLate returns batch without the answers that would come too late:
// the hub could hand them to the next request of the same caller.
func (c *Client) withoutLate(batch []message, now time.Time) []message {
	return slices.DeleteFunc(batch, func(m message) bool {
		if !m.isAnswer() || now.Sub(m.received) < c.opts.AnswerDeadline {
			return false
		}
		c.finish(&m)
		c.count.expired.Add(1)
		c.log.Warn("answer dropped", "ref", m.ref, "duration", now.Sub(m.received), "error", errTooLate)
		return true
	})
}

// dropLate does the same to the outbox, while there is no session to do it.
func (c *Client) dropLate(now time.Time) {
	due, _ := c.outbox.take(now, nil)
	c.outbox.giveBack(c.withoutLate(due, now))
}

// A sharedContext gives requests their context. Those that arrive within a
// moment share one, which ends with the first of them: a context and a timer
// for each would cost more than the rest of a small request.
type sharedContext struct {
	life  context.Context // of the client; this struct lives in one function
	limit time.Duration

	ctx    context.Context
	cancel context.CancelFunc
	since  time.Time
}

const shareTime = 100 * time.Millisecond

func (s *sharedContext) at(now time.Time) context.Context {
	if s.ctx == nil || now.Sub(s.since) >= shareTime {
		s.ctx, s.cancel = context.WithDeadlineCause(s.life, now.Add(s.limit), errTooLate)
		s.since = now
	}
	return s.ctx
}

// recentRefs remembers the refs of the last minute, and up to another one.
// It holds hashes of 128 bits instead of strings, which the garbage collector
// need not follow.
type recentRefs struct {
	seeds             [2]maphash.Seed
	current, previous map[[2]uint64]struct{}
	since             time.Time // the first of current came
}

const (
	rememberTime = time.Minute
	rememberMost = 1 << 20 // refs in one of the maps; beyond 17,000 a second memory is bounded, not time
)

func newRecentRefs() recentRefs {
	return recentRefs{
		seeds:    [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()},
		current:  map[[2]uint64]struct{}{},
		previous: map[[2]uint64]struct{}{},
	}
}

// add reports whether ref is new.
func (r *recentRefs) add(ref string, now time.Time) bool {
	if now.Sub(r.since) >= rememberTime || len(r.current) >= rememberMost {
		r.current, r.previous = r.previous, r.current
		clear(r.current)
		r.since = now
	}
	key := [2]uint64{maphash.String(r.seeds[0], ref), maphash.String(r.seeds[1], ref)}
	if _, ok := r.previous[key]; ok {
		return false
	}
	before := len(r.current)
	r.current[key] = struct{}{}
	return len(r.current) > before
}
