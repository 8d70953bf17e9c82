package testrun

import (
	"bytes"
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"vera/host/script"
)

// A World is what the code of one test runs in: the time, the random numbers
// and the settings that the test has chosen, and what was logged. It is for one
// goroutine.
type World struct {
	now      time.Time     // zero: the system's time
	random   *rand.ChaCha8 // nil: the system's
	settings map[string]string

	log     bytes.Buffer
	crashes []crash // of actions
}

// crash is a run of an action that ended with an error.
type crash struct {
	action, message, traceback string
}

// Now is the test's time. Once the test has chosen it, it stands still.
func (w *World) Now() time.Time {
	if w.now.IsZero() {
		return time.Now()
	}
	return w.now
}

// clock is the time as a rehearsal asks for it.
func (w *World) clock() (now time.Time, moved bool) { return w.Now(), !w.now.IsZero() }

// Read fills p with the test's random bytes. It never fails.
func (w *World) Read(p []byte) (int, error) {
	if w.random == nil {
		return crand.Read(p)
	}
	return w.random.Read(p)
}

// Uint64 is a random number, of the same source.
func (w *World) Uint64() uint64 {
	if w.random == nil {
		return rand.Uint64()
	}
	return w.random.Uint64()
}

func (w *World) seed(n float64) {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(int64(n)))
	w.random = rand.NewChaCha8(seed)
}

// Setting is what the test has set a variable to that actions read with env.
func (w *World) Setting(name string) (value string, changed bool) {
	value, changed = w.settings[name]
	return value, changed
}

// key names the settings: those with the same key load the same actions.
func (w *World) key() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(w.settings)) {
		b.WriteString(name + "=" + strconv.Quote(w.settings[name]) + "\n")
	}
	return b.String()
}

// Logger keeps what is logged for the test's result.
func (w *World) Logger() *slog.Logger { return slog.New(&journal{world: w, text: w.textHandler()}) }

// textHandler writes lines without what is the same in every test.
func (w *World) textHandler() slog.Handler {
	return slog.NewTextHandler(&w.log, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
			if len(groups) == 0 && slices.Contains([]string{slog.TimeKey, "ref", "version"}, attr.Key) {
				return slog.Attr{}
			}
			return attr
		},
	})
}

func (w *World) logged() []string {
	text := strings.TrimRight(w.log.String(), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// journal is a handler that knows what the host says of a run that failed.
type journal struct {
	world *World
	text  slog.Handler
}

func (j *journal) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (j *journal) Handle(ctx context.Context, record slog.Record) error {
	c := crash{}
	failed := false
	record.Attrs(func(attr slog.Attr) bool {
		switch attr.Key {
		case "action":
			c.action = attr.Value.String()
		case "error":
			if err, ok := attr.Value.Any().(error); ok && record.Level >= slog.LevelError {
				failed = true
				c.message = err.Error()
			}
		case "traceback":
			c.traceback = attr.Value.String()
		}
		return true
	})
	if failed {
		j.world.crashes = append(j.world.crashes, c)
		return nil
	}
	return j.text.Handle(ctx, record)
}

func (j *journal) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &journal{j.world, j.text.WithAttrs(attrs)}
}

func (j *journal) WithGroup(name string) slog.Handler {
	return &journal{j.world, j.text.WithGroup(name)}
}

// scriptOptions are those of a pool for one VM of this world.
func (r *runner) scriptOptions(w *World) script.Options {
	o := r.options.Script
	o.Size, o.Coverage, o.Globals = 1, r.cover, nil
	o.Strings.Random = w
	return o
}
