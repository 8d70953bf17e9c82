package plugboard

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"time"
)

// The hub takes a manifest only while no consumer is joined that published
// another, we included. So a client that wants to publish another one leaves,
// with its connection kept open, and tries. If the hub refuses, it joins again
// over the open connection, which the hub does not check and cannot refuse.
//
// Several clients can only change together, at a time when none of them is
// joined with the old manifest. The hub tells everybody who is joined when one
// leaves: whoever waits for a change takes that as the sign to try, too. So all
// have changed as soon as the last of them has something to change to.
const (
	handoverTime = 250 * time.Millisecond // for what is in flight, before we leave
	tryTime      = 500 * time.Millisecond // of being away; longer than others need to follow
	tryDial      = 3 * time.Second        // bounds a dial that is under way when tryTime is over
	firstTryWait = 10 * time.Millisecond  // between two dials; doubled each time
	longTryWait  = 100 * time.Millisecond
	firstRetry   = 2 * time.Second        // bounds the wait between two tries; doubled each time
	followGap    = 100 * time.Millisecond // between the end of a try and one that follows another client's
)

var (
	// errAside ends a step: the session has left to try another manifest.
	errAside = errors.New("left to try another manifest")

	// errHandedOver ends a session that another has taken the place of.
	errHandedOver = errors.New("handed over")

	// errFallBack ends a dial: the next one publishes the old manifest.
	errFallBack = errors.New("new manifest refused")
)

// A change is a manifest that waits to be published in place of the one that
// the client is joined with. The zero value is none. It belongs to Run's
// goroutine.
type change struct {
	pending bool
	tries   int
	next    time.Time // when to try
	last    time.Time // when the last try ended
}

func (g *change) due(now time.Time) bool { return g.pending && !now.Before(g.next) }

// follow makes the next try come soon, as another client may be trying now.
func (g *change) follow(now time.Time) {
	if soon := later(now, g.last.Add(followGap)); g.pending && soon.Before(g.next) {
		g.next = soon
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// changeFailed plans the next try.
func (c *Client) changeFailed(manifest []byte, token string, err error) {
	reason := err.Error()
	if isRefusal(err) {
		reason = c.creds.suspicion(token, manifest)
	}
	tries := c.change.tries
	limit := min(firstRetry<<min(tries, 16), c.opts.MaxPause)
	pause := limit/2 + rand.N(limit/2+1)
	now := time.Now()
	c.change = change{pending: true, tries: tries + 1, last: now, next: now.Add(pause)}
	c.opts.OnRefused(Refusal{Manifest: manifest, Reason: reason, Tries: tries + 1, Again: pause})
}

// reach connects in order to join. While another manifest is wanted than the
// last that was joined with, it tries the two in turn: first the new one, and
// at once the old one if the hub refuses that.
func (c *Client) reach(ctx, life context.Context) (*session, error) {
	c.reconnect.Store(false) // before the manifest is asked: a later change counts
	wanted, err := c.manifest()
	if err != nil {
		return nil, err
	}
	old := c.creds.joinedManifest
	changed := old != nil && !bytes.Equal(wanted, old)
	manifest := wanted
	if c.fallBack = c.fallBack && changed; c.fallBack {
		manifest = old
	}
	dialing, cancel := c.dialContext(ctx, life)
	defer cancel()
	s, token, err := c.dial(dialing, manifest)
	switch {
	case err == nil && !c.fallBack:
		c.change = change{}
		return s, nil
	case err == nil:
		c.fallBack = false
		return s, nil
	}
	if c.fallBack = changed && isRefusal(err) && !c.fallBack; c.fallBack {
		c.changeFailed(wanted, token, err)
		return nil, errFallBack
	}
	c.logDialError(err, token, manifest)
	if isRefusal(err) {
		c.creds.refused()
	}
	return nil, err
}

// try connects in order to publish another manifest than the one that the
// caller has just left with. It returns nil if that is not to be had for now,
// or not wanted any more.
func (c *Client) try(life context.Context, left []byte) *session {
	until := time.Now().Add(tryTime)
	for wait := firstTryWait; ; wait = min(2*wait, longTryWait) {
		c.reconnect.Store(false) // before the manifest is asked
		wanted, err := c.manifest()
		if err != nil || bytes.Equal(wanted, left) {
			c.change = change{}
			return nil
		}
		dialing, cancel := context.WithTimeout(life, tryDial)
		s, token, err := c.dial(dialing, wanted)
		cancel()
		if err == nil {
			c.change = change{}
			return s
		}
		if c.stopBy.Load() != nil || time.Until(until) < wait {
			c.changeFailed(wanted, token, err)
			return nil
		}
		time.Sleep(wait)
	}
}

// isRefusal reports whether the hub itself refused a connection; it does not
// say why.
func isRefusal(err error) bool {
	e, ok := errors.AsType[*dialError](err)
	return ok && e.status == http.StatusForbidden
}

// considerChange looks at the manifest that is wanted now.
func (s *session) considerChange(now time.Time) {
	c := s.client
	wanted, err := c.manifest()
	switch {
	case err != nil:
		s.log.Error("manifest not published", "error", err)
	case bytes.Equal(wanted, s.manifest):
		c.change, s.asideBy = change{}, time.Time{}
	default:
		s.log.Info("manifest changed, connecting again")
		c.change = change{pending: true, next: now}
	}
}

// prepareChange decides when to leave in order to try another manifest.
func (s *session) prepareChange(now time.Time) {
	switch {
	case s.client.stopBy.Load() != nil:
		s.asideBy = time.Time{} // what is published does not matter any more
	case s.asideBy.IsZero() && s.state == joined && s.client.change.due(now):
		s.asideBy = now.Add(handoverTime)
	}
}

// stepAside tries the other manifest, for a session that has left. Without
// success the session goes on as it was.
func (s *session) stepAside(life context.Context) error {
	s.asideBy = time.Time{}
	if next := s.client.try(life, s.manifest); next != nil {
		s.client.successor = next
		return errHandedOver
	}
	s.join(time.Now())
	return nil
}

// noticeConsumers takes the number of consumers that are joined. That one has
// left may be the chance to change.
func (s *session) noticeConsumers(n int, now time.Time) {
	if n < s.consumers {
		s.client.change.follow(now)
	}
	s.consumers = n
}
