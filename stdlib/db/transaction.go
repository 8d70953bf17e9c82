package db

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vera/stdlib/runinfo"
)

// transaction is one transaction, or one savepoint within it.
type transaction struct {
	tx    pgx.Tx
	conn  *pgxpool.Conn // of the outermost; nil in a rehearsal
	outer *transaction  // of a savepoint
	inner bool          // a savepoint within is open: it alone may be used
	over  bool          // committed or rolled back

	tainted bool // a statement left something in the connection
}

var errOver = errors.New("the transaction is over")

func (t *transaction) usable() error {
	switch {
	case t.over:
		return errOver
	case t.inner:
		return errors.New("a transaction within this one is open: use its own handle")
	}
	return nil
}

// run sends a statement within the transaction. PostgreSQL gives up a whole
// transaction when one statement of it fails; a script that is told of a
// breach as a code must be able to go on, so whatever may breach a constraint
// travels with a savepoint around it, in one round trip.
func (t *transaction) run(ctx context.Context, sql string, params []any) (result, error) {
	if err := t.usable(); err != nil {
		return result{}, err
	}
	if lasting.MatchString(sql) {
		t.outermost().tainted = true
	}
	if t.outermost().conn == nil && ending.MatchString(sql) {
		return result{}, errEnding
	}
	waits := runinfo.WaitsOf(ctx)
	if !writes(sql) {
		waits.Begin()
		rows, err := t.tx.Query(ctx, sql, params...)
		waits.End()
		if err != nil {
			return result{}, err
		}
		return collect(rows)
	}
	res, err := t.guarded(ctx, sql, params)
	if _, _, ok := breach(err); ok {
		if _, rollbackErr := t.tx.Exec(ctx, "ROLLBACK TO SAVEPOINT vera"); rollbackErr != nil {
			return result{}, rollbackErr
		}
	}
	return res, err
}

func (t *transaction) guarded(ctx context.Context, sql string, params []any) (result, error) {
	batch := &pgx.Batch{}
	batch.Queue("SAVEPOINT vera")
	batch.Queue(sql, params...)
	batch.Queue("RELEASE SAVEPOINT vera")
	waits := runinfo.WaitsOf(ctx)
	waits.Begin()
	results := t.tx.SendBatch(ctx, batch)
	if _, err := results.Exec(); err != nil {
		waits.End()
		return result{}, errors.Join(err, results.Close())
	}
	rows, err := results.Query()
	waits.End()
	if err != nil {
		results.Close() // it repeats the error
		return result{}, err
	}
	res, err := collect(rows)
	if closeErr := results.Close(); err == nil {
		err = closeErr
	}
	return res, err
}

// writes tells a statement that may breach a constraint from a plain query.
// What it cannot tell, it takes for a writing one.
func writes(sql string) bool {
	sql = strings.TrimLeft(sql, " \t\r\n")
	return len(sql) < 6 || !strings.EqualFold(sql[:6], "select")
}

// options of db.transaction, as a script may give them.
type options struct {
	isolation string // "read committed", "repeatable read", "serializable"
	readOnly  bool
}

// begin opens a transaction on the pool.
func (d *DB) begin(ctx context.Context, o options) (*transaction, error) {
	if d.rehearsal != nil {
		return d.rehearsal.begin(ctx, o)
	}
	access := pgx.ReadWrite
	if o.readOnly {
		access = pgx.ReadOnly
	}
	conn, err := d.acquire(ctx)
	if err != nil {
		return nil, err
	}
	// Whatever the default of the server, the database or the role is.
	isolation := pgx.TxIsoLevel(cmp.Or(o.isolation, "read committed"))
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: isolation, AccessMode: access})
	if err != nil {
		release(ctx, conn, true)
		return nil, err
	}
	return &transaction{tx: tx, conn: conn}, nil
}

func (t *transaction) outermost() *transaction {
	for t.outer != nil {
		t = t.outer
	}
	return t
}

// begin opens a savepoint.
func (t *transaction) begin(ctx context.Context) (*transaction, error) {
	if err := t.usable(); err != nil {
		return nil, err
	}
	tx, err := t.tx.Begin(ctx)
	if err != nil {
		return nil, err
	}
	t.inner = true
	return &transaction{tx: tx, outer: t}, nil
}

// end closes the transaction unless it is closed already.
func (t *transaction) end(how func(context.Context) error, ctx context.Context) error {
	if t.over {
		return nil
	}
	t.over = true
	if t.outer != nil {
		t.outer.inner = false
		return how(ctx)
	}
	err := how(ctx)
	if t.conn != nil {
		release(ctx, t.conn, t.tainted)
	}
	return err
}

func (t *transaction) commit(ctx context.Context) error {
	if err := t.end(t.tx.Commit, ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// rollback undoes the transaction, also after the run's time is over: a
// connection must not go back to the pool with a transaction open.
func (t *transaction) rollback(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := t.end(t.tx.Rollback, ctx); err != nil {
		return fmt.Errorf("roll back: %w", err)
	}
	return nil
}
