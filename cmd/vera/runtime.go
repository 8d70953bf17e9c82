package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"vera/host"
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
