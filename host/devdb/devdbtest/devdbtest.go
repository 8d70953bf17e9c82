// Package devdbtest gives tests real PostgreSQL databases: a fresh one for
// each test, already migrated, in about 25 ms.
//
//	func TestRegister(t *testing.T) {
//		t.Parallel()
//		dsn := devdbtest.Database(t, migrations.Up, migrations.Hash())
//		…
//	}
//
// All tests of a user share one server, also those of other packages, which
// `go test` runs in other processes: the first test that wants a database
// starts it, and it ends by itself a moment after the last process has ended,
// however that ended. No TestMain is needed. Where there is no PostgreSQL the
// test fails and says how to get it.
//
// VERA_TEST_DATABASE_URL, the URL of a superuser on a disposable server, makes
// the tests use that server.
package devdbtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds each step on the database, so that a broken server fails
// the tests instead of stopping them.
const patience = 60 * time.Second

// Database makes a database for this test and gives its URL, for a superuser.
// It is a copy of a template that migrate has filled, and is dropped when the
// test and its other cleanups are over, whoever is still connected.
//
// migrate runs once for each key on an empty database and must leave no
// connection open. The key says what migrate does: a hash of the migrations.
// The same key means the same template, in all packages, until the server's
// data is lost; a key with another migrate gets the first one's result.
func Database(tb testing.TB, migrate func(ctx context.Context, dsn string) error, key string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	srv, err := theServer()
	if err != nil {
		tb.Fatal(err)
	}
	template, err := srv.template(ctx, migrate, key)
	if err != nil {
		tb.Fatal(err)
	}
	name := "test_" + strings.ToLower(rand.Text())
	if err := srv.exec(ctx, srv.createFrom(template, name)); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// The test's own context has ended by now.
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := srv.exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			tb.Error(err)
		}
	})
	return srv.dsn(name)
}

// template makes sure of the template database of a key and gives its name.
// Of many tests and processes that want it at once, one makes it.
func (s *server) template(ctx context.Context, migrate func(context.Context, string) error, key string) (string, error) {
	sum := sha256.Sum256([]byte(key))
	name := fmt.Sprintf("template_%x", sum[:8])
	conn, err := pgx.Connect(ctx, s.dsn(adminDatabase))
	if err != nil {
		return "", err
	}
	defer closeConn(conn) // and with it goes the lock
	exists := func() (found bool, err error) {
		err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&found)
		return found, err
	}
	if found, err := exists(); err != nil || found {
		return name, err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1, hashtext($2))", templateLocks, name); err != nil {
		return "", err
	}
	if found, err := exists(); err != nil || found {
		return name, err
	}
	if err := s.makeTemplate(ctx, conn, name, migrate); err != nil {
		return "", fmt.Errorf("make template database: %w", err)
	}
	return name, nil
}

// makeTemplate migrates a database under another name first: a template that
// exists is complete. It takes no connections, so that it can be copied at
// any time.
func (s *server) makeTemplate(ctx context.Context, conn *pgx.Conn, name string, migrate func(context.Context, string) error) error {
	draft := name + "_draft"
	for _, sql := range []string{"DROP DATABASE IF EXISTS " + draft + " WITH (FORCE)", "CREATE DATABASE " + draft} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	if err := migrate(ctx, s.dsn(draft)); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	for _, sql := range []string{
		"ALTER DATABASE " + draft + " ALLOW_CONNECTIONS false",
		"ALTER DATABASE " + draft + " RENAME TO " + name,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// createFrom copies a template. Copying its files takes half the time of the
// way through the write-ahead log, but PostgreSQL 14 knows neither word.
func (s *server) createFrom(template, name string) string {
	sql := "CREATE DATABASE " + name + " TEMPLATE " + template
	if s.major >= 15 {
		sql += " STRATEGY file_copy"
	}
	return sql
}

// exec runs one statement on a connection of its own: copies of a template
// are made side by side.
func (s *server) exec(ctx context.Context, sql string) error {
	conn, err := pgx.Connect(ctx, s.dsn(adminDatabase))
	if err != nil {
		return err
	}
	defer closeConn(conn)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("%s: %w", sql, err)
	}
	return nil
}

// closeConn says goodbye to the server, without waiting long. That it fails
// changes nothing: the socket is closed.
func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn.Close(ctx)
}
