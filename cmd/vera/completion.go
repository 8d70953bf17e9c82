package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"vera/host/caller"
	"vera/host/completion"
)

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish." placeholder:"SHELL"`
}

// Help is shown below the flags.
func (completionCommand) Help() string {
	return "The first line of what it prints says where to put it."
}

// Run prints what a shell reads to complete command lines.
func (k completionCommand) Run(c console) error {
	script, err := completion.Script(k.Shell)
	if err != nil {
		return &usageError{err}
	}
	_, err = fmt.Fprint(c.out, script)
	return err
}

// completeCommand is what the shells' scripts call.
type completeCommand struct {
	Words []string `arg:"" optional:""`
}

// Run prints what the last word may become, a line each. Nobody reads errors
// while he types: where anything is wrong there is nothing to say.
func (k completeCommand) Run(ctx context.Context, c console) error {
	parser, err := newParser()
	if err != nil {
		return err
	}
	for _, word := range completion.Words(parser.Model, k.Words, func() map[string][]string { return actionFields(ctx, c) }) {
		fmt.Fprintln(c.out, word)
	}
	return nil
}

// actionFields gives the names of the actions in ACTIONS_DIR, with their
// fields'; nothing where they cannot be read.
func actionFields(ctx context.Context, c console) map[string][]string {
	config, err := loadConfig(c.lookup, needNothing)
	if err != nil {
		return nil
	}
	set, err := loadActions(ctx, config)
	if err != nil {
		return nil
	}
	catalogue, err := caller.ParseCatalogue(set.Manifest)
	if err != nil {
		return nil
	}
	names := make(map[string][]string)
	for name, action := range catalogue {
		names[name] = slices.Collect(maps.Keys(action.Fields))
	}
	return names
}
