package db

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
)

// A Rehearsal lets scripts use the database as ever, and then it was not so:
// everything takes place in one transaction, on a connection of its own, that
// is rolled back at the end. It is for tests, and for trying things out.
//
//	r := db.NewRehearsal(config)
//	defer r.Close()
//	err := r.Begin(ctx, clock)
//	… // scripts use r.DB()
//	r.Rollback()
//
// What scripts take for a transaction, or for a statement by itself, is a
// savepoint: it fails, is undone and run again by itself, and deferred
// constraints are checked at its end. What differs: nobody else takes part, so
// an isolation level makes no difference; sequences go on; and what PostgreSQL
// runs outside of transactions only, as VACUUM, fails.
//
// One goroutine at a time may use it.
type Rehearsal struct {
	config *pgx.ConnConfig
	clock  Clock
	conn   *pgx.Conn // nil: not connected yet
	tx     pgx.Tx    // nil: nothing is being rehearsed
	tells  bool      // SQL can be told the time
}

// A Clock tells the time in a rehearsal, and whether it was moved: it is not
// the system's. SQL's now() is what it tells when a transaction begins.
type Clock func() (now time.Time, moved bool)

var errNoRehearsal = errors.New("nothing is being rehearsed")

// errClock is for whoever moves a clock that SQL cannot follow.
var errClock = errors.New("SQL cannot be told another time in this database: " +
	"its user may not create a schema there, GRANT CREATE ON DATABASE allows it")

// NewRehearsal returns a rehearsal that connects as config says, when it
// begins.
func NewRehearsal(config *pgxpool.Config) *Rehearsal {
	r := &Rehearsal{config: config.ConnConfig.Copy()}
	// A statement whose run is over ends without its connection: there is more
	// to come on it.
	r.config.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: 2 * time.Second}
	}
	return r
}

// DB is what scripts use between Begin and Rollback.
func (r *Rehearsal) DB() *DB { return &DB{rehearsal: r} }

// Begin begins, on a new connection if there is none or it was lost. A nil
// clock is the system's.
func (r *Rehearsal) Begin(ctx context.Context, clock Clock) error {
	if r.tx != nil {
		return errors.New("begin a rehearsal: one is going on")
	}
	if clock == nil {
		clock = func() (time.Time, bool) { return time.Now(), false }
	}
	r.clock = clock
	if r.conn == nil || r.conn.IsClosed() {
		conn, err := pgx.ConnectConfig(ctx, r.config)
		if err != nil {
			return fmt.Errorf("begin a rehearsal: %w: %s", ErrUnavailable, connectReason(err))
		}
		r.conn = conn
	}
	tx, err := r.conn.Begin(ctx)
	if err != nil {
		return fmt.Errorf("begin a rehearsal: %w", err)
	}
	r.tx = tx
	if r.tells, err = installClock(ctx, tx); err != nil {
		r.Rollback()
		return fmt.Errorf("begin a rehearsal: %w", err)
	}
	return nil
}

// Rollback undoes everything since Begin, and what lasts in a connection. One
// that cannot be brought back to its first state is closed.
func (r *Rehearsal) Rollback() {
	if r.tx == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := r.tx.Rollback(ctx)
	r.tx = nil
	if err == nil {
		err = r.conn.DeallocateAll(ctx) // a table may be another one next time
	}
	if err == nil {
		_, err = r.conn.Exec(ctx, "DISCARD ALL", pgx.QueryExecModeSimpleProtocol)
	}
	if err != nil {
		_ = r.conn.Close(ctx)
	}
}

// Close ends the connection, and with it goes what was not rolled back.
func (r *Rehearsal) Close() {
	if r.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = r.conn.Close(ctx)
}

// begin opens what a script takes for a transaction.
func (r *Rehearsal) begin(ctx context.Context, o options) (*transaction, error) {
	if r.tx == nil {
		return nil, errNoRehearsal
	}
	now, moved := r.clock()
	if moved && !r.tells {
		return nil, errClock
	}
	tx, err := r.tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	t := &transaction{tx: rehearsed{tx}}
	if r.tells {
		err = tell(ctx, tx, now)
	}
	if err == nil && o.readOnly {
		_, err = tx.Exec(ctx, "SET TRANSACTION READ ONLY") // until the savepoint's end
	}
	if err != nil {
		_ = t.rollback(ctx)
		return nil, err
	}
	return t, nil
}

// run runs a statement by itself.
func (r *Rehearsal) run(ctx context.Context, sql string, params []any) (result, error) {
	t, err := r.begin(ctx, options{})
	if err != nil {
		return result{}, err
	}
	res, err := t.run(ctx, sql, params)
	if err == nil {
		err = t.commit(ctx)
	}
	if err != nil {
		_ = t.rollback(ctx)
		return result{}, err
	}
	return res, nil
}

// rehearsed is a savepoint that commits as a transaction does.
type rehearsed struct{ pgx.Tx }

// checkDeferred does what a commit does first, and leaves the constraints
// deferred.
const checkDeferred = "SAVEPOINT vera_commit; SET CONSTRAINTS ALL IMMEDIATE; " +
	"ROLLBACK TO SAVEPOINT vera_commit; RELEASE SAVEPOINT vera_commit"

func (t rehearsed) Commit(ctx context.Context) error {
	_, err := t.Conn().Exec(ctx, checkDeferred, pgx.QueryExecModeSimpleProtocol)
	if err == nil {
		return t.Tx.Commit(ctx)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	_ = t.Rollback(ctx) // the first error tells more
	return err
}

// ending finds statements that would end the transaction which the script does
// not know to be in. Comments nest in SQL, so what follows any of a leading
// one's ends counts.
var ending = regexp.MustCompile(`(?is)^(?:[\s;]|--[^\n]*\n|/\*.*\*/)*(?:commit|end|abort|rollback|prepare\s+transaction)\b`)

var errEnding = errors.New("a rehearsed transaction cannot be ended by a statement: return from its function, or call tx:rollback()")
