package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"

	"vera/host/plugboard"
	"vera/host/registry"
	"vera/host/schema"
)

// warnRequestLine is the size in bytes from which check warns that the actions
// come near to what the hub takes.
const warnRequestLine = 12_000

type checkCommand struct {
	Dir      string `arg:"" optional:"" help:"Folder of the scripts; without it ACTIONS_DIR, or ./actions." placeholder:"DIR"`
	Strict   bool   `help:"Fail on warnings, too."`
	JSON     bool   `name:"json" xor:"output" help:"Print one JSON document: {findings: [...], summary: {...}}; see docs/check.md."`
	Against  string `xor:"output" help:"Show what changes for callers against a manifest: a file, or the address of a local Plugboard; exit code 3 if something breaks." placeholder:"FILE|URL"`
	Manifest bool   `xor:"output" help:"Print what the hub is told of the actions, as JSON, and nothing else."`
}

// Help tells the exit codes.
func (checkCommand) Help() string {
	return "Exit codes: 0 nothing is wrong (or only warnings), 1 errors, 2 the command line or the environment is wrong, " +
		"3 something breaks for callers (--against)."
}

// Run loads every file as serve would, reads all of them, and shows what it
// finds.
func (k checkCommand) Run(ctx context.Context, c console) error {
	config, err := loadConfig(c.lookup, needNothing)
	if err != nil {
		return &configError{err}
	}
	if k.Dir != "" {
		config.ActionsDir = k.Dir
	}
	actions, err := openActions(ctx, config)
	if err != nil {
		return err
	}
	set := actions.Set()
	if len(set.Actions)+len(set.Faults) == 0 {
		return errors.New("there is no action in " + config.ActionsDir)
	}
	if err := writeTypes(config.ActionsDir, set); err != nil {
		fmt.Fprintf(c.err, "vera: %v\n", err) // no fault of the actions
	}
	found, err := inspect(actions)
	if err != nil {
		return err
	}
	if k.JSON {
		return errors.Join(found.json(c.out), k.verdict(found))
	}
	if k.Manifest || k.Against != "" {
		found.print(c.err) // the output is for something else
	} else {
		found.print(c.out)
	}
	if err := k.verdict(found); err != nil {
		fmt.Fprintf(c.err, "vera: %s in %s\n", found.summary.counts(), config.ActionsDir)
		if len(set.Faults) > 0 {
			fmt.Fprintln(c.err, "A host that runs keeps serving the last good versions of files that cannot be loaded; one that starts leaves them out.")
		}
		return err
	}
	switch {
	case k.Manifest:
		_, err = fmt.Fprintf(c.out, "%s\n", set.Manifest)
	case k.Against != "":
		err = printChanges(ctx, c.out, k.Against, set.Manifest)
	default:
		err = found.conclude(c.out, set.Actions)
	}
	return err
}

// verdict is the exit code, nil if it is 0.
func (k checkCommand) verdict(found *findings) error {
	if found.failed(k.Strict) {
		return exitCode(exitFailed)
	}
	return nil
}

// conclude prints what is served, and that nothing is wrong with it.
func (f *findings) conclude(out io.Writer, actions []*registry.Action) error {
	if err := printActions(out, actions); err != nil {
		return err
	}
	s := f.summary
	fmt.Fprintf(out, "\n%s, version %s; the hub is told of them in %d of %d bytes\n",
		count(s.Actions, "action"), s.Version, s.ContractBytes, s.ContractLimit)
	if s.Warnings > 0 {
		fmt.Fprintln(out, s.counts())
	}
	return nil
}

// loadActions gives the set that a host would serve.
func loadActions(ctx context.Context, config Config) (*registry.Set, error) {
	actions, err := openActions(ctx, config)
	if err != nil {
		return nil, err
	}
	return actions.Set(), nil
}

// openActions loads the folder with all that scripts may use, and nothing
// behind it.
func openActions(ctx context.Context, config Config) (*registry.Registry, error) {
	config.JWT.Secret = Secret(rand.Text() + rand.Text()) // nothing is signed, but the primitive wants one
	s := &service{config: config, logger: slog.New(slog.DiscardHandler)}
	defer s.close()
	pool, formats, err := s.runtime(ctx)
	if err != nil {
		return nil, err
	}
	return registry.Open(ctx, registry.Options{Dir: config.ActionsDir, Pool: pool, Formats: formats, Logger: s.logger})
}

// checkedSize is the size of the request line as it will be, roughly: the
// address is not known here.
func checkedSize(manifest []byte) int {
	return plugboard.RequestLineSize("ws://plugboard.example/websocket", strings.Repeat("t", 43), manifest)
}

// printActions prints a table of the actions.
func printActions(out io.Writer, actions []*registry.Action) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ACTION\tFILE\tFIELDS")
	for _, action := range actions {
		fmt.Fprintf(table, "%s\t%s\t%s\n", action.Name, action.File, fieldList(action.Schema))
	}
	return table.Flush()
}

// fieldList names an action's fields, those that may be left out in brackets.
func fieldList(s *schema.Schema) string {
	var required, optional []string
	for _, field := range s.Fields() {
		if field.Required() {
			required = append(required, field.Name)
		} else {
			optional = append(optional, "["+field.Name+"]")
		}
	}
	return strings.Join(append(required, optional...), " ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
