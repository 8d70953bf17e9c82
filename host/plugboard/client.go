package plugboard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"
)

const (
	firstPause  = 100 * time.Millisecond // bounds the wait before the first dial again
	stableAfter = time.Minute            // joined for so long, a session's end starts the back-off anew
	farewell    = time.Second            // for what remains at the end: last answers, leaving, closing
	gatherTime  = time.Second            // the longest that a drain keeps an answer back for others to leave with it
)

var (
	// errRetired ends a session that has left of its own accord.
	errRetired = errors.New("left")

	errTooLate = fmt.Errorf("answer deadline passed: %w", context.DeadlineExceeded)
	errStopped = fmt.Errorf("plugboard client stopped: %w", context.Canceled)
)

// A Client is one consumer on the hub. Run it once; its other methods may be
// called from any goroutine, at any time.
type Client struct {
	opts    Options
	log     *slog.Logger
	dialTCP dialFunc
	dialTLS dialFunc

	// wake has an element when Run's goroutine, which serves one session
	// after the other, should look again at all that may have changed.
	wake      chan struct{}
	outbox    outbox
	reconnect atomic.Bool
	stopBy    atomic.Pointer[time.Time] // set once the client drains: when that must be over

	unanswered atomic.Int64 // requests whose answer has not been written
	slots      atomic.Int64 // those of them that count against MaxInFlight
	held       atomic.Int64 // bytes of those, as requests and then as answers
	handlers   *workers
	joined     atomic.Bool
	count      counters

	// Of Run's goroutine.
	end       context.CancelCauseFunc // ends the requests
	creds     credentials
	change    change
	fallBack  bool     // the next dial publishes the manifest that was joined with last
	successor *session // connected by the session before it
	fatal     error    // why the client stops, if not because Run's context ended

	// Of the read loop, one session's after the other's.
	seen recentRefs
}

type counters struct {
	sessions, requests, answers, duplicates, overloaded, expired,
	rejected, replaced, badFrames, ignored atomic.Int64
}

func newClient(opts Options) *Client {
	c := &Client{
		opts:    opts,
		log:     opts.Logger,
		dialTCP: new(net.Dialer).DialContext,
		dialTLS: newTLSDialer(),
		wake:    make(chan struct{}, 1),
		creds:   credentials{configured: opts.Token},
		seen:    newRecentRefs(),
	}
	c.handlers = newWorkers(func(j job) { c.answer(j.req, c.handle(j.ctx, j.req), true) })
	c.outbox = outbox{hold: opts.ResponseHold, start: time.Now(), nudge: c.nudge}
	return c
}

// nudge makes Run's goroutine look around.
func (c *Client) nudge() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Run joins the hub and serves requests until ctx ends, dialling again for
// ever when a connection is lost. It then answers what is in flight, leaves,
// and returns nil, or an error that counts the requests left unanswered after
// DrainTimeout. It returns sooner with ErrServiceDeleted, once what is in
// flight has been answered, and with ErrManifestTooLarge if the very first
// manifest does not fit.
//
// To drain, the client leaves at once, so that the hub sends new requests
// elsewhere. The hub takes no answers of a consumer that has left, so the
// client joins again when all that is in flight has its answer, or some has
// waited for a second, sends what there is, and leaves again. Requests that
// cross a leave on the wire, or come during such a short join, are answered
// with 503.
func (c *Client) Run(ctx context.Context) error {
	life, end := context.WithCancelCause(context.WithoutCancel(ctx))
	defer end(errStopped)
	defer c.handlers.dismiss()
	c.end = end
	defer context.AfterFunc(ctx, c.stop)()

	if err := c.serve(ctx, life); err != nil {
		return err
	}
	end(errStopped)
	c.handlers.dismiss()
	return errors.Join(c.fatal, c.leftOver())
}

// serve runs one session after the other.
func (c *Client) serve(ctx, life context.Context) error {
	for attempt := 0; !c.drained(time.Now()); {
		lasted, err := c.connect(ctx, life)
		switch {
		case errors.Is(err, ErrManifestTooLarge):
			return err
		case errors.Is(err, errFallBack):
			continue
		case errors.Is(err, errRetired), errors.Is(err, errHandedOver):
			attempt = 0
			continue
		case lasted >= stableAfter:
			attempt = 0
		}
		c.pause(backoff(attempt, c.opts.MaxPause))
		attempt++
	}
	return nil
}

// backoff is the wait before the given attempt, counted from 0: exponential,
// with full jitter.
func backoff(attempt int, limit time.Duration) time.Duration {
	ceiling := firstPause << min(attempt, 16)
	return rand.N(min(ceiling, limit))
}

