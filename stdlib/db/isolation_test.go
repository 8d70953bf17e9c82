package db_test

import "testing"

// The default of the server changes nothing: a transaction is "read committed"
// unless it says otherwise, also the next one on the same connection.
func TestIsolationIsPinned(t *testing.T) {
	pool := testDB(t)
	if _, err := pool.Exec(t.Context(), `do $$ begin
		execute format('alter database %I set default_transaction_isolation = %L', current_database(), 'serializable');
		execute format('alter role %I in database %I set default_transaction_isolation = %L', current_user, current_database(), 'repeatable read');
	end $$`); err != nil {
		t.Fatal(err)
	}
	pool.Reset()
	const script = `
		local SHOW = "select current_setting('transaction_isolation') as level"
		local function level(tx) return tx:one(SHOW).level end
		return db.one(SHOW).level, db.transaction(level), db.transaction(level, { isolation = "serializable" }),
			db.transaction(function(tx) return tx:transaction(level) end, { read_only = true })`
	got, err := run(t.Context(), pool, script)
	if err != nil {
		t.Fatal(err)
	}
	want := [4]any{"repeatable read", "read committed", "serializable", "read committed"}
	if [4]any(got) != want {
		t.Errorf("levels of a statement, and of transactions by default, on demand and with a savepoint: %v, want %v", got, want)
	}
}
