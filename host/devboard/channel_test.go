package devboard_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"vera/host/devboard"
)

const (
	joinFrame = `{"topic":"service","event":"phx_join","payload":{},"ref":"1"}`
	phxClose  = `{"event":"phx_close","payload":{},"ref":null,"topic":"service"}`
	phxError  = `{"event":"phx_error","payload":{},"ref":null,"topic":"service"}`
)

func unmatched(topic, ref string) string {
	return `{"event":"phx_reply","payload":{"response":{"reason":"unmatched topic"},"status":"error"},"ref":` + ref + `,"topic":` + topic + `}`
}

func count(n int) string {
	return fmt.Sprintf(`{"event":"num_consumers","payload":{"num_consumers":%d},"ref":null,"topic":"service"}`, n)
}

func TestJoinReply(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret", ServiceID: 7, ServiceName: "auth"})
	for n, ref := range []string{`"1"`, `1`, `null`} {
		c := h.dial(t, "secret", echo)
		c.send(`{"topic":"service","event":"phx_join","payload":{"ignored":1},"ref":` + ref + `,"join_ref":"wrong"}`)
		got := c.next().raw
		stamp := regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)
		if n := len(stamp.FindAllString(got, -1)); n != 4 {
			t.Errorf("%d times in %s, want 4", n, got)
		}
		equalJSON(t, stamp.ReplaceAllString(got, `"T"`), fmt.Sprintf(`{"event":"phx_reply","payload":{"response":{"num_consumers":%d,
			"service":{"id":7,"name":"auth","inserted_at":"T","updated_at":"T"},
			"token":{"context":"api-token","expires_at":"T","id":1,"inserted_at":"T","service_id":7}},"status":"ok"},"ref":%s,"topic":"service"}`, n+1, ref))
		c.quiet()
	}
}

// One connection each: what is sent, and every frame that comes back.
func TestFrames(t *testing.T) {
	const heartbeat = `{"topic":"phoenix","event":"heartbeat","payload":{},"ref":%s}`
	const beat = `{"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":%s,"topic":"phoenix"}`
	tests := []struct {
		name   string
		joined bool
		send   string
		want   []string
	}{
		{"heartbeat before the join", false, fmt.Sprintf(heartbeat, `"2"`), []string{fmt.Sprintf(beat, `"2"`)}},
		{"heartbeat", true, fmt.Sprintf(heartbeat, `"2"`), []string{fmt.Sprintf(beat, `"2"`)}},
		{"heartbeat, ref null", true, fmt.Sprintf(heartbeat, `null`), []string{fmt.Sprintf(beat, `null`)}},
		{"other event on phoenix", true, `{"topic":"phoenix","event":"nope","payload":{},"ref":"3"}`, []string{unmatched(`"phoenix"`, `"3"`)}},
		{"join of another topic", false, `{"topic":"service:1","event":"phx_join","payload":{},"ref":"3"}`, []string{unmatched(`"service:1"`, `"3"`)}},
		{"unknown topic", true, `{"topic":"nope","event":"x","payload":{},"ref":3}`, []string{unmatched(`"nope"`, `3`)}},
		{"leave", true, `{"topic":"service","event":"phx_leave","payload":{},"ref":"5"}`, []string{
			`{"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"5","topic":"service"}`, phxClose}},
		{"response before the join", false, `{"topic":"service","event":"response","payload":{},"ref":"r-1"}`, []string{unmatched(`"service"`, `"r-1"`)}},
		{"unknown event before the join", false, `{"topic":"service","event":"x","payload":{},"ref":"4"}`, []string{unmatched(`"service"`, `"4"`)}},
		{"unknown event", true, `{"topic":"service","event":"x","payload":{},"ref":"4"}`, []string{phxError}},
		{"request from a consumer", true, `{"topic":"service","event":"request","payload":{},"ref":"4"}`, []string{phxError}},
		{"phx_close from a consumer", true, `{"topic":"service","event":"phx_close","payload":{},"ref":"4"}`, []string{phxError}},
		{"unknown ref", true, `{"topic":"service","event":"response","payload":{},"ref":"unknown"}`, nil},
		{"ref null", true, `{"topic":"service","event":"response","payload":{},"ref":null}`, nil},
		{"ref a number", true, `{"topic":"service","event":"response","payload":{},"ref":7}`, nil},
		{"payload a string", true, `{"topic":"service","event":"response","payload":"x","ref":"unknown"}`, nil},
		{"escapes in topic and event", true, `{"topic":"\u0073ervice","event":"phx_\u006ceave","payload":{},"ref":"5"}`, []string{
			`{"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"5","topic":"service"}`, phxClose}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := start(t, devboard.Options{Token: "secret"})
			c := h.dial(t, "secret", echo)
			if tt.joined {
				c.send(joinFrame)
				c.next()
			}
			c.send(tt.send)
			for _, want := range tt.want {
				c.expect(want)
			}
			c.quiet()
		})
	}
}

