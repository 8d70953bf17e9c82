package plugboard

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// Who stops leaves at once, and comes back for as long as its answers take.
func TestDrainAnswersWhatIsInFlight(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			time.Sleep(8 * time.Second)
			if ctx.Err() != nil {
				t.Error("the context ended while draining")
			}
			return echo(ctx, req)
		}, nil)
		l := h.join()
		l.request("before", "Echo", "1")
		time.Sleep(500 * time.Millisecond)
		l.request("later", "Echo", "1")
		time.Sleep(1500 * time.Millisecond)
		stopped := time.Now()
		c.cancel()
		leave := l.expect(eventLeave)
		if took := leave.at.Sub(stopped); took > 0 {
			t.Errorf("left after %v", took)
		}
		l.request("crossed", "Echo", "1")
		l.reply(leave.Ref, "ok", "{}")
		for _, round := range []struct{ at, refs, statuses string }{
			{"1.005s", "crossed", "503"}, // has waited for the others long enough
			{"6.5s", "before later", "200 200"},
		} {
			l.confirmJoin()
			statuses := strings.Fields(round.statuses)
			for i, ref := range strings.Fields(round.refs) {
				status, _ := strconv.Atoi(statuses[i])
				if f := l.answer(ref, status); f.at.Sub(stopped).String() != round.at {
					t.Errorf("%s was answered after %v, want %v", ref, f.at.Sub(stopped), round.at)
				}
			}
			l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		}
		if code := l.end(); code != 1000 {
			t.Errorf("close code %d", code)
		}
		c.wait(nil)
	})
}

// A request that the hub pushed before it saw the leave needs a joined
// channel for its answer.
func TestDrainAnswersWhatCrossedTheLeave(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		c.cancel()
		for i := range 2 {
			leave := l.expect(eventLeave)
			ref := fmt.Sprint("crossed", i)
			l.request(ref, "Echo", "1")
			time.Sleep(20 * time.Millisecond)
			if len(l.frames) > 0 {
				t.Errorf("got %+v, which the hub would reject", <-l.frames)
			}
			l.reply(leave.Ref, "ok", "{}")
			l.event(eventClose, "{}")
			l.confirmJoin()
			l.answer(ref, 503)
		}
		l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		l.end()
		c.wait(nil)
	})
}

// A hub that crosses every leave does not keep the client for ever.
func TestDrainGivesUpAfterSomeRounds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		c.cancel()
		for i := range maxRounds + 1 {
			leave := l.expect(eventLeave)
			l.request(fmt.Sprint("crossed", i), "Echo", "1")
			l.reply(leave.Ref, "ok", "{}")
			if i < maxRounds {
				l.confirmJoin()
				l.answer(fmt.Sprint("crossed", i), 503)
			}
		}
		l.end()
		l = h.join() // the rest over another connection
		l.answer(fmt.Sprint("crossed", maxRounds), 503)
		l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		l.end()
		c.wait(nil)
	})
}

func TestDrainTimeoutEndsTheHandlers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		var cause error
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			<-ctx.Done()
			cause = context.Cause(ctx)
			return Failf(503, "stopped")
		}, func(o *Options) { o.DrainTimeout = 3 * time.Second })
		l := h.join()
		l.request("r1", "Echo", "1")
		synctest.Wait()
		stopped := time.Now()
		c.cancel()
		l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		l.confirmJoin()
		f := l.answer("r1", 503)
		if took := f.at.Sub(stopped); took != 3*time.Second {
			t.Errorf("ended after %v", took)
		}
		if cause != errStopped {
			t.Errorf("cause %v", cause)
		}
		l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		l.end()
		c.wait(nil)
	})
}

func TestDrainDoesNotWaitForDeafHandlers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		release := make(chan struct{})
		c := startClient(t, h, func(context.Context, Request) Response {
			<-release
			return Response{}
		}, nil)
		l := h.join()
		l.request("r1", "Echo", "1")
		synctest.Wait()
		stopped := time.Now()
		c.cancel()
		l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		l.end()
		if err := <-c.result; err == nil || !strings.Contains(err.Error(), "handlers of 1 requests did not end") {
			t.Errorf("Run = %v", err)
		}
		if took := time.Since(stopped); took > 29*time.Second {
			t.Errorf("Run ended after %v", took)
		}
		close(release)
	})
}

func TestDrainOverANewConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			time.Sleep(5 * time.Second)
			return echo(ctx, req)
		}, nil)
		l := h.join()
		l.request("r1", "Echo", "1")
		synctest.Wait()
		c.cancel()
		l.expect(eventLeave)
		l.ws.CloseNow()
		l = h.join()
		l.answer("r1", 200)
		l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		l.end()
		c.wait(nil)
	})
}

func TestDrainWithoutHub(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			time.Sleep(5 * time.Second)
			return echo(ctx, req)
		}, nil)
		l := h.join()
		l.request("r1", "Echo", "1")
		synctest.Wait()
		l.ws.CloseNow()
		h.listener.Close()
		stopped := time.Now()
		c.cancel()
		err := <-c.result
		if err == nil || !strings.Contains(err.Error(), "drain: 1 requests left without an answer") {
			t.Errorf("Run = %v", err)
		}
		if took := time.Since(stopped); took < 25*time.Second || took > 28*time.Second {
			t.Errorf("Run ended after %v", took)
		}
	})
}

func TestStopWhileNotConnected(t *testing.T) {
	tests := []struct {
		name  string
		state func(h *hub, c *runner)
	}{
		{"dialling", func(h *hub, c *runner) {}},
		{"between two dials", func(h *hub, c *runner) {
			for range 20 {
				h.refuse <- 403
			}
			time.Sleep(10 * time.Second)
		}},
		{"hub without a reply to the join", func(h *hub, c *runner) { h.next().expect(eventJoin) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				h := newHub(t)
				c := startClient(t, h, echo, nil)
				tt.state(h, c)
				stopped := time.Now()
				c.cancel()
				c.wait(nil)
				if took := time.Since(stopped); took > 2*farewell {
					t.Errorf("Run ended after %v", took)
				}
			})
		})
	}
}

func TestStopWhileADialHangs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hang := func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		c := startClientVia(t, hang, echo, nil)
		synctest.Wait()
		stopped := time.Now()
		c.cancel()
		c.wait(nil)
		if took := time.Since(stopped); took > 0 {
			t.Errorf("Run ended after %v", took)
		}
	})
}

func TestReconnectPublishesTheNewManifest(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		manifest := `{"a":1}`
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			time.Sleep(3 * time.Second)
			return echo(ctx, req)
		}, func(o *Options) { o.Manifest = func() []byte { return []byte(manifest) } })
		l := h.join()

		c.Reconnect() // nothing changed
		time.Sleep(time.Second)
		if len(l.frames) > 0 || len(h.links) > 0 {
			t.Fatal("connected again without a change")
		}

		l.request("slow", "Echo", "1")
		synctest.Wait()
		manifest = `{"b":2}`
		changed := time.Now()
		c.Reconnect()
		l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		l.end()
		l = h.join()
		if took := l.at.Sub(changed); took > handoverTime {
			t.Errorf("connected again after %v", took)
		}
		if !strings.HasSuffix(l.query, "&actions=%7B%22b%22%3A2%7D") {
			t.Errorf("query %s", l.query)
		}
		l.answer("slow", 200)

		manifest = `{"c":3}`
		changed = time.Now()
		c.Reconnect() // nothing in flight: at once
		l.reply(l.expect(eventLeave).Ref, "ok", "{}")
		l.end()
		l = h.join()
		if took := l.at.Sub(changed); took > 0 {
			t.Errorf("connected again after %v", took)
		}
		c.stop(l)
	})
}

