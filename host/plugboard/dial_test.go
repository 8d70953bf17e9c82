package plugboard

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// realHub serves on a real socket.
func realHub(t *testing.T, secure bool) (h *hub, url string, dial dialFunc) {
	h = &hub{t: t, links: make(chan *link, 16), refuse: make(chan int, 16)}
	server := httptest.NewUnstartedServer(h)
	if !secure {
		server.Start()
		t.Cleanup(server.Close)
		return h, "ws" + strings.TrimPrefix(server.URL, "http"), new(net.Dialer).DialContext
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	config := server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	config.NextProtos = []string{"http/1.1"}
	config.ServerName = "example.com"
	return h, "wss" + strings.TrimPrefix(server.URL, "https"), (&tls.Dialer{Config: config}).DialContext
}

func TestRealSocket(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("tls ", secure), func(t *testing.T) {
			h, url, dial := realHub(t, secure)
			logs := &logBuffer{}
			c, err := New(Options{
				URL: url + "/websocket", Token: testToken, Handler: HandlerFunc(echo), Logger: logs.logger(),
				Manifest: func() []byte { return []byte("{}") },
			})
			if err != nil {
				t.Fatal(err)
			}
			if secure {
				c.dialTLS = dial
			}
			r := runClient(t, c, logs)
			l := h.join()
			if l.header.Get("Sec-WebSocket-Extensions") != "" || l.header.Get("Origin") != "" {
				t.Errorf("header %v", l.header)
			}
			// As large as the hub's largest, both ways.
			size := 8_000_000
			if secure {
				size = 200_000
			}
			large := `"` + strings.Repeat("x", size) + `"`
			l.request("large", "Echo", large)
			if f := l.answer("large", 200); string(f.Payload.Fields) != large {
				t.Errorf("%d bytes came back", len(f.Payload.Fields))
			}
			// Beyond the limit only the frame is lost.
			l.request("huge", "Echo", `"`+strings.Repeat("x", maxFrame)+`"`)
			l.request("next", "Echo", "1")
			l.answer("next", 200)
			if n := c.Stats().BadFrames; n != 1 {
				t.Errorf("%d bad frames", n)
			}
			// A ping is answered, although nothing else is to be written.
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			defer cancel()
			if err := l.ws.Ping(ctx); err != nil {
				t.Errorf("Ping: %v", err)
			}
			// Fragments are put together.
			w, err := l.ws.Writer(t.Context(), websocket.MessageText)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range strings.SplitAfter(`{"event":"request","payload":{"action":"Echo","fields":{},"response_ref":"parts"},"ref":null,"topic":"service"}`, ",") {
				w.Write([]byte(part))
			}
			w.Close()
			l.answer("parts", 200)

			// The hub's close is answered in kind.
			l.ws.Close(websocket.StatusServiceRestart, "")
			l = h.join()
			r.stop(l)
		})
	}
}

func TestDialErrorsHideTheToken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().String()
	listener.Close() // nobody listens there now
	logs := &logBuffer{}
	r := startRefused(t, "ws://"+addr+"/websocket", logs)
	waitFor(t, func() bool { return strings.Contains(logs.String(), "cannot connect") })
	logs.has(t, "connection refused")
	r.cancel()
	r.wait(nil)
}

// The token goes to the configured host and to no other.
func TestRedirectIsNotFollowed(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the redirect was followed")
	}))
	defer other.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	logs := &logBuffer{}
	r := startRefused(t, "ws"+strings.TrimPrefix(server.URL, "http"), logs)
	waitFor(t, func() bool { return strings.Contains(logs.String(), "status=307") })
	r.cancel()
	r.wait(nil)
}

func startRefused(t *testing.T, url string, logs *logBuffer) *runner {
	c, err := New(Options{
		URL: url, Token: testToken, Handler: HandlerFunc(echo), Logger: logs.logger(),
		Manifest: func() []byte { return []byte("{}") },
	})
	if err != nil {
		t.Fatal(err)
	}
	return runClient(t, c, logs)
}

func waitFor(t *testing.T, ready func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited for 10 s")
		}
	}
}

func TestRedact(t *testing.T) {
	const token = "a+b/c"
	for _, text := range []string{
		`Get "http://hub?token=a%2Bb%2Fc&actions=x": refused`,
		`something about a+b/c`,
	} {
		got := redact(fmt.Errorf("%s", text), token).Error()
		if strings.Contains(got, token) || strings.Contains(got, "a%2Bb%2Fc") || !strings.Contains(got, "***") {
			t.Errorf("redact(%s) = %s", text, got)
		}
	}
}
