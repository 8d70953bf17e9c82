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
	Against  string `help:"Show what changes for callers against a manifest: a file, or the address of a local Plugboard; exit code 3 if something breaks." placeholder:"FILE|URL"`
	Manifest bool   `help:"Print what the hub is told of the actions, as JSON, and nothing else."`
}

// Run loads every file as serve would, and shows what it finds.
func (k checkCommand) Run(ctx context.Context, c console) error {
	config, err := loadConfig(c.lookup, needNothing)
	if err != nil {
		return &configError{err}
	}
	if k.Dir != "" {
		config.ActionsDir = k.Dir
	}
	set, err := loadActions(ctx, config)
	if err != nil {
		return err
	}
	if len(set.Faults) > 0 {
		return printFaults(c, set.Faults, config.ActionsDir)
	}
	if len(set.Actions) == 0 {
		return errors.New("there is no action in " + config.ActionsDir)
	}
	size := checkedSize(set.Manifest)
	if size >= warnRequestLine {
		fmt.Fprintf(c.err, "vera: warning: the hub is told of the actions in %d bytes and takes %d; the largest are %s\n",
			size, plugboard.MaxRequestLine, registry.Largest(set, checkedSize))
	}
	if k.Manifest {
		_, err := fmt.Fprintf(c.out, "%s\n", set.Manifest)
		return err
	}
	if k.Against != "" {
		return printChanges(ctx, c.out, k.Against, set.Manifest)
	}
	if err := printActions(c.out, set.Actions); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "\n%s, version %s; the hub is told of them in %d of %d bytes\n",
		count(len(set.Actions), "action"), set.Version, size, plugboard.MaxRequestLine)
	return err
}

// loadActions loads the folder with all that scripts may use, and nothing
// behind it.
func loadActions(ctx context.Context, config Config) (*registry.Set, error) {
	config.JWT.Secret = Secret(rand.Text() + rand.Text()) // nothing is signed, but the primitive wants one
	s := &service{config: config, logger: slog.New(slog.DiscardHandler)}
	defer s.close()
	pool, formats, err := s.runtime(ctx)
	if err != nil {
		return nil, err
	}
	actions, err := registry.Open(ctx, registry.Options{
		Dir: config.ActionsDir, Pool: pool, Formats: formats, Logger: s.logger,
		Size: checkedSize, MaxSize: plugboard.MaxRequestLine,
	})
	if err != nil {
		return nil, err
	}
	return actions.Set(), nil
}

// checkedSize is the size of the request line as it will be, roughly: the
// address is not known here.
func checkedSize(manifest []byte) int {
	return plugboard.RequestLineSize("ws://plugboard.example/websocket", strings.Repeat("t", 43), manifest)
}

// printFaults shows where each file is wrong.
func printFaults(c console, faults []registry.Fault, dir string) error {
	for _, fault := range faults {
		fmt.Fprintf(c.out, "%v\n", fault.Err)
		if fault.Frame != "" {
			fmt.Fprintf(c.out, "%s\n", fault.Frame)
		}
	}
	fmt.Fprintf(c.err, "vera: %s in %s\n", count(len(faults), "faulty file"), dir)
	fmt.Fprintln(c.err, "A host that runs keeps serving the last good versions; one that starts leaves these files out. Repair them and check again.")
	return exitCode(exitFailed)
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
