// Command vera answers RPCs on a Plugboard with actions written in Lua.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// Exit codes.
const (
	exitFailed    = 1   // what was asked for could not be done
	exitUsage     = 2   // the command line or the environment is wrong
	exitInterrupt = 130 // a second signal: ended at once
)

// cli is the command line.
type cli struct {
	Serve   serveCommand   `cmd:"" help:"Serve the actions on a Plugboard; everything comes from the environment."`
	Dev     devCommand     `cmd:"" help:"Serve the actions on a local Plugboard with a private database, for development."`
	Check   checkCommand   `cmd:"" help:"Compile and validate every action."`
	Test    testCommand    `cmd:"" help:"Run the tests beside the actions, each in a transaction that is rolled back."`
	Call    callCommand    `cmd:"" help:"Call an action of a running vera dev, or of a service at a hub."`
	Bench   benchCommand   `cmd:"" help:"Measure an action in this process: rate, latency, CPU, allocations."`
	Repl    replCommand    `cmd:"" help:"Try Lua and the primitives at a prompt; nothing is kept of what is changed."`
	New     newCommand     `cmd:"" help:"Write an action and its test from a template."`
	Init    initCommand    `cmd:"" help:"Write the folder of a new project."`
	Schema  schemaCommand  `cmd:"" help:"Print what the actions take, for the hub, validators, clients, people or editors."`
	Migrate migrateCommand `cmd:"" help:"Change the database's schema, or show where it stands."`
	Import  importCommand  `cmd:"" help:"Take over the users and revocations of a vera-py-service database."`
	Health  healthCommand  `cmd:"" help:"Ask the running host whether it is ready; exit code 1 if it is not."`
	Status  statusCommand  `cmd:"" help:"Show what the running host serves, and what is wrong with files that it does not serve."`
	Version versionCommand `cmd:"" help:"Print the version."`

	Completion completionCommand `cmd:"" help:"Print what a shell reads to complete commands, flags and actions."`
	Complete   completeCommand   `cmd:"" hidden:""`
}

// console is where a command prints and what it reads its settings from.
type console struct {
	out, err io.Writer
	lookup   func(string) (string, bool)
}

// variable is a variable of the environment, empty if it is not set.
func (c console) variable(name string) string {
	value, _ := c.lookup(name)
	return value
}

func main() {
	ctx, stop := context.WithCancel(context.Background())
	// One channel for both signals: none may get lost between them.
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop()
		<-signals
		os.Exit(exitInterrupt)
	}()
	os.Exit(run(ctx, os.Args[1:], console{os.Stdout, os.Stderr, os.LookupEnv}))
}

// run executes one command line and gives the exit code.
func run(ctx context.Context, args []string, c console) int {
	exit := -1
	parser, err := newParser(
		kong.Writers(c.out, c.err),
		kong.Exit(func(code int) { exit = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(c),
	)
	if err != nil {
		panic(err) // the command line's declaration is wrong
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // --help was asked for, and given
		return exit
	}
	if err != nil {
		fmt.Fprintf(c.err, "vera: %v\nTry vera --help.\n", err)
		return exitUsage
	}
	err = command.Run()
	if err == nil {
		return 0
	}
	if code, ok := errors.AsType[exitCode](err); ok {
		return int(code)
	}
	if fault, ok := errors.AsType[*configError](err); ok {
		fmt.Fprintf(c.err, "vera: the configuration has faults:\n%s\n", fault)
		return exitUsage
	}
	fmt.Fprintf(c.err, "vera: %v\n", err)
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}

// newParser makes a parser of command lines.
func newParser(options ...kong.Option) (*kong.Kong, error) {
	return kong.New(&cli{}, append(options,
		kong.Name("vera"),
		kong.Description("Answers RPCs on a Vera Plugboard with actions written in Lua."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)...)
}

// usageError is a fault of the command line that its syntax does not show.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// exitCode is the error of a command that has said itself what was wrong.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }
