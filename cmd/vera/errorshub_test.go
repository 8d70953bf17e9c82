package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vera/host/devboard"
)

// What the log says when the hub takes neither the token nor the actions.
func TestHubErrors(t *testing.T) {
	const golden = "testdata/errors/hub.txtar"
	var b strings.Builder
	b.WriteString("What the log says when the hub refuses.\n")
	for _, tt := range []struct {
		name string
		logs func(t *testing.T) *logBuffer
	}{{"wrong_token", wrongToken}, {"too_large", tooLarge}, {"other_actions", otherActions}} {
		fmt.Fprintf(&b, "-- %s --\n%s", tt.name, hubLines(t, tt.logs(t)))
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("%s (-want +got), -update writes it anew:\n%s", golden, diff)
	}
}

func wrongToken(t *testing.T) *logBuffer {
	return refusedHost(t, devboard.Options{Token: "another"})
}

func tooLarge(t *testing.T) *logBuffer {
	return refusedHost(t, devboard.Options{Token: "live-token", MaxRequestLine: 100})
}

// otherActions changes the contract on one of two hosts.
func otherActions(t *testing.T) *logBuffer {
	address := serveHub(t, devboard.Options{Token: "live-token"})
	startLive(t, address, nil)
	h := startLive(t, address, nil)
	writeAction(t, h.dir, "live.lua", liveAction("new", 1))
	h.within(20*time.Second, "the hub refuses", func() bool {
		return strings.Contains(h.logs.String(), "contract not accepted yet")
	})
	return h.logs
}

func serveHub(t *testing.T, options devboard.Options) (address string) {
	t.Helper()
	board, err := devboard.New(options)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(serveBoard(t, board, listener))
	return listener.Addr().String()
}

// refusedHost runs a host until its hub has refused it.
func refusedHost(t *testing.T, options devboard.Options) *logBuffer {
	t.Helper()
	logs := &logBuffer{}
	config := testConfig(t, stackOptions{
		actions: writeActions(t, map[string]string{"live.lua": liveAction("old", 0)}),
		env:     map[string]string{"TOKEN": "live-token"},
	}, "postgres://nobody@127.0.0.1:1/none", serveHub(t, options))
	config.CleanupInterval = 0
	s, err := newService(t.Context(), config, newLogger(logs, slog.LevelInfo, "json"), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	var running sync.WaitGroup
	running.Go(func() { _ = s.run(ctx) })
	for !strings.Contains(logs.String(), "connection refused") && ctx.Err() == nil {
		time.Sleep(5 * time.Millisecond)
	}
	cancel()
	running.Wait()
	s.close()
	return logs
}

// hubLines gives each line of the log once that tells of a refusal, without
// what differs from run to run.
func hubLines(t *testing.T, logs *logBuffer) string {
	t.Helper()
	var b strings.Builder
	lines := bufio.NewScanner(strings.NewReader(logs.String()))
	for lines.Scan() {
		var line struct{ Level, Msg, Likelier, Remedy string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Remedy == "" || strings.Contains(b.String(), line.Msg) {
			continue
		}
		fmt.Fprintf(&b, "%s %s\n", line.Level, line.Msg)
		if line.Likelier != "" {
			fmt.Fprintf(&b, "likelier: %s\n", line.Likelier)
		}
		fmt.Fprintf(&b, "remedy: %s\n", line.Remedy)
	}
	return b.String()
}
