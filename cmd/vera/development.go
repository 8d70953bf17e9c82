package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"vera/host/devdb"
)

// stateDir is the folder of what outlives a run: dir, or the project's own.
func stateDir(dir string) (string, error) {
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

// shareDatabase gives the settings the database that vera dev has, unless the
// environment names one: that of a vera dev which runs in this folder, or else
// it is started, and ends with stop.
func (c *Config) shareDatabase(ctx context.Context, state string, logger *slog.Logger) (stop func(), err error) {
	if c.Postgres.given() {
		return func() {}, nil
	}
	database, err := devdb.Start(ctx, devdb.Options{Dir: state, Logger: logger})
	if err == nil {
		c.Postgres.URL = Secret(database.DSN(devdb.Name))
		return func() { database.Stop() }, nil // the next start repairs what is left
	}
	dsn, serving := devdb.Serving(state)
	if !errors.Is(err, devdb.ErrInUse) || !serving {
		return nil, err
	}
	c.Postgres.URL = Secret(dsn)
	return func() {}, nil
}
