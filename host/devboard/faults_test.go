package devboard_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"vera/host/devboard"
)

func TestCrashChannels(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	bystander := h.dial(t, "secret", echo) // never joined
	h.CrashChannels()
	c.expect(phxError)
	c.quiet()
	bystander.quiet()
	if a, err := h.Call(t.Context(), "Echo", nil); err != nil || a.Status != 422 {
		t.Errorf("after the crash: %+v, %v, want 422", a, err)
	}
	c.response(`"x"`, okResponse)
	c.expect(unmatched(`"service"`, `"x"`))
	c.send(joinFrame)
	if f := c.next(); f.status() != "ok" {
		t.Errorf("joining again: %s", f.raw)
	}
	c.quiet()
	c.echoes()
	if a, err := h.Call(t.Context(), "Echo", nil); err != nil || a.Status != 200 {
		t.Errorf("after joining again: %+v, %v", a, err)
	}
}

func TestMisdeliverStray(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	h.MisdeliverStray(true)
	c := h.join(t)
	first := h.ask(t, `{}`)
	ref := c.next().responseRef()
	c.response(ref, okResponse)
	if r := wait(t, first); r.status != 200 {
		t.Errorf("the first caller got %+v", r)
	}
	second := h.ask(t, `{}`)
	own := c.next().responseRef()
	c.response(ref, `{"status_code":418,"message":"not yours","fields":{}}`)
	if r := wait(t, second); r.status != 418 {
		t.Errorf("the second caller got %+v, want the stray answer", r)
	}
	h.MisdeliverStray(false)
	c.response(own, okResponse)
	c.quiet()
	if s := h.Stats(); s.Stray != 1 || s.Ignored != 1 || s.Delivered != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestLoseOnShrink(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret", RequestTimeout: 50 * time.Millisecond})
	h.LoseOnShrink(true)
	lost := 0
	for round := range 4 {
		stays, leaves := h.join(t), h.join(t)
		leaves.conn.CloseNow()
		until(t, "one consumer", func() bool { return h.Consumers() == 1 })
		for range 1 + round%2 { // so that the turn is everywhere
			if a, err := h.Call(t.Context(), "Echo", nil); err != nil || a.Status != 408 {
				t.Fatalf("got %+v, %v", a, err)
			}
		}
		lost = int(h.Stats().Lost)
		stays.conn.CloseNow()
		until(t, "no consumer", func() bool { return h.Consumers() == 0 })
	}
	if lost == 0 || lost > 4 {
		t.Errorf("%d requests were lost, want some, and no more than consumers left", lost)
	}
}

func TestForget(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	h.Forget()
	c.quiet() // no frame at all, heartbeats fine
	if a, err := h.Call(t.Context(), "Echo", nil); err != nil || a.Status != 422 {
		t.Errorf("after Forget: %+v, %v, want 422", a, err)
	}
	c.send(`{"topic":"service","event":"phx_join","payload":{},"ref":"2"}`)
	if f := c.next(); f.status() != "ok" || !strings.Contains(f.raw, `"num_consumers":1`) {
		t.Errorf("joining again: %s", f.raw)
	}
	c.expect(phxClose)
	c.echoes()
	if a, err := h.Call(t.Context(), "Echo", nil); err != nil || a.Status != 200 {
		t.Errorf("after joining again: %+v, %v", a, err)
	}
}

func TestCloseAllAndCutAll(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	a, b := h.join(t), h.dial(t, "secret", echo)
	b.quiet() // the board knows it now
	h.CloseAll(1012)
	if x, y := a.closed(), b.closed(); x != 1012 || y != 1012 {
		t.Errorf("closed with %d and %d, want 1012", x, y)
	}
	c := h.join(t)
	h.CutAll()
	in := c.message()
	if in.err == nil || websocket.CloseStatus(in.err) != -1 || !strings.Contains(in.err.Error(), "reset") {
		t.Errorf("after CutAll: %v, want a reset without a close frame", in.err)
	}
	until(t, "no consumer", func() bool { return h.Consumers() == 0 })
}

func TestStall(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret", IdleTimeout: 10 * settle})
	c := h.join(t)
	h.Stall(true)
	c.send(`{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"h"}`)
	answered := h.ask(t, `{}`)
	select {
	case in := <-c.read:
		t.Errorf("a stalled hub sent %s, %v", in.data, in.err)
	case <-time.After(15 * settle): // longer than the idle time
	}
	h.Stall(false)
	var events []string
	for range 2 {
		f := c.next()
		if events = append(events, f.Event); f.Event == "request" {
			c.response(f.responseRef(), okResponse)
		}
	}
	if r := wait(t, answered); r.status != 200 {
		t.Errorf("after %v: %+v", events, r)
	}
}

// Serve ends also while the hub is stalled and consumers do not take a close.
func TestStopWhileStalled(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	h.join(t)
	h.Stall(true)
}

func TestLoseRequests(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret", RequestTimeout: settle})
	c := h.join(t)
	h.LoseRequests(2)
	for range 2 {
		if a, err := h.Call(t.Context(), "Echo", nil); err != nil || a.Status != 408 {
			t.Errorf("lost request: %+v, %v, want 408", a, err)
		}
	}
	c.quiet()
	c.echoes()
	if a, err := h.Call(t.Context(), "Echo", nil); err != nil || a.Status != 200 {
		t.Errorf("after the lost ones: %+v, %v", a, err)
	}
	if s := h.Stats(); s.Lost != 2 {
		t.Errorf("stats %+v, want 2 lost", s)
	}
}

func TestDuplicateRequests(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	h.DuplicateRequests(true)
	answered := h.ask(t, `{}`)
	first, second := c.next(), c.next()
	if first.raw != second.raw || first.Event != "request" {
		t.Errorf("got %s and %s, want the same request twice", first.raw, second.raw)
	}
	c.response(first.responseRef(), okResponse)
	wait(t, answered)
	h.DuplicateRequests(false)
	h.ask(t, `{}`)
	c.next()
	c.quiet()
}

func TestServiceAndTokenEvents(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	event := func(name, key string, want map[string]any) {
		t.Helper()
		f := c.next()
		record, _ := f.Payload[key].(map[string]any)
		if f.Event != name || string(f.Ref) != "null" || f.Topic != "service" || record == nil {
			t.Fatalf("got %s, want %s", f.raw, name)
		}
		for key, value := range want {
			if record[key] != value {
				t.Errorf("%s: %s is %v, want %v", name, key, record[key], value)
			}
		}
	}
	h.RenameService("new")
	event("service_updated", "service", map[string]any{"id": 1.0, "name": "new"})
	h.ChildUpdated(5, "child")
	event("service_updated", "service", map[string]any{"id": 5.0, "name": "child"})
	h.ChildDeleted(5, "child")
	event("service_deleted", "service", map[string]any{"id": 5.0, "name": "child"})

	value := h.CreateToken()
	if len(value) != 43 {
		t.Errorf("token %q of %d characters, want 43", value, len(value))
	}
	event("token_created", "token", map[string]any{"id": 2.0, "service_id": 1.0, "context": "api-token", "value": value})
	h.dial(t, value, echo)
	h.dial(t, "secret", echo)

	if !h.DeleteToken("secret") || h.DeleteToken("secret") || h.DeleteToken("unknown") {
		t.Error("DeleteToken: want true for the good token only")
	}
	event("token_deleted", "token", map[string]any{"id": 1.0, "value": nil})
	if _, resp, err := websocket.Dial(t.Context(), h.url("secret", echo), nil); err == nil || resp.StatusCode != 403 {
		t.Errorf("dial with the deleted token: %v, want 403", err)
	}

	h.DeleteService() // advisory: requests go on
	event("service_deleted", "service", map[string]any{"id": 1.0, "name": "new"})
	c.quiet()
	c.send(joinFrame) // also with a deleted token
	c.next()
	c.expect(phxClose)
	c.echoes()
	if a, err := h.Call(t.Context(), "Echo", nil); err != nil || a.Status != 200 {
		t.Errorf("after service_deleted: %+v, %v", a, err)
	}
}

func TestPushRaw(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	h.PushRaw("\xff not JSON")
	h.PushBinary([]byte{0, 1})
	if in := c.message(); in.kind != websocket.MessageText || string(in.data) != "\xff not JSON" {
		t.Errorf("got %v %q, %v", in.kind, in.data, in.err)
	}
	if in := c.message(); in.kind != websocket.MessageBinary || string(in.data) != "\x00\x01" {
		t.Errorf("got %v %q, %v", in.kind, in.data, in.err)
	}
}
