package devboard

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

const (
	readLimit  = 128 << 20       // the hub has none; answers of 50 MB were seen to pass
	closeGrace = 1 * time.Second // for a consumer to confirm our close
)

var sessionIDs atomic.Int64

// A session is one WebSocket connection. What the hub tells a consumer about
// service and token on joining is what it knew when the consumer connected.
type session struct {
	id       int64
	board    *Board
	wire     *wire
	conn     *websocket.Conn
	out      outbox
	manifest *manifest
	service  json.RawMessage
	token    json.RawMessage
	joined   atomic.Bool // changed under board.mu only
}

// connect answers a handshake and serves the connection until it ends.
func (b *Board) connect(w http.ResponseWriter, r *http.Request) {
	s, status := b.admit(r)
	if s == nil {
		refuse(w, status)
		return
	}
	b.busy.Add(1) // under Serve the HTTP connection still counts, so this is never a first
	defer b.busy.Done()

	w.Header().Set("Cache-Control", "max-age=0, private, must-revalidate")
	hijacker := &wireHijacker{ResponseWriter: w, board: b}
	conn, err := websocket.Accept(hijacker, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		b.log.Debug("handshake refused", "error", err)
		return
	}
	conn.SetReadLimit(readLimit)
	s.conn, s.wire = conn, hijacker.wire
	s.run(r.Context())
}

// admit checks a handshake and returns the session to be, or the status of the
// refusal. A refusal never says why.
func (b *Board) admit(r *http.Request) (*session, int) {
	query := r.URL.Query()
	vsn := query.Get("vsn")
	if !query.Has("actions") || vsn != "" && vsn != "1.0.0" {
		return nil, http.StatusForbidden
	}
	manifest := newManifest(query.Get("actions"))

	b.mu.Lock()
	defer b.mu.Unlock()
	token := b.authorize(query.Get("token"))
	if token == nil {
		return nil, http.StatusForbidden
	}
	if b.manifest != nil && !manifest.valid {
		return nil, http.StatusInternalServerError
	}
	if b.manifest != nil && !manifest.equal(b.manifest) {
		return nil, http.StatusForbidden
	}
	s := &session{
		id:       sessionIDs.Add(1),
		board:    b,
		out:      newOutbox(),
		manifest: manifest,
		service:  mustJSON(b.service),
		token:    mustJSON(token),
	}
	return s, 0
}

func refuse(w http.ResponseWriter, status int) {
	if status == http.StatusForbidden {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(status)
		return
	}
	writeText(w, status, "text/html")
}

// run serves the connection: one goroutine reads, one writes, one watches. All
// have ended when it returns.
func (s *session) run(ctx context.Context) {
	s.board.track(s, true)
	defer s.board.track(s, false)
	defer s.conn.CloseNow()

	var others sync.WaitGroup
	written := make(chan struct{})
	others.Go(func() {
		defer close(written)
		s.write()
	})
	others.Go(func() { s.watch(ctx, written) })

	s.end(s.read())
	others.Wait()
}

// end leaves the channel and asks for a close with code, if nothing else has.
func (s *session) end(code websocket.StatusCode) {
	s.board.leave(s)
	s.out.close(code)
}

// watch closes the connection when the board stops (1012) or no byte has
// passed for the idle time (1002), and sees to it that a close, whoever asked
// for it, ends even if the consumer does not take it.
func (s *session) watch(ctx context.Context, written <-chan struct{}) {
	limit := s.board.opts.IdleTimeout
	idle := time.NewTimer(limit)
	defer idle.Stop()
	for open := true; open; {
		select {
		case <-s.out.closed:
			open = false
		case <-ctx.Done():
			s.end(websocket.StatusServiceRestart)
		case <-idle.C:
			left := limit - s.wire.quiet()
			if s.board.gate.Load() != nil {
				left = limit // a stalled hub does not notice time
			}
			if left <= 0 {
				s.end(websocket.StatusProtocolError)
			}
			idle.Reset(max(left, 0))
		}
	}
	select {
	case <-written:
	case <-time.After(closeGrace):
		s.wire.Close()
	}
}

// read handles what the consumer sends until the connection ends or has to be
// ended; then it returns the code for it.
func (s *session) read() websocket.StatusCode {
	for {
		kind, data, err := s.conn.Read(context.Background())
		if err != nil {
			return websocket.StatusNormalClosure
		}
		if kind == websocket.MessageText && !utf8.Valid(data) {
			return websocket.StatusInvalidFramePayloadData
		}
		f, err := parseFrame(data)
		if err != nil {
			s.board.log.Debug("undecodable frame", "session", s.id, "error", err)
			return websocket.StatusInternalError
		}
		switch topic := text(f.topic); {
		case topic == "service":
			s.onService(f)
		case topic == "phoenix" && text(f.event) == "heartbeat":
			s.out.add(f.reply("ok", "{}"))
		default:
			s.out.add(f.reply("error", `{"reason":"unmatched topic"}`))
		}
	}
}

// write sends the queued messages in turn.
func (s *session) write() {
	for {
		batch, code := s.out.take()
		for _, m := range batch {
			kind := websocket.MessageText
			if m.binary {
				kind = websocket.MessageBinary
			}
			if err := s.conn.Write(context.Background(), kind, m.data); err != nil {
				s.wire.Close() // ends the reader too
				return
			}
		}
		if code != 0 {
			s.conn.Close(code, "")
			return
		}
	}
}

// track keeps the list of open connections.
func (b *Board) track(s *session, open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !open {
		delete(b.sessions, s)
		return
	}
	b.sessions[s] = struct{}{}
}
