// Package registry holds the actions that are served now: an immutable [Set]
// behind one pointer.
//
//	actions, err := registry.Open(ctx, registry.Options{Dir: "actions", Pool: pool, Logger: logger})
//	set := actions.Set()
//	action, ok := set.Lookup("Login")
//
// A reload builds the next set aside and swaps the pointer. A request holds on
// to the set that it began on, so it never sees a mixture.
//
// What the hub knows of the actions, the manifest, is another matter: the hub
// may refuse a new one for as long as other hosts publish the old one. A set
// with another manifest is therefore a candidate first, and is served once the
// hub has accepted it. Until then the set before it stays as it is: later
// changes, also those that the hub would not notice, become part of the
// candidate, because a mixture of old and new files was never tried by anyone.
package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// A Set is all that is served at one time. It is immutable.
type Set struct {
	Version  string    // 12 hex digits of a hash over what is served
	Actions  []*Action // by name
	Faults   []Fault   // by file
	Manifest []byte    // the actions as the hub is told of them, JSON
	Tests    []Test    // by file; only with Options.Tests

	byName map[string]*Action
	good   map[string]source // each file's content as it is served

	library script.Library
}

// A Test is a file of tests, NAME_test.lua, as it was read.
type Test struct {
	File   string // below the actions' folder, with slashes
	Source []byte
	Err    error // it could not be read
}

// Library is what every file of the set may require.
func (s *Set) Library() script.Library { return s.library }

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
	Watch   WatchMode // how Watch watches

	// Size is what publishing a manifest takes, in bytes, and MaxSize what it
	// may take: a set beyond it is refused as a whole. Without Size no set is.
	Size    func(manifest []byte) int
	MaxSize int

	// For those who test actions: Tests looks at files of tests besides, and
	// Compile compiles instead of script.Compile.
	Tests   bool
	Compile func(file string, source []byte) (*script.Program, error)

	// OnCandidate is told when Manifest gives something else than before. Who
	// sets it calls Accepted once that has been published. Without it, every
	// set is served at once.
	OnCandidate func()

	// OnReload, if set, is told of each new set that a reload has built, before
	// Reload returns. It must not reload.
	OnReload func(*Set)
}

// A Registry keeps the current set. Many goroutines may use it.
type Registry struct {
	options Options
	sets    atomic.Pointer[sets]
	places  atomic.Pointer[places] // where the last scan has been
	trouble atomic.Pointer[string] // why the last reload failed as a whole; nil if it did not

	mu       sync.Mutex // one reload at a time
	looked   scan       // what was built last
	rejected error      // why that is neither served nor the candidate; or nil
}

// sets are what there is at one time. It is immutable.
type sets struct {
	served    *Set
	candidate *Set     // what the files say, if it is not served yet; or nil
	offered   *Set     // the candidate whose manifest was asked for last; or nil
	refusal   *Refusal // of the candidate; or nil
}

// newest is what the files say.
func (s *sets) newest() *Set {
	if s.candidate != nil {
		return s.candidate
	}
	return s.served
}

// of is the set with this manifest, or the served one.
func (s *sets) of(manifest []byte) *Set {
	for _, set := range []*Set{s.served, s.candidate, s.offered} {
		if set != nil && bytes.Equal(set.Manifest, manifest) {
			return set
		}
	}
	return s.served
}

// Open loads the folder. Files with faults are left out of the set, and in its
// Faults; a folder that cannot be read, or holds more than can be published,
// is an error.
func Open(ctx context.Context, options Options) (*Registry, error) {
	if options.Dir == "" || options.Pool == nil || options.Logger == nil {
		return nil, errors.New("open the registry: Dir, Pool and Logger are required")
	}
	if options.Compile == nil {
		options.Compile = script.Compile
	}
	r := &Registry{options: options}
	var err error
	if r.looked, err = r.scan(); err != nil {
		return nil, err
	}
	set := r.build(ctx, r.looked, &Set{})
	if err := r.refuse(set, set); err != nil {
		return nil, err
	}
	r.sets.Store(&sets{served: set})
	return r, nil
}

// Set is what is served now.
func (r *Registry) Set() *Set { return r.sets.Load().served }

// A Source is the text of one file.
type Source struct {
	File   string // below the actions' folder, with slashes
	Module string // the name by which it is required; empty for an action's file
	Text   []byte
}

// Sources gives all that could be read of the folder the last time, also what
// has faults, in the order of the files' names. Nobody may change the texts.
func (r *Registry) Sources() []Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	var sources []Source
	for _, file := range r.looked.files() {
		if src := r.looked[file]; src.err == nil {
			sources = append(sources, Source{File: file, Module: moduleName(file), Text: src.text})
		}
	}
	return sources
}

// Reload looks at the folder again and serves what it holds now, or makes it
// the candidate. A file with a fault keeps its last good version. It reports
// whether anything changed; an error means that nothing did.
func (r *Registry) Reload(ctx context.Context) (changed bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	changed, err = r.reload(ctx)
	if err != nil {
		r.trouble.Store(new(err.Error()))
	} else {
		r.trouble.Store(nil)
	}
	return changed, err
}

func (r *Registry) reload(ctx context.Context) (changed bool, err error) {
	start := time.Now()
	found, err := r.scan()
	if err != nil {
		return false, err
	}
	if found.equal(r.looked) {
		return false, r.rejected
	}
	old := r.sets.Load().newest()
	next := r.build(ctx, found, old)
	if err := ctx.Err(); err != nil {
		return false, err
	}
	r.looked, r.rejected = found, r.refuse(next, old)
	if r.rejected != nil {
		return false, r.rejected
	}
	r.reportFaults(next, old)
	before, after := r.put(next)
	r.reportReload(before, after, time.Since(start))
	if r.options.OnReload != nil {
		r.options.OnReload(next)
	}
	if r.options.OnCandidate != nil && !bytes.Equal(next.Manifest, before.newest().Manifest) {
		r.options.OnCandidate()
	}
	return true, nil
}

// scan reads the folder.
func (r *Registry) scan() (scan, error) {
	files, places, err := scanDir(r.options.Dir, r.options.Tests)
	if err == nil {
		r.places.Store(places)
	}
	return files, err
}

// put makes next the served set, or the candidate.
func (r *Registry) put(next *Set) (before, after *sets) {
	for {
		before = r.sets.Load()
		after = &sets{served: next, offered: before.offered}
		if r.options.OnCandidate != nil && !bytes.Equal(next.Manifest, before.served.Manifest) {
			after.served, after.candidate = before.served, next
			if bytes.Equal(next.Manifest, before.newest().Manifest) {
				after.refusal = before.refusal
			}
		}
		if r.sets.CompareAndSwap(before, after) {
			return before, after
		}
	}
}

// refuse gives the reason why a set is not taken at all.
func (r *Registry) refuse(next, old *Set) error {
	if len(next.Actions) == 0 && len(old.Actions) > 0 {
		return fmt.Errorf("there is no action in %s any more", r.options.Dir)
	}
	if r.options.Size == nil {
		return nil
	}
	if size := r.options.Size(next.Manifest); size > r.options.MaxSize {
		return fmt.Errorf("the actions take %d bytes to publish, the hub takes %d: shorten or remove descriptions; the largest are %s",
			size, r.options.MaxSize, Largest(next, r.options.Size))
	}
	return nil
}
