package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	lua "github.com/yuin/gopher-lua"
	"golang.org/x/term"

	"vera/host/registry"
	"vera/host/testrun"
	"vera/stdlib"
	"vera/stdlib/db"
	"vera/stdlib/password"
	luatime "vera/stdlib/time"
)

type testCommand struct {
	Pattern string        `arg:"" optional:"" help:"Run only tests whose file or name contains this text, in either case." placeholder:"PATTERN"`
	Dir     string        `help:"Folder of the scripts; without it ACTIONS_DIR, or ./actions." placeholder:"DIR"`
	Verbose bool          `short:"v" help:"Name the tests that passed, too."`
	JSON    bool          `name:"json" help:"Print one JSON object a line instead."`
	JUnit   string        `name:"junit" help:"Write a report as JUnit's XML, besides." placeholder:"FILE"`
	Cover   bool          `help:"Show which lines of the actions and modules were executed."`
	Watch   bool          `help:"Run the tests again whenever a file is saved."`
	Workers int           `short:"p" help:"Tests that run at once; without it one for each core, or one where DATABASE_URL is set." placeholder:"N"`
	Timeout time.Duration `default:"30s" help:"How long one test may take."`
	State   string        `help:"Folder of the private database; without it one in your state folder." placeholder:"DIR"`
}

// Validate refuses what no run can have.
func (k testCommand) Validate() error {
	if k.Workers < 0 || k.Workers > 64 {
		return fmt.Errorf("-p %d: 1 to 64 tests can run at once", k.Workers)
	}
	if k.Timeout <= 0 {
		return fmt.Errorf("--timeout %v: must be above 0", k.Timeout)
	}
	return nil
}

// testSecret signs the tokens of tests, which nobody else believes: with the
// time and the random numbers pinned, a token is the same each time.
const testSecret = "only tests know tokens that are signed with this"

// Run runs the tests, once or for as long as it is left to watch.
func (k testCommand) Run(ctx context.Context, c console) error {
	config, err := loadConfig(c.lookup, needNothing)
	if err != nil {
		return &configError{err}
	}
	if k.Dir != "" {
		config.ActionsDir = k.Dir
	}
	if config.JWT.Secret == "" {
		config.JWT.Secret = testSecret
	}
	hasher, err := config.hasher(password.Options{Cost: password.MinCost, Memory: 8, Passes: 1})
	if err != nil {
		return err
	}
	defer hasher.Close()
	databases, stop, err := k.databases(ctx, config)
	if err != nil {
		return err
	}
	defer stop()
	o, err := k.options(config, hasher, databases)
	if err != nil {
		return err
	}
	if !k.Watch {
		return k.once(ctx, c, o)
	}
	return testrun.Watch(ctx, o, registry.WatchMode(config.Watch), func(ctx context.Context) error {
		err := k.once(ctx, c, o)
		if _, told := errors.AsType[exitCode](err); err != nil && !told && ctx.Err() == nil {
			fmt.Fprintf(c.err, "vera: %v\n", err)
		}
		if ctx.Err() == nil && !k.JSON {
			fmt.Fprintf(c.out, "\nWatching %s. Ctrl-C ends it.\n\n", o.Dir)
		}
		return nil
	})
}

// options are those of every run.
func (k testCommand) options(config Config, hasher *password.Hasher, databases []*pgxpool.Config) (testrun.Options, error) {
	plain, err := config.complete(stdlib.Holdings{Clock: luatime.New(nil)})
	if err != nil {
		return testrun.Options{}, err
	}
	return testrun.Options{
		Dir:       config.ActionsDir,
		Pattern:   k.Pattern,
		Databases: databases,
		Modules: func(w *testrun.World, database *db.DB) (map[string]lua.LGFunction, error) {
			holdings, err := config.changedBy(w).complete(stdlib.Holdings{
				DB: database, Password: hasher, Clock: luatime.New(w.Now), Logger: w.Logger(), Random: w,
			})
			return stdlib.Modules(holdings), err
		},
		Settings: slices.Sorted(maps.Keys(config.Script)),
		Script:   config.scriptOptions(nil),
		Host:     config.hostOptions(),
		Formats:  formats(plain.Phone),
		Timeout:  k.Timeout,
		Cover:    k.Cover,
	}, nil
}

// changedBy is the configuration with what a test has set.
func (c Config) changedBy(w *testrun.World) Config {
	c.Script = maps.Clone(c.Script)
	for name := range c.Script {
		if value, changed := w.Setting(name); changed {
			c.Script[name] = value
		}
	}
	return c
}

// reporter tells of a run while it goes on.
type reporter interface {
	Fault(registry.Fault)
	Result(testrun.Result)
	Summary(*testrun.Outcome)
}

// once runs the tests one time and tells what came of it.
func (k testCommand) once(ctx context.Context, c console, o testrun.Options) error {
	var report reporter = &testrun.Text{Out: c.out, Verbose: k.Verbose, Color: colored(c.out)}
	if k.JSON {
		report = &testrun.JSON{Out: c.out}
	}
	o.OnResult = report.Result
	outcome, err := testrun.Run(ctx, o)
	if ctx.Err() != nil {
		return errors.New("interrupted, not all tests have run")
	}
	if err != nil {
		return err
	}
	for _, fault := range outcome.Faults {
		report.Fault(fault)
	}
	if k.JUnit != "" {
		if err := writeReport(k.JUnit, func(w io.Writer) error { return testrun.WriteJUnit(w, outcome) }); err != nil {
			return err
		}
	}
	if len(outcome.Results) == 0 && len(outcome.Faults) == 0 {
		return noTest(outcome, o)
	}
	report.Summary(outcome)
	if outcome.Failed() > 0 || len(outcome.Results) == 0 {
		return exitCode(exitFailed)
	}
	return nil
}

// noTest says why nothing ran.
func noTest(outcome *testrun.Outcome, o testrun.Options) error {
	if outcome.Files == 0 {
		return fmt.Errorf("there is no test in %s: a file NAME_test.lua there holds some", o.Dir)
	}
	return fmt.Errorf("no test has %q in its file or name; there are tests in %s", o.Pattern, count(outcome.Files, "file"))
}

func writeReport(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}

// colored tells whether to write in colour.
func colored(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""
}

// workers is how many tests run at once.
func (k testCommand) workers(shared bool) int {
	switch {
	case k.Workers > 0:
		return k.Workers
	case shared: // they would wait for each other's keys
		return 1
	}
	return runtime.NumCPU()
}