func TestJoinCrashesOnActionsThatAreNoObject(t *testing.T) {
	for _, actions := range []string{"null", `"x"`, "[]", "", "{"} {
		h := start(t, devboard.Options{Token: "secret"})
		c := h.dial(t, "secret", actions)
		c.send(joinFrame)
		c.expect(`{"event":"phx_reply","payload":{"response":{"reason":"join crashed"},"status":"error"},"ref":"1","topic":"service"}`)
		c.quiet()
		if h.Consumers() != 0 {
			t.Errorf("actions %q: %d consumers", actions, h.Consumers())
		}
	}
}

func TestNumConsumers(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	a := h.join(t)
	b := h.join(t)
	b.quiet() // no push for the own join
	a.expect(count(2))
	c := h.join(t)
	a.expect(count(3))
	b.expect(count(3))

	// Every way to go is announced twice.
	c.send(`{"topic":"service","event":"phx_leave","payload":{},"ref":"5"}`)
	c.next()
	c.expect(phxClose)
	c.quiet()
	for _, other := range []*consumer{a, b} {
		other.expect(count(2))
		other.expect(count(2))
	}
	b.conn.CloseNow()
	a.expect(count(1))
	a.expect(count(1))
	a.quiet()
}

func TestJoinAgain(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	a, b := h.join(t), h.join(t)
	a.expect(count(2))

	h.RenameService("renamed")
	a.next()
	b.next()
	b.send(`{"topic":"service","event":"phx_join","payload":{},"ref":"2"}`)
	reply := b.next()
	if string(reply.Ref) != `"2"` || reply.status() != "ok" {
		t.Errorf("reply to the second join: %s", reply.raw)
	}
	if !strings.Contains(reply.raw, `"name":"main"`) {
		t.Errorf("reply %s: want the service as it was when the consumer connected", reply.raw)
	}
	b.expect(phxClose)
	b.quiet()
	a.expect(count(1))
	a.expect(count(2))
	a.quiet()
	if h.Consumers() != 2 {
		t.Errorf("%d consumers, want 2", h.Consumers())
	}

	a.conn.CloseNow()
	b.expect(count(1))
	b.expect(count(1))
	for _, ref := range []string{`"3"`, `"4"`, `"5"`} {
		b.send(`{"topic":"service","event":"phx_join","payload":{},"ref":` + ref + `}`)
	}
	for _, ref := range []string{`"3"`, `"4"`, `"5"`} {
		if f := b.next(); string(f.Ref) != ref {
			t.Errorf("reply %s, want ref %s", f.raw, ref)
		}
		b.expect(phxClose)
	}
	answered := h.ask(t, `{}`)
	b.response(b.next().responseRef(), `{"status_code":200,"message":"","fields":{}}`)
	if r := wait(t, answered); r.status != 200 {
		t.Errorf("after joining again: %+v", r)
	}
}

// From the ok reply on, and while a consumer joins again, no caller hears that
// nobody is there.
func TestServedAsSoonAsJoined(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	for range 50 {
		c := h.join(t)
		c.echoes()
		for range 3 {
			c.send(joinFrame)
			if a, err := h.Call(t.Context(), "Echo", nil); err != nil || a.Status != 200 {
				t.Fatalf("Call = %+v, %v", a, err)
			}
		}
		c.conn.CloseNow()
		until(t, "no consumer", func() bool { return h.Consumers() == 0 })
	}
}

