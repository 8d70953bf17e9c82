package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"vera/host"
	"vera/host/bench"
	"vera/host/caller"
	"vera/host/plugboard"
)

type benchCommand struct {
	Name   string   `arg:"" help:"The action's name." placeholder:"NAME"`
	Fields []string `arg:"" optional:"" help:"Its fields, as for vera call." placeholder:"KEY=VALUE"`

	Duration    time.Duration `default:"3s" help:"How long is measured, after a warm-up." placeholder:"TIME"`
	Concurrency int           `help:"Requests at once; without it one for each core." placeholder:"N"`
	JSON        bool          `name:"json" help:"Print the figures as JSON."`
	State       string        `help:"Folder of the private database; without it one in your state folder." placeholder:"DIR"`
}

// Help is shown below the flags.
func (benchCommand) Help() string {
	return `An action that uses the database gets the one that vera dev has, and what it changes there stays. Exit codes: 0 all answers are 2xx, 1 some are not, 2 the command line is wrong.`
}

// The ranges of what can be chosen.
const (
	maxBenchDuration    = 10 * time.Minute
	maxBenchConcurrency = 1000
	maxBenchWarmUp      = time.Second
)

// Run measures an action in this process: from a request's fields to the
// answer's, without a hub.
func (k benchCommand) Run(ctx context.Context, c console) error {
	if k.Duration <= 0 || k.Duration > maxBenchDuration {
		return &usageError{fmt.Errorf("--duration must be above 0 and at most %v", maxBenchDuration)}
	}
	if k.Concurrency < 0 || k.Concurrency > maxBenchConcurrency {
		return &usageError{fmt.Errorf("--concurrency must be from 1 to %d, or 0 for one for each core", maxBenchConcurrency)}
	}
	config, err := loadConfig(c.lookup, needNothing)
	if err != nil {
		return &configError{err}
	}
	usesDatabase, err := k.prepare(ctx, &config)
	if err != nil {
		return err
	}
	stop, ours, err := config.shareDev(ctx, k.State, usesDatabase)
	if err != nil {
		return err
	}
	defer stop()
	logger := slog.New(&firstError{Handler: newLogger(c.err, slog.LevelError, config.LogFormat).Handler()})
	s, err := newService(ctx, config, logger, nil)
	if err != nil {
		return err
	}
	defer s.close()
	if ours { // another one's schema is not ours to change
		if err := s.prepareDatabase(ctx); err != nil {
			return err
		}
	}
	defer s.guard(ctx)()
	return k.measure(ctx, c, s)
}

// prepare completes the settings, and tells whether the action uses a database.
func (k benchCommand) prepare(ctx context.Context, config *Config) (usesDatabase bool, err error) {
	config.WebsocketURL, config.Token = "ws://127.0.0.1/websocket", "none" // nobody connects
	config.HotReload = false
	if config.LogFormat == "auto" {
		config.LogFormat = "text"
	}
	set, err := loadActions(ctx, *config)
	if err != nil {
		return false, err
	}
	action, ok := set.Lookup(k.Name)
	if !ok {
		catalogue, err := caller.ParseCatalogue(set.Manifest)
		if err != nil {
			return false, err
		}
		return false, fmt.Errorf("%s: %s", config.ActionsDir, catalogue.Hints(k.Name, nil)[0])
	}
	return action.Program.Uses(action.Library, "db"), nil
}

// measure calls the action for as long as was asked for, and shows the figures.
func (k benchCommand) measure(ctx context.Context, c console, s *service) error {
	set := s.actions.Set()
	catalogue, err := caller.ParseCatalogue(set.Manifest)
	if err != nil {
		return err
	}
	fields, err := caller.Fields(k.Fields, catalogue[k.Name].Fields)
	if err != nil {
		return &usageError{err}
	}
	for _, hint := range catalogue.Hints(k.Name, fields) {
		fmt.Fprintf(c.err, "hint: %s\n", hint)
	}
	var odd firstOdd
	handler := s.handler()
	report, err := bench.Run(ctx, bench.Options{
		Call:     func() int { return odd.call(handler, k.Name, fields, set.Manifest) },
		Duration: k.Duration, WarmUp: min(k.Duration/4, maxBenchWarmUp), Concurrency: k.Concurrency,
	})
	if errors.Is(err, context.Canceled) {
		return exitCode(exitInterrupt)
	}
	if err != nil {
		return err
	}
	if k.JSON {
		err = json.NewEncoder(c.out).Encode(report)
	} else {
		err = report.Print(c.out)
	}
	if n := report.NotOK(); err == nil && n > 0 {
		fmt.Fprintf(c.err, "vera: %d of %d answers are not 2xx; the first was %s\n", n, report.Requests, odd.text)
		return exitCode(exitFailed)
	}
	return err
}

// firstOdd keeps the first answer that is not 2xx.
type firstOdd struct {
	once sync.Once
	text string
}

// call makes one call. Its context is not the command's: an interrupt ends the
// measuring between two calls.
func (o *firstOdd) call(handler *host.Host, action string, fields json.RawMessage, manifest []byte) int {
	response := handler.Handle(context.Background(), plugboard.Request{
		Ref: "bench", Action: action, Fields: fields, Manifest: manifest, Received: time.Now(),
	})
	if response.Status/100 != 2 {
		o.once.Do(func() {
			o.text = fmt.Sprint(response.Status)
			if response.Message != nil {
				o.text += ": " + *response.Message
			}
		})
	}
	return response.Status
}

// firstError passes the first error on and drops what comes after: thousands
// of calls fail for the same reason, and logging them would be measured.
type firstError struct {
	slog.Handler
	once sync.Once
}

func (h *firstError) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelError
}

func (h *firstError) Handle(ctx context.Context, record slog.Record) (err error) {
	h.once.Do(func() { err = h.Handler.Handle(ctx, record) })
	return err
}
