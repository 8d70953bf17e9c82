package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"

	"vera/host/describe"
	"vera/host/devboard"
	"vera/host/devdb"
	"vera/host/registry"
)

type devCommand struct {
	Listen string `default:"127.0.0.1:4000" help:"Address of the local Plugboard." placeholder:"HOST:PORT"`
	State  string `help:"Folder of the private database; without it one in your state folder." placeholder:"DIR"`
}

// Run serves the actions on a Plugboard of its own until it is told to stop.
func (k devCommand) Run(ctx context.Context, c console) error {
	config, err := loadConfig(c.lookup, needNothing)
	if err != nil {
		return &configError{err}
	}
	config.HotReload = true
	config.WriteTypes = true
	if config.LogFormat == "auto" {
		config.LogFormat = "text"
	}
	logger := newLogger(c.err, config.LogLevel, config.LogFormat)

	// The port first: if it is taken, another vera dev is likely to run here.
	listener, err := net.Listen("tcp", k.Listen)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken: stop what listens there, or choose another address with --listen", k.Listen)
	}
	if err != nil {
		return fmt.Errorf("listen for callers: %w", err)
	}
	defer listener.Close()

	state, err := k.stateDir()
	if err != nil {
		return err
	}
	if err := config.keepSecret(state); err != nil {
		return err
	}
	if !config.Postgres.given() {
		database, err := devdb.Start(ctx, devdb.Options{Dir: state, Logger: logger})
		if err != nil {
			return err
		}
		defer database.Stop()
		config.Postgres.URL = Secret(database.DSN("vera"))
	}

	config.Token = Secret(rand.Text())
	config.WebsocketURL = "ws://" + listener.Addr().String() + "/websocket"
	var s *service
	board, err := devboard.New(devboard.Options{
		Token: config.Token.Reveal(), Logger: logger,
		Version: func() string { return s.actions.Set().Version }, // the board is served once s is made
	})
	if err != nil {
		return err
	}
	var once sync.Once
	s, err = newService(ctx, config, logger, func() {
		once.Do(func() { welcome(c, s.actions.Set(), listener.Addr().String()) })
	})
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.prepareDatabase(ctx); err != nil {
		return err
	}
	return k.serve(ctx, c, s, board, listener)
}

// serve runs the board for as long as the host needs it: the host finishes
// what is in flight before it lets go.
func (k devCommand) serve(ctx context.Context, c console, s *service, board *devboard.Board, listener net.Listener) error {
	boardCtx, stopBoard := context.WithCancel(context.WithoutCancel(ctx))
	var g errgroup.Group
	g.Go(func() error { return board.Serve(boardCtx, listener) })
	g.Go(func() error {
		defer stopBoard()
		return s.run(ctx)
	})
	return g.Wait()
}

// welcome is printed once the host has joined: what is served, and a line to
// copy.
func welcome(c console, set *registry.Set, address string) {
	fmt.Fprintln(c.out)
	_ = printActions(c.out, set.Actions)
	fmt.Fprintf(c.out, "\nTry it, from another terminal:\n\n  %s\n\nEdit a file in the actions' folder and call again. Ctrl-C ends everything.\n\n",
		sampleCall(set, address))
}

// sampleCall is a curl line that works as it stands: Register's where that is
// served, or else the first action's.
func sampleCall(set *registry.Set, address string) string {
	action, ok := set.Lookup("Register")
	if !ok {
		action = set.Actions[0]
	}
	fields, ok := describe.Example(action.Schema)
	if !ok {
		fields = []byte("{}") // the answer says what is missing
	}
	body, _ := json.Marshal(struct {
		ServiceID int             `json:"service_id"`
		Action    string          `json:"action"`
		Fields    json.RawMessage `json:"fields"`
	}{1, action.Name, fields})
	return fmt.Sprintf("curl -s %s/ -H 'content-type: application/json' -d '%s'", address, strings.ReplaceAll(string(body), "'", `'\''`))
}
