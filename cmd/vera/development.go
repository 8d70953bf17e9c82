package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"vera/host/devdb"
)

// stateDir is the folder of what outlives a run.
func (k devCommand) stateDir() (string, error) {
	dir := k.State
	if dir == "" {
		project, err := os.Getwd()
		if err != nil {
			return "", err
		}
		if dir, err = devdb.DefaultDir(project); err != nil {
			return "", err
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("make the state folder: %w", err)
	}
	return dir, nil
}

// keepSecret gives the settings the secret of the runs before, unless the
// environment names one.
func (c *Config) keepSecret(state string) (err error) {
	if c.JWT.Secret == "" {
		c.JWT.Secret, err = keptSecret(filepath.Join(state, "jwt-secret"))
	}
	return err
}

// keptSecret is a random secret that the next run finds again, so that tokens
// survive a restart.
func keptSecret(file string) (Secret, error) {
	content, err := os.ReadFile(file)
	if err == nil && len(content) >= minSecretBytes {
		return Secret(content), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the development secret: %w", err)
	}
	secret := rand.Text() + rand.Text()
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		return "", fmt.Errorf("keep the development secret: %w", err)
	}
	return Secret(secret), nil
}

// shareDev gives the settings what vera dev keeps in the state folder dir: its
// secret and, if one is wanted, its database, unless the environment names
// them. The database is that of a vera dev which runs, or else it is started,
// and ends with stop. ours tells that it is vera dev's, to be migrated.
func (c *Config) shareDev(ctx context.Context, dir string, database bool) (stop func(), ours bool, err error) {
	stop = func() {}
	if dir, err = (devCommand{State: dir}).stateDir(); err != nil {
		return nil, false, err
	}
	if err := c.keepSecret(dir); err != nil {
		return nil, false, err
	}
	if !database || c.Postgres.given() {
		return stop, false, nil
	}
	server, err := devdb.Start(ctx, devdb.Options{Dir: dir})
	if err == nil {
		c.Postgres.URL = Secret(server.DSN(devdb.Name))
		return func() { server.Stop() }, true, nil // the next start repairs what is left
	}
	dsn, serving := devdb.Serving(dir)
	if !errors.Is(err, devdb.ErrInUse) || !serving {
		return nil, false, err
	}
	c.Postgres.URL = Secret(dsn)
	return stop, true, nil
}
