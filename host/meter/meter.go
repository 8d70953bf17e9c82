// Package meter tells the operator which limits were reached, and how often.
//
//	m := meter.New(logger)
//	m.Exceeded("MAX_IN_FLIGHT")
//
// A limit that is reached again and again costs one line of the log in ten
// seconds, however many requests it concerns; all of them are counted.
package meter

import (
	"log/slog"
	"maps"
	"sync"
	"time"
)

// quiet is how long a limit is not told of again.
const quiet = 10 * time.Second

// A Meter counts. Its methods may be called from many goroutines at once; those
// of a nil Meter do nothing.
type Meter struct {
	logger *slog.Logger

	mu     sync.Mutex
	counts map[string]int64
	told   map[string]telling
}

// A telling is the last line about a limit.
type telling struct {
	at    time.Time
	count int64
}

// New returns a meter that writes to logger.
func New(logger *slog.Logger) *Meter {
	return &Meter{logger: logger, counts: make(map[string]int64), told: make(map[string]telling)}
}

// Exceeded counts, and tells if there was no line about this limit of late. A
// limit has the name of its setting, or a short word where none moves it.
func (m *Meter) Exceeded(name string) {
	if m == nil {
		return
	}
	now := time.Now()
	m.mu.Lock()
	m.counts[name]++
	count, last := m.counts[name], m.told[name]
	tell := last.at.IsZero() || now.Sub(last.at) >= quiet
	if tell {
		m.told[name] = telling{now, count}
	}
	m.mu.Unlock()
	if tell {
		m.logger.Warn("limit reached", "limit", name, "times", count-last.count, "total", count)
	}
}

// Counts gives how often each limit was reached so far.
func (m *Meter) Counts() map[string]int64 {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.counts)
}
