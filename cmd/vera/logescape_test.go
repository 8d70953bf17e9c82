package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
)

// What callers can get into the log stays on its line, and changes neither
// that nor another line's look.
func TestLogEscapes(t *testing.T) {
	hostile := "<b>\n\r\x00\x1b[2J\x7f\u0085\u009b31m\u200b\u202e\u2066\ufeff\U000e0041é"
	for _, format := range []string{"json", "text"} {
		var out bytes.Buffer
		newLogger(&out, slog.LevelInfo, format).Error("action failed", "error", hostile, "plain", "é")
		line := out.String()
		if strings.Count(line, "\n") != 1 || strings.IndexFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' || misleading(r) }) >= 0 {
			t.Errorf("%s: %q", format, line)
		}
		var event struct{ Error, Plain string }
		if format != "json" {
			continue
		}
		if err := json.Unmarshal(out.Bytes(), &event); err != nil || event.Error != hostile || event.Plain != "é" {
			t.Errorf("the line reads %q, %v", event, err)
		}
	}
}
