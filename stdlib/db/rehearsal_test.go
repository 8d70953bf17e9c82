package db_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	lua "github.com/yuin/gopher-lua"

	"vera/host/devdb/devdbtest"
	"vera/stdlib/db"
	"vera/stdlib/lua51"
	"vera/stdlib/luaconv"
)

// rehearse begins a rehearsal on a pool's database.
func rehearse(t *testing.T, config *pgxpool.Config, clock db.Clock) *db.Rehearsal {
	t.Helper()
	r := db.NewRehearsal(config)
	t.Cleanup(r.Close)
	if err := r.Begin(t.Context(), clock); err != nil {
		t.Fatal(err)
	}
	return r
}

// script runs Lua with db, as a script of the database has it.
func script(t *testing.T, database *db.DB, source string) error {
	t.Helper()
	L := lua.NewState()
	defer L.Close()
	L.SetContext(t.Context())
	lua51.Open(L, L.G.Global)
	L.PreloadModule("db", database.Module)
	proto, err := lua51.Compile("test.lua", []byte(`local db = require("db") `+source))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = lua51.PCall(L, L.NewFunctionFromProto(proto)); err != nil {
		return luaconv.Cause(err)
	}
	return nil
}

func mustRun(t *testing.T, database *db.DB, source string) {
	t.Helper()
	if err := script(t, database, source); err != nil {
		t.Errorf("%s: %v", source, err)
	}
}

