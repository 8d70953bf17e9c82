package plugboard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A meteredConn counts writes, and breaks after a number of bytes.
type meteredConn struct {
	net.Conn
	writes atomic.Int64
	bytes  atomic.Int64
	budget atomic.Int64 // bytes that still go through; negative: all
}

var errBroken = errors.New("broken")

func newMeteredConn(conn net.Conn) *meteredConn {
	c := &meteredConn{Conn: conn}
	c.budget.Store(-1)
	return c
}

func (c *meteredConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	if budget := c.budget.Load(); budget >= 0 {
		through := min(int64(len(p)), budget)
		c.budget.Store(budget - through)
		n, err := c.Conn.Write(p[:through])
		c.bytes.Add(int64(n))
		if err == nil && n < len(p) {
			c.Conn.Close()
			err = errBroken
		}
		return n, err
	}
	n, err := c.Conn.Write(p)
	c.bytes.Add(int64(n))
	return n, err
}

// A sinkConn takes everything, or nothing when it is stuck.
type sinkConn struct {
	net.Conn
	taken    bytes.Buffer
	deadline time.Time
	stuck    bool
	pace     time.Duration // for each write
}

func (c *sinkConn) SetWriteDeadline(t time.Time) error { c.deadline = t; return nil }
func (c *sinkConn) Close() error                       { return nil }
func (c *sinkConn) Write(p []byte) (int, error) {
	time.Sleep(c.pace)
	if c.stuck || !time.Now().Before(c.deadline) {
		time.Sleep(time.Until(c.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	return c.taken.Write(p)
}

func TestGatherConn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sink := &sinkConn{}
		nudges := 0
		c := newGatherConn(sink, time.Second, func() { nudges++ })
		c.Write([]byte("hello"))
		if sink.taken.String() != "hello" {
			t.Errorf("in the handshake: %q was sent", sink.taken.String())
		}
		c.opened()
		c.gather(time.Time{})
		c.Write([]byte(" one"))
		c.Write([]byte(" two"))
		if sink.taken.String() != "hello" || nudges > 0 {
			t.Errorf("before the flush: %q was sent, nudged %d times", sink.taken.String(), nudges)
		}
		if queued, waiting := c.position(); queued != 8 || waiting != 8 {
			t.Errorf("position = %d, %d", queued, waiting)
		}
		if err := c.flush(); err != nil || sink.taken.String() != "hello one two" || c.progress() != 8 {
			t.Errorf("flush = %v, %q was sent, progress %d", err, sink.taken.String(), c.progress())
		}
		c.Write([]byte(" pong"))
		if nudges != 1 {
			t.Errorf("nudged %d times for what nobody will flush", nudges)
		}
		c.Close() // sends what the library left behind
		if sink.taken.String() != "hello one two pong" {
			t.Errorf("after Close: %q was sent", sink.taken.String())
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Write after Close = %v", err)
		}
		if err := c.flush(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("flush after Close = %v", err)
		}
	})
}

// What the loop has queued must not leave behind its back: it counts as not
// sent.
func TestGatherConnCloseKeepsQuiet(t *testing.T) {
	bubble(t, func(t *testing.T) {
		sink := &sinkConn{}
		c := newGatherConn(sink, time.Second, func() {})
		c.opened()
		c.gather(time.Time{})
		c.Write([]byte("answer"))
		c.Close()
		if err := c.flush(); err == nil || sink.taken.Len() > 0 || c.progress() != 0 {
			t.Errorf("flush = %v, %q was sent", err, sink.taken.String())
		}
	})
}

func TestStuckWriteEnds(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newGatherConn(&sinkConn{stuck: true}, 10*time.Second, func() {})
		c.opened()
		for _, latest := range []time.Duration{0, 3 * time.Second, time.Minute} {
			c.err = nil
			begun := time.Now()
			var limit time.Time
			want := 10 * time.Second
			if latest > 0 {
				limit, want = begun.Add(latest), min(want, latest)
			}
			c.gather(limit)
			c.Write([]byte("x"))
			if err := c.flush(); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != want {
				t.Errorf("flush = %v after %v, want %v", err, time.Since(begun), want)
			}
		}
		// Slow is not stuck: each piece has its own time.
		slow := &sinkConn{pace: 9 * time.Second}
		c = newGatherConn(slow, 10*time.Second, func() {})
		c.opened()
		large := bytes.Repeat([]byte("x"), 5*pieceSize+1)
		c.gather(time.Time{})
		c.Write(large)
		if err := c.flush(); err != nil || !bytes.Equal(slow.taken.Bytes(), large) {
			t.Errorf("flush = %v, %d bytes were sent", err, slow.taken.Len())
		}
	})
}

// What the kernel still has when a dead peer is given up must not arrive later.
func TestAbortThrowsAway(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	raw, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	peer, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	c := newGatherConn(raw, 100*time.Millisecond, func() {})
	c.opened()
	c.Write(bytes.Repeat([]byte("x"), 32<<20)) // more than all buffers take
	if err := c.flush(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("flush = %v", err)
	}
	c.abort()
	c.Close()
	if n, err := io.Copy(io.Discard, peer); err == nil || n >= c.progress() {
		t.Errorf("the peer read %d bytes of %d, %v; want a reset", n, c.progress(), err)
	}
}

