package main

import (
	"strings"
	"testing"

	"vera/host/devdb/devdbtest"
)

// replEnv is an environment with a database of its own, which exists.
func replEnv(t *testing.T) []string {
	t.Helper()
	return []string{"DATABASE_URL=" + devdbtest.Database(t, migrateDSN, migrationsHash(t)), "ACTIONS_DIR=" + writeActions(t, map[string]string{
		"greet.lua":   callActions["greet.lua"],
		"lib/add.lua": `return function(a, b) return a + b end`,
	})}
}

// Everything at a prompt is one transaction that goes on after an error, and of
// which nothing is kept.
func TestRepl(t *testing.T) {
	t.Parallel()
	env := replEnv(t)
	const input = `
db.exec("INSERT INTO login_throttle VALUES ('a', now())")
db.query("SELECT account FROM login_throttle")
db.one("INSERT INTO login_throttle VALUES ('a', now())")
db.transaction(function(tx)
  tx:exec("INSERT INTO login_throttle VALUES ('b', now())")
  error("given up")
end)
db.one("SELECT nope")
db.one("SELECT pg_sleep(60)")
db.exec("COMMIT")
db.one("SELECT count(*) AS n FROM login_throttle")
require("lib.add")(1, 2)
#uuid.v4(), jwt.sign({ sub = "1" }) ~= nil
log.info("seen", { by = "its author" })
db.one("SELECT pg_terminate_backend(pg_backend_pid())")
db.one("SELECT count(*) AS n FROM login_throttle")
`
	code, out, stderr := pipeVera(t, env, input, "repl", "--timeout=5s", "--state", t.TempDir())
	const wantOut = `1
{ { account = "a" } }
nil
"unique"
"login_throttle_pkey"
{ n = 1 }
3
36
true
{ n = 0 }
`
	if out != wantOut || code != exitFailed {
		t.Errorf("exit code %d, printed\n%s\nwant\n%s", code, out, wantOut)
	}
	for _, want := range []string{
		"error: given up\n",
		"error: run a statement: column \"nope\" does not exist (SQLSTATE 42703)\n",
		"error: it ran for more than 5s\n",
		"seen",
		"note: the transaction was lost, and with it what was changed so far; this is a new one\n",
		"nothing was kept\n",
	} {
		if strings.Count(stderr, want) != 1 {
			t.Errorf("not once among the errors: %s\n%s", want, stderr)
		}
	}
	code, out, stderr = pipeVera(t, env, `db.one("SELECT count(*) AS n FROM login_throttle")`, "repl", "--state", t.TempDir())
	if code != 0 || out != "{ n = 0 }\n" || stderr != "nothing was kept\n" {
		t.Errorf("afterwards: exit code %d, printed\n%s%s", code, out, stderr)
	}
	for _, tt := range []struct {
		env  []string
		args []string
		code int
		want string
	}{
		{env, []string{"--timeout=0s"}, exitUsage, "--timeout must be above 0 and at most 10m0s"},
		{[]string{"DATABASE_URL=nonsense://"}, nil, exitUsage, "DATABASE_URL"},
		{[]string{"DATABASE_URL=postgres://me:hidden@127.0.0.1:1/x"}, nil, exitFailed, "the database is unavailable"},
	} {
		code, _, stderr := pipeVera(t, tt.env, "1", append([]string{"repl", "--state", t.TempDir()}, tt.args...)...)
		if code != tt.code || !strings.Contains(stderr, tt.want) || strings.Contains(stderr, "hidden") {
			t.Errorf("repl %q: exit code %d, want %d; printed\n%s\nwant %s", tt.args, code, tt.code, stderr, tt.want)
		}
	}
}

// Without a database in the environment it is that of vera dev, migrated, also
// where there are no actions.
func TestReplDevelopment(t *testing.T) {
	t.Parallel()
	state := shortTempDir(t)
	env := []string{"DATABASE_URL=", "POSTGRES_USER=", "POSTGRES_DB=", "ACTIONS_DIR=" + state + "/none"}
	code, out, stderr := pipeVera(t, env, `db.one("SELECT count(*) AS n FROM users")`, "repl", "--state", state)
	if code != 0 || out != "{ n = 0 }\n" {
		t.Errorf("exit code %d, printed\n%s%s", code, out, stderr)
	}
	mustHaveNoServer(t, state)
}
