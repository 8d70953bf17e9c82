package devboard_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"vera/host/devboard"
)

const (
	deadline = 30 * time.Second      // for what must happen
	settle   = 50 * time.Millisecond // for what must not
	echo     = `{"Echo":{"description":"echoes","fields":{}}}`
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A hub is a board that serves on a port of its own until the test ends.
type hub struct {
	*devboard.Board
	addr string
}

func start(t testing.TB, opts devboard.Options) hub {
	t.Helper()
	board, err := devboard.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- board.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-served:
			if err != nil {
				t.Errorf("Serve = %v, want nil after its context ended", err)
			}
		case <-time.After(deadline):
			t.Error("Serve did not return after its context ended")
		}
	})
	return hub{board, l.Addr().String()}
}

func (h hub) url(token, actions string) string {
	return "ws://" + h.addr + "/websocket?token=" + url.QueryEscape(token) + "&actions=" + url.QueryEscape(actions)
}

// A consumer is the client's end of one connection.
type consumer struct {
	t    testing.TB
	conn *websocket.Conn
	read chan incoming // filled by one goroutine; closed after the error
}

type incoming struct {
	kind websocket.MessageType
	data []byte
	err  error
}

func (h hub) dial(t testing.TB, token, actions string) *consumer {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), h.url(token, actions), nil)
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	conn.SetReadLimit(64 << 20)
	c := &consumer{t: t, conn: conn, read: make(chan incoming, 4096)}
	go func() {
		defer close(c.read)
		for {
			kind, data, err := conn.Read(context.Background())
			c.read <- incoming{kind, data, err}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() { conn.CloseNow() })
	return c
}

// join dials and joins with ref "1".
func (h hub) join(t testing.TB) *consumer {
	t.Helper()
	c := h.dial(t, "secret", echo)
	c.send(`{"topic":"service","event":"phx_join","payload":{},"ref":"1"}`)
	if f := c.next(); f.status() != "ok" {
		t.Fatalf("join: got %s", f.raw)
	}
	return c
}

func (c *consumer) send(text string) {
	c.t.Helper()
	c.write(websocket.MessageText, []byte(text))
}

func (c *consumer) write(kind websocket.MessageType, data []byte) {
	c.t.Helper()
	if err := c.conn.Write(context.Background(), kind, data); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// response sends an answer with the given payload.
func (c *consumer) response(ref, payload string) {
	c.t.Helper()
	c.send(`{"topic":"service","event":"response","payload":` + payload + `,"ref":` + ref + `}`)
}

// A received frame. A ref is kept as JSON.
type received struct {
	Topic   string
	Event   string
	Payload map[string]any
	Ref     json.RawMessage
	raw     string
}

func (f received) status() string { s, _ := f.Payload["status"].(string); return s }

// responseRef returns the ref of a request as a JSON string.
func (f received) responseRef() string { return fmt.Sprintf("%q", f.Payload["response_ref"]) }

func (c *consumer) message() incoming {
	c.t.Helper()
	select {
	case in := <-c.read:
		return in
	case <-time.After(deadline):
		c.t.Fatal("nothing received in time")
		return incoming{}
	}
}

func (c *consumer) next() received {
	c.t.Helper()
	in := c.message()
	if in.err != nil {
		c.t.Fatalf("read: %v", in.err)
	}
	f := received{raw: string(in.data)}
	if err := json.Unmarshal(in.data, &f); err != nil {
		c.t.Fatalf("frame %s: %v", in.data, err)
	}
	return f
}

// expect reads the next frame and compares it as JSON.
func (c *consumer) expect(want string) {
	c.t.Helper()
	equalJSON(c.t, c.next().raw, want)
}

// quiet checks that nothing is on its way: a heartbeat is answered next.
func (c *consumer) quiet() {
	c.t.Helper()
	c.send(`{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"quiet"}`)
	c.expect(`{"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"quiet","topic":"phoenix"}`)
}

// closed reads until the connection ends and returns the close code, -1 if
// there was none.
func (c *consumer) closed() websocket.StatusCode {
	c.t.Helper()
	for {
		if in := c.message(); in.err != nil {
			if ce, ok := errors.AsType[websocket.CloseError](in.err); ok && ce.Reason != "" {
				c.t.Errorf("close reason %q, want none", ce.Reason)
			}
			return websocket.CloseStatus(in.err)
		}
	}
}

// echoes answers every request with its own fields until the connection ends.
func (c *consumer) echoes() {
	go func() {
		for in := range c.read {
			var f received
			if in.err != nil || json.Unmarshal(in.data, &f) != nil || f.Event != "request" {
				continue
			}
			fields, _ := json.Marshal(f.Payload["fields"])
			c.conn.Write(context.Background(), websocket.MessageText, fmt.Appendf(nil,
				`{"topic":"service","event":"response","payload":{"status_code":200,"message":"ok","fields":%s},"ref":%s}`, fields, f.responseRef()))
		}
	}()
}

func equalJSON(t testing.TB, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("not JSON: %q: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("wanted text is not JSON: %q: %v", want, err)
	}
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("got %s\n(-want +got)\n%s", got, diff)
	}
}

