package main

import (
	"context"
	"fmt"
	"net"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vera/host/devboard"
)

// ledger is what boards saw of each request, across their restarts.
type ledger struct {
	mu       sync.Mutex
	answered map[string]int // arrivals of an answer, by ref
}

func (l *ledger) options(token string) devboard.Options {
	return devboard.Options{Token: token, OnAnswer: func(ref string, _ int, _ bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.answered[ref]++
	}}
}

// The hub is killed and started again under load, several times. Every answer
// that the host computed reaches a hub once, and only once.
func TestHubRestartLosesNoAnswer(t *testing.T) {
	const restarts, callers = 4, 16
	// Runs that outlast a restart, so that answers are ready while there is no
	// connection.
	actions := writeActions(t, map[string]string{"work.lua": `
		return { description = "Test", fields = { ms = { type = "integer", description = "How long" } },
			run = function(fields)
				require("db").one("select pg_sleep($1::float8 / 1000)", fields.ms)
				return { status_code = 200 }
			end }`})
	l := &ledger{answered: make(map[string]int)}
	s := newStack(t, stackOptions{actions: actions, board: l.options(""), unattended: true})
	address := s.listener.Addr().String()

	var board atomic.Pointer[devboard.Board]
	ctx, stop := context.WithCancel(context.Background())
	var calling sync.WaitGroup
	for i := range callers {
		calling.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if b := board.Load(); b != nil {
					_, _ = b.Call(ctx, "Work", map[string]any{"ms": (i*37 + n*11) % 200}) // a restart loses callers, as the real hub does
				} else {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	listener := s.listener
	var last func()
	for n := range restarts + 1 {
		b, err := devboard.New(l.options(s.config.Token.Reveal()))
		if err != nil {
			t.Fatal(err)
		}
		last = serveBoard(t, b, listener)
		board.Store(b)
		s.waitJoined(t, int64(n+1))
		if n == restarts {
			break
		}
		time.Sleep(400 * time.Millisecond)
		board.Store(nil)
		if n%2 == 0 {
			b.CutAll() // without a word, as kill -9
		} else {
			b.CloseAll(1012) // as on SIGTERM
		}
		last()
		time.Sleep(100 * time.Millisecond)
		listener = listenAgain(t, address)
	}
	time.Sleep(400 * time.Millisecond)
	stop()
	calling.Wait()
	deadline := time.Now().Add(10 * time.Second)
	for s.service.client.Stats().InFlight > 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	s.stopHost()
	last()

	computed := regexp.MustCompile(`"msg":"answered","action":"Work","ref":"([^"]+)"`).FindAllStringSubmatch(s.logs.String(), -1)
	stats := s.service.client.Stats()
	var lost, twice int
	for _, match := range computed {
		switch l.answered[match[1]] {
		case 0:
			lost++
		case 1:
		default:
			twice++
		}
	}
	t.Logf("%d answers computed, %d reached a hub; client: %+v", len(computed), len(l.answered), stats)
	if len(computed) < 100 {
		t.Errorf("only %d answers: no load", len(computed))
	}
	if stats.InFlight != 0 || stats.Expired != 0 || twice != 0 {
		t.Errorf("%d answers still held, %d dropped, %d sent twice", stats.InFlight, stats.Expired, twice)
	}
	// Only what was already written when the connection was cut can be lost:
	// whether the hub has it cannot be known, and a second copy could reach
	// another caller.
	if written := int(stats.Answers); written != len(computed) || lost > restarts*callers {
		t.Errorf("computed %d, written %d, lost on the way %d", len(computed), written, lost)
	}
}

// serveBoard serves until the function that it returns is called.
func serveBoard(t *testing.T, b *devboard.Board, listener net.Listener) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := b.Serve(ctx, listener); err != nil {
			t.Error(err)
		}
	})
	return func() { cancel(); serving.Wait() }
}

// listenAgain takes an address that was let go a moment ago.
func listenAgain(t *testing.T, address string) net.Listener {
	t.Helper()
	var err error
	for range 100 {
		var listener net.Listener
		if listener, err = net.Listen("tcp", address); err == nil {
			return listener
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal(fmt.Errorf("listen again: %w", err))
	return nil
}
