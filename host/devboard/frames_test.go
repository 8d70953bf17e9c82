package devboard_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"vera/host/devboard"
)

func TestFramesThatEndTheConnection(t *testing.T) {
	response := func(fields string) string {
		return `{"topic":"service","event":"response","payload":{"status_code":200,"message":"","fields":` + fields + `},"ref":"1"}`
	}
	text, binary := websocket.MessageText, websocket.MessageBinary
	tests := []struct {
		name string
		kind websocket.MessageType
		send string
		code websocket.StatusCode
	}{
		{"not JSON", text, "hello", 1011},
		{"empty", text, "", 1011},
		{"array", text, `["1","1","service","phx_join",{}]`, 1011},
		{"number", text, `7`, 1011},
		{"two objects", text, `{}{}`, 1011},
		{"no topic", text, `{"event":"x","payload":{},"ref":"1"}`, 1011},
		{"no event", text, `{"topic":"service","payload":{},"ref":"1"}`, 1011},
		{"no payload", text, `{"topic":"service","event":"x","ref":"1"}`, 1011},
		{"no ref", text, `{"topic":"service","event":"x","payload":{}}`, 1011},
		{"heartbeat without ref", text, `{"topic":"phoenix","event":"heartbeat","payload":{}}`, 1011},
		{"lone high surrogate", text, response(`"\ud800"`), 1011},
		{"lone low surrogate", text, response(`"\udc00x"`), 1011},
		{"half a pair", text, response(`"\ud800\u0041"`), 1011},
		{"beyond float64", text, response(`1e400`), 1011},
		{"NaN", text, response(`NaN`), 1011},
		{"raw newline in a string", text, response("\"a\nb\""), 1011},
		{"raw NUL in a string", text, response("\"a\x00b\""), 1011},
		{"not UTF-8", text, response("\"\xff\""), 1007},
		{"not UTF-8 at all", text, "\xff\xfe", 1007},
		{"binary junk", binary, "\x00\x01\x02", 1011},
		{"binary, not UTF-8", binary, response("\"\xff\""), 1011},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := start(t, devboard.Options{Token: "secret"})
			c := h.join(t)
			c.write(tt.kind, []byte(tt.send))
			if code := c.closed(); code != tt.code {
				t.Errorf("closed with %d, want %d", code, tt.code)
			}
			until(t, "no consumer", func() bool { return h.Consumers() == 0 })
		})
	}
}

func TestFramesThatPass(t *testing.T) {
	const beat = `{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"b"}`
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	c.write(websocket.MessageBinary, []byte(beat)) // a binary frame counts as text
	c.expect(`{"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"b","topic":"phoenix"}`)

	raw := h.dialRaw(t, "GET /websocket?token=secret&actions=%7B%22Echo%22:%7B%22description%22:%22echoes%22,%22fields%22:%7B%7D%7D%7D HTTP/1.1")
	raw.head()
	raw.frame(0x01, beat[:10]) // fragments, with a ping in between
	raw.frame(0x89, "hi")
	raw.frame(0x80, beat[10:])
	if first, payload := raw.next(); first != 0x8a || payload != "hi" {
		t.Errorf("got %x %q, want the pong", first, payload)
	}
	if first, payload := raw.next(); first != 0x81 || !strings.Contains(payload, `"ref":"b"`) {
		t.Errorf("got %x %q, want the reply", first, payload)
	}
	if err := c.conn.Close(1000, ""); err != nil {
		t.Errorf("close by the consumer: %v, want it confirmed with 1000", err)
	}
}

func TestLargeMessages(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)

	body := `{"service_id":1,"action":"Echo","fields":"%s"}`
	huge := fmt.Sprintf(body, strings.Repeat("x", 8_000_000-len(body)+2))
	answered := make(chan result, 1)
	go func() { answered <- h.post(t, huge) }()
	request := c.next()
	if n := len(request.Payload["fields"].(string)); n != 8_000_000-len(body)+2 {
		t.Errorf("fields of %d bytes arrived", n)
	}
	const answer = 4 << 20
	c.response(request.responseRef(), `{"status_code":200,"message":"","fields":"`+strings.Repeat("y", answer)+`"}`)
	if r := wait(t, answered); r.status != 200 || len(r.body) < answer {
		t.Errorf("answer: status %d, %d bytes, %v", r.status, len(r.body), r.err)
	}

	if r := h.post(t, huge+" "); r.err == nil && (r.status != 413 || r.body != "Request Entity Too Large") {
		t.Errorf("8,000,001 bytes: %d %q, want 413", r.status, r.body)
	}
}

// A consumer that reads slowly does not stop the others, and nothing it has
// not read yet is lost.
func TestNoBackPressure(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	const n = 500
	done := make(chan error, n)
	for i := range n {
		go func() {
			a, err := h.Call(context.Background(), "Echo", map[string]int{"i": i})
			if err == nil && string(a.Fields) != fmt.Sprintf(`{"i":%d}`, i) {
				err = fmt.Errorf("call %d got %s", i, a.Fields)
			}
			done <- err
		}()
	}
	refs := map[string]string{}
	for range n {
		f := c.next() // all are pushed before any is answered
		refs[f.responseRef()] = fmt.Sprint(f.Payload["fields"].(map[string]any)["i"])
	}
	for ref, i := range refs {
		c.response(ref, `{"status_code":200,"message":"","fields":{"i":`+i+`}}`)
	}
	for range n {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
