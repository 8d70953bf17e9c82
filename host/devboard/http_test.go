package devboard_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vera/host/devboard"
)

func TestRequestAndAnswer(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	answered := h.ask(t, `{"b":[1.0, 123456789012345678901234567890, 1e30, -0],  "a":1,"a":2}`)
	f := c.next()
	ref := f.responseRef()
	// Compact, keys sorted, the last of equal keys, numbers in the hub's form.
	if want := `{"event":"request","payload":{"action":"Echo","fields":{"a":2,"b":[1.0,123456789012345678901234567890,1.0e30,0]},"response_ref":` +
		ref + `},"ref":null,"topic":"service"}`; f.raw != want {
		t.Errorf("request %s\nwant    %s", f.raw, want)
	}
	c.response(ref, `{"status_code":200,"message":"ok","fields":{"x":[-0.0,1e5,"\u0000"]}}`)
	r := wait(t, answered)
	if want := `{"fields":{"x":[-0.0,1.0e5,"\u0000"]},"message":"ok"}`; r.status != 200 || r.body != want {
		t.Errorf("answer %d %s, want 200 %s", r.status, r.body, want)
	}
	if got := r.header.Get("Content-Type"); got != "application/json; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	c.quiet() // there is no reply to a response
}

func TestResponseVariants(t *testing.T) {
	const invalid = `{"message":"Invalid response format from service process","status":"error"}`
	const internal = `{"errors":{"detail":"Internal Server Error"}}`
	full := func(status string) string { return `{"status_code":` + status + `,"message":"m","fields":{"x":1}}` }
	const passed = `{"fields":{"x":1},"message":"m"}`
	tests := []struct {
		payload string
		status  int
		body    string
	}{
		{full("200"), 200, passed},
		{`{"message":"m","fields":{}}`, 502, invalid},
		{`{"status_code":200,"fields":{}}`, 502, invalid},
		{`{"status_code":200,"message":"m"}`, 502, invalid},
		{`{}`, 502, invalid},
		{`"x"`, 502, invalid},
		{`[]`, 502, invalid},
		{`null`, 502, invalid},
		{`{"status_code":200,"message":"m","fields":{},"more":1}`, 200, `{"fields":{},"message":"m"}`},
		{`{"status_code":200,"message":null,"fields":null}`, 200, `{"fields":null,"message":null}`},
		{`{"status_code":200,"message":{"a":1},"fields":"s"}`, 200, `{"fields":"s","message":{"a":1}}`},
		{`{"status_code":200,"message":"m","fields":7}`, 200, `{"fields":7,"message":"m"}`},
		{`{"status_code":200,"message":"m","fields":[1]}`, 200, `{"fields":[1],"message":"m"}`},
		{full("201"), 201, passed},
		{full("302"), 302, passed},
		{full("404"), 404, passed},
		{full("418"), 418, passed},
		{full("451"), 451, passed},
		{full("511"), 511, passed},
		{full("204"), 204, ""},
		{full("304"), 304, ""},
		{full("205"), 205, passed},
		{full("null"), 200, passed},
		{full("101"), 101, ""},
		{full("199"), 500, internal},
		{full("419"), 500, internal},
		{full("509"), 500, internal},
		{full("599"), 500, internal},
		{full("600"), 500, internal},
		{full("1000"), 500, internal},
		{full("0"), 500, internal},
		{full("99"), 500, internal},
		{full("-1"), 500, internal},
		{full(`"201"`), 500, internal},
		{full(`"ok"`), 500, internal},
		{full("200.5"), 500, internal},
		{full("true"), 500, internal},
	}
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	for _, tt := range tests {
		answered := h.ask(t, `{}`)
		c.response(c.next().responseRef(), tt.payload)
		r := wait(t, answered)
		if r.err != nil || r.status != tt.status {
			t.Errorf("response %s: status %d (%v), want %d", tt.payload, r.status, r.err, tt.status)
		}
		if tt.status != 101 && r.body != tt.body {
			t.Errorf("response %s: body %s, want %s", tt.payload, r.body, tt.body)
		}
	}
}

// An interim status is sent as if it were final; the body breaks the caller.
func TestInterimStatusIsBroken(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	for _, status := range []int{100, 102, 103} {
		answered := h.ask(t, `{}`)
		c.response(c.next().responseRef(), fmt.Sprintf(`{"status_code":%d,"message":"","fields":{}}`, status))
		if r := wait(t, answered); r.err == nil || !strings.Contains(r.err.Error(), "malformed") {
			t.Errorf("status %d: got %+v, want a parse error", status, r)
		}
	}
}

