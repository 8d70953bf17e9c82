package db

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// clockSchema is the schema that [ClockSQL] makes.
const clockSchema = "vera_clock"

// ClockSQL and ClockPath make a database in which a [Rehearsal] tells the time:
// the statements are run before there is anything else in it, and everybody who
// connects has this search path. Then the defaults of columns tell that time
// too.
//
// In any other database a rehearsal makes the functions for itself. The
// defaults of columns, which were bound to PostgreSQL's own functions when the
// tables were made, tell the server's time there. CURRENT_TIMESTAMP and its kind
// are no functions and do so everywhere.
const ClockPath = `"$user", public, ` + clockSchema + `, pg_catalog`

// ClockSQL is explained at [ClockPath].
func ClockSQL() string { return clockFunctions(clockSchema) }

// clockFunctions makes a schema with the functions that tell the time. Found
// before PostgreSQL's own, they tell the setting vera.now, and where that is not
// set what PostgreSQL's own tell.
func clockFunctions(schema string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE SCHEMA %s;\n", schema)
	for _, name := range []string{"now", "transaction_timestamp", "statement_timestamp", "clock_timestamp"} {
		fmt.Fprintf(&b, "CREATE FUNCTION %s.%s() RETURNS timestamptz LANGUAGE sql STABLE AS "+
			"$$ SELECT coalesce(nullif(current_setting('vera.now', true), '')::timestamptz, pg_catalog.%[2]s()) $$;\n", schema, name)
	}
	return b.String()
}

// tell sets the time within tx.
func tell(ctx context.Context, tx pgx.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, "SELECT set_config('vera.now', $1, true)", now.UTC().Format(time.RFC3339Nano))
	return err
}

// installClock makes the functions within tx, unless the database has them.
// False means that its user may not.
func installClock(ctx context.Context, tx pgx.Tx) (bool, error) {
	var there, allowed bool
	var pid int
	err := tx.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL,
		has_database_privilege(current_database(), 'CREATE'), pg_backend_pid()`, clockSchema).Scan(&there, &allowed, &pid)
	if err != nil || there || !allowed {
		return there, err
	}
	// Transactions that make schemas of one name would wait for each other.
	schema := fmt.Sprintf("%s_%d", clockSchema, pid)
	_, err = tx.Exec(ctx, clockFunctions(schema)+fmt.Sprintf(
		"SELECT set_config('search_path', concat_ws(', ', nullif(current_setting('search_path'), ''), '%s', 'pg_catalog'), true)", schema),
		pgx.QueryExecModeSimpleProtocol)
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return false, fmt.Errorf("make the functions that tell the time: %s (SQLSTATE %s)", pgErr.Message, pgErr.Code)
	}
	return err == nil, err
}
