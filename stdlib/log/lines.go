package log

import (
	"context"
	"log/slog"
	"time"

	"vera/stdlib/runinfo"
)

// MaxLines is how many lines one run may log. Instead of the next one stands
// that there are no more.
const MaxLines = 1000

// lines counts what the run of a VM has logged. A VM has one run at a time.
type lines struct {
	request  string // the run's, as far as it takes to know the next
	deadline time.Time
	n        int
}

// next counts one more line and gives their number.
func (l *lines) next(ctx context.Context) int {
	deadline, _ := ctx.Deadline()
	if request := runinfo.From(ctx).RequestID; request != l.request || !deadline.Equal(l.deadline) {
		*l = lines{request: request, deadline: deadline}
	}
	l.n++
	return l.n
}

// full writes that a run has logged all it may.
func (l *Logger) full(ctx context.Context) {
	attrs := append(host(ctx), slog.Int("limit", MaxLines))
	l.to.LogAttrs(ctx, slog.LevelWarn, "the run logs too many lines, the rest is left out", attrs...)
}

// host gives what the host knows of the run.
func host(ctx context.Context) []slog.Attr {
	info := runinfo.From(ctx)
	return []slog.Attr{
		slog.String("action", info.Action),
		slog.String("ref", info.RequestID),
		slog.String("version", info.Version),
	}
}
