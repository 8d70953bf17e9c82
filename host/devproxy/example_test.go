package devproxy_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"vera/host/devproxy"
)

func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") }))
	defer server.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	proxy := devproxy.New(devproxy.Options{Target: strings.TrimPrefix(server.URL, "http://")})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- proxy.Serve(ctx, listener) }()
	defer func() { stop(); fmt.Println("ended:", <-ended) }()

	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	get := func() {
		response, err := client.Get("http://" + listener.Addr().String())
		if err != nil {
			fmt.Println("reset")
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		fmt.Println(string(body), err)
	}
	get()
	proxy.Refuse(true)
	get()
	// Output:
	// hello <nil>
	// reset
	// ended: <nil>
}
