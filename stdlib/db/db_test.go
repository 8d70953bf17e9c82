package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	lua "github.com/yuin/gopher-lua"
	"go.uber.org/goleak"

	"vera/host/devdb/devdbtest"
	"vera/stdlib/db"
	"vera/stdlib/json"
	"vera/stdlib/lua51"
	"vera/stdlib/luaconv"
	"vera/stdlib/runinfo"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const schema = `
create table accounts (
    id      int generated always as identity primary key,
    name    text not null constraint accounts_name_key unique,
    balance int not null default 0 constraint accounts_balance_check check (balance >= 0),
    owner   int constraint accounts_owner_fkey references accounts
);
create table samples (
    small int2, big int8, exact numeric, float float8, yes boolean, words text,
    moment timestamptz, day date, id uuid, doc jsonb, bytes bytea, list int4[], nothing text
);`

func testDB(t *testing.T) *pgxpool.Pool {
	t.Helper()
	dsn := devdbtest.Database(t, func(ctx context.Context, dsn string) error {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, schema)
		return err
	}, "stdlib-db-1")
	config, err := db.Config(dsn)
	if err != nil {
		t.Fatal(err)
	}
	config.MaxConns = 4
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// run runs a script with the module db, until ctx ends.
func run(ctx context.Context, pool *pgxpool.Pool, source string) ([]any, error) {
	L := lua.NewState()
	defer L.Close()
	lua51.Open(L, L.G.Global)
	L.Push(L.NewFunction(db.New(pool).Module))
	L.Call(0, 1)
	L.SetGlobal("db", L.Get(-1))
	L.SetGlobal("null", luaconv.Null)
	L.SetTop(0)
	L.SetContext(ctx)
	fn, err := L.LoadString(source)
	if err != nil {
		return nil, err
	}
	results, err := lua51.PCall(L, fn)
	if err != nil {
		return nil, luaconv.Cause(err)
	}
	values := make([]any, len(results))
	for i, result := range results {
		if values[i], err = json.ToGo(context.Background(), result, json.Limits{}); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func TestStatements(t *testing.T) {
	tests := []struct {
		name   string
		source string
		want   []any
	}{
		{"one gives a row", `return db.one("select 1 as a, 'x' as b")`, []any{map[string]any{"a": 1.0, "b": "x"}}},
		{"one gives nil without a row", `return db.one("select 1 where false")`, []any{nil}},
		{"query gives rows", `return db.query("select n from generate_series(1, 2) n")`,
			[]any{[]any{map[string]any{"n": 1.0}, map[string]any{"n": 2.0}}}},
		{"query gives an empty list", `return db.query("select 1 where false")`, []any{[]any{}}},
		{"exec counts", `return db.exec("insert into accounts (name) values ($1), ($2)", "a", "b")`, []any{2.0}},
		{"null and nil are NULL", `return db.one("select $1::int is null as a, $2::text is null as b", null, nil)`,
			[]any{map[string]any{"a": true, "b": true}}},
		{"parameters become what the statement asks for", `return db.one(
			"select $1::int + 1 as i, $2::numeric * 2 as n, $3::boolean as b, $4::uuid as u, $5::jsonb ->> 'k' as j, $6::float8 as f",
			41, "1.50", true, "7d444840-9dc0-11d1-b245-5ffdce74fad2", { k = "v" }, 0.1)`,
			[]any{map[string]any{"i": 42.0, "n": "3.00", "b": true, "u": "7d444840-9dc0-11d1-b245-5ffdce74fad2", "j": "v", "f": 0.1}}},
		{"a parameter is never part of the statement", `return db.one("select $1 as v", "'; drop table accounts; --")`,
			[]any{map[string]any{"v": "'; drop table accounts; --"}}},
		{"unique", `db.exec("insert into accounts (name) values ('a')")
			return db.one("insert into accounts (name) values ('a') returning id")`, []any{nil, "unique", "accounts_name_key"}},
		{"check", `return db.exec("insert into accounts (name, balance) values ('a', -1)")`, []any{nil, "check", "accounts_balance_check"}},
		{"foreign_key", `return db.exec("insert into accounts (name, owner) values ('a', 99)")`, []any{nil, "foreign_key", "accounts_owner_fkey"}},
		{"not_null", `return db.exec("insert into accounts (name) values (null)")`, []any{nil, "not_null", "name"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := run(t.Context(), testDB(t), tt.source)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestValues(t *testing.T) {
	pool := testDB(t)
	got, err := run(t.Context(), pool, `
		db.exec([[insert into samples values (1, 9007199254740993, 1.10, 0.5, true, 'wörter',
			'2026-11-24 12:00:00.25+02', '2026-11-24', '7D444840-9DC0-11D1-B245-5FFDCE74FAD2',
			'{"a": [1, null, 9007199254740993], "b": {}}', '\x00ff', '{1,2}', null)]])
		local row = db.one("select *, 9007199254740991::int8 as safe from samples")
		row.bytes = { row.bytes:byte(1, -1) }
		return row`)
	if err != nil {
		t.Fatal(err)
	}
	moment := time.Date(2026, 11, 24, 10, 0, 0, 250e6, time.UTC)
	want := []any{map[string]any{
		"small": 1.0, "big": "9007199254740993", "safe": 9007199254740991.0, "exact": "1.10", "float": 0.5, "yes": true,
		"words": "wörter", "moment": float64(moment.UnixMilli()) / 1000, "day": "2026-11-24",
		"id": "7d444840-9dc0-11d1-b245-5ffdce74fad2", "doc": map[string]any{"a": []any{1.0, nil, "9007199254740993"}, "b": map[string]any{}},
		"bytes": []any{0.0, 255.0}, "list": []any{1.0, 2.0},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTransactions(t *testing.T) {
	tests := []struct {
		name   string
		source string
		want   []any
		names  string // of the accounts that are there afterwards
	}{
		{"commits when fn returns", `return db.transaction(function(tx)
			tx:exec("insert into accounts (name) values ('a')")
			return "done", 2
		end)`, []any{"done", 2.0}, "a"},
		{"rolls back when fn raises", `local ok = pcall(db.transaction, function(tx)
			tx:exec("insert into accounts (name) values ('a')")
			error("no")
		end)
		return ok`, []any{false}, ""},
		{"passes on what fn raised", `local _, err = pcall(db.transaction, function(tx) error({ code = "mine" }) end)
			return err.code`, []any{"mine"}, ""},
		{"goes on after a breach", `return db.transaction(function(tx)
			tx:exec("insert into accounts (name) values ('a')")
			local row, code = tx:one("insert into accounts (name) values ('a') returning id")
			tx:exec("insert into accounts (name) values ('b')")
			return row, code
		end)`, []any{nil, "unique"}, "a b"},
		{"rollback undoes and lets fn answer", `return db.transaction(function(tx)
			tx:exec("insert into accounts (name) values ('a')")
			tx:rollback()
			return "refused"
		end)`, []any{"refused"}, ""},
		{"a savepoint alone can fail", `return db.transaction(function(tx)
			tx:exec("insert into accounts (name) values ('a')")
			local ok = pcall(tx.transaction, tx, function(inner)
				inner:exec("insert into accounts (name) values ('b')")
				error("no")
			end)
			return ok, tx:transaction(function(inner) return inner:exec("insert into accounts (name) values ('c')") end)
		end)`, []any{false, 1.0}, "a c"},
		{"db is refused inside", `local ok, err = pcall(db.transaction, function() db.one("select 1") end)
			return ok, err:match("inside a transaction") ~= nil`, []any{false, true}, ""},
		{"db is free again afterwards", `pcall(db.transaction, function() error("no") end)
			return db.one("select 1 as n").n`, []any{1.0}, ""},
		{"a handle ends with its transaction", `local kept
			db.transaction(function(tx) kept = tx end)
			return (pcall(kept.one, kept, "select 1"))`, []any{false}, ""},
		{"the outer handle waits for the inner one", `return db.transaction(function(tx)
			return tx:transaction(function() return (pcall(tx.one, tx, "select 1")) end)
		end)`, []any{false}, ""},
		{"a caught fault of a statement still fails the commit", `return (pcall(db.transaction, function(tx)
			tx:exec("insert into accounts (name) values ('a')")
			pcall(tx.exec, tx, "select 1/0")
		end))`, []any{false}, ""},
		{"isolation", `return db.transaction(function(tx)
			return tx:one("select current_setting('transaction_isolation') as i, current_setting('transaction_read_only') as r")
		end, { isolation = "serializable", read_only = true })`, []any{map[string]any{"i": "serializable", "r": "on"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			pool := testDB(t)
			got, err := run(t.Context(), pool, tt.source)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			var names string
			if err := pool.QueryRow(t.Context(), "select coalesce(string_agg(name, ' ' order by name), '') from accounts").Scan(&names); err != nil {
				t.Fatal(err)
			}
			if names != tt.names {
				t.Errorf("accounts afterwards: %q, want %q", names, tt.names)
			}
			mustBeIdle(t, pool)
		})
	}
}

// Two transactions that each read what the other writes: one of them fails,
// and is run again.
func TestSerializationFailuresAreRunAgain(t *testing.T) {
	pool := testDB(t)
	if _, err := pool.Exec(t.Context(), "insert into accounts (name, balance) values ('a', 0), ('b', 0)"); err != nil {
		t.Fatal(err)
	}
	source := `for _ = 1, 20 do
		db.transaction(function(tx)
			local sum = tx:one("select sum(balance) as s from accounts").s
			tx:exec("update accounts set balance = ($1::int + 1) % 1000 where name = $2", sum, NAME) -- or it grows with each retry
		end, { isolation = "serializable" })
	end`
	errs := make(chan error, 2)
	for _, name := range []string{"'a'", "'b'"} {
		go func() {
			var err error
			for range 50 { // retries are bounded: try the rest again
				if _, err = run(t.Context(), pool, strings.ReplaceAll(source, "NAME", `"`+strings.Trim(name, "'")+`"`)); err == nil {
					break
				}
				if dbErr, ok := errors.AsType[*db.Error](err); !ok || dbErr.SQLState != "40001" {
					break
				}
			}
			errs <- err
		}()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	mustBeIdle(t, pool)
}

// What a statement leaves in its connection is gone with the run.
func TestSessionsDoNotLeak(t *testing.T) {
	for _, source := range []string{
		`db.exec("set statement_timeout = 1234567")`,
		`db.one("select set_config('statement_timeout', '1234567', false)")`,
		`db.transaction(function(tx) tx:exec("set statement_timeout = 1234567") end)`,
		`db.transaction(function(tx) tx:transaction(function(inner) inner:exec("SET statement_timeout = 1234567") end) end)`,
	} {
		pool := testDB(t)
		if _, err := run(t.Context(), pool, source); err != nil {
			t.Fatal(err)
		}
		for range 8 {
			got, err := run(t.Context(), pool, `return db.one("show statement_timeout").statement_timeout`)
			if err != nil || got[0] != "0" {
				t.Errorf("after %s: %v, %v", source, got, err)
			}
		}
		if n := pool.Stat().AcquiredConns(); n != 0 {
			t.Errorf("after %s: %d connections are still out", source, n)
		}
	}
}

// A run's deadline ends the statement at the server, not only here.
func TestDeadline(t *testing.T) {
	for name, source := range map[string]string{
		"statement":      `db.one("select pg_sleep(30)")`,
		"in transaction": `db.transaction(function(tx) tx:one("select pg_sleep(30)") end)`,
		"script":         `db.transaction(function(tx) tx:one("select 1") while true do end end)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := testDB(t)
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			start := time.Now()
			_, err := run(ctx, pool, source)
			if err == nil {
				t.Error("no error")
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			mustBeIdle(t, pool)
		})
	}
}

func TestFaults(t *testing.T) {
	pool := testDB(t)
	_, err := run(t.Context(), pool, `db.one("select nonsense")`)
	dbErr, ok := errors.AsType[*db.Error](err)
	if !ok || dbErr.SQLState != "42703" || !strings.Contains(err.Error(), "nonsense") {
		t.Errorf("an unknown column gives %v", err)
	}
	_, err = run(t.Context(), pool, `db.one("select $1::uuid", "s3cret")`)
	if dbErr, ok = errors.AsType[*db.Error](err); !ok || dbErr.SQLState != "22P02" || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a bad value gives %v; it must not be repeated", err)
	}
	if _, err = run(t.Context(), pool, `db.one("select $1", function() end)`); err == nil {
		t.Error("a function is taken as a parameter")
	}
	ctx := context.WithValue(t.Context(), runinfo.Key{}, &runinfo.Info{Loading: true})
	if _, err = run(ctx, pool, `db.one("select 1")`); err == nil || !strings.Contains(err.Error(), "while the file is loaded") {
		t.Errorf("at load time: %v", err)
	}
}

func TestUnavailable(t *testing.T) {
	server := devdbtest.Private(t)
	config, err := db.Config(server.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := run(t.Context(), pool, `return db.one("select 1")`); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	for _, source := range []string{`db.one("select 1")`, `db.transaction(function(tx) tx:one("select 1") end)`} {
		if _, err := run(t.Context(), pool, source); !errors.Is(err, db.ErrUnavailable) {
			t.Errorf("%s with the server stopped: %v", source, err)
		}
	}
}

// mustBeIdle fails if a connection of the pool's database has a transaction
// open, or is still at work.
func mustBeIdle(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	deadline := time.Now().Add(3 * time.Second)
	for {
		var busy int
		err := pool.QueryRow(context.Background(), `select count(*) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`).Scan(&busy)
		if err != nil {
			t.Fatal(err)
		}
		if busy == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("%d connections are still in a transaction", busy)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
