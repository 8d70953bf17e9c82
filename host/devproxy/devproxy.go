// Package devproxy is a TCP proxy that fails on purpose, for tests of what can
// happen between a consumer and the hub.
//
//	proxy := devproxy.New(devproxy.Options{Target: "127.0.0.1:4000"})
//	go proxy.Serve(ctx, listener)
//	…
//	proxy.Cut()                       // a router restarts
//	proxy.CutAfter(devproxy.Up, 100)  // in the middle of a frame
//	proxy.Stall(true)                 // the cable is out
//	proxy.HalfOpen(devproxy.Down)     // packets arrive one way only
//
// Faults are of the proxy, not of a connection: a stall, for example, holds
// for connections that are made later, too.
package devproxy

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A Direction of bytes.
type Direction int

const (
	Up   Direction = iota // from who dialled to the target
	Down                  // from the target to who dialled
)

// Options configure a Proxy. Target is required.
type Options struct {
	Target  string // host:port, dialled once for each connection
	Network string // of Target, as in net.Dial; default tcp

	// OnPass, if set, sees the bytes that were passed on, after that. The
	// connections are numbered from 1; data is valid during the call only. It
	// is called from many goroutines at once, but in order for one direction
	// of one connection.
	OnPass func(connection int64, d Direction, data []byte)
}

// A Proxy passes bytes between those who dial it and its target. Its methods
// may be called by many goroutines at once.
type Proxy struct {
	opts     Options
	accepted atomic.Int64
	refuse   atomic.Bool
	delay    atomic.Int64 // ns
	rate     atomic.Int64 // bytes/s, 0: no bound

	mu    sync.Mutex
	links map[*link]struct{}
	gates [2]chan struct{} // by direction: nil, or closed when bytes may move again
}

// New returns a proxy without faults.
func New(opts Options) *Proxy {
	if opts.Network == "" {
		opts.Network = "tcp"
	}
	return &Proxy{opts: opts, links: map[*link]struct{}{}}
}

// Serve takes connections from l until ctx ends, and returns nil then, with
// every connection reset and every goroutine ended. Any other end of l is an
// error.
func (p *Proxy) Serve(ctx context.Context, l net.Listener) error {
	var serving sync.WaitGroup
	defer serving.Wait()
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		conn, err := l.Accept()
		if err != nil && ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("serve proxy on %s: %w", l.Addr(), err)
		}
		number := p.accepted.Add(1)
		if p.refuse.Load() {
			reset(conn)
			continue
		}
		serving.Go(func() { p.connect(ctx, conn, number) })
	}
}

// Accepted returns how many connections were made, refused ones included.
func (p *Proxy) Accepted() int64 { return p.accepted.Load() }

// Cut resets all connections, both ends of each. Bytes on their way are lost.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.reset()
	}
}

// CutAfter resets each of the connections that there are now once it has
// passed on n more bytes in direction d: with a small n on an idle connection,
// in the middle of its next frame.
func (p *Proxy) CutAfter(d Direction, n int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.left[d].Store(max(n, 1))
	}
}

// Stall holds all bytes back, or lets them go on. Connections stay open and
// can be made, and none of them loses a byte.
func (p *Proxy) Stall(on bool) {
	p.hold(Up, on)
	p.hold(Down, on)
}

// HalfOpen holds back the bytes of one direction until Stall(false).
func (p *Proxy) HalfOpen(silent Direction) { p.hold(silent, true) }

func (p *Proxy) hold(d Direction, on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch gate := p.gates[d]; {
	case on && gate == nil:
		p.gates[d] = make(chan struct{})
	case !on && gate != nil:
		close(gate)
		p.gates[d] = nil
	}
}

// Delay passes each piece of at most 16 KiB on only d after it was read, and
// reads the next one then. Zero ends that.
func (p *Proxy) Delay(d time.Duration) { p.delay.Store(int64(d)) }

// Throttle bounds what each direction of each connection passes on, in bytes
// a second, piece by piece. Zero ends that.
func (p *Proxy) Throttle(rate int) { p.rate.Store(int64(rate)) }

// Refuse resets new connections as soon as they are made, or ends that.
func (p *Proxy) Refuse(on bool) { p.refuse.Store(on) }

// gate returns what bytes of direction d must wait for, nil if for nothing.
func (p *Proxy) gate(d Direction) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.gates[d]
}

// connect dials the target and passes bytes until both directions have ended.
// A target that does not answer shows as a reset.
func (p *Proxy) connect(ctx context.Context, conn net.Conn, number int64) {
	target, err := new(net.Dialer).DialContext(ctx, p.opts.Network, p.opts.Target)
	if err != nil {
		reset(conn)
		return
	}
	l := &link{proxy: p, number: number, ends: [2]net.Conn{Up: conn, Down: target}, over: make(chan struct{})}
	p.mu.Lock()
	p.links[l] = struct{}{}
	p.mu.Unlock()
	defer context.AfterFunc(ctx, l.reset)()

	var passing sync.WaitGroup
	passing.Go(func() { l.pass(Up) })
	passing.Go(func() { l.pass(Down) })
	passing.Wait()
	conn.Close() // an orderly end: what was written still arrives
	target.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
}