// until polls for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(deadline); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not in time", what)
		}
	}
}

// A result is an HTTP answer, or the error instead.
type result struct {
	status int
	header http.Header
	body   string
	err    error
}

var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// post sends a JSON body to the hub and waits for the answer.
func (h hub) post(t testing.TB, body string, header ...string) result {
	t.Helper()
	return h.do(t, http.MethodPost, "/", body, append([]string{"Content-Type", "application/json"}, header...)...)
}

func (h hub) do(t testing.TB, method, path, body string, header ...string) result {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+h.addr+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return roundTrip(req)
}

func roundTrip(req *http.Request) result {
	resp, err := client.Do(req)
	if err != nil {
		return result{err: err}
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	return result{resp.StatusCode, resp.Header, string(data), err}
}

// ask posts an Echo in the background.
func (h hub) ask(t testing.TB, fields string) <-chan result {
	t.Helper()
	answered := make(chan result, 1)
	go func() { answered <- h.post(t, `{"service_id":1,"action":"Echo","fields":`+fields+`}`) }()
	return answered
}

func wait(t testing.TB, answered <-chan result) result {
	t.Helper()
	select {
	case r := <-answered:
		return r
	case <-time.After(deadline):
		t.Fatal("no HTTP answer in time")
		return result{}
	}
}

// A rawConsumer speaks WebSocket frame by frame, for what a library forbids.
type rawConsumer struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

func (h hub) dialRaw(t testing.TB, requestLine string) *rawConsumer {
	t.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(deadline))
	fmt.Fprintf(conn, "%s\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", requestLine)
	return &rawConsumer{t, conn, bufio.NewReader(conn)}
}

// head reads the answer to the handshake up to the empty line.
func (c *rawConsumer) head() string {
	c.t.Helper()
	var head strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		head.WriteString(line)
		if err != nil || line == "\r\n" {
			return head.String()
		}
	}
}

// frame writes one frame, masked with a key of zeros. first is its first byte:
// 0x80 for the last fragment, plus the opcode.
func (c *rawConsumer) frame(first byte, payload string) {
	c.t.Helper()
	var buf bytes.Buffer
	buf.WriteByte(first)
	if len(payload) < 126 {
		buf.WriteByte(0x80 | byte(len(payload)))
	} else {
		buf.WriteByte(0x80 | 126)
		binary.Write(&buf, binary.BigEndian, uint16(len(payload)))
	}
	buf.Write([]byte{0, 0, 0, 0})
	buf.WriteString(payload)
	if _, err := c.conn.Write(buf.Bytes()); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// next reads one frame below 64 kB: its first byte and payload.
func (c *rawConsumer) next() (byte, string) {
	c.t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c.r, head); err != nil {
		c.t.Fatalf("read: %v", err)
	}
	n := int(head[1])
	if n == 126 {
		var length [2]byte
		io.ReadFull(c.r, length[:])
		n = int(binary.BigEndian.Uint16(length[:]))
	}
	payload := make([]byte, n)
	if _, err := io.ReadFull(c.r, payload); err != nil {
		c.t.Fatalf("read: %v", err)
	}
	return head[0], string(payload)
}
