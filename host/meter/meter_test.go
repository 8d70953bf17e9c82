package meter_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"vera/host/meter"
)

const inFlight, heap = "MAX_IN_FLIGHT", "MAX_HEAP_BYTES"

// Every time counts, and the log has one line in ten seconds for each limit.
func TestExceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		m := meter.New(slog.New(slog.NewTextHandler(&log, nil)))
		for range 1000 {
			m.Exceeded(inFlight)
			time.Sleep(25 * time.Millisecond) // 25 s in all
		}
		m.Exceeded(heap)
		if counts := m.Counts(); counts[inFlight] != 1000 || counts[heap] != 1 {
			t.Errorf("counts %v", counts)
		}
		text := log.String()
		for _, want := range []string{
			"limit=MAX_IN_FLIGHT times=1 total=1\n", "limit=MAX_IN_FLIGHT times=400 total=401\n",
			"limit=MAX_IN_FLIGHT times=400 total=801\n", "limit=MAX_HEAP_BYTES times=1 total=1\n",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("the log lacks %q", want)
			}
		}
		if n := strings.Count(text, "\n"); n != 4 {
			t.Errorf("%d lines, want 4:\n%s", n, text)
		}
	})
}

func TestNilMeter(t *testing.T) {
	var m *meter.Meter
	m.Exceeded(heap)
	if m.Counts() != nil {
		t.Error("a nil meter counts")
	}
}
