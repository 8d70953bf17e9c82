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

type checkCommand struct {
	Dir string `arg:"" optional:"" help:"Folder of the scripts; without it ACTIONS_DIR, or ./actions." placeholder:"DIR"`
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
	config.JWT.Secret = Secret(rand.Text() + rand.Text()) // nothing is signed, but the primitive wants one
	s := &service{config: config, logger: slog.New(slog.DiscardHandler)}
	defer s.close()
	pool, formats, err := s.runtime(ctx)
	if err != nil {
		return err
	}
	actions, err := registry.Open(ctx, registry.Options{Dir: config.ActionsDir, Pool: pool, Formats: formats, Logger: s.logger})
	if err != nil {
		return err
	}
	set := actions.Set()
	if faults := len(set.Faults); faults > 0 {
		for _, fault := range set.Faults {
			fmt.Fprintln(c.out, fault.Err)
		}
		fmt.Fprintf(c.err, "vera: %s in %s\n", count(faults, "faulty file"), config.ActionsDir)
		return exitCode(exitFailed)
	}
	if len(set.Actions) == 0 {
		return errors.New("there is no action in " + config.ActionsDir)
	}
	size := plugboard.RequestLineSize("ws://plugboard.example/websocket", strings.Repeat("t", 43), set.Manifest)
	if size > plugboard.MaxRequestLine {
		return fmt.Errorf("the actions make a request line of %d bytes, the hub takes %d: shorten descriptions", size, plugboard.MaxRequestLine)
	}
	if err := printActions(c.out, set.Actions); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "\n%s, version %s; the hub is told of them in %d of %d bytes\n",
		count(len(set.Actions), "action"), set.Version, size, plugboard.MaxRequestLine)
	return err
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
