package plugboard

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

func TestChannelCrashJoinsAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			time.Sleep(50 * time.Millisecond)
			return echo(ctx, req)
		}, nil)
		l := h.join()
		l.request("r1", "Echo", "1")
		crashed := time.Now()
		l.event(eventError, "{}")
		join := l.expect(eventJoin)
		if join.at != crashed {
			t.Errorf("joined again after %v", join.at.Sub(crashed))
		}
		time.Sleep(time.Second)
		if len(l.frames) > 0 {
			t.Fatalf("sent %+v without being joined", <-l.frames)
		}
		if c.Stats().Joined {
			t.Error("Stats says joined")
		}
		l.reply(join.Ref, "ok", joinReply)
		l.event(eventClose, "{}") // of the old join, after the new one's reply
		l.answer("r1", 200)

		// Again and again: it backs off, but at most 30 s.
		var longest time.Duration
		for range 40 {
			crashed := time.Now()
			l.event(eventError, "{}")
			join := l.expect(eventJoin)
			longest = max(longest, join.at.Sub(crashed))
			l.reply(join.Ref, "ok", joinReply)
		}
		if longest < 2*time.Second || longest > 30*time.Second {
			t.Errorf("longest pause %v", longest)
		}
		// After a stable minute, at once.
		time.Sleep(stableAfter)
		crashed = time.Now()
		l.event(eventError, "{}")
		join = l.expect(eventJoin)
		if join.at != crashed {
			t.Errorf("joined again after %v", join.at.Sub(crashed))
		}
		l.reply(join.Ref, "ok", joinReply)
		synctest.Wait()
		if len(h.links) > 0 {
			t.Error("another connection")
		}
		c.stop(l)
	})
}

// Answers that were on the wire when the channel crashed come back with an
// error reply: nobody has got them.
func TestRejectedAnswersAreSentAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		l.request("good", "Echo", "1")
		l.answer("good", 200)
		l.request("back1", "Echo", "1")
		l.answer("back1", 200)
		l.request("back2", "Echo", "1")
		l.answer("back2", 200)
		l.event(eventError, "{}")
		l.reply("back1", "error", `{"reason":"unmatched topic"}`)
		l.reply("back2", "error", `{"reason":"unmatched topic"}`)
		l.reply("stranger", "error", `{"reason":"unmatched topic"}`)
		l.confirmJoin()
		l.answer("back1", 200)
		l.answer("back2", 200)
		synctest.Wait()
		if s := c.Stats(); s.Rejected != 2 || s.Answers != 3 || s.InFlight != 0 {
			t.Errorf("Stats = %+v", s)
		}
		c.stop(l)
	})
}

// Without a phx_error, the rejected answer itself says that we are not joined.
func TestRejectedAnswerWithoutCrash(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		l.request("back", "Echo", "1")
		l.answer("back", 200)
		l.reply("back", "error", `{"reason":"unmatched topic"}`)
		l.confirmJoin()
		l.answer("back", 200)
		c.stop(l)
	})
}

// The reply to a heartbeat confirms what was written before it.
func TestConfirmedAnswersAreForgotten(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		l.request("r1", "Echo", "1")
		l.answer("r1", 200)
		time.Sleep(26 * time.Second)
		l.reply("r1", "error", `{"reason":"unmatched topic"}`)
		synctest.Wait()
		if s := c.Stats(); s.Rejected != 0 || !s.Joined {
			t.Errorf("Stats = %+v", s)
		}
		c.stop(l)
	})
}

func TestRefusedJoinIsTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.next()
		for range 3 {
			l.reply(l.expect(eventJoin).Ref, "error", `{"reason":"join crashed"}`)
		}
		l.confirmJoin()
		c.logs.has(t, "join crashed")
		c.stop(l)
	})
}

func TestCloseCodesOfOurFault(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		l.request("poison", "Echo", `{"secret":"CONTENT"}`)
		l.answer("poison", 200)
		l.ws.Close(websocket.StatusInternalError, "")
		l = h.join()
		time.Sleep(30 * time.Second)
		if len(l.frames) > 0 {
			t.Errorf("sent again: %+v", <-l.frames)
		}
		c.logs.has(t, "code=1011")
		c.logs.has(t, "response ref poison, ")
		if strings.Contains(c.logs.String(), "CONTENT") {
			t.Error("contents of a frame in the log")
		}
		c.stop(l)
	})
}

func TestServiceDeleted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			time.Sleep(time.Second)
			return echo(ctx, req)
		}, nil)
		l := h.join()
		l.event(eventServiceDeleted, `{"service":{"id":2,"name":"child"}}`)
		l.event(eventServiceUpdated, `{"service":{"id":1,"name":"main"}}`)
		l.event(eventNumConsumers, `{"num_consumers":2}`)
		l.request("r1", "Echo", "1")
		l.event(eventServiceDeleted, `{"service":{"id":1,"name":"main"}}`)
		l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		l.confirmJoin()
		l.answer("r1", 200)
		l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		l.end()
		c.wait(ErrServiceDeleted)
		c.logs.has(t, "service deleted on the hub, stopping")
	})
}

func TestTokenRotation(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const fresh = "brand-new-token-value"
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		created := `{"token":{"id":8,"service_id":%d,"expires_at":"2027-02-21T21:15:21Z","value":%q}}`
		l.event(eventTokenCreated, fmt.Sprintf(created, 5, "of-another-service"))
		l.event(eventTokenCreated, fmt.Sprintf(created, 1, fresh))
		l.event(eventTokenDeleted, `{"token":{"id":6,"service_id":1}}`)
		l.event(eventTokenDeleted, `{"token":{"id":7,"service_id":1}}`)
		synctest.Wait()
		c.logs.has(t, "token in use deleted")
		l.ws.CloseNow()
		l = h.join()
		if !strings.Contains(l.query, "token="+fresh+"&") {
			t.Errorf("connected with %s", l.query)
		}
		// If the new one is refused, the configured one has its turn.
		h.refuse <- 403
		l.ws.CloseNow()
		l = h.join()
		if !strings.Contains(l.query, testToken) {
			t.Errorf("connected with %s", l.query)
		}
		if strings.Contains(c.logs.String(), fresh) {
			t.Error("the new token is in the log")
		}
		c.stop(l)
	})
}

func TestRefusalsAreExplained(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		manifest := "{}"
		c := startClient(t, h, echo, func(o *Options) { o.Manifest = func() []byte { return []byte(manifest) } })
		l := h.join()
		h.refuse <- 403
		l.ws.CloseNow()
		l = h.join()
		c.logs.has(t, "likelier=\"the token: it has joined before")
		h.refuse <- 403
		h.refuse <- 414
		h.refuse <- 404
		manifest = `{"a":1}`
		l.ws.CloseNow()
		l = h.join()
		c.logs.has(t, "likelier=\"the actions: they changed")
		c.logs.has(t, "too large for the hub")
		c.logs.has(t, "status=404")
		h.refuse <- 403
		l.event(eventTokenDeleted, `{"token":{"id":7,"service_id":1}}`)
		synctest.Wait()
		l.ws.CloseNow()
		l = h.join()
		c.logs.has(t, "likelier=\"the token: it was deleted")
		c.stop(l)
	})
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		h.refuse <- 403
		c := startClient(t, h, echo, nil)
		l := h.join()
		c.logs.has(t, "likelier=\"the token: it has not joined since")
		c.stop(l)
	})
}
