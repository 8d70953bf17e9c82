// Package registry holds the actions that are served now: an immutable [Set]
// behind one pointer.
//
//	actions, err := registry.Open(ctx, registry.Options{Dir: "actions", Pool: pool, Logger: logger})
//	set := actions.Set()
//	action, ok := set.Lookup("Login")
//
// A reload builds the next set aside and swaps the pointer. A request holds on
// to the set that it began on, so it never sees a mixture.
package registry

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"vera/host/schema"
	"vera/host/script"
)

// An Action is one file of the set. It is immutable.
type Action struct {
	Name        string
	File        string // below the actions' folder, with slashes
	Description string
	Schema      *schema.Schema
	Program     *script.Program
	Library     script.Library // what it may require
	Timeout     time.Duration  // zero: the host's default
}

// A Fault is why a file is not served as it stands.
type Fault struct {
	File  string
	Err   error
	Stale bool // its last good version is served instead
}

// A Set is all that is served at one time. It is immutable.
type Set struct {
	Version  string    // 12 hex digits of a hash over what is served
	Actions  []*Action // by name
	Faults   []Fault   // by file
	Manifest []byte    // the actions as the hub is told of them, JSON

	byName map[string]*Action
	scan   scan
	good   map[string]source // each file's content as it is served
}

// Lookup finds an action by its exact name.
func (s *Set) Lookup(name string) (*Action, bool) {
	action, ok := s.byName[name]
	return action, ok
}

// Options configure a Registry. Dir, Pool and Logger are required.
type Options struct {
	Dir     string
	Pool    *script.Pool
	Formats schema.Formats
	Logger  *slog.Logger

	// OnChange is told of each new set after it is served, and whether what
	// the hub knows of the actions changed with it. It may be nil.
	OnChange func(set *Set, manifestChanged bool)
}

// A Registry keeps the current set. Many goroutines may use it.
type Registry struct {
	options Options
	current atomic.Pointer[Set]
	mu      sync.Mutex // one reload at a time
}

// Open loads the folder. Files with faults are left out of the set, and in its
// Faults; a folder that cannot be read is an error.
func Open(ctx context.Context, options Options) (*Registry, error) {
	if options.Dir == "" || options.Pool == nil || options.Logger == nil {
		return nil, errors.New("open the registry: Dir, Pool and Logger are required")
	}
	r := &Registry{options: options}
	found, err := scanDir(options.Dir)
	if err != nil {
		return nil, err
	}
	r.current.Store(r.build(ctx, found, &Set{}))
	return r, nil
}

// Set is what is served now.
func (r *Registry) Set() *Set { return r.current.Load() }

// Reload looks at the folder again and serves what it holds now. A file with a
// fault keeps its last good version. It reports whether anything changed; an
// error means that the folder could not be read, and that nothing did.
func (r *Registry) Reload(ctx context.Context) (changed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.Set()
	found, err := scanDir(r.options.Dir)
	if err != nil {
		return false, err
	}
	if found.equal(old.scan) {
		return false, nil
	}
	start := time.Now()
	next := r.build(ctx, found, old)
	if err := ctx.Err(); err != nil {
		return false, err
	}
	r.current.Store(next)
	manifestChanged := string(next.Manifest) != string(old.Manifest)
	r.report(next, old, manifestChanged, time.Since(start))
	if r.options.OnChange != nil {
		r.options.OnChange(next, manifestChanged)
	}
	return true, nil
}

// report logs what a reload did: what is served, and each fault once.
func (r *Registry) report(next, old *Set, manifestChanged bool, took time.Duration) {
	known := make(map[string]string)
	for _, fault := range old.Faults {
		known[fault.File] = fault.Err.Error()
	}
	for _, fault := range next.Faults {
		if known[fault.File] != fault.Err.Error() {
			LogFault(r.options.Logger, fault)
		}
	}
	if next.Version == old.Version {
		return
	}
	kind := "body"
	if manifestChanged {
		kind = "contract"
	}
	r.options.Logger.Info("reloaded", "version", next.Version, "change", kind,
		"actions", len(next.Actions), "stale", len(next.Faults), "duration", took.Round(time.Microsecond))
}

// LogFault logs one file's fault: the text begins with file and line where
// they are known.
func LogFault(logger *slog.Logger, fault Fault) {
	served := "nothing"
	if fault.Stale {
		served = "last good version"
	}
	logger.Error("file has a fault", "file", fault.File, "served", served, "error", fault.Err)
}
