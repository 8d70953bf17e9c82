package devboard_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"vera/host/devboard"
)

// echoFast answers requests with little work, so that the board is measured.
func echoFast(conn *websocket.Conn) {
	for {
		_, data, err := conn.Read(context.Background())
		if err != nil {
			return
		}
		_, ref, found := strings.Cut(string(data), `"response_ref":`)
		if !found {
			continue
		}
		message := fmt.Sprintf(`{"topic":"service","event":"response","payload":{"status_code":200,"message":"ok","fields":{"a":1}},"ref":%s}`, ref[:38])
		if conn.Write(context.Background(), websocket.MessageText, []byte(message)) != nil {
			return
		}
	}
}

func benchHub(b *testing.B) hub {
	h := start(b, devboard.Options{Token: "secret"})
	conn, _, err := websocket.Dial(b.Context(), h.url("secret", echo), nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.CloseNow() })
	if err := conn.Write(b.Context(), websocket.MessageText, []byte(joinFrame)); err != nil {
		b.Fatal(err)
	}
	go echoFast(conn)
	until(b, "joined", func() bool { return h.Consumers() == 1 })
	return h
}

func BenchmarkCall(b *testing.B) {
	h := benchHub(b)
	b.SetParallelism(16)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if a, err := h.Call(context.Background(), "Echo", map[string]int{"a": 1}); err != nil || a.Status != 200 {
				b.Errorf("%+v, %v", a, err)
			}
		}
	})
}

func BenchmarkPost(b *testing.B) {
	h := benchHub(b)
	keep := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.Cleanup(keep.CloseIdleConnections)
	b.SetParallelism(16)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			resp, err := keep.Post("http://"+h.addr, "application/json", strings.NewReader(`{"service_id":1,"action":"Echo","fields":{"a":1}}`))
			if err != nil {
				b.Error(err)
				return
			}
			resp.Body.Close()
		}
	})
}
