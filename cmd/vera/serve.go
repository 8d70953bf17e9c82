package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/lmittmann/tint"
	"golang.org/x/sync/errgroup"
	"golang.org/x/term"

	"vera/host"
	"vera/host/meter"
	"vera/host/plugboard"
	"vera/host/registry"
	"vera/host/script"
	"vera/stdlib/db"
	"vera/stdlib/password"
)

type serveCommand struct{}

// Run serves until it is told to stop.
func (serveCommand) Run(ctx context.Context, c console) error {
	config, err := loadConfig(c.lookup, needAll)
	if err != nil {
		return &configError{err}
	}
	logger := newLogger(c.err, config.LogLevel, config.LogFormat)
	logger.Info("starting", "version", version)
	s, err := newService(ctx, config, logger, nil)
	if err != nil {
		return err
	}
	defer s.close()
	if config.Postgres.Required {
		err = s.prepareDatabase(ctx)
	} else {
		err = s.tryDatabase(ctx)
	}
	if err != nil {
		return err
	}
	if err := s.run(ctx); err != nil {
		return err
	}
	logger.Info("stopped")
	return nil
}

// service is a host with all its parts.
type service struct {
	config   Config
	logger   *slog.Logger
	database *pgxpool.Pool
	hasher   *password.Hasher
	scripts  *script.Pool
	actions  *registry.Registry
	client   *plugboard.Client
	meter    *meter.Meter
	metrics  *metrics // nil: nobody can ask for them

	rehearsal *db.Rehearsal // what scripts use in place of database; nil in a host
}

// newService builds the parts and joins them. Nothing is connected yet; close
// lets go of what it holds. onJoined, which may be nil, is called whenever the
// hub has confirmed a join.
func newService(ctx context.Context, config Config, logger *slog.Logger, onJoined func()) (*service, error) {
	s := &service{config: config, logger: logger, meter: meter.New(logger)}
	pool, formats, err := s.runtime(ctx)
	if err != nil {
		s.close()
		return nil, err
	}
	if config.HealthAddress != "" {
		s.metrics = newMetrics(s)
	}
	s.scripts = pool
	stopGuard := s.guard(ctx) // files run code of their own
	s.actions, err = registry.Open(ctx, registry.Options{
		Dir: config.ActionsDir, Pool: pool, Formats: formats, Logger: logger, Watch: config.watchMode(),
		Size: config.requestLine, MaxSize: plugboard.MaxRequestLine, OnCandidate: func() { s.client.Reconnect() },
		OnReload: s.writeTypes,
	})
	stopGuard()
	if err != nil {
		s.close()
		return nil, err
	}
	s.writeTypes(s.actions.Set())
	s.actions.LogFaults()
	if len(s.actions.Set().Actions) == 0 {
		s.close()
		return nil, fmt.Errorf("there is no action to serve in %s", config.ActionsDir)
	}
	s.client, err = plugboard.New(plugboard.Options{
		URL:      config.WebsocketURL,
		Token:    config.Token.Reveal(),
		Manifest: s.actions.Manifest,
		Handler:  s.handler(),
		Logger:   logger,
		OnJoined: func(manifest []byte) {
			s.actions.Accepted(manifest)
			if onJoined != nil {
				onJoined()
			}
		},
		OnRefused:    s.refused,
		OnOverload:   func() { s.meter.Exceeded("MAX_IN_FLIGHT") },
		ResponseHold: orNone(config.ResponseHold),
		RejoinIdle:   config.RejoinIdle,
		MaxInFlight:  config.MaxInFlight,
		DrainTimeout: orNone(config.DrainTimeout),

		MaxInFlightBytes: int64(config.MaxHeapBytes / 4),
	})
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// handler answers requests with the actions.
func (s *service) handler() *host.Host {
	options := s.config.hostOptions()
	options.Actions, options.Pool, options.Logger, options.Meter = s.actions, s.scripts, s.logger, s.meter
	if s.metrics != nil {
		options.Observe = s.metrics.observe
	}
	return host.New(options)
}

// orNone is a setting as the client takes it, to whom zero is the default and
// what is below it is none.
func orNone(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// prepareDatabase migrates the database, and waits for it where it is not
// there yet: hosts and databases are started together.
func (s *service) prepareDatabase(ctx context.Context) error {
	const pause = 2 * time.Second
	for {
		results, err := migrate(ctx, s.database)
		for _, result := range results {
			s.logger.Info("migrated", "migration", result.Source.Path)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err == nil {
			s.expectDigests(ctx)
			return nil
		}
		if !db.Unreachable(err) {
			return err
		}
		s.logger.Warn("database is not reachable, trying again", "error", err, "pause", pause)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// tryDatabase migrates the database if it is there. A host that can serve
// without it must not serve with one that it does not know.
func (s *service) tryDatabase(ctx context.Context) error {
	const patience = 3 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := migrate(ctx, s.database); err != nil && ctx.Err() == nil && !db.Unreachable(err) {
		return err
	}
	return nil // run goes on trying
}

// guard watches over the heap until stop is called.
func (s *service) guard(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var guarding sync.WaitGroup
	guarding.Go(func() { s.scripts.Guard(ctx, uint64(s.config.MaxHeapBytes), s.logger) })
	return func() { cancel(); guarding.Wait() }
}

// run serves until ctx ends and what is in flight then is answered.
func (s *service) run(ctx context.Context) error {
	set := s.actions.Set()
	s.logger.Info("serving", "actions", len(set.Actions), "stale", len(set.Faults), "version", set.Version)

	// The client stops with ctx, and all others when it has drained.
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	g, life := errgroup.WithContext(life)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(life, stop)
	g.Go(func() error {
		defer end()
		return s.client.Run(ctx)
	})
	defer s.guard(life)()
	if !s.config.Postgres.Required {
		g.Go(func() error { return s.prepareDatabase(life) })
	}
	if s.config.HealthAddress != "" {
		g.Go(func() error { return s.serveHealth(life) })
	}
	if s.config.CleanupInterval > 0 {
		g.Go(func() error { return s.cleaner().run(life, s.config.CleanupInterval) })
		g.Go(func() error { return s.keepExpecting(life, s.config.CleanupInterval) })
	}
	g.Go(func() error { return s.reloadOnHangup(life) })
	if s.config.HotReload {
		g.Go(func() error { return s.actions.Watch(life) })
	}
	return g.Wait()
}

// reloadOnHangup reloads on SIGHUP, which also serves where nothing watches.
func (s *service) reloadOnHangup(ctx context.Context) error {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-hangup:
			changed, err := s.actions.Reload(ctx)
			if err != nil {
				s.logger.Error("reload failed, the old set stays", "error", err)
			} else if !changed {
				s.logger.Info("nothing to reload")
			}
		}
	}
}

func (s *service) close() {
	if s.hasher != nil {
		s.hasher.Close()
	}
	if s.database != nil {
		s.database.Close()
	}
}

// newLogger writes to w: for a person if it is a terminal, else as JSON.
func newLogger(w io.Writer, level slog.Level, format string) *slog.Logger {
	file, isFile := w.(*os.File)
	terminal := isFile && term.IsTerminal(int(file.Fd()))
	if format == "json" || format == "auto" && !terminal {
		return slog.New(slog.NewJSONHandler(escaping{w}, &slog.HandlerOptions{Level: level}))
	}
	return slog.New(withFrames(tint.NewTextHandler(w, &tint.Options{
		Level: level, TimeFormat: time.TimeOnly, NoColor: !terminal || os.Getenv("NO_COLOR") != "",
	}), w))
}
