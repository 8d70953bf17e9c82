package plugboard_test

import (
	"context"
	"fmt"
	"net/http"

	"vera/host/plugboard"
)

func ExampleHandlerFunc() {
	handler := plugboard.HandlerFunc(func(_ context.Context, req plugboard.Request) plugboard.Response {
		if req.Action != "Echo" {
			return plugboard.Failf(http.StatusNotFound, "Unknown action: %s", req.Action)
		}
		return plugboard.Response{Status: http.StatusOK, Fields: req.Fields}
	})

	resp := handler.Handle(context.Background(), plugboard.Request{Action: "Echo", Fields: []byte(`{"a":1}`)})
	fmt.Println(resp.Status, string(resp.Fields))
	resp = handler.Handle(context.Background(), plugboard.Request{Action: "Dance"})
	fmt.Println(resp.Status, *resp.Message)
	// Output:
	// 200 {"a":1}
	// 404 Unknown action: Dance
}

func ExampleRequestLineSize() {
	manifest := []byte(`{"Echo":{"description":"Answers what it was asked","fields":{}}}`)
	size := plugboard.RequestLineSize("wss://plugboard.example.org/websocket", "token", manifest)
	fmt.Println(size, "of", plugboard.MaxRequestLine, "bytes, of which the manifest is", len(manifest))
	// Output:
	// 146 of 16384 bytes, of which the manifest is 64
}
