// Package host answers requests with actions: look up, validate, run, reply.
//
//	h := host.New(host.Options{Actions: registry, Pool: pool, Logger: logger})
//	response := h.Handle(ctx, request)
//
// A caller gets a status and a plain sentence; what went wrong inside is for
// the operator's log alone.
package host

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"vera/host/meter"
	"vera/host/plugboard"
	"vera/host/registry"
	"vera/host/schema"
	"vera/host/script"
	"vera/stdlib/db"
	"vera/stdlib/password"
	"vera/stdlib/runinfo"
	"vera/stdlib/strictjson"
)

// Options configure a Host. Actions, Pool and Logger are required.
type Options struct {
	Actions *registry.Registry
	Pool    *script.Pool
	Logger  *slog.Logger

	Timeout         time.Duration     // of an action that sets none; zero means 10 s
	MaxRequestBytes int               // of a request's fields; zero means 2 MiB
	Limits          strictjson.Limits // likewise; zero means schema.Schema.Validate's

	// Meter is told of the limits that requests reach; nil: nobody is.
	Meter *meter.Meter
	// Observe, if set, is called with what became of each request, by many
	// goroutines at once. It must not block.
	Observe func(Outcome)

	// DatabaseOptional tells that the database may be away while others serve:
	// who needs it is told 503, and may come again. Otherwise that is a fault,
	// 500, like any other.
	DatabaseOptional bool
}

// An Outcome is what became of one request.
type Outcome struct {
	Action   string // empty: there is no such action
	Status   int
	Duration time.Duration // from its arrival to the answer, which may still be held back
}

// A Host is a plugboard.Handler. Many goroutines may use it.
type Host struct {
	options Options
}

// New returns a host.
func New(options Options) *Host {
	if options.Timeout <= 0 {
		options.Timeout = 10 * time.Second
	}
	if options.MaxRequestBytes <= 0 {
		options.MaxRequestBytes = 2 << 20
	}
	return &Host{options: options}
}

// Handle answers one request. It never panics and gives no answer later than
// the action's time-out, give or take the time to encode it.
func (h *Host) Handle(ctx context.Context, req plugboard.Request) plugboard.Response {
	set := h.options.Actions.For(req.Manifest)
	action, ok := set.Lookup(req.Action)
	if !ok {
		h.observe("", http.StatusNotFound, req)
		return plugboard.Failf(http.StatusNotFound, "Unknown action: %s", shown(req.Action))
	}
	response, err := h.answer(ctx, set, action, req)
	if name := limitOf(err); name != "" {
		h.options.Meter.Exceeded(name)
	}
	h.log(ctx, set, req, response, err)
	h.observe(action.Name, response.Status, req)
	return response
}

func (h *Host) observe(action string, status int, req plugboard.Request) {
	if h.options.Observe != nil {
		h.options.Observe(Outcome{action, status, time.Since(req.Received)})
	}
}

// answer validates and runs. An error is for the log; the response is always
// whole.
func (h *Host) answer(ctx context.Context, set *registry.Set, action *registry.Action, req plugboard.Request) (plugboard.Response, error) {
	if len(req.Fields) > h.options.MaxRequestBytes {
		h.options.Meter.Exceeded("MAX_REQUEST_BYTES")
		return plugboard.Failf(http.StatusRequestEntityTooLarge, "The request is larger than %d bytes", h.options.MaxRequestBytes), nil
	}
	timeout := action.Timeout
	if timeout == 0 {
		timeout = h.options.Timeout
	}
	answer, err := h.options.Pool.Run(ctx, script.Call{
		Program:  action.Program,
		Library:  action.Library,
		Info:     runinfo.Info{Action: action.Name, RequestID: req.Ref, Version: set.Version},
		Input:    func() (map[string]any, error) { return action.Schema.Validate(req.Fields, h.options.Limits) },
		Deadline: req.Received.Add(timeout),
	})
	if faults, ok := errors.AsType[*schema.Error](err); ok {
		switch faults.Limit {
		case strictjson.TooDeep:
			h.options.Meter.Exceeded("MAX_DEPTH")
		case strictjson.TooMany:
			h.options.Meter.Exceeded("MAX_REQUEST_ELEMENTS")
		}
		return invalid(faults), nil
	}
	if err != nil {
		return h.failure(err), err
	}
	return plugboard.Response{Status: answer.Status, Message: answer.Message, Fields: answer.Fields}, nil
}

// invalid answers fields that do not obey the schema.
func invalid(faults *schema.Error) plugboard.Response {
	response := plugboard.Failf(http.StatusBadRequest, "%v", faults)
	response.Fields = faults.AppendJSON(nil)
	return response
}

// failure is what a caller learns of a run that gave no answer.
func (h *Host) failure(err error) plugboard.Response {
	switch {
	case h.options.DatabaseOptional && errors.Is(err, db.ErrUnavailable):
		return plugboard.Failf(http.StatusServiceUnavailable, "Database unavailable")
	case errors.Is(err, context.DeadlineExceeded):
		return plugboard.Failf(http.StatusGatewayTimeout, "Action timed out")
	case errors.Is(err, script.ErrBusy), errors.Is(err, password.ErrBusy), errors.Is(err, db.ErrBusy):
		return plugboard.Failf(http.StatusServiceUnavailable, "Overloaded, try again")
	case errors.Is(err, context.Canceled):
		return plugboard.Failf(http.StatusServiceUnavailable, "The service is stopping")
	}
	return plugboard.Failf(http.StatusInternalServerError, "Internal server error")
}

// limitOf names the limit that a run ended at, if it was one.
func limitOf(err error) string {
	switch {
	case err == nil:
		return ""
	case errors.Is(err, script.ErrTimeout):
		return "ACTION_TIMEOUT"
	case errors.Is(err, script.ErrMemory):
		return "MAX_HEAP_BYTES"
	case errors.Is(err, script.ErrBusy):
		return "POOL_SIZE"
	case errors.Is(err, password.ErrBusy):
		return "HASH_CONCURRENCY"
	case errors.Is(err, db.ErrBusy):
		return "DB_MAX_CONNECTIONS"
	}
	return ""
}

// log tells the operator of one request: the fault of a script as an error
// with its traceback, all else for debugging.
func (h *Host) log(ctx context.Context, set *registry.Set, req plugboard.Request, response plugboard.Response, err error) {
	logger := h.options.Logger
	level := slog.LevelDebug
	if response.Status >= http.StatusInternalServerError && err != nil {
		level = slog.LevelError
	}
	if !logger.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("action", req.Action), slog.String("ref", req.Ref), slog.String("version", set.Version),
		slog.Int("status", response.Status), slog.Duration("duration", time.Since(req.Received)),
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
		attrs = append(attrs, where(set, err)...)
	}
	message := "answered"
	if err != nil {
		message = "action failed"
	}
	logger.LogAttrs(ctx, level, message, attrs...)
}

// where is what the log says of the place of a script's fault.
func where(set *registry.Set, err error) (attrs []slog.Attr) {
	fault, ok := errors.AsType[*script.Error](err)
	if !ok {
		return nil
	}
	if fault.Traceback != "" {
		attrs = append(attrs, slog.String("traceback", fault.Traceback))
	}
	if frame := set.Frame(fault.Message); frame != "" {
		attrs = append(attrs, slog.String(registry.FrameKey, frame))
	}
	return attrs
}

// shown is a caller's text as it may come back to him: not endless.
func shown(name string) string {
	const longest = 100
	runes := []rune(name)
	if len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return name
}
