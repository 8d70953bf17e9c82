package plugboard_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"vera/host/devboard"
	"vera/host/plugboard"
)

// Clients whose manifests are changed one after the other all end with the new
// one, soon after the last of them has it; until then all serve the old one.
func TestClientsConverge(t *testing.T) {
	const token = "token"
	for _, n := range []int{1, 2, 3, 5} {
		t.Run(fmt.Sprint(n, " clients"), func(t *testing.T) {
			t.Parallel()
			board, address := startBoard(t, token)
			manifests := make([]atomic.Value, n)
			published := make([]atomic.Value, n)
			clients := make([]*plugboard.Client, n)
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			defer running.Wait()
			defer cancel()
			for i := range n {
				manifests[i].Store(`{"Old":1}`)
				published[i].Store("")
				c, err := plugboard.New(plugboard.Options{
					URL: "ws://" + address + "/websocket", Token: token,
					Manifest: func() []byte { return []byte(manifests[i].Load().(string)) },
					OnJoined: func(manifest []byte) { published[i].Store(string(manifest)) },
					Handler: plugboard.HandlerFunc(func(_ context.Context, req plugboard.Request) plugboard.Response {
						return plugboard.Response{Status: 200, Fields: req.Manifest}
					}),
				})
				if err != nil {
					t.Fatal(err)
				}
				clients[i] = c
				running.Go(func() {
					if err := c.Run(ctx); err != nil {
						t.Error(err)
					}
				})
			}
			until(t, func() bool { return board.Consumers() == n })

			for i := range n - 1 { // refused for now
				manifests[i].Store(`{"New":1}`)
				clients[i].Reconnect()
				time.Sleep(100 * time.Millisecond)
				if board.Consumers() == 0 {
					t.Error("nobody serves")
				}
			}
			changed := time.Now()
			manifests[n-1].Store(`{"New":1}`)
			clients[n-1].Reconnect()
			until(t, func() bool {
				for i := range n {
					if published[i].Load() != `{"New":1}` || !clients[i].Stats().Joined {
						return false
					}
				}
				return board.Consumers() == n && string(board.Actions()) == `{"New":1}`
			})
			took := time.Since(changed)
			t.Logf("all have changed %v after the last had something to change to", took)
			if took > 3*time.Second {
				t.Errorf("changed after %v", took)
			}
		})
	}
}

func until(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited for 10 s")
		}
	}
}

func startBoard(t *testing.T, token string) (board *devboard.Board, address string) {
	t.Helper()
	board, err := devboard.New(devboard.Options{Token: token})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- board.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return board, listener.Addr().String()
}
