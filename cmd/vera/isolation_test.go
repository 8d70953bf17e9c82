package main

import (
	"context"
	"maps"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Where the server gives each transaction one view of the database by default,
// a token that is revoked while a change waits for the lock still ends, and
// tries are still counted one by one: requirements 5 and 14.
func TestServersIsolation(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{})
	s.run(t, `do $$ begin
		execute format('alter database %I set default_transaction_isolation = %L', current_database(), 'repeatable read');
	end $$`)
	s.service.database.Reset()
	token := s.signUp(t, "alice", 1234)["jwt"].(string)

	conn, err := pgx.Connect(t.Context(), s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	tx, err := conn.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "select from users for update"); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		if status, message, _ := s.post(t, "Edit", map[string]any{"jwt": token, "name": "Mallory"}); status != 401 {
			t.Errorf("Edit with a token that was revoked meanwhile: %d %v, want 401", status, message)
		}
	})
	until(t, "Edit waits for the lock", func() bool {
		return s.count(t, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 1
	})
	if _, err := tx.Exec(t.Context(), "insert into revocations (jti) values ($1)", claimsOf(t, token, "")["jti"]); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	running.Wait()

	var mu sync.Mutex
	counts := make(map[int]int)
	for range 40 {
		running.Go(func() {
			status, _, _ := s.post(t, "Login", map[string]any{"username": "alice", "password": "wrongpass1"})
			mu.Lock()
			defer mu.Unlock()
			counts[status]++
		})
	}
	running.Wait()
	if !maps.Equal(counts, map[int]int{401: 10, 429: 30}) {
		t.Errorf("statuses of 40 logins at once: %v, want 10 times 401 and 30 times 429", counts)
	}
}
