package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"vera/host/describe"
	"vera/host/luals"
	"vera/host/registry"
)

type schemaCommand struct {
	Names  []string        `arg:"" optional:"" name:"name" help:"Actions to describe; without one all." placeholder:"NAME"`
	Format describe.Format `default:"hub" enum:"hub,jsonschema,openapi,markdown,luals" help:"hub: the manifest as it is published; jsonschema: 2020-12; openapi: 3.1; markdown: a page to read; luals: declarations for the Lua language server." placeholder:"FORMAT"`
	Dir    string          `help:"Folder of the scripts; without it ACTIONS_DIR, or ./actions." placeholder:"DIR"`
	Server string          `help:"Address of the hub, for openapi; without it that of vera dev." placeholder:"URL"`
	Write  bool            `help:"With luals: write all declarations into types, beside the actions' folder, instead."`
}

// Run loads every file as serve would, and prints what it says of itself.
func (k schemaCommand) Run(ctx context.Context, c console) error {
	if k.Write && (k.Format != describe.LuaLS || len(k.Names) > 0) {
		return &configError{errors.New("--write is for --format luals, and for all actions")}
	}
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
		return fmt.Errorf("%s in %s cannot be loaded, and would be missing: see vera check", count(len(set.Faults), "file"), config.ActionsDir)
	}
	actions, err := describe.Select(set.Actions, k.Names)
	if err != nil {
		return err
	}
	if k.Write {
		return k.write(c, config.ActionsDir, actions)
	}
	document, err := describe.Document(k.Format, actions, describe.Options{
		Server: k.Server, Timeout: int(config.ActionTimeout / time.Second), Alone: len(k.Names) == 1,
	})
	if err != nil {
		return err
	}
	_, err = c.out.Write(document)
	return err
}

// write writes the declarations, also where no editor is set up to read them.
func (schemaCommand) write(c console, actionsDir string, actions []*registry.Action) error {
	project, err := luals.Project(actionsDir)
	if err != nil {
		return err
	}
	files := luals.Files(actions)
	if err := luals.Write(project, files); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.out, "%s in %s\n", count(len(files), "file"), filepath.Join(project, luals.Folder))
	return err
}

// writeTypes keeps the declarations for editors up to date, where an editor
// would find them.
func writeTypes(actionsDir string, set *registry.Set) error {
	project, err := luals.Project(actionsDir)
	if err != nil || !luals.Wanted(project) {
		return err
	}
	return luals.Write(project, luals.Files(set.Actions))
}
