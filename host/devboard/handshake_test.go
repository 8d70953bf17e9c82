package devboard_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"vera/host/devboard"
)

func TestHandshake(t *testing.T) {
	const good = "token=secret&actions=%7B%22Echo%22%3A%7B%22description%22%3A%22echoes%22%2C%22fields%22%3A%7B%7D%7D%7D"
	tests := []struct {
		name   string
		path   string
		joined bool // while another consumer with echo is joined
		status int
	}{
		{"good", "/websocket?" + good, false, 101},
		{"slash after", "/websocket/?" + good, false, 101},
		{"two slashes", "//websocket?" + good, false, 101},
		{"vsn empty", "/websocket?vsn=&" + good, false, 101},
		{"vsn 1.0.0", "/websocket?vsn=1.0.0&" + good, false, 101},
		{"vsn 1.1.0", "/websocket?vsn=1.1.0&" + good, false, 403},
		{"vsn abc", "/websocket?vsn=abc&" + good, false, 403},
		{"wrong token", "/websocket?token=wrong&actions=%7B%7D", false, 403},
		{"empty token", "/websocket?token=&actions=%7B%7D", false, 403},
		{"no token", "/websocket?actions=%7B%7D", false, 403},
		{"no actions", "/websocket?token=secret", false, 403},
		{"nothing", "/websocket", false, 403},
		{"same actions", "/websocket?" + good, true, 101},
		{"same value, other text", "/websocket?token=secret&actions=" +
			url.QueryEscape(`{ "Echo": {"fields": {}, "description":"\u0065choes"} }`), true, 101},
		{"other actions", "/websocket?token=secret&actions=%7B%7D", true, 403},
		{"null actions, one joined", "/websocket?token=secret&actions=null", true, 403},
		{"actions not JSON, one joined", "/websocket?token=secret&actions=%7B", true, 500},
		{"actions empty, one joined", "/websocket?token=secret&actions=", true, 500},
		{"actions not JSON", "/websocket?token=secret&actions=%7B", false, 101},
		{"actions empty", "/websocket?token=secret&actions=", false, 101},
		{"actions null", "/websocket?token=secret&actions=null", false, 101},
		{"actions an array", "/websocket?token=secret&actions=%5B%5D", false, 101},
		{"UTF-8 and plus", "/websocket?token=secret&actions=%7B%22%C3%A9+a%22:1%7D", false, 101},
		{"other path", "/socket/websocket?" + good, false, 404},
		{"home page", "/?" + good, false, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := start(t, devboard.Options{Token: "secret"})
			if tt.joined {
				h.join(t)
			}
			conn, resp, err := websocket.Dial(t.Context(), "ws://"+h.addr+tt.path, nil)
			if conn != nil {
				defer conn.CloseNow()
			}
			if resp == nil {
				t.Fatalf("dial: %v", err)
			}
			if resp.StatusCode != tt.status {
				t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
			}
			if tt.status == 403 && (resp.ContentLength != 0 || resp.Header.Get("Content-Length") != "0") {
				t.Errorf("403 with content-length %q, want 0", resp.Header.Get("Content-Length"))
			}
		})
	}
}

func TestAnyTokenWhenNoneIsSet(t *testing.T) {
	h := start(t, devboard.Options{})
	h.dial(t, "whatever", "{}")
	_, resp, err := websocket.Dial(t.Context(), h.url("", "{}"), nil)
	if err == nil || resp.StatusCode != http.StatusForbidden {
		t.Errorf("an empty token: %v, want 403", err)
	}
}

func TestHandshakeNegotiatesNothing(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	conn, resp, err := websocket.Dial(t.Context(), h.url("secret", "{}"), &websocket.DialOptions{
		Subprotocols: []string{"phoenix"}, CompressionMode: websocket.CompressionContextTakeover,
		HTTPHeader: http.Header{"Origin": {"http://elsewhere.example"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	if p, e := resp.Header.Get("Sec-WebSocket-Protocol"), resp.Header.Get("Sec-WebSocket-Extensions"); p != "" || e != "" {
		t.Errorf("protocol %q, extensions %q, want none", p, e)
	}
	if got := resp.Header.Get("Cache-Control"); got != "max-age=0, private, must-revalidate" {
		t.Errorf("cache-control %q", got)
	}
}

func TestRequestLineLimit(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	line := func(size int) string {
		const head, tail = "GET /websocket?token=secret&actions=%7B%7D&pad=", " HTTP/1.1"
		return head + strings.Repeat("x", size-len(head)-len(tail)-len("\r\n")) + tail
	}
	for _, tt := range []struct {
		size int
		want string
	}{
		{5000, "HTTP/1.1 101 Switching Protocols\r\n"},
		{16384, "HTTP/1.1 101 Switching Protocols\r\n"},
		{16385, "HTTP/1.0 414 Request-URI Too Long\r\nconnection: close\r\n\r\n"},
		{1 << 20, "HTTP/1.0 414 Request-URI Too Long\r\nconnection: close\r\n\r\n"},
	} {
		c := h.dialRaw(t, line(tt.size))
		head := c.head()
		if !strings.HasPrefix(head, tt.want) {
			t.Errorf("request line of %d bytes: got %q, want %q", tt.size, head, tt.want)
		}
		if strings.Contains(tt.want, "414") {
			if _, err := c.r.ReadByte(); err == nil {
				t.Errorf("request line of %d bytes: something follows the 414", tt.size)
			}
		}
	}
}

// Actions are checked at connect only, registered at the first join only, and
// stay until the last consumer has gone.
func TestActionsRegistration(t *testing.T) {
	const other = `{"Other":{}}`
	h := start(t, devboard.Options{Token: "secret"})
	if h.Actions() != nil {
		t.Errorf("Actions() = %s before any join", h.Actions())
	}
	a, b := h.dial(t, "secret", echo), h.dial(t, "secret", other)
	for _, c := range []*consumer{a, b} {
		c.send(joinFrame)
		c.next()
	}
	a.next() // num_consumers
	equalJSON(t, string(h.Actions()), echo)

	a.conn.CloseNow() // the one that registered goes: its actions stay
	until(t, "one consumer", func() bool { return h.Consumers() == 1 })
	equalJSON(t, string(h.Actions()), echo)
	if _, resp, err := websocket.Dial(t.Context(), h.url("secret", other), nil); err == nil || resp.StatusCode != 403 {
		t.Errorf("other actions while one is joined: %v, want 403", err)
	}

	b.conn.CloseNow()
	until(t, "no consumer", func() bool { return h.Consumers() == 0 })
	if h.Actions() != nil {
		t.Errorf("Actions() = %s after the last left", h.Actions())
	}
	h.dial(t, "secret", other)
}
