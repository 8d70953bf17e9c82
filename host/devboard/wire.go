package devboard

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// sendTimeout is how long the hub waits for a consumer that does not read
// before it cuts the connection.
const sendTimeout = 30 * time.Second

// A wire is the TCP connection below a session. It knows when a byte passed
// last, stops at the board's gate, and can be cut.
type wire struct {
	net.Conn
	board  *Board
	last   atomic.Int64 // time of the last byte, Unix nanoseconds
	once   sync.Once
	closed chan struct{}
}

func newWire(conn net.Conn, b *Board) *wire {
	w := &wire{Conn: conn, board: b, closed: make(chan struct{})}
	w.touch()
	return w
}

func (w *wire) touch() { w.last.Store(time.Now().UnixNano()) }

// quiet returns how long no byte has passed.
func (w *wire) quiet() time.Duration { return time.Since(time.Unix(0, w.last.Load())) }

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	w.pass()
	w.touch()
	return n, err
}

func (w *wire) Write(p []byte) (int, error) {
	w.pass()
	w.SetWriteDeadline(time.Now().Add(sendTimeout))
	n, err := w.Conn.Write(p)
	w.touch()
	return n, err
}

// pass waits while the board is stalled.
func (w *wire) pass() {
	gate := w.board.gate.Load()
	if gate == nil {
		return
	}
	select {
	case <-*gate:
	case <-w.closed:
	}
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return w.Conn.Close()
}

// reset ends the connection by a TCP reset, losing what is on its way.
func (w *wire) reset() {
	if tcp, ok := w.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	w.Close()
}

// A wireHijacker puts a wire between net/http and the WebSocket.
type wireHijacker struct {
	http.ResponseWriter
	board *Board
	wire  *wire
}

func (h *wireHijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h.wire = newWire(conn, h.board)
	return h.wire, bufio.NewReadWriter(buffers.Reader, bufio.NewWriter(h.wire)), nil
}
