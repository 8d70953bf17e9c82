package main

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// run executes SQL on the stack's database.
func (s *stack) run(t *testing.T, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// watchDeletes notes how many rows each statement deletes.
const watchDeletes = `
	create table deletions (rows int);
	create function note_deletion() returns trigger language plpgsql as $$ begin
		insert into deletions select count(*) from gone;
		return null;
	end $$;
	create trigger note after delete on revocations referencing old table as gone
		for each statement execute function note_deletion();`

// What has expired goes, in small batches, of whatever table; what has not,
// stays. Two hosts that clean up at once are in nobody's way.
func TestCleanup(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{env: map[string]string{"CLEANUP_INTERVAL": "0", "JWT_LEEWAY": "30s", "AUDIT_RETENTION": "24h"}})
	s.run(t, watchDeletes)
	s.run(t, `insert into revocations (jti, expires_at) select gen_random_uuid(), now() - interval '92 seconds' from generate_series(1, 10001);
		insert into revocations (jti, expires_at) values
			(gen_random_uuid(), now() + interval '1 second'), (gen_random_uuid(), now()), -- still believed, by the leeway
			(gen_random_uuid(), now() - interval '60 seconds'), (gen_random_uuid(), null), (gen_random_uuid(), now() + interval '9 years');
		insert into users (name, email, password_digest) values ('A', 'a@example.com', '');
		insert into refresh_tokens (hash, family, user_id, next_key, expires_at)
			select sha256(n::text::bytea), gen_random_uuid(), 1, '', now() + interval '1 minute' * (n - 3) from generate_series(0, 5) n;
		insert into login_sources (user_id, source, expires_at) select 1, n, now() + interval '1 minute' * (n - 3) from generate_series(0, 5) n;
		insert into login_throttle (account, exhausted_until) select n, now() + interval '1 minute' * (n - 3) from generate_series(0, 5) n;
		insert into audit (event, outcome, action, request_id, at)
			select 'login', 'ok', 'Login', '', now() - interval '8 hours' * n from generate_series(1, 5) n;`)

	second, err := openPool(t.Context(), PostgresConfig{URL: Secret(s.dsn), MaxConns: 2})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	hosts := [2]cleaner{s.service.cleaner(), s.service.cleaner()}
	hosts[1].database = second
	var running sync.WaitGroup
	for _, host := range hosts {
		running.Go(func() {
			if err := host.clean(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	for table, want := range map[string]int{"revocations": 5, "refresh_tokens": 2, "login_sources": 2, "login_throttle": 2, "audit": 2} {
		if got := s.count(t, "select count(*) from "+table); got != want {
			t.Errorf("%s: %d rows stay, want %d", table, got, want)
		}
	}
	if most := s.count(t, "select max(rows) from deletions"); most != cleanupBatch {
		t.Errorf("a statement deletes %d rows, want %d at most", most, cleanupBatch)
	}
	if sum := s.count(t, "select sum(rows) from deletions"); sum != 10001 {
		t.Errorf("%d rows were deleted, want 10001", sum)
	}
}

// A host leaves the work to another that is at it.
func TestCleanupOneAtATime(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{env: map[string]string{"CLEANUP_INTERVAL": "0"}})
	s.run(t, insertExpired)
	conn, err := pgx.Connect(t.Context(), s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, step := range []struct {
		sql  string
		left int
	}{{"select pg_advisory_lock($1)", 1500}, {"select pg_advisory_unlock($1)", 0}} {
		if _, err := conn.Exec(t.Context(), step.sql, cleanupLock); err != nil {
			t.Fatal(err)
		}
		if err := s.service.cleaner().clean(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := s.count(t, countRevocations); n != step.left {
			t.Errorf("after %s: %d rows are left, want %d", step.sql, n, step.left)
		}
	}
}

const (
	insertExpired    = "insert into revocations (jti, expires_at) select gen_random_uuid(), '2020-01-01' from generate_series(1, 1500)"
	countRevocations = "select count(*) from revocations"
)

// A host cleans up by itself, and goes on serving when it cannot.
func TestCleanupWhileServing(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{env: map[string]string{"CLEANUP_INTERVAL": "20ms"}})
	s.run(t, "alter table login_sources rename to elsewhere")
	until(t, "the host says that it could not", func() bool { return strings.Contains(s.logs.String(), "cleanup failed, trying again") })
	if status, message, _ := s.post(t, "Login", map[string]any{"username": "nobody", "password": "password123"}); status != 404 {
		t.Errorf("Login: %d %v", status, message)
	}
	s.run(t, "alter table elsewhere rename to login_sources; "+insertExpired)
	until(t, "the host cleans up", func() bool { return s.count(t, countRevocations) == 0 })
}
