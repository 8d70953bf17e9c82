package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"vera/host/caller"
)

// Exit codes of vera call, by the class of the answer's status.
const (
	exitRefused = 4 // 4xx
	exitFault   = 5 // 5xx
)

type callCommand struct {
	Name   string   `arg:"" help:"The action's name." placeholder:"NAME"`
	Fields []string `arg:"" optional:"" help:"Its fields: key=value, key:=json, a.b=value for a field within a; or - for all of them as JSON from the standard input." placeholder:"KEY=VALUE"`
	JSON   *string  `name:"json" help:"All fields as JSON." placeholder:"JSON"`

	URL     string `name:"url" help:"Address of the Plugboard; without it VERA_URL, or http://127.0.0.1:4000." placeholder:"URL"`
	Token   string `help:"Token of a caller at a hub; rather set VERA_TOKEN, which other users cannot see." placeholder:"TOKEN"`
	Service int    `default:"1" help:"Number of the service at a hub." placeholder:"ID"`

	Raw   bool `help:"Print the answer's body as it came, and nothing else."`
	Watch bool `help:"Call again on every reload of a running vera dev, until Ctrl-C."`
}

// Help is shown below the flags.
func (callCommand) Help() string {
	return `Exit codes: 0 the answer's status is 2xx or 3xx, 4 it is 4xx, 5 it is 5xx, 1 nobody answers, 2 the command line is wrong.`
}

// Run makes the call, as it was asked for; what looks wrong with it is said
// besides.
func (k callCommand) Run(ctx context.Context, c console) error {
	input, err := k.input()
	if err != nil {
		return &usageError{err}
	}
	address, err := caller.CheckURL(cmp.Or(k.URL, c.variable("VERA_URL"), "http://127.0.0.1:4000"))
	if err != nil {
		return &usageError{fmt.Errorf("--url or VERA_URL: %w", err)}
	}
	token, err := k.token(c)
	if err != nil {
		return &usageError{err}
	}
	client := &caller.Client{URL: address, Token: token, Service: k.Service}
	if k.Watch {
		return k.watch(ctx, c, client, input)
	}
	status, _, err := client.Status(ctx)
	if err != nil && !errors.Is(err, caller.ErrUnreachable) {
		return k.unanswered(err)
	}
	answer, err := k.call(ctx, c, client, input, status.Actions)
	if err != nil {
		return err
	}
	return exitByStatus(answer.Status)
}

// token is the caller's own at a hub; empty for none.
func (k callCommand) token(c console) (string, error) {
	token := strings.TrimSpace(cmp.Or(k.Token, c.variable("VERA_TOKEN")))
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", errors.New("the token in --token or VERA_TOKEN has characters that no token has: only visible ASCII can be sent")
	}
	return token, nil
}

// input is the fields if they are given as JSON; nil if they are arguments.
func (k callCommand) input() (json.RawMessage, error) {
	fromInput := len(k.Fields) == 1 && k.Fields[0] == "-"
	switch {
	case k.JSON != nil && len(k.Fields) > 0:
		return nil, errors.New("the fields are given both with --json and as arguments; keep one")
	case k.JSON != nil:
		return checkJSON("--json", []byte(*k.JSON))
	case fromInput:
		text, err := io.ReadAll(os.Stdin)
		if err != nil {
			return nil, fmt.Errorf("read the fields from the standard input: %w", err)
		}
		return checkJSON("the standard input", text)
	}
	return nil, nil
}

func checkJSON(where string, text []byte) (json.RawMessage, error) {
	if !json.Valid(text) {
		return nil, fmt.Errorf(`the fields in %s are not JSON; they are written {"name": "Ada"}`, where)
	}
	return text, nil
}

// call makes one call and prints the answer. actions is what is known of the
// actions; nil if nothing is.
func (k callCommand) call(ctx context.Context, c console, client *caller.Client, input json.RawMessage, actions caller.Catalogue) (caller.Answer, error) {
	fields, err := input, error(nil)
	if fields == nil {
		if fields, err = caller.Fields(k.Fields, actions[k.Name].Fields); err != nil {
			return caller.Answer{}, &usageError{err}
		}
	}
	if actions != nil {
		for _, hint := range actions.Hints(k.Name, fields) {
			fmt.Fprintf(c.err, "hint: %s\n", hint)
		}
	}
	answer, err := client.Call(ctx, k.Name, fields)
	if err != nil {
		return answer, k.unanswered(err)
	}
	if answer.Status == http.StatusInternalServerError && actions != nil {
		fmt.Fprintln(c.err, "hint: the log of vera dev says what went wrong, and where")
	}
	if k.Raw {
		_, err = c.out.Write(answer.Body)
		return answer, err
	}
	return answer, answer.Print(c.out, coloured(c, c.out))
}

// watch calls now and after every reload.
func (k callCommand) watch(ctx context.Context, c console, client *caller.Client, input json.RawMessage) error {
	err := client.Watch(ctx, func(status caller.Status) error {
		fmt.Fprintf(c.out, "── %s ── version %s ──\n", time.Now().Format(time.TimeOnly), status.Version)
		_, err := k.call(ctx, c, client, input, status.Actions)
		if errors.Is(err, caller.ErrUnreachable) {
			fmt.Fprintf(c.err, "vera: %v\n", err)
			return nil // it may be back
		}
		fmt.Fprintln(c.out)
		return err
	}, func(err error) {
		fmt.Fprintf(c.err, "vera: %v; waiting for it\n", err)
	})
	if errors.Is(err, caller.ErrNoReloads) {
		return fmt.Errorf("watch: %w", err)
	}
	return k.unanswered(err)
}

// unanswered adds to an error what can be done about it.
func (callCommand) unanswered(err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		return exitCode(exitInterrupt)
	case errors.Is(err, caller.ErrUnreachable):
		return fmt.Errorf("%w; start vera dev there, or name another address with --url", err)
	}
	return err
}

func exitByStatus(status int) error {
	switch {
	case status >= 500:
		return exitCode(exitFault)
	case status >= 400:
		return exitCode(exitRefused)
	}
	return nil
}

// coloured tells whether what is written to w is for a person who wants colours.
func coloured(c console, w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && c.variable("NO_COLOR") == "" && term.IsTerminal(int(file.Fd()))
}
