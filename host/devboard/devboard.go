// Package devboard is a Plugboard for one developer, and the peer in the
// tests: on the wire it behaves as the real hub does, oddities included, and
// its faults can be provoked by calling them.
//
//	board, err := devboard.New(devboard.Options{Token: "secret"})
//	…
//	go board.Serve(ctx, listener)
//
//	// a consumer joins ws://…/websocket?token=secret&actions={…}, then
//	answer, err := board.Call(ctx, "Echo", map[string]any{"text": "hi"})
//
// A board holds one service. Its consumers connect to /websocket, callers
// POST to /. Where it differs from the real hub on purpose: protocol version
// 2.0.0 and the Origin rule are left out, a client's close code is echoed
// instead of answered by 1000, an unmasked frame ends the connection instead
// of stalling it, a second or late answer is counted and never given to the
// wrong caller, and no request is lost unless a test asks for it
// ([Board.LoseRequests], Options.EarlyLoss).
package devboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options configure a Board. The zero value is a board that lets everybody in.
type Options struct {
	Token        string // what a consumer must present; empty accepts any non-empty token
	AccountToken string // what an HTTP caller must present; empty asks for none

	ServiceID   int    // zero means 1
	ServiceName string // empty means "main"

	RequestTimeout time.Duration // until a caller gets 408; zero means 30 s
	IdleTimeout    time.Duration // until a silent connection is closed with 1002; zero means 60 s
	MaxRequestLine int           // bytes with CRLF, above it 414; zero means 16,384

	// EarlyLoss makes the hub's race reproducible: an answer that arrives
	// sooner than this after its request was pushed is lost without a sign.
	// Zero loses nothing.
	EarlyLoss time.Duration

	// Version tells what the consumer of this process serves; the status shows
	// it, so that callers notice a reload. Nil shows none.
	Version func() string

	Logger *slog.Logger // nil discards

	// OnPush sees every request pushed to a consumer, before it is sent, with
	// the action as text (its JSON if it is no string). OnAnswer sees every
	// answer that arrives over a joined connection; known is whether it
	// reached its caller: it is false when the ref was never issued, was
	// answered already, timed out, or the answer fell to EarlyLoss. status is
	// 0 where status_code is no integer. Both are called from many goroutines
	// at once and must not block.
	OnPush   func(ref, action string)
	OnAnswer func(ref string, status int, known bool)
}

// Stats counts what went through a board since New.
type Stats struct {
	Requests  int64 // given to a consumer, or lost on purpose
	Delivered int64 // answers that reached their caller
	Early     int64 // answers lost by Options.EarlyLoss
	Ignored   int64 // other answers that reached nobody: unknown, second or late
	TimedOut  int64 // callers that got 408
	Lost      int64 // requests lost by LoseRequests and LoseOnShrink
	Stray     int64 // answers that MisdeliverStray gave to somebody else
}

// A Board is a hub with one service. Its methods may be called by many
// goroutines at once.
type Board struct {
	opts Options
	log  *slog.Logger

	refs      pending
	consumers atomic.Pointer[[]*session] // in rotation; the slice is never changed, only replaced
	turn      atomic.Uint64              // round-robin position

	mu       sync.Mutex // also orders all changes of consumers
	service  service
	tokens   map[string]*token     // by value
	sessions map[*session]struct{} // every open connection, joined or not
	manifest *manifest             // what the first consumer registered; nil while nobody is joined

	gate      atomic.Pointer[chan struct{}] // not nil while stalled; closed at its end
	duplicate atomic.Bool
	lose      atomic.Int64
	shrinking atomic.Bool

	requests, delivered, early, ignored, timedOut, lost, stray atomic.Int64

	busy sync.WaitGroup // connections, HTTP and WebSocket
}

// New returns a board without consumers. It fails when an option is negative.
func New(opts Options) (*Board, error) {
	if opts.ServiceID < 0 || opts.RequestTimeout < 0 || opts.IdleTimeout < 0 || opts.MaxRequestLine < 0 || opts.EarlyLoss < 0 {
		return nil, errors.New("devboard options: a number is negative")
	}
	opts.ServiceID = max(opts.ServiceID, 1)
	if opts.ServiceName == "" {
		opts.ServiceName = "main"
	}
	if opts.RequestTimeout == 0 {
		opts.RequestTimeout = 30 * time.Second
	}
	if opts.IdleTimeout == 0 {
		opts.IdleTimeout = 60 * time.Second
	}
	if opts.MaxRequestLine == 0 {
		opts.MaxRequestLine = 16384
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	b := &Board{
		opts:     opts,
		log:      opts.Logger,
		service:  newService(opts.ServiceID, opts.ServiceName),
		tokens:   map[string]*token{},
		sessions: map[*session]struct{}{},
	}
	b.consumers.Store(new([]*session))
	if opts.Token != "" {
		b.addToken(opts.Token)
	}
	return b, nil
}

// Serve takes connections from l until ctx ends, and returns nil then. As
// when the real hub is restarted, consumers get close 1012 and callers in
// flight are cut off; by the time Serve returns, every connection and its
// goroutines have ended and the board is as new: it may serve again, but only
// one Serve may run at a time. Any other end of l is an error.
func (b *Board) Serve(ctx context.Context, l net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	srv := &http.Server{
		Handler:        b,
		MaxHeaderBytes: 4 << 20, // so that an over-long request line meets our 414, not a 431
		ErrorLog:       slog.NewLogLogger(b.log.Handler(), slog.LevelDebug),
		BaseContext:    func(net.Listener) context.Context { return ctx },
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				b.busy.Add(1)
			case http.StateClosed, http.StateHijacked:
				b.busy.Done()
			}
		},
	}
	var closer sync.WaitGroup
	closer.Go(func() {
		<-ctx.Done()
		srv.Close()
	})

	err := srv.Serve(l)
	stopped := ctx.Err() != nil
	cancel()
	closer.Wait()
	b.busy.Wait()
	b.refs.abandon()
	if stopped {
		return nil
	}
	return fmt.Errorf("serve plugboard on %s: %w", l.Addr(), err)
}

// Consumers returns how many consumers are in rotation.
func (b *Board) Consumers() int { return len(*b.consumers.Load()) }

// Actions returns the actions that the first consumer registered, as JSON, or
// nil while no consumer is joined.
func (b *Board) Actions() json.RawMessage {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.manifest == nil {
		return nil
	}
	return b.manifest.raw
}

// Stats returns the counters as they are now.
func (b *Board) Stats() Stats {
	return Stats{
		Requests:  b.requests.Load(),
		Delivered: b.delivered.Load(),
		Early:     b.early.Load(),
		Ignored:   b.ignored.Load(),
		TimedOut:  b.timedOut.Load(),
		Lost:      b.lost.Load(),
		Stray:     b.stray.Load(),
	}
}
