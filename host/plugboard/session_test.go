package plugboard

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

func TestJoinAndAnswer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		joins := 0
		c := startClient(t, h, echo, func(o *Options) { o.OnJoined = func([]byte) { joins++ } })
		l := h.next()
		query, err := url.ParseQuery(l.query)
		if err != nil || query.Get("token") != testToken || query.Get("actions") != `{"Echo":{"description":"a b"}}` || len(query) != 2 {
			t.Errorf("query %s", l.query)
		}
		l.confirmJoin()

		sent := time.Now()
		l.request("r1", "Echo", `{"a": [1.0, "x"]}`)
		f := l.answer("r1", 200)
		if held := f.at.Sub(sent); held < 5*time.Millisecond || held > 7*time.Millisecond {
			t.Errorf("answer came after %v, want 5 to 6 ms", held)
		}
		if *f.Payload.Message != "Echo" || string(f.Payload.Fields) != `{"a": [1.0, "x"]}` {
			t.Errorf("got %s", f.Payload.Fields)
		}
		synctest.Wait()
		if s := c.Stats(); !s.Joined || s.Sessions != 1 || s.Requests != 1 || s.Answers != 1 || s.InFlight != 0 {
			t.Errorf("Stats = %+v", s)
		}
		c.stop(l)
		if joins != 1 {
			t.Errorf("OnJoined was called %d times", joins)
		}
		if c.Stats().Joined {
			t.Error("joined after the end")
		}
	})
}

func TestSlowAnswerIsNotHeld(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, func(_ context.Context, req Request) Response {
			time.Sleep(20 * time.Millisecond)
			return Failf(404, "no %s", req.Action)
		}, nil)
		l := h.join()
		sent := time.Now()
		l.request("r1", "X", "null")
		f := l.answer("r1", 404)
		if took := f.at.Sub(sent); took != 20*time.Millisecond {
			t.Errorf("answer came after %v, want 20ms", took)
		}
		if string(f.Payload.Fields) != "null" || *f.Payload.Message != "no X" {
			t.Errorf("payload %+v", f.Payload)
		}
		c.stop(l)
	})
}

// Held answers of one millisecond share a write, and each waits for its own.
func TestHeldAnswersKeepTheirOwnTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		const n = 40
		sent := map[string]time.Time{}
		for i := range n {
			ref := fmt.Sprint("r", i)
			sent[ref] = time.Now()
			l.request(ref, "Echo", "{}")
			time.Sleep(300 * time.Microsecond)
		}
		for range n {
			f := l.expect(eventResponse)
			if held := f.at.Sub(sent[f.Ref]); held < 5*time.Millisecond || held > 6*time.Millisecond {
				t.Errorf("%s was held for %v", f.Ref, held)
			}
			delete(sent, f.Ref)
		}
		c.stop(l)
	})
}

func TestDuplicateRequestRunsOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		l.request("r1", "Echo", "1")
		l.request("r1", "Echo", "1")
		l.answer("r1", 200)
		time.Sleep(59 * time.Second)
		l.request("r1", "Echo", "1")
		l.request("r2", "Echo", "2")
		l.answer("r2", 200)
		synctest.Wait()
		if s := c.Stats(); s.Duplicates != 2 || s.Requests != 2 {
			t.Errorf("Stats = %+v", s)
		}
		c.stop(l)
	})
}

func TestDuplicateOnAnotherSession(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		l.request("r1", "Echo", "1")
		l.answer("r1", 200)
		l.ws.CloseNow()
		l = h.join()
		l.request("r1", "Echo", "1")
		l.request("r2", "Echo", "2")
		l.answer("r2", 200)
		c.stop(l)
	})
}

func TestAnswerSurvivesTheConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		release := make(chan struct{})
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			<-release
			if ctx.Err() != nil {
				t.Error("the context ended with the session")
			}
			return echo(ctx, req)
		}, nil)
		l := h.join()
		l.request("during", "Echo", "1")
		l.request("after", "Echo", "1")
		synctest.Wait()
		lost := time.Now()
		l.ws.CloseNow()
		l.end()
		synctest.Wait()
		release <- struct{}{} // while there is no connection
		synctest.Wait()
		l = h.next()
		if took := l.at.Sub(lost); took > 100*time.Millisecond {
			t.Errorf("dialled again after %v", took)
		}
		join := l.expect(eventJoin)
		time.Sleep(time.Second)
		if len(l.frames) > 0 {
			t.Errorf("sent %+v before the join was confirmed", <-l.frames)
		}
		l.reply(join.Ref, "ok", joinReply)
		l.expect(eventResponse)
		release <- struct{}{}
		l.expect(eventResponse)
		c.stop(l)
	})
}