func TestLeaveAndComeBack(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	answered := h.ask(t, `{}`)
	ref := c.next().responseRef()
	c.send(`{"topic":"service","event":"phx_leave","payload":{},"ref":"5"}`)
	c.next()
	c.expect(phxClose)
	if r := h.post(t, `{"service_id":1,"action":"Echo","fields":{}}`); r.status != 422 {
		t.Errorf("with nobody joined: %+v, want 422", r)
	}
	c.response(ref, `{"status_code":200,"message":"","fields":{}}`)
	c.expect(unmatched(`"service"`, ref))

	c.send(joinFrame)
	c.next()
	c.response(ref, `{"status_code":200,"message":"again","fields":{}}`)
	if r := wait(t, answered); r.status != 200 || !strings.Contains(r.body, "again") {
		t.Errorf("answer after joining again: %+v", r)
	}
}

func TestRoundRobin(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	var consumers []*consumer
	for range 3 {
		c := h.join(t)
		for _, other := range consumers {
			other.next() // num_consumers
		}
		consumers = append(consumers, c)
	}
	for round := range 3 {
		for i, c := range consumers {
			answered := h.ask(t, `{}`)
			f := c.next()
			if f.Event != "request" {
				t.Fatalf("round %d: consumer %d got %s", round, i, f.raw)
			}
			c.response(f.responseRef(), `{"status_code":200,"message":"","fields":{}}`)
			wait(t, answered)
		}
	}
}

// Any byte from the consumer or to it keeps a connection open; silence ends it
// with 1002. All connections are watched side by side, to take the time once,
// and again if the machine was too busy to speak in time.
func TestIdle(t *testing.T) {
	for range 10 {
		if tryIdle(t) {
			return
		}
	}
	t.Fatal("the machine is too busy to measure idle time")
}

func tryIdle(t *testing.T) bool {
	const limit = 500 * time.Millisecond
	text := func(frame string) func(hub, *rawConsumer) {
		return func(_ hub, c *rawConsumer) { c.frame(0x81, frame) }
	}
	tests := []struct {
		name  string
		speak func(hub, *rawConsumer)
		hub   hub
		conn  *rawConsumer
	}{
		{name: "silent", speak: func(hub, *rawConsumer) {}},
		{name: "heartbeat", speak: text(`{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"2"}`)},
		{name: "unknown ref", speak: text(`{"topic":"service","event":"response","payload":{},"ref":"x"}`)},
		{name: "ping", speak: func(_ hub, c *rawConsumer) { c.frame(0x89, "bytes") }},
		{name: "pong", speak: func(_ hub, c *rawConsumer) { c.frame(0x8a, "") }},
		{name: "pushed to", speak: func(h hub, _ *rawConsumer) { h.RenameService("again") }},
	}
	begin := time.Now()
	last, gap := begin, time.Duration(0)
	for i := range tests {
		tt := &tests[i]
		tt.hub = start(t, devboard.Options{Token: "secret", IdleTimeout: limit})
		tt.conn = tt.hub.dialRaw(t, "GET /websocket?token=secret&actions=%7B%7D HTTP/1.1")
		tt.conn.head()
		tt.conn.frame(0x81, joinFrame)
		tt.conn.next()
	}
	for time.Since(begin) < 2*limit || tests[0].hub.Consumers() > 0 {
		for _, tt := range tests[1:] {
			tt.speak(tt.hub, tt.conn)
		}
		time.Sleep(limit / 20)
		gap = max(gap, time.Since(last))
		last = time.Now()
	}
	if gap > limit/4 {
		return false
	}
	for _, tt := range tests[1:] {
		if tt.hub.Consumers() != 1 {
			t.Errorf("%s: closed though it was not idle", tt.name)
		}
	}
	for _, tt := range tests {
		for {
			first, payload := tt.conn.next()
			if first == 0x8a && payload != "bytes" {
				t.Errorf("%s: pong with %q, want the bytes of the ping", tt.name, payload)
			}
			if first != 0x88 {
				continue
			}
			if payload != "\x03\xea" {
				t.Errorf("%s: close payload %q, want code 1002 and no reason", tt.name, payload)
			}
			break
		}
	}
	return true
}
