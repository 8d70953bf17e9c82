package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
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
	return withMigrations(ctx, c, func(m *schemaMigrations) error {
		results, err := m.up(ctx)
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
	return withMigrations(ctx, c, func(m *schemaMigrations) error {
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
	return withMigrations(ctx, c, func(m *schemaMigrations) error {
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
func withMigrations(ctx context.Context, c console, use func(*schemaMigrations) error) error {
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
	return m.up(ctx)
}

// schemaMigrations are those of this program, for one database.
type schemaMigrations struct {
	*goose.Provider
	database *sql.DB
}

func newMigrations(sqlDB *sql.DB) (*schemaMigrations, error) {
	// Asked for each second, for five minutes.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return nil, err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, migrations.Files, goose.WithSessionLocker(locker))
	return &schemaMigrations{provider, sqlDB}, err
}

// up applies what is pending. A database that a newer binary migrated is
// refused before anything is changed: this one does not know its schema.
func (m *schemaMigrations) up(ctx context.Context) ([]*goose.MigrationResult, error) {
	if err := m.refuseNewer(ctx); err != nil {
		return nil, err
	}
	results, err := m.Up(ctx)
	if err != nil {
		return results, fmt.Errorf("migrate the database: %w", err)
	}
	return results, m.refuseNewer(ctx) // another binary may have come first
}

func (m *schemaMigrations) refuseNewer(ctx context.Context) error {
	var current int64
	err := m.database.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+goose.DefaultTablename).Scan(&current)
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == undefinedTable {
		return nil // an empty database
	}
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	newest := int64(0)
	for _, source := range m.ListSources() {
		newest = max(newest, source.Version)
	}
	if current > newest {
		return fmt.Errorf("the database's schema is version %d, this program knows versions up to %d: use a newer vera", current, newest)
	}
	return nil
}

const undefinedTable = "42P01" // SQLSTATE

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
