package devdbtest_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vera/host/devdb/devdbtest"
)

const key = "devdbtest: notes"

func migrate(ctx context.Context, dsn string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE TABLE notes (text text)")
	return err
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

func query(t *testing.T, conn *pgx.Conn, sql string, args ...any) string {
	t.Helper()
	var value string
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// TestIsolation: each test finds its database migrated and empty, though
// others write to theirs at the same time; and afterwards it is gone.
func TestIsolation(t *testing.T) {
	t.Parallel()
	var migrations atomic.Int32
	counted := func(ctx context.Context, dsn string) error {
		migrations.Add(1)
		return migrate(ctx, dsn)
	}
	key := "devdbtest: " + rand.Text() // templates outlive the test run
	outside := connect(t, devdbtest.Database(t, counted, key))
	names := make(chan string, 16)
	t.Run("parallel", func(t *testing.T) {
		for i := range cap(names) {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				began := time.Now()
				conn := connect(t, devdbtest.Database(t, counted, key))
				t.Logf("database and connection in %v", time.Since(began).Round(time.Millisecond))
				names <- query(t, conn, "SELECT current_database()")
				if got := query(t, conn, "SELECT count(*)::text FROM notes"); got != "0" {
					t.Errorf("a fresh database holds %s rows", got)
				}
				query(t, conn, "INSERT INTO notes VALUES ('mine') RETURNING text")
				if got := query(t, conn, "SELECT count(*)::text FROM notes"); got != "1" {
					t.Errorf("after one insert: %s rows", got)
				}
			})
		}
	})
	if got := migrations.Load(); got != 1 {
		t.Errorf("migrate ran %d times, want once", got)
	}
	for range cap(names) {
		name := <-names
		if got := query(t, outside, "SELECT count(*)::text FROM pg_database WHERE datname = $1", name); got != "0" {
			t.Errorf("database %s outlives its test", name)
		}
	}
}

// TestDropsDatabaseInUse: a test that forgot a connection does not keep its
// database.
func TestDropsDatabaseInUse(t *testing.T) {
	t.Parallel()
	outside := connect(t, devdbtest.Database(t, migrate, key))
	var forgotten *pgx.Conn
	var name string
	t.Run("forgetful", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), devdbtest.Database(t, migrate, key))
		if err != nil {
			t.Fatal(err)
		}
		forgotten, name = conn, query(t, conn, "SELECT current_database()")
	})
	defer forgotten.Close(context.Background())
	if got := query(t, outside, "SELECT count(*)::text FROM pg_database WHERE datname = $1", name); got != "0" {
		t.Error("the database is still there")
	}
}

// A failingTB keeps what Fatal was told and ends the goroutine, as the real
// one does, without failing the test it belongs to.
type failingTB struct {
	testing.TB
	fatal string
}

func (f *failingTB) Fatal(args ...any) {
	f.fatal = fmt.Sprint(args...)
	runtime.Goexit()
}

func TestMigrateFails(t *testing.T) {
	t.Parallel()
	key := "devdbtest: " + rand.Text()
	attempt := func(migrate func(context.Context, string) error) string {
		tb := &failingTB{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			devdbtest.Database(tb, migrate, key)
		}()
		<-done
		return tb.fatal
	}
	fails := func(ctx context.Context, dsn string) error {
		return errors.Join(migrate(ctx, dsn), errors.New("no such column"))
	}
	for range 2 { // the first attempt leaves a draft behind, the second begins anew
		if got := attempt(fails); !strings.Contains(got, "migrate: no such column") {
			t.Errorf("Database = %q, want the migration's error", got)
		}
	}
	if got := attempt(migrate); got != "" {
		t.Errorf("Database after the repair: %s", got)
	}
}

// again runs tests of this binary in another process.
func again(t *testing.T, env, tests string) (string, error) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^("+tests+")$")
	cmd.Env = append(os.Environ(), env)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestMissingPostgreSQL(t *testing.T) {
	t.Parallel()
	out, err := again(t, "VERA_PG_BIN=/nonexistent", "TestIsolation|TestPrivate")
	if err == nil || strings.Count(out, "\n--- FAIL: Test") != 2 || strings.Contains(out, "SKIP") || !strings.Contains(out, "VERA_PG_BIN") {
		t.Errorf("without PostgreSQL: %v\n%s\nwant both tests to fail with the remedy", err, out)
	}
}

func TestServerOfTheEnvironment(t *testing.T) {
	t.Parallel()
	server := devdbtest.Private(t)
	out, err := again(t, "VERA_TEST_DATABASE_URL="+server.DSN("vera"), "TestIsolation")
	if err != nil || !strings.Contains(out, "--- PASS: TestIsolation") {
		t.Fatalf("%v\n%s", err, out)
	}
	conn := connect(t, server.DSN("vera"))
	if got := query(t, conn, `SELECT count(*)::text FROM pg_database WHERE datname LIKE 'template\_%'`); got != "1" {
		t.Errorf("the server of VERA_TEST_DATABASE_URL has %s templates, want 1", got)
	}
	out, err = again(t, "VERA_TEST_DATABASE_URL=postgres://127.0.0.1:1/x", "TestIsolation")
	if err == nil || !strings.Contains(out, "VERA_TEST_DATABASE_URL") {
		t.Errorf("with a dead server: %v\n%s\nwant a failure that names the variable", err, out)
	}
}

func TestPrivate(t *testing.T) {
	t.Parallel()
	server := devdbtest.Private(t)
	dsn := server.DSN("vera")
	query(t, connect(t, dsn), "SELECT 'answers'")
	for name, end := range map[string]func(){"Stop": server.Stop, "Kill": server.Kill} {
		conn := connect(t, dsn)
		end()
		if err := conn.Ping(t.Context()); err == nil {
			t.Errorf("%s: a connection still works", name)
		}
		if late, err := pgx.Connect(t.Context(), dsn); err == nil {
			late.Close(t.Context())
			t.Errorf("%s: the server still accepts connections", name)
		}
		server.Start()
		if server.DSN("vera") != dsn {
			t.Errorf("%s and Start: another DSN", name)
		}
		query(t, connect(t, dsn), "SELECT 'answers again'")
	}
}
