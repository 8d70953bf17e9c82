package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"vera/host/scaffold"
)

type newCommand struct {
	Name string `arg:"" help:"The action's name, SignUp, or its file's, sign_up." placeholder:"NAME"`
	Dir  string `help:"Folder of the scripts; without it ACTIONS_DIR, or ./actions." placeholder:"DIR"`
}

// Run writes an action and its test from a template.
func (k newCommand) Run(ctx context.Context, c console) error {
	config, err := loadConfig(c.lookup, needNothing)
	if err != nil {
		return &configError{err}
	}
	if k.Dir != "" {
		config.ActionsDir = k.Dir
	}
	name, err := scaffold.ParseName(k.Name)
	if err != nil {
		return &usageError{err}
	}
	if err := mustBeFree(ctx, config, name); err != nil {
		return fmt.Errorf("make the action %s: %w", name.Action, err)
	}
	files, err := scaffold.Action(config.ActionsDir, name)
	if err != nil {
		return fmt.Errorf("make the action %s: %w", name.Action, err)
	}
	for _, file := range files {
		fmt.Fprintf(c.out, "wrote %s\n", file)
	}
	return nil
}

// mustBeFree refuses a name that an action in the folder has.
func mustBeFree(ctx context.Context, config Config, name scaffold.Name) error {
	info, err := os.Stat(config.ActionsDir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
		return fmt.Errorf("there is no folder %s; --dir names another, and vera init makes a project", config.ActionsDir)
	}
	set, err := loadActions(ctx, config)
	if err != nil {
		return err
	}
	if action, ok := set.Lookup(name.Action); ok {
		return fmt.Errorf("%s is that action already; choose another name", action.File)
	}
	return nil
}

type initCommand struct {
	Dir string `arg:"" help:"Folder of the project; new, or empty." placeholder:"DIR"`
}

// Run writes the folder of a project.
func (k initCommand) Run(c console) error {
	files, err := scaffold.Project(k.Dir, developmentEnv())
	if err != nil {
		return fmt.Errorf("make a project: %w", err)
	}
	for _, file := range files {
		fmt.Fprintf(c.out, "wrote %s\n", file)
	}
	fmt.Fprintf(c.out, "\nNow: cd %s && vera dev\n", k.Dir)
	return nil
}

// developmentEnv is the content of a project's .env: what serve requires, with
// values that are good enough to develop with.
func developmentEnv() string {
	values := map[string]string{
		"WEBSOCKET_URL": "ws://127.0.0.1:4000/websocket",
		"POSTGRES_USER": "vera",
		"POSTGRES_DB":   "vera",
	}
	var b strings.Builder
	b.WriteString("# Development values for vera serve and docker compose; vera dev needs none of them.\n")
	b.WriteString("# The secrets are random and this project's own. Keep this file out of git.\n")
	for _, s := range settings {
		value, chosen := values[s.name]
		switch {
		case s.secret && (s.required || s.name == "POSTGRES_PASSWORD"):
			value = rand.Text() + rand.Text()
		case !chosen && !s.required:
			continue
		case !chosen:
			value = s.dev
		}
		fmt.Fprintf(&b, "\n# %s\n%s=%s\n", s.about, s.name, value)
	}
	return b.String()
}