func TestReconnectEndsAPause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		for range 100 {
			h.refuse <- 403
		}
		c := startClient(t, h, echo, nil)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		for len(h.refuse) > 0 {
			<-h.refuse
		}
		changed := time.Now()
		c.Reconnect()
		l := h.join()
		if took := l.at.Sub(changed); took > 0 {
			t.Errorf("dialled after %v", took)
		}
		c.stop(l)
	})
}

func TestManifestTooLarge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		large := []byte(`{"a":"` + strings.Repeat("x", MaxRequestLine) + `"}`)
		c := startClient(t, h, echo, func(o *Options) { o.Manifest = func() []byte { return large } })
		err := <-c.result
		if !errors.Is(err, ErrManifestTooLarge) || !strings.Contains(err.Error(), fmt.Sprint(RequestLineSize(c.opts.URL, testToken, large))) {
			t.Errorf("Run = %v", err)
		}
	})
	// Later it keeps the manifest that it has.
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		manifest := `{"a":1}`
		c := startClient(t, h, echo, func(o *Options) { o.Manifest = func() []byte { return []byte(manifest) } })
		l := h.join()
		manifest = strings.Repeat("x", MaxRequestLine)
		c.Reconnect()
		time.Sleep(time.Second)
		c.logs.has(t, "manifest not published")
		l.ws.CloseNow()
		l = h.join()
		if !strings.HasSuffix(l.query, "&actions=%7B%22a%22%3A1%7D") {
			t.Errorf("query %s", l.query)
		}
		c.stop(l)
	})
}

func TestRequestLineSize(t *testing.T) {
	const want = `GET /websocket?token=abc&actions=%7B%22%C3%A4%22%3A+1%7D HTTP/1.1` + "\r\n"
	if got := RequestLineSize("wss://hub.test:443/websocket", "abc", []byte(`{"ä": 1}`)); got != len(want) {
		t.Errorf("RequestLineSize = %d, want %d", got, len(want))
	}
	if got, want := RequestLineSize("ws://hub.test", "abc", nil), len("GET /?token=abc&actions= HTTP/1.1\r\n"); got != want {
		t.Errorf("RequestLineSize = %d, want %d", got, want)
	}
}

func TestBackoff(t *testing.T) {
	for attempt := range 100 {
		ceiling := 30 * time.Second
		if attempt < 9 {
			ceiling = min(ceiling, 100*time.Millisecond<<attempt)
		}
		var longest time.Duration
		for range 200 {
			longest = max(longest, backoff(attempt, 30*time.Second))
		}
		if longest >= ceiling || longest < ceiling/2 {
			t.Errorf("longest pause of attempt %d is %v, want just below %v", attempt, longest, ceiling)
		}
	}
}

func TestOptionsAreChecked(t *testing.T) {
	_, err := New(Options{})
	for _, name := range []string{"URL", "Token", "Manifest", "Handler"} {
		if err == nil || !strings.Contains(err.Error(), name+": ") {
			t.Errorf("New(Options{}) = %v, want %s in it", err, name)
		}
	}
	good := Options{URL: "wss://hub.test/websocket", Token: "t", Manifest: func() []byte { return nil }, Handler: HandlerFunc(echo)}
	if _, err := New(good); err != nil {
		t.Errorf("New = %v", err)
	}
	bad := []func(*Options){
		func(o *Options) { o.URL = "http://hub.test/" },
		func(o *Options) { o.URL = "ws://hub.test/?a=b" },
		func(o *Options) { o.URL = "ws://user:secret@hub.test/" },
		func(o *Options) { o.URL = "ws://" },
		func(o *Options) { o.URL = "::" },
		func(o *Options) { o.AnswerDeadline = 30 * time.Second },
		func(o *Options) { o.ResponseHold = 30 * time.Second },
		func(o *Options) { o.Heartbeat = time.Minute },
		func(o *Options) { o.MaxInFlight = -1 },
		func(o *Options) { o.MaxInFlightBytes = -1 },
	}
	for i, change := range bad {
		opts := good
		change(&opts)
		if _, err := New(opts); err == nil {
			t.Errorf("New took bad options %d", i)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("New shows a secret: %v", err)
		}
	}
}