func TestHTTP(t *testing.T) {
	const (
		required = `{"message":"service_id, action and fields parameters are required","status":"error"}`
		nobody   = `{"message":"No service consumers are available to handle the request","status":"error"}`
		invalid  = `{"message":"API token is invalid","status":"error"}`
		good     = `{"service_id":1,"action":"Echo","fields":{"a":"1"}}`
		echoed   = `{"fields":{"a":"1"},"message":"ok"}`
		form     = "application/x-www-form-urlencoded"
		js       = "application/json"
	)
	tests := []struct {
		name, path, body string
		header           []string
		status           int
		want             string
	}{
		{"good", "/", good, []string{"Content-Type", js}, 200, echoed},
		{"charset", "/", good, []string{"Content-Type", "application/json; charset=utf-8"}, 200, echoed},
		{"id as string", "/", `{"service_id":"1","action":"Echo","fields":{"a":"1"}}`, []string{"Content-Type", js}, 200, echoed},
		{"form", "/", "service_id=1&action=Echo&fields[a]=1", []string{"Content-Type", form}, 200, echoed},
		{"query", "/?service_id=1&action=Echo&fields[a]=1", "", nil, 200, echoed},
		{"fields a string", "/?service_id=1&action=Echo&fields=x", "", nil, 200, `{"fields":"x","message":"ok"}`},
		{"fields null", "/", `{"service_id":1,"action":null,"fields":null}`, []string{"Content-Type", js}, 200, `{"fields":null,"message":"ok"}`},
		{"unknown service", "/", `{"service_id":2,"action":"Echo","fields":{}}`, []string{"Content-Type", js}, 422, nobody},
		{"id null", "/", `{"service_id":null,"action":"Echo","fields":{}}`, []string{"Content-Type", js}, 422, nobody},
		{"id text", "/", `{"service_id":"abc","action":"Echo","fields":{}}`, []string{"Content-Type", js}, 422, nobody},
		{"id 1.5", "/", `{"service_id":1.5,"action":"Echo","fields":{}}`, []string{"Content-Type", js}, 422, nobody},
		{"id object", "/", `{"service_id":{},"action":"Echo","fields":{}}`, []string{"Content-Type", js}, 500, `{"errors":{"detail":"Internal Server Error"}}`},
		{"no id", "/", `{"action":"Echo","fields":{}}`, []string{"Content-Type", js}, 400, required},
		{"no action", "/", `{"service_id":1,"fields":{}}`, []string{"Content-Type", js}, 400, required},
		{"no fields", "/", `{"service_id":1,"action":"Echo"}`, []string{"Content-Type", js}, 400, required},
		{"array", "/", `[1]`, []string{"Content-Type", js}, 400, required},
		{"empty body", "/", ``, []string{"Content-Type", js}, 400, required},
		{"text", "/", good, []string{"Content-Type", "text/plain"}, 400, required},
		{"JSON called a form", "/", good, []string{"Content-Type", form}, 400, required},
		{"malformed", "/", `{"service_id":1,`, []string{"Content-Type", js}, 400, "Bad Request"},
		{"lone surrogate", "/", `{"service_id":1,"action":"Echo","fields":"\ud800"}`, []string{"Content-Type", js}, 400, "Bad Request"},
		{"accepts HTML only", "/", good, []string{"Content-Type", js, "Accept", "text/html"}, 406, "Not Acceptable"},
		{"accepts anything", "/", good, []string{"Content-Type", js, "Accept", "text/html, */*;q=0.1"}, 200, echoed},
		{"other path", "/nope", good, []string{"Content-Type", js}, 404, "Not Found"},
		{"no token", "/", good, []string{"Content-Type", js, "Authorization", ""}, 401, invalid},
		{"empty token", "/", good, []string{"Content-Type", js, "Authorization", "Bearer "}, 401, invalid},
		{"wrong token", "/", good, []string{"Content-Type", js, "Authorization", "Bearer x"}, 401, invalid},
		{"service token", "/", good, []string{"Content-Type", js, "Authorization", "Bearer secret"}, 401, invalid},
		{"lower case", "/", good, []string{"Content-Type", js, "Authorization", "bearer account"}, 401, invalid},
	}
	h := start(t, devboard.Options{Token: "secret", AccountToken: "account"})
	h.join(t).echoes()
	for _, tt := range tests {
		header := append([]string{"Authorization", "Bearer account"}, tt.header...)
		r := h.do(t, http.MethodPost, tt.path, tt.body, header...)
		if r.err != nil || r.status != tt.status || r.body != tt.want {
			t.Errorf("%s: got %d %s (%v), want %d %s", tt.name, r.status, r.body, r.err, tt.status, tt.want)
		}
	}

	open := start(t, devboard.Options{})
	if r := open.post(t, good); r.status != 422 || r.body != nobody {
		t.Errorf("without account token and consumer: got %+v, want 422", r)
	}
}

func TestTimeout(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret", RequestTimeout: settle})
	c := h.join(t)
	r := h.post(t, `{"service_id":1,"action":"Echo","fields":{}}`)
	if want := `{"message":"Request timed out","status":"error"}`; r.status != 408 || r.body != want {
		t.Errorf("got %+v, want 408 %s", r, want)
	}
	c.response(c.next().responseRef(), `{"status_code":200,"message":"","fields":{}}`)
	c.quiet()
	if s := h.Stats(); s.TimedOut != 1 || s.Ignored != 1 || s.Delivered != 0 {
		t.Errorf("stats %+v, want one timed out and its late answer ignored", s)
	}
}

