package devboard_test

import (
	"context"
	"fmt"
	"net"

	"vera/host/devboard"
)

func Example() {
	board, err := devboard.New(devboard.Options{Token: "secret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error)
	go func() { served <- board.Serve(ctx, listener) }()

	// No consumer has joined yet, so the hub answers itself.
	answer, err := board.Call(ctx, "Echo", map[string]any{"text": "hi"})
	fmt.Println(answer.Status, answer.Message, err)

	stop()
	fmt.Println(<-served)
	// Output:
	// 422 No service consumers are available to handle the request <nil>
	// <nil>
}