// pause waits before the next dial, less long if there is a reason to dial or
// to stop at once.
func (c *Client) pause(d time.Duration) {
	until := time.Now().Add(d)
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		now := time.Now()
		c.dropLate(now)
		if !now.Before(until) || c.reconnect.Load() || c.drained(now) {
			return
		}
		timer.Reset(earliest(until, c.drainStep(now)).Sub(now))
		select {
		case <-c.wake:
		case <-timer.C:
		}
	}
}

// connect dials, unless that is done, and serves one session to its end. It
// returns for how long the session was joined.
func (c *Client) connect(ctx, life context.Context) (lasted time.Duration, err error) {
	s := c.successor
	c.successor = nil
	if s == nil {
		if s, err = c.reach(ctx, life); err != nil {
			return 0, err
		}
	}
	err = s.run(life)
	if !s.firstJoin.IsZero() {
		lasted = time.Since(s.firstJoin)
	}
	return lasted, err
}

// manifest asks for the manifest to publish. In place of one that has become
// too large it returns the last one that was joined with: the actions it
// describes are still served.
func (c *Client) manifest() ([]byte, error) {
	manifest := bytes.Clone(c.opts.Manifest())
	err := c.checkSize(manifest)
	if err != nil && c.creds.joinedManifest != nil {
		c.log.Error("manifest not published", "error", err)
		return c.creds.joinedManifest, nil
	}
	return manifest, err
}

// Reconnect makes the client connect again with the manifest as it is now,
// since the hub takes it only on connecting. If it has not changed, nothing
// happens. Requests in flight are finished and answered, if need be over the
// new connection.
//
// The hub refuses another manifest than that of the consumers that are joined.
// Then the client is back within a second with the manifest that it had, calls
// OnRefused, and tries again: with growing pauses, and whenever another
// consumer leaves. See change.go.
func (c *Client) Reconnect() {
	c.reconnect.Store(true)
	c.nudge()
}

// stop starts to drain. When DrainTimeout is over the handlers end, and with
// them whatever else waits for the network.
func (c *Client) stop() {
	by := time.Now().Add(c.opts.DrainTimeout)
	if c.stopBy.CompareAndSwap(nil, &by) {
		c.log.Info("draining", "in_flight", c.unanswered.Load())
		time.AfterFunc(c.opts.DrainTimeout, func() {
			c.end(errStopped)
			c.nudge()
		})
		c.nudge()
	}
}

// drainStep is when the drain will need attention next, zero if there is none.
func (c *Client) drainStep(now time.Time) time.Time {
	by := c.stopBy.Load()
	switch {
	case by == nil:
		return time.Time{}
	case now.Before(*by):
		return *by
	}
	return by.Add(farewell)
}

// gathered is when a drain has answers to join for, in as few joins as can be:
// the hub can lose a request whenever a consumer leaves.
func (c *Client) gathered() time.Time {
	first, last, ok := c.outbox.ends()
	switch {
	case !ok:
		return time.Now().Add(c.opts.DrainTimeout) // an answer wakes the session
	case c.outbox.holdsAll(c.unanswered.Load()):
		return last.due
	}
	// Not so long that the answer comes too late.
	return earliest(first.due.Add(gatherTime), first.received.Add(c.opts.AnswerDeadline-gatherTime))
}

// drained reports whether the client should stop and has nothing to wait for.
func (c *Client) drained(now time.Time) bool {
	by := c.stopBy.Load()
	return by != nil && (c.unanswered.Load() == 0 || !now.Before(by.Add(farewell)))
}

// leftOver waits for the last handlers, which have been told to end, and
// returns an error if requests stay without an answer.
func (c *Client) leftOver() error {
	done := make(chan struct{})
	go func() {
		c.handlers.wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(farewell):
		return fmt.Errorf("drain: handlers of %d requests did not end", c.slots.Load())
	}
	if n := c.unanswered.Load(); n > 0 {
		return fmt.Errorf("drain: %d requests left without an answer", n)
	}
	return nil
}

// Stats returns the counters as they are now.
func (c *Client) Stats() Stats {
	return Stats{
		Joined:     c.joined.Load(),
		Sessions:   c.count.sessions.Load(),
		InFlight:   c.unanswered.Load(),
		Requests:   c.count.requests.Load(),
		Answers:    c.count.answers.Load(),
		Duplicates: c.count.duplicates.Load(),
		Overloaded: c.count.overloaded.Load(),
		Expired:    c.count.expired.Load(),
		Rejected:   c.count.rejected.Load(),
		Replaced:   c.count.replaced.Load(),
		BadFrames:  c.count.badFrames.Load(),
		Ignored:    c.count.ignored.Load(),
	}
}