func TestStatusPage(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	r := h.do(t, http.MethodGet, "/", "")
	if r.status != 200 || !strings.Contains(r.body, `"actions":null,"consumers":0`) || strings.Contains(r.body, "version") {
		t.Errorf("without consumers: %+v", r)
	}
	h.join(t)
	r = h.do(t, http.MethodGet, "/", "")
	if r.status != 200 || !strings.Contains(r.body, `"consumers":1`) || !strings.Contains(r.body, `"Echo"`) {
		t.Errorf("with a consumer: %+v", r)
	}
	h = start(t, devboard.Options{Token: "secret", Version: func() string { return "0123abcd" }})
	if r := h.do(t, http.MethodGet, "/", ""); !strings.Contains(r.body, `"version":"0123abcd"`) {
		t.Errorf("with a version: %+v", r)
	}
}

func TestCall(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret", RequestTimeout: settle})
	a, err := h.Call(t.Context(), "Echo", nil)
	if err != nil || a.Status != 422 || a.Message != "No service consumers are available to handle the request" || a.Fields != nil {
		t.Errorf("without consumers: %+v, %v", a, err)
	}
	c := h.join(t)
	if a, err = h.Call(t.Context(), "Echo", nil); err != nil || a.Status != 408 {
		t.Errorf("unanswered: %+v, %v, want 408", a, err)
	}
	c.next()
	c.echoes()
	if a, err = h.Call(t.Context(), "Echo", map[string]any{"b": 1, "a": "é"}); err != nil || a.Status != 200 || a.Message != "ok" || string(a.Fields) != `{"a":"é","b":1}` {
		t.Errorf("answered: %+v, %v", a, err)
	}
	for _, fields := range []any{make(chan int), []byte("x"), nil} {
		if raw, ok := fields.([]byte); ok {
			_, err = h.Call(t.Context(), "Echo", json.RawMessage(raw))
		} else if fields == nil {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err = h.Call(ctx, "Echo", nil)
		} else {
			_, err = h.Call(t.Context(), "Echo", fields)
		}
		if err == nil || !strings.HasPrefix(err.Error(), "call Echo: ") {
			t.Errorf("Call with %T: %v, want an error", fields, err)
		}
	}
}

func TestMountedInAnotherServer(t *testing.T) {
	board, err := devboard.New(devboard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(board)
	defer srv.Close()
	h := hub{board, strings.TrimPrefix(srv.URL, "http://")}
	c := h.join(t)
	c.echoes()
	if a, err := board.Call(t.Context(), "Echo", 7); err != nil || string(a.Fields) != "7" {
		t.Errorf("Call = %+v, %v", a, err)
	}
	c.conn.Close(1000, "")
	until(t, "the consumer gone", func() bool { return board.Consumers() == 0 })
}

// When Serve ends, consumers get 1012, callers are cut off, and the same
// board can serve again as new.
func TestStopAndServeAgain(t *testing.T) {
	board, err := devboard.New(devboard.Options{Token: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- board.Serve(ctx, l) }()
		h := hub{board, l.Addr().String()}
		c := h.join(t)
		answered := h.ask(t, `{}`)
		c.next()
		called := make(chan error, 1)
		go func() {
			_, err := board.Call(context.Background(), "Echo", nil)
			called <- err
		}()
		c.next()
		cancel()
		if code := c.closed(); code != 1012 {
			t.Errorf("closed with %d, want 1012", code)
		}
		if r := wait(t, answered); r.err == nil {
			t.Errorf("caller in flight got %+v, want to be cut off", r)
		}
		if err := <-called; err == nil {
			t.Error("Call in flight: no error")
		}
		if err := <-served; err != nil {
			t.Errorf("Serve = %v", err)
		}
		if board.Consumers() != 0 || board.Actions() != nil {
			t.Errorf("after Serve: %d consumers, actions %s", board.Consumers(), board.Actions())
		}
	}
}

func TestServeReportsABrokenListener(t *testing.T) {
	board, err := devboard.New(devboard.Options{})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := board.Serve(t.Context(), l); err == nil {
		t.Error("Serve on a closed listener: no error")
	}
}

func TestNewRefusesNegativeOptions(t *testing.T) {
	if _, err := devboard.New(devboard.Options{IdleTimeout: -time.Second}); err == nil {
		t.Error("no error")
	}
}

// Keep-alive callers are served one after the other on one connection, until
// a consumer gives a status that the hub cannot send.
func TestKeepAlive(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(deadline))
	r := bufio.NewReader(conn)
	const body = `{"service_id":1,"action":"Echo","fields":{}}`
	for i, status := range []int{200, 404, 600} {
		fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		c.response(c.next().responseRef(), fmt.Sprintf(`{"status_code":%d,"message":"ok","fields":%d}`, status, i))
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		data, _ := io.ReadAll(resp.Body)
		if want := fmt.Sprintf(`{"fields":%d,"message":"ok"}`, i); status < 600 && string(data) != want {
			t.Errorf("answer %s, want %s", data, want)
		}
		if resp.Close != (status == 600) {
			t.Errorf("status %d: connection closed is %v", status, resp.Close)
		}
	}
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("after the bad status: %v, want the end of the connection", err)
	}
}
