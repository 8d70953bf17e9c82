package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"

	"vera/host/plugboard"
	"vera/host/registry"
)

// requestLine gives the size of the request line that publishes a manifest.
func (c Config) requestLine(manifest []byte) int {
	return plugboard.RequestLineSize(c.WebsocketURL, c.Token.Reveal(), manifest)
}

// watchMode is how files are watched, nothing if they are not.
func (c Config) watchMode() registry.WatchMode {
	if !c.HotReload {
		return registry.WatchOff
	}
	return registry.WatchMode(c.Watch)
}

// writeTypes writes the declarations for editors, if it should. Scripts run
// without them.
func (s *service) writeTypes(set *registry.Set) {
	if !s.config.WriteTypes {
		return
	}
	if err := writeTypes(s.config.ActionsDir, set); err != nil {
		s.logger.Warn("editor types not written", "error", err)
	}
}

// refused passes on that the hub does not take the new actions yet.
func (s *service) refused(r plugboard.Refusal) {
	s.actions.Refused(r.Manifest, registry.Refusal{Reason: r.Reason, Tries: r.Tries, Again: time.Now().Add(r.Again)})
}

// A frameHandler prints the frames of faulty source below their line of the
// log, for a person to read; as an attribute they would be one long line.
type frameHandler struct {
	slog.Handler
	out io.Writer
	mu  *sync.Mutex // a line and its frame stay together
}

// withFrames makes a handler that writes to out print frames.
func withFrames(handler slog.Handler, out io.Writer) slog.Handler {
	return frameHandler{handler, out, new(sync.Mutex)}
}

func (h frameHandler) Handle(ctx context.Context, record slog.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	frame := ""
	line := slog.NewRecord(record.Time, record.Level, record.Message, record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		if attr.Key == registry.FrameKey {
			frame = attr.Value.String()
		} else {
			line.AddAttrs(attr)
		}
		return true
	})
	if err := h.Handler.Handle(ctx, line); err != nil || frame == "" {
		return err
	}
	_, err := io.WriteString(h.out, "\n"+frame+"\n")
	return err
}

func (h frameHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.Handler = h.Handler.WithAttrs(attrs)
	return h
}

func (h frameHandler) WithGroup(name string) slog.Handler {
	h.Handler = h.Handler.WithGroup(name)
	return h
}
