package devproxy_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vera/host/devproxy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is for what must happen, quiet for what must not.
const (
	patience = 10 * time.Second
	quiet    = 50 * time.Millisecond
)

// A rig is a proxy between a listener and who dials.
type rig struct {
	*devproxy.Proxy
	t       *testing.T
	address string
	target  net.Listener
	stop    func() // waits until Serve has returned
}

func newRig(t *testing.T, onPass func(int64, devproxy.Direction, []byte)) *rig {
	t.Helper()
	r := &rig{t: t, target: listen(t)}
	r.Proxy = devproxy.New(devproxy.Options{Target: r.target.Addr().String(), OnPass: onPass})
	l := listen(t)
	r.address = l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := r.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	r.stop = func() { cancel(); serving.Wait() }
	t.Cleanup(r.stop)
	return r
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// pair gives both ends of a connection through the proxy, which has passed one
// byte up already: the proxy knows it.
func (r *rig) pair() (client, server *end) {
	r.t.Helper()
	dialled, err := net.Dial("tcp", r.address)
	if err != nil {
		r.t.Fatal(err)
	}
	accepted, err := r.target.Accept()
	if err != nil {
		r.t.Fatal(err)
	}
	client, server = r.end(dialled), r.end(accepted)
	client.send("!")
	server.expect("!")
	return client, server
}

func (r *rig) end(conn net.Conn) *end {
	r.t.Cleanup(func() { conn.Close() })
	return &end{conn.(*net.TCPConn), r.t}
}

// An end is one end of a connection.
type end struct {
	*net.TCPConn
	t *testing.T
}

func (e *end) send(text string) {
	e.t.Helper()
	if _, err := e.Write([]byte(text)); err != nil {
		e.t.Fatal(err)
	}
}

func (e *end) expect(want string) {
	e.t.Helper()
	e.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, len(want))
	if n, err := io.ReadFull(e, got); err != nil || string(got) != want {
		e.t.Fatalf("read %q, %v, want %q", got[:n], err, want)
	}
}

func (e *end) expectNothing() {
	e.t.Helper()
	e.SetReadDeadline(time.Now().Add(quiet))
	var got [1]byte
	if n, err := e.Read(got[:]); n != 0 || err == nil {
		e.t.Fatalf("read %q, %v, want nothing", got[:n], err)
	}
}

// expectReset reads what is left and fails unless a reset follows it.
func (e *end) expectReset() (left string) {
	e.t.Helper()
	e.SetReadDeadline(time.Now().Add(patience))
	got, err := io.ReadAll(e)
	if !errors.Is(err, syscall.ECONNRESET) {
		e.t.Fatalf("read %q, %v, want a reset", got, err)
	}
	return string(got)
}

// expectRefusal fails unless a connection is reset before a byte has come.
func (r *rig) expectRefusal() {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.address)
	if errors.Is(err, syscall.ECONNRESET) {
		return
	}
	if err != nil {
		r.t.Fatal(err)
	}
	r.end(conn).expectReset()
}

func TestPass(t *testing.T) {
	var up, down atomic.Int64
	r := newRig(t, func(connection int64, d devproxy.Direction, data []byte) {
		if connection != 1 {
			t.Errorf("connection %d", connection)
		}
		map[devproxy.Direction]*atomic.Int64{devproxy.Up: &up, devproxy.Down: &down}[d].Add(int64(len(data)))
	})
	client, server := r.pair()
	const size = 5 << 20
	sent := make([]byte, size)
	rand.Read(sent)
	var moving sync.WaitGroup
	for _, way := range [][2]*end{{client, server}, {server, client}} {
		moving.Go(func() {
			way[0].Write(sent)
			way[0].CloseWrite()
		})
		moving.Go(func() {
			way[1].SetReadDeadline(time.Now().Add(patience))
			if got, err := io.ReadAll(way[1]); err != nil || !bytes.Equal(got, sent) {
				t.Errorf("%d bytes, %v; want the %d that were sent, and an orderly end", len(got), err, len(sent))
			}
		})
	}
	moving.Wait()
	r.stop()
	if up.Load() != size+1 || down.Load() != size || r.Accepted() != 1 {
		t.Errorf("OnPass saw %d bytes up and %d down, Accepted = %d", up.Load(), down.Load(), r.Accepted())
	}
}

