package plugboard

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testToken = "s3cr3t-token-of-43-characters-AAAAAAAAAAAAAA"
	joinReply = `{"num_consumers":1,"service":{"id":1,"name":"main"},"token":{"id":7,"service_id":1,"expires_at":"2027-02-21T21:08:53Z"}}`
)

// A hub is the peer of the tests: it accepts connections, and the test says
// what it answers, frame by frame.
type hub struct {
	t        *testing.T
	listener *pipeListener
	links    chan *link
	refuse   chan int // HTTP status for the next connection
}

// newHub serves over net.Pipe, so that time in the test may be fake.
func newHub(t *testing.T) *hub {
	h := &hub{
		t:        t,
		listener: &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})},
		links:    make(chan *link, 64),
		refuse:   make(chan int, 1000),
	}
	server := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(h.listener)
	}()
	t.Cleanup(func() {
		server.Close()
		<-done
	})
	return h
}

// ServeHTTP accepts a connection and reads its frames until it ends.
func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case status := <-h.refuse:
		w.WriteHeader(status)
		return
	default:
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		h.t.Errorf("Accept: %v", err)
		return
	}
	ws.SetReadLimit(-1)
	l := &link{t: h.t, ws: ws, query: r.URL.RawQuery, header: r.Header, at: time.Now(), frames: make(chan arrival, 20_000)}
	h.links <- l
	defer close(l.frames)
	for {
		_, data, err := ws.Read(context.Background())
		if err != nil {
			l.closed = websocket.CloseStatus(err)
			return
		}
		if len(data) == 0 {
			continue // how the library shows a frame that was cut behind its header
		}
		var f sentFrame
		if err := json.Unmarshal(data, &f); err != nil || f.keys(data) != 4 {
			h.t.Errorf("frame %.200s: %v", data, err)
		}
		if f.Event == eventHeartbeat && !l.mute.Load() {
			l.send(fmt.Sprintf(`{"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":%q,"topic":"phoenix"}`, f.Ref))
			continue
		}
		l.frames <- arrival{f, time.Now()}
	}
}

// A sentFrame is a frame of the client's, as the hub decodes it.
type sentFrame struct {
	Topic, Event, Ref string
	Payload           struct {
		Status  int             `json:"status_code"`
		Message *string         `json:"message"`
		Fields  json.RawMessage `json:"fields"`
	}
}

func (f *sentFrame) keys(data []byte) int {
	var keys map[string]json.RawMessage
	json.Unmarshal(data, &keys)
	return len(keys)
}

type arrival struct {
	sentFrame
	at time.Time
}

// A link is the hub's end of one connection.
type link struct {
	t      *testing.T
	ws     *websocket.Conn
	query  string
	header http.Header
	at     time.Time
	frames chan arrival
	mute   atomic.Bool          // leave heartbeats unanswered
	closed websocket.StatusCode // of the client; read it after frames was closed
}

// next waits for the next connection.
func (h *hub) next() *link {
	h.t.Helper()
	select {
	case l := <-h.links:
		return l
	case <-time.After(time.Hour): // fake, or the test's own time-out comes first
		h.t.Fatal("no connection")
		return nil
	}
}

// join waits for the next connection and confirms its join.
func (h *hub) join() *link {
	h.t.Helper()
	l := h.next()
	l.confirmJoin()
	return l
}

func (l *link) confirmJoin() {
	l.t.Helper()
	l.reply(l.expect(eventJoin).Ref, "ok", joinReply)
}

// expect waits for the next frame, which must be of this event.
func (l *link) expect(event string) arrival {
	l.t.Helper()
	f, ok := <-l.frames
	if !ok {
		l.t.Fatalf("connection ended (close code %d), want %s", l.closed, event)
	}
	if f.Event != event {
		l.t.Fatalf("got frame %+v, want %s", f.sentFrame, event)
	}
	return f
}

