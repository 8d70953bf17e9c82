package plugboard

import (
	"crypto/tls"
	"net"
	"sync"
	"time"
)

const (
	pieceSize = 64 << 10 // given to the kernel at once; each piece has WriteTimeout
	spareSize = 1 << 20  // of a buffer that is worth keeping
)

// A gatherConn is a net.Conn that only stores what is written to it until
// flush, so that many frames cost one system call: the WebSocket library by
// itself makes one for each.
//
// It counts bytes, which tells after a failure what the peer cannot have: a
// frame whose last byte the kernel did not take.
//
// Only the session's loop flushes. Whoever else writes (the library answers
// pings from within a read) never waits for the peer, but asks for a flush
// through nudge.
type gatherConn struct {
	net.Conn
	timeout time.Duration // for a piece
	nudge   func()

	mu        sync.Mutex // not held during a system call, but by Close
	direct    bool       // write at once: handshakes
	gathering bool       // the session's loop writes, and will flush
	flushing  bool
	queue     []byte // not yet given to the kernel
	spare     []byte
	queued    int64     // bytes ever put into the queue
	taken     int64     // bytes ever taken by the kernel
	latest    time.Time // for the end of a flush; zero: as long as there is progress
	err       error     // of a write; nothing is written after it
}

func newGatherConn(conn net.Conn, timeout time.Duration, nudge func()) *gatherConn {
	return &gatherConn{Conn: conn, timeout: timeout, nudge: nudge, direct: true}
}

// Write queues p, or sends it if the connection is in a handshake.
func (c *gatherConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	if c.direct {
		latest := c.latest
		c.mu.Unlock()
		return c.send(p, latest)
	}
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	c.queue = append(c.queue, p...)
	c.queued += int64(len(p))
	if !c.gathering {
		c.nudge()
	}
	return len(p), nil
}

// opened ends the opening handshake: from now on, writes are queued.
func (c *gatherConn) opened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.direct = false
}

// closing begins the closing handshake, which must be over by the given time.
func (c *gatherConn) closing(latest time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.direct, c.latest = true, latest
	return c.Conn.SetReadDeadline(latest)
}

// gather announces writes that end with a flush. That must be over by the
// given time, unless it is zero.
func (c *gatherConn) gather(latest time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gathering, c.latest = true, latest
}

// position returns how many bytes were ever queued, and how many wait.
func (c *gatherConn) position() (queued int64, waiting int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queued, len(c.queue)
}

// progress returns how many bytes the kernel has taken.
func (c *gatherConn) progress() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.taken
}

// flush gives the kernel what is queued, also what others queue meanwhile.
func (c *gatherConn) flush() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.queue) > 0 && c.err == nil {
		full := c.queue
		c.queue, c.spare, c.flushing = c.spare[:0], nil, true
		latest := c.latest

		c.mu.Unlock()
		n, err := c.send(full, latest)
		c.mu.Lock()

		c.taken += int64(n)
		c.err, c.flushing = err, false
		if cap(full) <= spareSize {
			c.spare = full[:0]
		}
	}
	c.gathering, c.latest = false, time.Time{}
	return c.err
}

// send writes p in pieces, so that a large frame on a slow line counts as
// stuck only when it does not move.
func (c *gatherConn) send(p []byte, latest time.Time) (sent int, err error) {
	for len(p) > 0 && err == nil {
		deadline := time.Now().Add(c.timeout)
		if !latest.IsZero() && latest.Before(deadline) {
			deadline = latest
		}
		if err = c.Conn.SetWriteDeadline(deadline); err != nil {
			break
		}
		var n int
		n, err = c.Conn.Write(p[:min(len(p), pieceSize)])
		sent += n
		p = p[n:]
	}
	return sent, err
}

// abort makes the next Close throw away what the peer has not got yet: the
// kernel would go on delivering answers that by then are too late.
func (c *gatherConn) abort() {
	conn := c.Conn
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails if it is closed already
	}
}

// Close tries to send what is left, which is the reply to the peer's close
// frame, and closes the connection.
func (c *gatherConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) > 0 && c.err == nil && !c.flushing && !c.gathering {
		n, err := c.send(c.queue, time.Now().Add(time.Second))
		c.taken += int64(n)
		c.queue, c.err = c.queue[n:], err
	}
	if c.err == nil {
		c.err = net.ErrClosed
	}
	return c.Conn.Close()
}
