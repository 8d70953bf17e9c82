package db_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/db"
	"vera/stdlib/limit"
	"vera/stdlib/lua51"
	"vera/stdlib/luaconv"
)

// script runs a script with the module db under limits.
func evaluate(t *testing.T, ctx context.Context, d *db.DB, limits limit.Limits, source string) ([]lua.LValue, error) {
	t.Helper()
	L := lua.NewState(lua.Options{RegistrySize: 64 << 10})
	t.Cleanup(L.Close)
	lua51.Open(L, L.G.Global)
	L.Push(L.NewFunction(d.Loader(limits)))
	L.Call(0, 1)
	L.SetGlobal("db", L.Get(-1))
	L.SetTop(0)
	L.SetContext(ctx)
	fn, err := L.LoadString(source)
	if err != nil {
		t.Fatal(err)
	}
	return lua51.PCall(L, fn)
}

func TestLimits(t *testing.T) {
	pool := testDB(t)
	for _, tt := range []struct{ name, source, limit, want string }{
		{"statement", `db.one("select 1 --" .. ("x"):rep(65536))`, "statement", "the statement is too long: 65547 bytes, the limit is 65536 (fixed)"},
		{"statement that fits", `db.one("select 1 --" .. ("x"):rep(65525))`, "", ""},
		{"parameters", `local x = ("x"):rep(1e6) db.one("select 1", unpack({ x, x, x, x, x, x, x, x, x }))`, "parameters",
			"bad argument #10 to one (the parameters are too long: 9000000 bytes up to this one, the limit is 8388608 (fixed))"},
		{"tables as parameters", `local x, many = { ("x"):rep(1e6) }, {} for i = 1, 5000 do many[i] = x end db.one("select 1", unpack(many))`, "parameters", "(fixed)"},
		{"parameters that fit", `local x = ("x"):rep(1e6) db.one("select length($1) + length($2) + length($3) as n", x, x, x)`, "", ""},
		{"a table as a parameter", `db.one("select $1::json", { ("x"):rep(1048576) })`, "MAX_STRING_BYTES", "the JSON text is too long, the limit is 1048576 (MAX_STRING_BYTES)"},
		{"rows", `db.query("select repeat('x', 1000000) as x from generate_series(1, 4000)")`, "result",
			"the result is too long: more than 16777216 bytes, the limit is 16777216 (fixed)"},
		{"one row", `db.query("select repeat('x', 17000000) as x")`, "result", "the result is too long: 17000"},
		{"values", `db.query("select 1, 2, 3, 4, 5 from generate_series(1, 1000000)")`, "result",
			"the result has too many values: more than 200000, the limit is 200000 (fixed)"},
		{"no columns", `db.query("select from generate_series(1, 1000000)")`, "result", "too many values"},
		{"an array", `db.one("select array(select 1 from generate_series(1, 130000)) as a, array(select 1 from generate_series(1, 130000)) as b")`, "result", "too many values"},
		{"json", `db.query("select (select json_agg(1) from generate_series(1, 150000)) as a from generate_series(1, 2)")`, "result", "too many values"},
		{"deep json", `db.one("select (repeat('[', 65) || repeat(']', 65))::jsonb as deep")`, "depth", `column "deep": its JSON is nested too deep, the limit is 64 (fixed)`},
		{"large numerics", `db.one("select array(select 1e131000 from generate_series(1, 50000)) as a")`, "result", "the result is too long"},
		{"large numerics in a small message", `db.one("select array(select 1e131000 from generate_series(1, 200)) as a")`, "result", "the result is too long"},
		{"a long value", `db.one("select repeat('x', 1048577) as long")`, "MAX_STRING_BYTES",
			`column "long": string too long: 1048577 bytes, the limit is 1048576 (MAX_STRING_BYTES)`},
		{"a value that fits", `db.one("select repeat('x', 1048576) as long")`, "", ""},
		{"within a transaction", `db.transaction(function(tx) tx:query("select repeat('x', 1000000) as x from generate_series(1, 4000)") end)`, "result", "(fixed)"},
		{"with a savepoint", `db.transaction(function(tx) tx:query("insert into samples (words) select repeat('x', 1000000) from generate_series(1, 20) returning words") end)`, "result", "(fixed)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var noted []string
			start := time.Now()
			_, err := evaluate(t, t.Context(), db.New(pool), limit.Limits{Exceeded: func(name string) { noted = append(noted, name) }}, tt.source)
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(luaconv.Cause(err).Error(), tt.want)) {
				t.Errorf("%v, want %q", luaconv.Cause(err), tt.want)
			}
			if got := strings.Join(noted, " "); got != tt.limit {
				t.Errorf("exceeds %q, want %q", got, tt.limit)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			mustBeIdle(t, pool)
			for wait := 0; pool.Stat().AcquiredConns() != 0; wait++ { // one that was given up takes a moment
				if wait == 300 {
					t.Fatal("a connection is still out")
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}

// MAX_STRING_BYTES bounds what comes from the database, and what goes there.
func TestStringBytes(t *testing.T) {
	pool := testDB(t)
	for source, want := range map[string]string{
		`db.one("select repeat('x', 101) as x")`:                "string too long: 101 bytes, the limit is 100 (MAX_STRING_BYTES)",
		`db.one("select to_json(repeat('x', 99)) as x")`:        "string too long: 101 bytes",
		`db.one("select 1e100 as x")`:                           "string too long: 101 bytes",
		`db.one("select $1::json as x", { ("x"):rep(200) })`:    "the JSON text is too long, the limit is 100 (MAX_STRING_BYTES)",
		`db.one("select length($1) as x", ("x"):rep(200))`:      "",
		`db.one("select repeat('x', 100) as x, 1e99 as y")`:     "",
		`db.exec("insert into samples (words) values ($1)", 5)`: "",
	} {
		_, err := evaluate(t, t.Context(), db.New(pool), limit.Limits{StringBytes: 100}, source)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(luaconv.Cause(err).Error(), want)) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
}

// A run that is over reads no more parameters.
func TestParametersEndWithTheRun(t *testing.T) {
	pool := testDB(t)
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, errors.New("the run is over"))
	defer cancel()
	start := time.Now()
	_, err := evaluate(t, ctx, db.New(pool), limit.Limits{}, `
		local list, many = {}, {}
		for i = 1, 90000 do list[i] = 1 end
		local parameter = { list }
		for i = 1, 8000 do many[i] = parameter end
		while true do pcall(db.one, "select 1", unpack(many)) end`)
	if took := time.Since(start); err == nil || took > 3*time.Second {
		t.Errorf("%v after %v", err, took)
	}
}

// Each connection keeps so many statements prepared, and no more.
func TestCachedStatements(t *testing.T) {
	pool := testDB(t)
	got, err := evaluate(t, t.Context(), db.New(pool), limit.Limits{}, `return db.transaction(function(tx)
		for i = 1, 300 do tx:one("select " .. i .. " as n") end
		return tx:one("select count(*) as n from pg_prepared_statements").n
	end)`)
	if err != nil {
		t.Fatal(err)
	}
	if n := got[0].(lua.LNumber); n < 100 || n > 130 {
		t.Errorf("%v statements are prepared", n)
	}
}
