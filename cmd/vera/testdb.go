package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"vera/host/devdb"
	"vera/migrations"
	"vera/stdlib/db"
)

// mostTestRuns is how many runs of tests one project can have at once: each has
// a private server of its own, so as not to be in the way of vera dev.
const mostTestRuns = 8

// databases gives the migrated database of each worker: all the same one where
// the environment names it, else private ones.
func (k testCommand) databases(ctx context.Context, config Config) (_ []*pgxpool.Config, stop func(), err error) {
	if config.Postgres.given() {
		shared, err := givenDatabase(ctx, config.Postgres)
		return slices.Repeat([]*pgxpool.Config{shared}, k.workers(true)), func() {}, err
	}
	state, err := devCommand{State: k.State}.stateDir()
	if err != nil {
		return nil, nil, err
	}
	server, err := startTestServer(ctx, state)
	if err != nil {
		return nil, nil, err
	}
	stop = func() { _ = server.Stop() } // it keeps nothing that could be lost
	databases, err := privateDatabases(ctx, server, k.workers(false))
	if err != nil {
		stop()
		return nil, nil, err
	}
	return databases, stop, nil
}

// givenDatabase migrates the database that the environment names.
func givenDatabase(ctx context.Context, p PostgresConfig) (*pgxpool.Config, error) {
	pool, err := openPool(ctx, p)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	if _, err := migrate(ctx, pool); err != nil {
		return nil, err
	}
	return pool.Config(), nil
}

// startTestServer starts the first private server that no other run has.
func startTestServer(ctx context.Context, state string) (*devdb.Server, error) {
	for n := 1; ; n++ {
		server, err := devdb.Start(ctx, devdb.Options{Dir: filepath.Join(state, fmt.Sprintf("test-%d", n))})
		if !errors.Is(err, devdb.ErrInUse) || n == mostTestRuns {
			return server, err
		}
	}
}

// privateDatabases makes n databases, or finds those of an earlier run: tests
// leave nothing in them. Their names tell what they are made of.
func privateDatabases(ctx context.Context, server *devdb.Server, n int) ([]*pgxpool.Config, error) {
	prefix, err := testDatabasePrefix()
	if err != nil {
		return nil, err
	}
	admin, err := pgx.Connect(ctx, server.DSN("postgres"))
	if err != nil {
		return nil, err
	}
	defer admin.Close(context.WithoutCancel(ctx))
	existing, err := testDatabases(ctx, admin)
	if err != nil {
		return nil, err
	}
	for _, name := range existing {
		if !strings.HasPrefix(name, prefix) { // of other migrations
			if _, err := admin.Exec(ctx, "DROP DATABASE "+name); err != nil {
				return nil, err
			}
		}
	}
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", prefix, i+1)
		if slices.Contains(existing, names[i]) {
			continue
		}
		if _, err := admin.Exec(ctx, "CREATE DATABASE "+names[i]); err != nil {
			return nil, err
		}
	}
	databases := make([]*pgxpool.Config, n)
	g, ctx := errgroup.WithContext(ctx)
	for i, name := range names {
		g.Go(func() (err error) {
			databases[i], err = privateDatabase(ctx, server.DSN(name))
			return err
		})
	}
	return databases, g.Wait()
}

// privateDatabase migrates a database whose time a test can choose.
func privateDatabase(ctx context.Context, dsn string) (*pgxpool.Config, error) {
	config, err := db.Config(dsn)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 2
	config.ConnConfig.RuntimeParams["search_path"] = db.ClockPath
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	var ready bool
	if err := pool.QueryRow(ctx, "SELECT to_regprocedure('vera_clock.clock_timestamp()') IS NOT NULL").Scan(&ready); err != nil {
		return nil, err
	}
	if !ready {
		if _, err := pool.Exec(ctx, db.ClockSQL(), pgx.QueryExecModeSimpleProtocol); err != nil {
			return nil, fmt.Errorf("prepare a database for tests: %w", err)
		}
	}
	_, err = migrate(ctx, pool)
	return config, err
}

const testDatabasesPrefix = "vera_test_"

// testDatabasePrefix begins the names of databases with these migrations.
func testDatabasePrefix() (string, error) {
	sum := sha256.New()
	sum.Write([]byte(db.ClockSQL()))
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range files {
		text, err := migrations.Files.ReadFile(name)
		if err != nil {
			return "", err
		}
		sum.Write(text)
	}
	return testDatabasesPrefix + hex.EncodeToString(sum.Sum(nil))[:12] + "_", nil
}

func testDatabases(ctx context.Context, admin *pgx.Conn) ([]string, error) {
	rows, err := admin.Query(ctx, "SELECT datname FROM pg_database WHERE starts_with(datname, $1)", testDatabasesPrefix)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
