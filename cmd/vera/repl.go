package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"golang.org/x/term"

	"vera/host/repl"
	"vera/host/script"
	"vera/stdlib/db"
)

type replCommand struct {
	Timeout time.Duration `default:"10s" help:"How long one line may run." placeholder:"TIME"`
	State   string        `help:"Folder of the private database; without it one in your state folder." placeholder:"DIR"`
}

// Help is shown below the flags.
func (replCommand) Help() string {
	return `Primitives are globals: db.one("SELECT 1 AS n"). A global lasts until the end, a local until its line's. ` +
		`Everything happens in one transaction on the database of vera dev, and is rolled back at the end. ` +
		`Ctrl-C gives a line up, Ctrl-D is the end. Exit codes: 0, or 1 if a line failed that came from a file or a pipe.`
}

const maxReplTimeout = 10 * time.Minute

// Run reads and runs Lua until the input's end.
func (k replCommand) Run(ctx context.Context, c console) error {
	if k.Timeout <= 0 || k.Timeout > maxReplTimeout {
		return &usageError{fmt.Errorf("--timeout must be above 0 and at most %v", maxReplTimeout)}
	}
	config, err := loadConfig(c.lookup, needNothing)
	if err != nil {
		return &configError{err}
	}
	if config.LogFormat == "auto" {
		config.LogFormat = "text"
	}
	s := &service{config: config, logger: newLogger(c.err, config.LogLevel, config.LogFormat)}
	stop, ours, err := s.rehearse(ctx, k.State)
	if err != nil {
		return err
	}
	defer stop()
	pool, _, err := s.runtime(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	s.scripts = pool
	if ours { // another one's schema is not ours to change
		if err := s.prepareDatabase(ctx); err != nil {
			return err
		}
	}
	if err := s.rehearsal.Begin(ctx, nil); err != nil {
		return err
	}
	defer s.guard(ctx)()
	library, err := s.library(ctx)
	if err != nil {
		return err
	}
	return k.prompt(ctx, c, s, library)
}

// prompt runs the prompt, and says at its end that it left nothing behind.
func (k replCommand) prompt(ctx context.Context, c console, s *service, library script.Library) error {
	person := term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stdout.Fd()))
	prompt := repl.Prompt{
		Pool: s.scripts, Library: library, Reader: repl.NewLines(os.Stdin), Out: c.out, Err: c.err, Timeout: k.Timeout,
		Failed: func(ctx context.Context) error { return s.rehearseAgain(ctx, c) },
	}
	if person {
		prompt.Reader = repl.NewTerminal(os.Stdin, os.Stdout)
		fmt.Fprintf(c.out, "Lua 5.1; the primitives are globals. Nothing is kept of what you change in the database. Ctrl-D ends.\n")
	}
	failed, err := prompt.Run(ctx)
	s.rehearsal.Rollback()
	if err != nil {
		return err
	}
	fmt.Fprintln(c.err, "nothing was kept")
	if failed > 0 && !person {
		return exitCode(exitFailed)
	}
	return nil
}

// rehearse gives scripts a database of which nothing is kept: that of vera dev,
// or the one that the environment names.
func (s *service) rehearse(ctx context.Context, state string) (stop func(), ours bool, err error) {
	stopServer, ours, err := s.config.shareDev(ctx, state, true)
	if err != nil {
		return nil, false, err
	}
	address, err := db.Config(s.config.Postgres.DSN().Reveal())
	if err != nil {
		stopServer()
		return nil, false, &configError{fmt.Errorf("DATABASE_URL: %w", err)}
	}
	s.rehearsal = db.NewRehearsal(address)
	return func() {
		s.rehearsal.Close()
		stopServer()
	}, ours, nil
}

// rehearseAgain begins anew if what went on before broke off.
func (s *service) rehearseAgain(ctx context.Context, c console) error {
	if s.rehearsal.Alive(ctx) || ctx.Err() != nil {
		return nil
	}
	s.rehearsal.Rollback()
	if err := s.rehearsal.Begin(ctx, nil); err != nil {
		return err
	}
	fmt.Fprintln(c.err, "note: the transaction was lost, and with it what was changed so far; this is a new one")
	return nil
}

// library is the modules below lib in the actions' folder, if there is one.
func (s *service) library(ctx context.Context) (script.Library, error) {
	if _, err := os.Stat(s.config.ActionsDir); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	set, err := loadActions(ctx, s.config)
	if err != nil {
		return nil, err
	}
	return set.Library(), nil
}