func TestCut(t *testing.T) {
	r := newRig(t, nil)
	client, server := r.pair()
	client.send("hello")
	server.expect("hello")
	r.Cut()
	client.expectReset()
	server.expectReset()
	client, server = r.pair()
	server.send("again")
	client.expect("again")
}

func TestCutAfter(t *testing.T) {
	r := newRig(t, nil)
	client, server := r.pair()
	r.CutAfter(devproxy.Up, 12)
	server.send(strings.Repeat("x", 100)) // the other direction does not count
	client.expect(strings.Repeat("x", 100))
	client.send("0123456789")
	server.expect("0123456789")
	client.send("abcdef")
	if got := server.expectReset(); got != "ab" {
		t.Errorf("%q passed, want ab", got)
	}
	client.expectReset()
}

func TestStall(t *testing.T) {
	r := newRig(t, nil)
	client, server := r.pair()
	r.Stall(true)
	r.Stall(true)
	client.send("up")
	server.send("down")
	client.expectNothing()
	server.expectNothing()
	later, err := net.Dial("tcp", r.address)
	if err != nil {
		t.Fatal(err)
	}
	r.end(later).send("later")
	accepted, err := r.target.Accept()
	if err != nil {
		t.Fatal(err)
	}
	laterServer := r.end(accepted)
	laterServer.expectNothing()
	r.Stall(false)
	client.expect("down")
	server.expect("up")
	laterServer.expect("later")
}

func TestHalfOpen(t *testing.T) {
	r := newRig(t, nil)
	client, server := r.pair()
	r.HalfOpen(devproxy.Down)
	client.send("up")
	server.expect("up")
	server.send("down")
	client.expectNothing()
	r.Stall(false)
	client.expect("down")
}

func TestCutWhileStalled(t *testing.T) {
	r := newRig(t, nil)
	client, server := r.pair()
	r.Stall(true)
	client.send("lost")
	server.expectNothing()
	r.Cut()
	client.expectReset()
	if got := server.expectReset(); got != "" {
		t.Errorf("%q passed", got)
	}
}

func TestDelayAndThrottle(t *testing.T) {
	r := newRig(t, nil)
	client, server := r.pair()
	took := func(size int) time.Duration {
		start := time.Now()
		client.send(strings.Repeat("x", size))
		server.expect(strings.Repeat("x", size))
		return time.Since(start)
	}
	r.Delay(60 * time.Millisecond)
	if got := took(1); got < 60*time.Millisecond {
		t.Errorf("delayed by %v, want 60 ms", got)
	}
	r.Delay(0)
	r.Throttle(1_000_000)
	if got := took(100_000); got < 100*time.Millisecond {
		t.Errorf("100 kB at 1 MB/s took %v, want 100 ms", got)
	}
	r.Throttle(0)
	if got := took(100_000); got > patience {
		t.Errorf("without a fault: %v", got)
	}
}

func TestRefuse(t *testing.T) {
	r := newRig(t, nil)
	client, server := r.pair()
	r.Refuse(true)
	r.expectRefusal()
	client.send("stays")
	server.expect("stays")
	r.Refuse(false)
	_, server = r.pair()
	server.send("x")
	if r.Accepted() != 3 {
		t.Errorf("Accepted = %d, want 3", r.Accepted())
	}
}

func TestTargetAway(t *testing.T) {
	r := newRig(t, nil)
	r.target.Close()
	r.expectRefusal()
}

// A peer that resets is seen as a reset on the other end.
func TestResetIsPassedOn(t *testing.T) {
	r := newRig(t, nil)
	client, server := r.pair()
	client.SetLinger(0)
	client.Close()
	server.expectReset()
}

func TestServeEnds(t *testing.T) {
	r := newRig(t, nil)
	client, server := r.pair()
	r.Stall(true)
	r.stop()
	client.expectReset()
	server.expectReset()

	l := listen(t)
	l.Close()
	if err := r.Serve(t.Context(), l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve on a closed listener = %v", err)
	}
}