// A hub that takes nothing any more cannot delay the end.
func TestClosingHandshakeIsBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := newGatherConn(&sinkConn{Conn: idleConn{}, stuck: true}, 10*time.Second, func() {})
		c.opened()
		begun := time.Now()
		c.closing(begun.Add(farewell))
		if _, err := c.Write([]byte("close")); !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(begun) != farewell {
			t.Errorf("Write = %v after %v", err, time.Since(begun))
		}
	})
}

type idleConn struct{ net.Conn }

func (idleConn) SetReadDeadline(time.Time) error { return nil }

// Answers that become due together leave in one write.
func TestWritesAreCoalesced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		var conn *meteredConn
		c := startClientVia(t, func(ctx context.Context, network, addr string) (net.Conn, error) {
			raw, err := h.listener.dial(ctx, network, addr)
			conn = newMeteredConn(raw)
			return conn, err
		}, echo, nil)
		l := h.join()
		synctest.Wait()
		before := conn.writes.Load()
		for i := range 500 {
			l.request(fmt.Sprint(i), "Echo", "1")
		}
		for range 500 {
			l.expect(eventResponse)
		}
		synctest.Wait()
		if writes := conn.writes.Load() - before; writes > 2 {
			t.Errorf("%d writes for 500 answers", writes)
		}
		c.stop(l)
	})
}

// The connection breaks after every possible number of bytes of a flush with
// three answers. Those that were complete are never sent again, the others
// are, once.
func TestBrokenWrite(t *testing.T) {
	frame := len(appendResponse(nil, "r0", Response{Status: 200, Message: new("Echo"), Fields: []byte("1")}))
	size := int(wireSize(frame))
	for budget := 0; budget <= 3*size; budget += 7 {
		complete := budget / size
		bubble(t, func(t *testing.T) {
			h := newHub(t)
			var conn *meteredConn
			c := startClientVia(t, func(ctx context.Context, network, addr string) (net.Conn, error) {
				raw, err := h.listener.dial(ctx, network, addr)
				conn = newMeteredConn(raw)
				return conn, err
			}, echo, nil)
			l := h.join()
			synctest.Wait()
			if budget < 3*size {
				conn.budget.Store(int64(budget))
			}
			for i := range 3 {
				l.request(fmt.Sprint("r", i), "Echo", "1")
			}
			got := map[string]int{}
			for range complete {
				got[l.expect(eventResponse).Ref]++
			}
			if complete < 3 {
				l.end()
				l = h.join()
				for range 3 - complete {
					got[l.expect(eventResponse).Ref]++
				}
			}
			time.Sleep(time.Second)
			if len(got) != 3 || len(l.frames) > 0 {
				t.Errorf("broken after %d bytes: got %v and %d more", budget, got, len(l.frames))
			}
			synctest.Wait()
			if s := c.Stats(); s.Answers != 3 || s.InFlight != 0 {
				t.Errorf("Stats = %+v", s)
			}
			c.stop(l)
		})
	}
}

func TestWireSize(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		var conn *meteredConn
		c := startClientVia(t, func(ctx context.Context, network, addr string) (net.Conn, error) {
			raw, err := h.listener.dial(ctx, network, addr)
			conn = newMeteredConn(raw)
			return conn, err
		}, echo, nil)
		l := h.join()
		synctest.Wait()
		envelope := len(appendResponse(nil, "r000000", Response{Status: 200, Message: new("Echo"), Fields: []byte(`""`)}))
		for _, payload := range []int{125, 126, 65535, 65536, 200_000} {
			ref := fmt.Sprintf("r%06d", payload)
			before := conn.bytes.Load()
			fill := max(0, payload-envelope)
			l.request(ref, "Echo", `"`+strings.Repeat("x", fill)+`"`)
			l.answer(ref, 200)
			synctest.Wait()
			if got, want := conn.bytes.Load()-before, wireSize(envelope+fill); got != want {
				t.Errorf("frame of %d bytes has %d on the wire, want %d", envelope+fill, got, want)
			}
		}
		c.stop(l)
	})
}

// The hub stops reading: the session ends, and what it could not have is sent
// again.
func TestDeafHub(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		var conn *deafConn
		c := startClientVia(t, func(ctx context.Context, network, addr string) (net.Conn, error) {
			raw, err := h.listener.dial(ctx, network, addr)
			conn = &deafConn{Conn: raw}
			return conn, err
		}, echo, nil)
		l := h.join()
		synctest.Wait()
		conn.deaf.Store(true)
		l.request("r1", "Echo", "1")
		deaf := time.Now()
		l.end()
		next := h.join()
		if took := next.at.Sub(deaf); took < 10*time.Second || took > 11*time.Second {
			t.Errorf("connected again after %v, want 10 s and a little", took)
		}
		next.answer("r1", 200)
		c.stop(next)
	})
}

// A deafConn takes no more bytes once it is deaf.
type deafConn struct {
	net.Conn
	deaf     atomic.Bool
	deadline atomic.Pointer[time.Time]
}

func (c *deafConn) SetWriteDeadline(t time.Time) error {
	c.deadline.Store(&t)
	return c.Conn.SetWriteDeadline(t)
}

func (c *deafConn) Write(p []byte) (int, error) {
	if c.deaf.Load() {
		time.Sleep(time.Until(*c.deadline.Load()))
		return 0, os.ErrDeadlineExceeded
	}
	return c.Conn.Write(p)
}