// count asks from outside of every rehearsal.
func count(t *testing.T, pool *pgxpool.Pool, sql string) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// Whatever scripts do, nothing of it is left, and the next rehearsal begins as
// the first did.
func TestRehearsalKeepsNothing(t *testing.T) {
	pool := testDB(t)
	r := rehearse(t, pool.Config(), nil)
	for range 2 {
		mustRun(t, r.DB(), `
			assert(db.one("SELECT count(*) AS n FROM accounts").n == 0)
			assert(db.exec("INSERT INTO accounts (name) VALUES ('a')") == 1)
			db.transaction(function(tx) tx:exec("INSERT INTO accounts (name) VALUES ('b')") end)
			db.exec("CREATE TABLE extra (x int)")
			db.exec("SET application_name = 'left'")
			db.exec("PREPARE kept AS SELECT 1")
			db.one("SELECT 1 AS x FROM pg_advisory_lock(77)")
			assert(db.one("SELECT count(*) AS n FROM accounts").n == 2)`)
		if n := count(t, pool, "SELECT count(*) FROM accounts"); n != 0 {
			t.Errorf("%d rows are to be seen from outside", n)
		}
		if n := count(t, pool, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77"); n != 1 {
			t.Errorf("%d locks are held", n)
		}
		r.Rollback()
		if n := count(t, pool, `SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM pg_class WHERE relname = 'extra') +
			(SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77) +
			(SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'vera_clock%')`); n != 0 {
			t.Errorf("%d things outlive the rehearsal", n)
		}
		if err := r.Begin(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	r.Rollback()
	if err := script(t, r.DB(), `db.one("SELECT 1")`); err == nil || !strings.Contains(err.Error(), "nothing is being rehearsed") {
		t.Errorf("after the end: %v", err)
	}
}

// A script cannot tell a rehearsal from the real thing.
func TestRehearsalIsLikeReal(t *testing.T) {
	pool := testDB(t)
	const source = `
		-- a statement that fails undoes itself alone
		db.exec("INSERT INTO accounts (name) VALUES ('a')")
		local row, code, constraint = db.one("INSERT INTO accounts (name) VALUES ('a') RETURNING id")
		assert(row == nil and code == "unique" and constraint == "accounts_name_key")
		assert(not pcall(db.exec, "SELECT 1 / 0"))
		-- a transaction is undone when it raises, and when it says so
		assert(not pcall(db.transaction, function(tx) tx:exec("INSERT INTO accounts (name) VALUES ('b')") error("no") end))
		assert(db.transaction(function(tx) tx:exec("INSERT INTO accounts (name) VALUES ('c')") tx:rollback() return 7 end) == 7)
		-- and goes on after a breach, also in a savepoint
		db.transaction(function(tx)
			tx:exec("INSERT INTO accounts (name) VALUES ('d')")
			assert(select(2, tx:exec("INSERT INTO accounts (name) VALUES ('d')")) == "unique")
			pcall(tx.transaction, tx, function(inner) inner:exec("INSERT INTO accounts (name) VALUES ('e')") error("no") end)
			tx:transaction(function(inner) inner:exec("INSERT INTO accounts (name) VALUES ('f')") end)
		end)
		-- it may be read only, and afterwards the next is not
		assert(not pcall(db.transaction, function(tx) tx:exec("DELETE FROM accounts") end, { read_only = true }))
		assert(db.transaction(function(tx) return tx:one("SELECT 1 AS x").x end, { read_only = true, isolation = "serializable" }) == 1)
		-- a deferred constraint is checked at the end
		db.exec("CREATE TEMP TABLE parts (id int PRIMARY KEY, whole int REFERENCES parts DEFERRABLE INITIALLY DEFERRED)")
		local fine = pcall(db.transaction, function(tx)
			tx:exec("INSERT INTO parts VALUES (1, 2)")
			tx:exec("INSERT INTO parts VALUES (2, 2)")
		end)
		assert(fine)
		assert(not pcall(db.transaction, function(tx) tx:exec("INSERT INTO parts VALUES (3, 4)") end))
		local names = {}
		for _, account in ipairs(db.query("SELECT name FROM accounts ORDER BY name")) do names[#names + 1] = account.name end
		assert(table.concat(names) == "adf", table.concat(names))
		assert(db.one("SELECT count(*) AS n FROM parts").n == 2)`
	r := rehearse(t, pool.Config(), nil)
	mustRun(t, r.DB(), source)
	r.Rollback()
	single := pool.Config()
	single.MaxConns = 1 // a temporary table belongs to its connection
	real, err := pgxpool.NewWithConfig(t.Context(), single)
	if err != nil {
		t.Fatal(err)
	}
	defer real.Close()
	mustRun(t, db.New(real), strings.Replace(source, "CREATE TEMP TABLE", "CREATE TABLE", 1))
}

// No statement ends the transaction that all takes place in.
func TestRehearsalCannotBeEnded(t *testing.T) {
	pool := testDB(t)
	r := rehearse(t, pool.Config(), nil)
	for _, sql := range []string{"COMMIT", " ;commit work", "END", "ABORT", "ROLLBACK", "ROLLBACK TO SAVEPOINT x", "/* a */ -- b\n COMMIT AND CHAIN",
		"/* /* */ */ COMMIT", "PREPARE TRANSACTION 'x'"} {
		for _, how := range []string{`db.exec(%)`, `db.transaction(function(tx) tx:exec(%) end)`,
			`db.transaction(function(tx) tx:transaction(function(inner) inner:exec(%) end) end)`} {
			source := `db.exec("INSERT INTO accounts (name) VALUES ('kept') ON CONFLICT DO NOTHING") ` +
				strings.ReplaceAll(how, "%", "[["+sql+"]]")
			if err := script(t, r.DB(), source); err == nil || !strings.Contains(err.Error(), "cannot be ended") {
				t.Errorf("%s: %v", source, err)
			}
		}
	}
	r.Rollback()
	if n := count(t, pool, "SELECT count(*) FROM accounts"); n != 0 {
		t.Errorf("%d rows were kept", n)
	}
}

// A run whose time is over ends its statement, and the rehearsal goes on.
func TestRehearsalOutlivesTimeouts(t *testing.T) {
	pool := testDB(t)
	r := rehearse(t, pool.Config(), nil)
	mustRun(t, r.DB(), `db.exec("INSERT INTO accounts (name) VALUES ('a')")`)
	L := lua.NewState()
	defer L.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	L.SetContext(ctx)
	lua51.Open(L, L.G.Global)
	L.PreloadModule("db", r.DB().Module)
	if err := L.DoString(`require("db").one("SELECT pg_sleep(60)")`); err == nil {
		t.Error("a minute's sleep ended within its time")
	}
	mustRun(t, r.DB(), `assert(db.one("SELECT count(*) AS n FROM accounts").n == 1)`)
}

// SQL tells the rehearsal's time.
func TestRehearsalClock(t *testing.T) {
	pool := testDB(t)
	now := time.Date(2026, 1, 1, 0, 0, 0, 500_000_000, time.UTC)
	r := rehearse(t, pool.Config(), func() (time.Time, bool) { return now, true })
	for _, function := range []string{"now", "transaction_timestamp", "statement_timestamp", "clock_timestamp"} {
		mustRun(t, r.DB(), `
			assert(db.one("SELECT `+function+`() AS t").t == 1767225600.5)
			db.transaction(function(tx) assert(tx:one("SELECT `+function+`() AS t").t == 1767225600.5) end)`)
	}
	now = now.Add(time.Minute)
	mustRun(t, r.DB(), `assert(db.one("SELECT now() AS t").t == 1767225660.5)`)
	r.Rollback()
	if err := r.Begin(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	mustRun(t, r.DB(), `assert(db.one("SELECT now() - pg_catalog.clock_timestamp() BETWEEN '-1 min' AND '1 min' AS near").near)`)
}

// In a database that was made for it, columns do so too.
func TestRehearsalClockInDefaults(t *testing.T) {
	withClock := func(dsn string) (*pgxpool.Config, error) {
		config, err := db.Config(dsn)
		if err == nil {
			config.ConnConfig.RuntimeParams["search_path"] = db.ClockPath
		}
		return config, err
	}
	dsn := devdbtest.Database(t, func(ctx context.Context, dsn string) error {
		config, err := withClock(dsn)
		if err != nil {
			return err
		}
		conn, err := pgx.ConnectConfig(ctx, config.ConnConfig)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, db.ClockSQL()+"CREATE TABLE notes (at timestamptz DEFAULT now(), text text)", pgx.QueryExecModeSimpleProtocol)
		return err
	}, "stdlib-db-clock-2")
	config, err := withClock(dsn)
	if err != nil {
		t.Fatal(err)
	}
	r := rehearse(t, config, func() (time.Time, bool) { return time.Unix(1_800_000_000, 0), true })
	mustRun(t, r.DB(), `
		db.exec("INSERT INTO notes (text) VALUES ('a')")
		assert(db.one("SELECT at FROM notes").at == 1800000000)`)
}

// Where the clock cannot be moved, whoever moves it is told.
func TestRehearsalClockNotAllowed(t *testing.T) {
	pool := testDB(t)
	if _, err := pool.Exec(t.Context(), `DO $$ BEGIN
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'vera_restricted') THEN CREATE ROLE vera_restricted LOGIN; END IF;
		EXCEPTION WHEN duplicate_object OR unique_violation THEN END $$`); err != nil {
		t.Fatal(err)
	}
	config := pool.Config()
	config.ConnConfig.User = "vera_restricted"
	r := db.NewRehearsal(config)
	defer r.Close()
	moved := false
	if err := r.Begin(t.Context(), func() (time.Time, bool) { return time.Unix(1_800_000_000, 0), moved }); err != nil {
		t.Fatal(err)
	}
	mustRun(t, r.DB(), `db.one("SELECT now()")`)
	moved = true
	if err := script(t, r.DB(), `db.one("SELECT now()")`); err == nil || !strings.Contains(err.Error(), "GRANT CREATE ON DATABASE") {
		t.Errorf("a clock that SQL cannot follow: %v", err)
	}
}
