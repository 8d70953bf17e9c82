package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"vera/migrations"
	"vera/stdlib/db"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Bring the database to the newest schema."`
	Down   migrateDown   `cmd:"" help:"Undo the newest migration."`
	Status migrateStatus `cmd:"" help:"Show which migrations were applied."`
}

type (
	migrateUp     struct{}
	migrateDown   struct{}
	migrateStatus struct{}
)

func (migrateUp) Run(ctx context.Context, c console) error {
	return withMigrations(ctx, c, func(m *goose.Provider) error {
		results, err := migrateTo(ctx, m)
		for _, result := range results {
			fmt.Fprintf(c.out, "applied %s in %v\n", result.Source.Path, result.Duration.Round(time.Millisecond))
		}
		if err == nil && len(results) == 0 {
			fmt.Fprintln(c.out, "nothing to do")
		}
		return err
	})
}

func (migrateDown) Run(ctx context.Context, c console) error {
	return withMigrations(ctx, c, func(m *goose.Provider) error {
		result, err := m.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			fmt.Fprintln(c.out, "nothing to undo")
			return nil
		}
		if err == nil {
			fmt.Fprintf(c.out, "undone %s\n", result.Source.Path)
		}
		return err
	})
}

func (migrateStatus) Run(ctx context.Context, c console) error {
	return withMigrations(ctx, c, func(m *goose.Provider) error {
		status, err := m.Status(ctx)
		if err != nil {
			return err
		}
		table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
		for _, s := range status {
			applied := "pending"
			if s.State == goose.StateApplied {
				applied = s.AppliedAt.UTC().Format(time.RFC3339)
			}
			fmt.Fprintf(table, "%s\t%s\n", s.Source.Path, applied)
		}
		return table.Flush()
	})
}

// withMigrations gives use the migrations of the database that the environment
// names.
func withMigrations(ctx context.Context, c console, use func(*goose.Provider) error) error {
	config, err := loadConfig(c.lookup, needDatabase)
	if err != nil {
		return &configError{err}
	}
	pool, err := openPool(ctx, config.Postgres)
	if err != nil {
		return err
	}
	defer pool.Close()
	sqlDB := stdlib.OpenDBFromPool(pool)
	defer sqlDB.Close()
	m, err := newMigrations(sqlDB)
	if err != nil {
		return err
	}
	return use(m)
}

// migrate brings the database to the newest schema. Of many hosts that start
// at once, one does it and the others wait for it.
func migrate(ctx context.Context, pool *pgxpool.Pool) ([]*goose.MigrationResult, error) {
	sqlDB := stdlib.OpenDBFromPool(pool)
	defer sqlDB.Close()
	m, err := newMigrations(sqlDB)
	if err != nil {
		return nil, err
	}
	return migrateTo(ctx, m)
}

func newMigrations(sqlDB *sql.DB) (*goose.Provider, error) {
	// Asked for each second, for five minutes.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, sqlDB, migrations.Files, goose.WithSessionLocker(locker))
}

// migrateTo applies what is pending. A database that a newer binary migrated
// is refused: this one does not know its schema.
func migrateTo(ctx context.Context, m *goose.Provider) ([]*goose.MigrationResult, error) {
	results, err := m.Up(ctx)
	if err != nil {
		return results, fmt.Errorf("migrate the database: %w", err)
	}
	current, newest, err := m.GetVersions(ctx)
	if err != nil {
		return results, fmt.Errorf("read the schema's version: %w", err)
	}
	if current > newest {
		return results, fmt.Errorf("the database's schema is version %d, this program knows versions up to %d: use a newer vera", current, newest)
	}
	return results, nil
}

// openPool makes a pool for the database; it connects on first use.
func openPool(ctx context.Context, p PostgresConfig) (*pgxpool.Pool, error) {
	config, err := db.Config(p.DSN().Reveal())
	if err != nil {
		return nil, &configError{fmt.Errorf("DATABASE_URL: %w", err)}
	}
	config.MaxConns = int32(p.MaxConns)
	if p.Patience > 0 {
		config.ConnConfig.ConnectTimeout = min(config.ConnConfig.ConnectTimeout, p.Patience)
	}
	return pgxpool.NewWithConfig(ctx, config)
}