func TestLateAnswerIsDropped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		begun := time.Now()
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			<-ctx.Done()
			if time.Since(begun) != 29*time.Second {
				t.Errorf("context ended after %v", time.Since(begun))
			}
			if context.Cause(ctx) != errTooLate {
				t.Errorf("cause %v", context.Cause(ctx))
			}
			return echo(ctx, req)
		}, nil)
		l := h.join()
		l.request("late", "Echo", "1")
		time.Sleep(40 * time.Second)
		if len(l.frames) > 0 {
			t.Errorf("got %+v", <-l.frames)
		}
		synctest.Wait()
		if s := c.Stats(); s.Expired != 1 || s.InFlight != 0 || s.Answers != 0 {
			t.Errorf("Stats = %+v", s)
		}
		c.stop(l)
	})
}

func TestAnswerExpiresWhileDisconnected(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			time.Sleep(time.Second)
			return echo(ctx, req)
		}, nil)
		l := h.join()
		l.request("r1", "Echo", "1")
		synctest.Wait()
		for range 60 {
			h.refuse <- 503
		}
		l.ws.CloseNow()
		l = h.join() // after some ten minutes
		l.request("r2", "Echo", "2")
		l.answer("r2", 200)
		synctest.Wait()
		if s := c.Stats(); s.Expired != 1 {
			t.Errorf("Stats = %+v", s)
		}
		c.stop(l)
	})
}

func TestHeartbeat(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		joined := time.Now()
		time.Sleep(4 * time.Minute)
		if len(h.links) > 0 || len(l.frames) > 0 {
			t.Fatal("the session did not stay quiet")
		}
		l.mute.Store(true)
		time.Sleep(time.Duration(25-int(time.Since(joined).Seconds())%25) * time.Second)
		beat := l.expect(eventHeartbeat)
		if beat.Topic != topicPhoenix {
			t.Errorf("heartbeat on topic %s", beat.Topic)
		}
		l.end()
		next := h.join()
		if took := next.at.Sub(beat.at); took < 10*time.Second || took > 10*time.Second+firstPause {
			t.Errorf("dialled again %v after the heartbeat, want 10 s and a little", took)
		}
		c.logs.has(t, "no reply to heartbeat within 10s")
		c.stop(next)
	})
}

// A large request that moves keeps the reply to a heartbeat waiting: that is
// no dead peer, until it stands still.
func TestLargeFrameOnASlowLine(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		l.mute.Store(true)
		w, err := l.ws.Writer(t.Context(), websocket.MessageText)
		if err != nil {
			t.Fatal(err)
		}
		var last time.Time
		for range 12 {
			last = time.Now()
			if _, err := w.Write(bytes.Repeat([]byte(" "), largeFrame)); err != nil {
				t.Fatalf("the connection ended after %v: %v", time.Since(l.at), err)
			}
			time.Sleep(5 * time.Second)
		}
		for range 2 {
			l.expect(eventHeartbeat)
		}
		l.end()
		if took := time.Since(last); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("it ended %v after the last piece, want 10 s", took)
		}
		c.stop(h.join())
		c.logs.has(t, "no reply to heartbeat within 10s")
	})
}

func TestMissingJoinReply(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.next()
		l.expect(eventJoin)
		l.end()
		next := h.join()
		if took := next.at.Sub(l.at); took < 10*time.Second || took > 10*time.Second+firstPause {
			t.Errorf("dialled again after %v", took)
		}
		c.stop(next)
	})
}

func TestIdleSessionJoinsAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		heard := time.Now()
		for range 3 {
			join := l.expect(eventJoin)
			if idle := join.at.Sub(heard); idle != 5*time.Minute {
				t.Errorf("joined again after %v", idle)
			}
			if !c.Stats().Joined {
				t.Error("not joined meanwhile")
			}
			l.request("at"+join.Ref, "Echo", "1") // the old channel still works
			l.answer("at"+join.Ref, 200)
			l.reply(join.Ref, "ok", joinReply)
			l.event(eventClose, "{}")
			heard = time.Now()
		}
		c.stop(l)
	})
}

func TestBackoffGrowsAndResets(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		for range 30 {
			h.refuse <- 503
		}
		c := startClient(t, h, echo, nil)
		begun := time.Now()
		l := h.join()
		if took := l.at.Sub(begun); took < 30*time.Second || took > 30*30*time.Second {
			t.Errorf("30 refusals took %v", took)
		}
		time.Sleep(stableAfter)
		lost := time.Now()
		l.ws.CloseNow()
		l = h.join()
		if took := l.at.Sub(lost); took > firstPause {
			t.Errorf("first try after %v", took)
		}
		c.stop(l)
	})
}
