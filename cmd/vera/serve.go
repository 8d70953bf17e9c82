package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
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
	"vera/host/schema"
	"vera/host/script"
	"vera/host/script/lualib"
	"vera/stdlib"
	"vera/stdlib/db"
	"vera/stdlib/email"
	"vera/stdlib/env"
	"vera/stdlib/jwt"
	"vera/stdlib/limit"
	"vera/stdlib/password"
	"vera/stdlib/phone"
	"vera/stdlib/strictjson"
	luatime "vera/stdlib/time"
)

// cores is how many processors this process may use, as Go found at its start:
// fewer than the machine has where a container or GOMAXPROCS says so.
var cores = runtime.GOMAXPROCS(0)

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

// runtime makes the pool of VMs with its primitives, and the checks that
// schemas need of them.
func (s *service) runtime(ctx context.Context) (*script.Pool, schema.Formats, error) {
	var err error
	c := s.config
	address := c.Postgres
	address.Patience = c.ActionTimeout / 2 // an action is told in time that the database is away
	if s.database, err = openPool(ctx, address); err != nil {
		return nil, nil, err
	}
	workers, queue := c.hashing(password.Workers())
	tuneCollector(uint64(c.MaxHeapBytes))
	// Hashes run on threads of their own, which the kernel puts behind all
	// others; they must not take the scheduler's slots besides.
	runtime.GOMAXPROCS(cores + workers)
	if s.hasher, err = c.hasher(password.Options{
		Cost: c.BcryptCost, Workers: workers, Queue: queue, Patience: c.ActionTimeout / 2, // a few hash twice
	}); err != nil {
		return nil, nil, err
	}
	holdings, err := c.complete(stdlib.Holdings{
		DB: s.scriptDatabase(), Password: s.hasher, Clock: luatime.New(time.Now), Logger: s.logger,
		Limits: limit.Limits{Exceeded: s.meter.Exceeded},
	})
	if err != nil {
		return nil, nil, err
	}
	options := c.scriptOptions(s.meter.Exceeded)
	options.Modules = stdlib.Modules(holdings)
	return script.NewPool(options), formats(holdings.Phone), nil
}

// hostOptions are the limits of requests.
func (c Config) hostOptions() host.Options {
	return host.Options{
		Timeout:         c.ActionTimeout,
		MaxRequestBytes: c.MaxRequestBytes, Limits: strictjson.Limits{Depth: c.MaxDepth, Values: c.MaxRequestElements},
		DatabaseOptional: !c.Postgres.Required,
	}
}

// scriptOptions are the limits of a pool of VMs. Who is told of those that are
// exceeded may be nil.
func (c Config) scriptOptions(exceeded func(limit string)) script.Options {
	return script.Options{
		Size:      c.PoolSize,
		Strings:   lualib.Limits{StringBytes: c.MaxStringBytes, PatternSteps: c.MaxPatternSteps, Exceeded: exceeded},
		Answer:    script.AnswerLimits{Bytes: c.MaxResponseBytes, Depth: c.MaxDepth, Elements: c.MaxResponseElements, Exceeded: exceeded},
		CallDepth: c.MaxCallDepth,
	}
}

// formats are the checks that schemas need of primitives.
func formats(numbers *phone.Numbers) schema.Formats {
	return schema.Formats{
		"email": func(text string) error { _, err := email.Normalize(text); return err },
		"phone": func(text string) error { _, err := numbers.Normalize(text, ""); return err },
	}
}

// hasher makes a hasher of passwords with what the options leave open.
func (c Config) hasher(o password.Options) (*password.Hasher, error) {
	blocklist, err := c.Passwords.blocklist()
	if err != nil {
		return nil, &configError{err}
	}
	o.Scheme, o.Pepper, o.Blocklist = c.Passwords.Scheme, []byte(c.Passwords.Pepper.Reveal()), blocklist
	return password.New(o)
}

// complete adds to the holdings what the configuration alone decides.
func (c Config) complete(h stdlib.Holdings) (stdlib.Holdings, error) {
	var err error
	h.Limits.StringBytes = c.MaxStringBytes
	h.JWT, err = jwt.New(jwt.Options{
		Algorithm: c.JWT.Algorithm, Secret: []byte(c.JWT.Secret.Reveal()), PrivateKey: []byte(c.JWT.PrivateKey.Reveal()),
		KeyID: c.JWT.KeyID, VerifyKeys: []byte(c.JWT.VerifyKeys.Reveal()),
		Issuer: c.JWT.Issuer, Audience: c.JWT.Audience, Leeway: c.JWT.Leeway, MaxTTL: c.JWT.MaxTTL,
		Now: h.Clock.Time, Random: h.Random,
	})
	if err != nil {
		return h, &configError{fmt.Errorf("JWT_SECRET, JWT_KEY_ID or JWT_VERIFY_KEYS: %w", err)}
	}
	if h.Phone, err = phone.New(phone.Options{Validation: c.Accounts.PhoneValidation}); err != nil {
		return h, err
	}
	h.Env, err = env.New(slices.Collect(maps.Keys(c.Script)), func(name string) (string, bool) { return c.Script[name], true })
	if err != nil {
		return h, &configError{err}
	}
	return h, nil
}

// scriptDatabase is what scripts know as db.
func (s *service) scriptDatabase() *db.DB {
	if s.rehearsal != nil {
		return s.rehearsal.DB()
	}
	return db.New(s.database)
}

// blocklist reads the passwords that nobody may choose, if there are any.
func (c PasswordsConfig) blocklist() (*password.Blocklist, error) {
	if c.BlocklistFile == "" {
		return nil, nil
	}
	file, err := os.Open(c.BlocklistFile)
	if err != nil {
		return nil, fmt.Errorf("PASSWORD_BLOCKLIST_FILE: %w", err)
	}
	defer file.Close()
	list, err := password.ReadBlocklist(file)
	if err != nil {
		return nil, fmt.Errorf("PASSWORD_BLOCKLIST_FILE: %w", err)
	}
	return list, nil
}

// tuneCollector trades memory that is there for time: a host's live heap is
// small, and at Go's own setting a busy one would collect garbage, and shrink
// the stacks that the next request grows again, dozens of times a second. Near
// the heap's limit the collector works as hard as it must.
func tuneCollector(limit uint64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(limit)) // or garbage alone would get runs cancelled
	}
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
