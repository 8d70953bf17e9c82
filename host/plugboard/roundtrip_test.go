package plugboard_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vera/host"
	"vera/host/plugboard"
	"vera/host/registry"
	"vera/host/script"
)

// From frame to frame, without the network. Echo is as trivial as an action
// can be; each table more costs some ten allocations.
var roundTrips = []struct {
	name, script, fields, want string
	allocations                float64 // at most
}{
	{"Echo", `return {
		description = "Gives a text back",
		fields = { text = { type = "string", description = "The text" } },
		run = function(fields) return { status_code = 200, fields = fields.text } end,
	}`, `{"text":"hello"}`, `"fields":"hello"`, 30},
	{"Join", `return {
		description = "Joins two texts",
		fields = {
			first = { type = "string", description = "One" },
			second = { type = "string", description = "The other" },
		},
		run = function(fields) return { status_code = 200, fields = { joined = fields.first .. " " .. fields.second } } end,
	}`, `{"first":"hello","second":"world"}`, `"fields":{"joined":"hello world"}`, 45},
}

// trip gives a function that takes one request of the action through.
func trip(tb testing.TB, name, source, fields, want string) func() {
	tb.Helper()
	dir := tb.TempDir()
	if err := os.WriteFile(filepath.Join(dir, strings.ToLower(name)+".lua"), []byte(source), 0o644); err != nil {
		tb.Fatal(err)
	}
	pool, logger := script.NewPool(script.Options{}), slog.New(slog.DiscardHandler)
	actions, err := registry.Open(tb.Context(), registry.Options{Dir: dir, Pool: pool, Logger: logger})
	if err != nil {
		tb.Fatal(err)
	}
	h := host.New(host.Options{Actions: actions, Pool: pool, Logger: logger})
	ctx := context.Background()
	handle := func(req plugboard.Request) plugboard.Response { return h.Handle(ctx, req) }
	frame := []byte(`{"event":"request","payload":{"action":"` + name + `","fields":` + fields +
		`,"response_ref":"4cccc73f-c011-42c0-b568-253473d13e93"},"ref":null,"topic":"service"}`)
	return func() {
		answer, err := plugboard.RoundTrip(frame, time.Now(), handle)
		if err != nil || !strings.Contains(string(answer), want) {
			tb.Fatalf("%s, %v", answer, err)
		}
	}
}

func TestAllocations(t *testing.T) {
	for _, tt := range roundTrips {
		one := trip(t, tt.name, tt.script, tt.fields, tt.want)
		if n := testing.AllocsPerRun(200, one); n > tt.allocations {
			t.Errorf("%s: %v allocations, want at most %v", tt.name, n, tt.allocations)
		}
	}
}

func BenchmarkRoundTrip(b *testing.B) {
	for _, bb := range roundTrips {
		b.Run(bb.name, func(b *testing.B) {
			one := trip(b, bb.name, bb.script, bb.fields, bb.want)
			b.ReportAllocs()
			for b.Loop() {
				one()
			}
		})
	}
}
