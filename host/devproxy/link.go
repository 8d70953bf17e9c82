package devproxy

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// pieceSize is how many bytes are passed on at once, at most.
const pieceSize = 16 << 10

// A link is one connection: to who dialled, and to the target.
type link struct {
	proxy  *Proxy
	number int64
	ends   [2]net.Conn     // by the direction that is read from it
	left   [2]atomic.Int64 // bytes until it is reset, 0: it is not
	once   sync.Once
	over   chan struct{} // closed by reset
}

// pass moves the bytes of one direction. An orderly end is passed on, any
// other one resets both ends.
func (l *link) pass(d Direction) {
	from, to := l.ends[d], l.ends[1-d]
	buf := make([]byte, pieceSize)
	for {
		n, err := from.Read(buf)
		ok := n == 0 || l.forward(d, to, buf[:n])
		switch {
		case ok && err == nil:
			continue
		case ok && err == io.EOF && l.wait(d, 0):
			_ = to.(interface{ CloseWrite() error }).CloseWrite() // fails if that end is gone, which the other direction notices
		default:
			l.reset()
		}
		return
	}
}

// forward passes one piece on, with the faults that there are. It reports
// false if that is the end.
func (l *link) forward(d Direction, to net.Conn, data []byte) bool {
	left := l.left[d].Load()
	if left > 0 {
		data = data[:min(int64(len(data)), left)]
	}
	pause := time.Duration(l.proxy.delay.Load())
	if rate := l.proxy.rate.Load(); rate > 0 {
		pause += time.Duration(len(data)) * time.Second / time.Duration(rate)
	}
	if !l.wait(d, pause) {
		return false
	}
	n, err := to.Write(data)
	if l.proxy.opts.OnPass != nil && n > 0 {
		l.proxy.opts.OnPass(l.number, d, data[:n])
	}
	return err == nil && (left <= 0 || l.left[d].Add(-int64(n)) > 0)
}

// wait waits for the pause, and then as long as direction d is held back. It
// reports false if the link was reset meanwhile.
func (l *link) wait(d Direction, pause time.Duration) bool {
	if pause > 0 {
		select {
		case <-time.After(pause):
		case <-l.over:
			return false
		}
	}
	for gate := l.proxy.gate(d); gate != nil; gate = l.proxy.gate(d) {
		select {
		case <-gate:
		case <-l.over:
			return false
		}
	}
	return true
}

func (l *link) reset() {
	l.once.Do(func() {
		close(l.over)
		reset(l.ends[Up])
		reset(l.ends[Down])
	})
}

// reset closes a connection at once: what is on its way is lost, and the peer
// gets an error.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // fails if it is closed already
	}
	conn.Close()
}
