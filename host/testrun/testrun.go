// Package testrun runs the tests of actions: the files NAME_test.lua beside them,
// written in Lua.
//
//	outcome, err := testrun.Run(ctx, testrun.Options{
//		Dir:       "actions",
//		Databases: []*pgxpool.Config{config}, // one for each worker
//		Modules:   modules,
//		OnResult:  func(r testrun.Result) { … },
//	})
//
// # One test
//
// A test's file is evaluated twice: once to find what tests it has, and once
// more for each of them, in a VM of its own. A test's call goes the way of a
// request: host.Host looks the action up, validates the fields, runs it in
// another VM and encodes the answer. Both VMs share a World, which has the time,
// the random numbers and the settings that the test chose, and a rehearsal of
// the database, which is rolled back when the test is over. So nothing that one
// test does is seen by another, and they run side by side.
package testrun

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sync/errgroup"

	"vera/host"
	"vera/host/registry"
	"vera/host/schema"
	"vera/host/script"
	"vera/stdlib/db"
)

// Options configure Run. Dir, Databases and Modules are required.
type Options struct {
	Dir     string // of the actions, and of their tests
	Pattern string // what the file or the name of a test must contain, in either case; empty: all run

	// Databases has the connections of the workers, one each. Workers of one
	// database may wait for each other, where they write the same keys.
	Databases []*pgxpool.Config

	// Modules gives the primitives' loaders for one test. They must take the
	// time, random numbers, settings and log from the World.
	Modules  func(w *World, database *db.DB) (map[string]lua.LGFunction, error)
	Settings []string // that actions read with env, and tests may change

	Script   script.Options // limits of the VMs; what Run itself decides is ignored
	Host     host.Options   // likewise
	Formats  schema.Formats
	Timeout  time.Duration // of one test; zero means 30 s
	Cover    bool          // count the lines that are executed
	OnResult func(Result)  // of each test that has ended, in the order of files and lines; or nil
}

// An Outcome is what came of a run.
type Outcome struct {
	Faults   []registry.Fault // files that are no action as they stand
	Files    int              // of tests that there are
	Results  []Result         // of the tests that ran, in the order of files and lines
	Coverage []script.Lines   // by file; only with Options.Cover
	Elapsed  time.Duration
}

// Failed counts the tests that failed, and the files that do not load.
func (o *Outcome) Failed() int {
	n := len(o.Faults)
	for _, r := range o.Results {
		if r.Failure != nil {
			n++
		}
	}
	return n
}

// A Result is what came of one test.
type Result struct {
	File    string
	Name    string // with the names around it: "Register > opens an account"; empty: the file itself does not load
	Line    int
	Elapsed time.Duration
	Failure *Failure // nil: it passed
	Log     []string // what was logged meanwhile
}

// Run runs the tests of a folder. That some fail is no error.
func Run(ctx context.Context, o Options) (*Outcome, error) {
	if o.Dir == "" || len(o.Databases) == 0 || o.Modules == nil {
		return nil, errors.New("run tests: Dir, Databases and Modules are required")
	}
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	start := time.Now()
	r := &runner{options: o}
	if o.Cover {
		r.cover = &script.Coverage{}
	}
	actions, err := r.registryFor(ctx, &World{})
	if err != nil {
		return nil, err
	}
	r.set = actions.Set()
	outcome := &Outcome{Faults: r.set.Faults, Files: len(r.set.Tests)}
	cases, err := r.collect(ctx)
	if err != nil {
		return nil, err
	}
	if outcome.Results, err = r.runAll(ctx, cases); err != nil {
		return nil, err
	}
	if o.Cover {
		outcome.Coverage = slices.DeleteFunc(r.cover.Files(), func(l script.Lines) bool { return strings.HasSuffix(l.File, "_test.lua") })
	}
	outcome.Elapsed = time.Since(start)
	return outcome, nil
}

// runner is one call of Run.
type runner struct {
	options    Options
	cover      *script.Coverage // nil: nobody counts
	set        *registry.Set
	registries registries
}

// matches tells whether a test is one of those asked for.
func (r *runner) matches(file, name string) bool {
	return strings.Contains(strings.ToLower(file+" > "+name), strings.ToLower(r.options.Pattern))
}

// source is a file's text, for code frames; nothing if it cannot be read.
func (r *runner) source(file string) []byte {
	for _, test := range r.set.Tests {
		if test.File == file {
			return test.Source
		}
	}
	text, _ := os.ReadFile(filepath.Join(r.options.Dir, filepath.FromSlash(file)))
	return text
}

// runAll runs the cases, as many at a time as there are databases, and tells
// of them in their order.
func (r *runner) runAll(ctx context.Context, cases []*testCase) ([]Result, error) {
	type ended struct {
		at     int
		result Result
	}
	waiting := make(chan int)
	done := make(chan ended)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(waiting)
		for i := range cases {
			select {
			case waiting <- i:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return nil
	})
	for _, config := range r.options.Databases[:min(len(cases), len(r.options.Databases))] {
		g.Go(func() error {
			rehearsal := db.NewRehearsal(config)
			defer rehearsal.Close()
			for i := range waiting {
				result, err := r.run(ctx, rehearsal, cases[i])
				if err != nil {
					return err
				}
				done <- ended{i, result}
			}
			return nil
		})
	}
	var err error
	go func() {
		err = g.Wait()
		close(done)
	}()
	results := make([]Result, len(cases))
	finished := make([]bool, len(cases))
	told := 0
	for e := range done {
		results[e.at], finished[e.at] = e.result, true
		for ; told < len(cases) && finished[told]; told++ {
			if r.options.OnResult != nil {
				r.options.OnResult(results[told])
			}
		}
	}
	if err != nil {
		return nil, fmt.Errorf("run tests: %w", err)
	}
	return results, nil
}