// answer waits for the next frame, which must answer ref with this status.
func (l *link) answer(ref string, status int) arrival {
	l.t.Helper()
	f := l.expect(eventResponse)
	if f.Ref != ref || f.Payload.Status != status || f.Topic != topicService {
		l.t.Fatalf("got answer %+v, want ref %s, status %d", f.sentFrame, ref, status)
	}
	return f
}

// end waits for the connection's end and returns the client's close code.
func (l *link) end() websocket.StatusCode {
	l.t.Helper()
	for f := range l.frames {
		l.t.Errorf("got frame %+v, want the connection's end", f.sentFrame)
	}
	return l.closed
}

func (l *link) send(text string) {
	l.t.Helper()
	if err := l.ws.Write(context.Background(), websocket.MessageText, []byte(text)); err != nil {
		l.t.Logf("send: %v", err)
	}
}

func (l *link) event(event, payload string) {
	l.send(fmt.Sprintf(`{"event":%q,"payload":%s,"ref":null,"topic":"service"}`, event, payload))
}

func (l *link) request(ref, action, fields string) {
	l.event(eventRequest, fmt.Sprintf(`{"action":%q,"fields":%s,"response_ref":%q}`, action, fields, ref))
}

func (l *link) reply(ref, status, response string) {
	l.send(fmt.Sprintf(`{"event":"phx_reply","payload":{"response":%s,"status":%q},"ref":%q,"topic":"service"}`, response, status, ref))
}

// A pipeListener hands out the server's ends of pipes.
type pipeListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// A runner is a client that runs.
type runner struct {
	*Client
	t      *testing.T
	logs   *logBuffer
	cancel context.CancelFunc
	result chan error
}

// startClient runs a client against the hub.
func startClient(t *testing.T, h *hub, handler HandlerFunc, change func(*Options)) *runner {
	t.Helper()
	return startClientVia(t, h.listener.dial, handler, change)
}

func startClientVia(t *testing.T, dial dialFunc, handler HandlerFunc, change func(*Options)) *runner {
	t.Helper()
	logs := &logBuffer{}
	opts := Options{
		URL:      "ws://hub.test/websocket",
		Token:    testToken,
		Manifest: func() []byte { return []byte(`{"Echo":{"description":"a b"}}`) },
		Handler:  handler,
		Logger:   logs.logger(),
	}
	if change != nil {
		change(&opts)
	}
	c, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	c.dialTCP = dial
	return runClient(t, c, logs)
}

func runClient(t *testing.T, c *Client, logs *logBuffer) *runner {
	ctx, cancel := context.WithCancel(t.Context())
	r := &runner{Client: c, t: t, logs: logs, cancel: cancel, result: make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.result <- c.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		if t.Failed() {
			t.Logf("log of the client:\n%s", logs)
		}
		if strings.Contains(logs.String(), testToken) {
			t.Errorf("the token is in the log:\n%s", logs)
		}
	})
	return r
}

// stop ends the client whose hub side is l, which may have nothing in flight.
func (r *runner) stop(l *link) {
	r.t.Helper()
	r.cancel()
	leave := l.expect(eventLeave)
	l.reply(leave.Ref, "ok", "{}")
	l.event(eventClose, "{}")
	if code := l.end(); code != websocket.StatusNormalClosure {
		r.t.Errorf("close code %d, want 1000", code)
	}
	r.wait(nil)
}

func (r *runner) wait(want error) {
	r.t.Helper()
	if err := <-r.result; !errors.Is(err, want) || want == nil && err != nil {
		r.t.Errorf("Run = %v, want %v", err, want)
	}
}

func echo(_ context.Context, req Request) Response {
	return Response{Status: 200, Message: new(req.Action), Fields: req.Fields}
}

var discard = slog.New(slog.DiscardHandler)

// bubble runs a test in fake time.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// A logBuffer collects a log. It may be used by many goroutines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) has(t *testing.T, text string) {
	t.Helper()
	if !strings.Contains(b.String(), text) {
		t.Errorf("the log lacks %q:\n%s", text, b)
	}
}

func (b *logBuffer) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
