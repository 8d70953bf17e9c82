// Package db gives scripts transactional PostgreSQL.
//
//	local user = db.one("SELECT id FROM users WHERE email = $1", address)
//	local row, code, constraint = db.one("INSERT INTO tags (name) VALUES ($1) RETURNING id", name)
//	if code == "unique" then … end
//	return db.transaction(function(tx)
//	  tx:exec("UPDATE accounts SET balance = balance - $1 WHERE id = $2", sum, from)
//	  tx:exec("UPDATE accounts SET balance = balance + $1 WHERE id = $2", sum, to)
//	  return { status_code = 200 }
//	end)
//
// The breach of a constraint is an expected outcome and comes back as a code.
// Everything else raises: see [Error] and [ErrUnavailable].
package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/jackc/pgx/v5/pgxpool"

	"vera/stdlib/limit"
	"vera/stdlib/runinfo"
)

// Config parses a PostgreSQL URL or DSN and adds what a host needs of its
// connections: bounded time to connect, and statements that are cancelled at
// the server when a run's time is over. Connections are opened on demand.
// Its error never holds the DSN.
func Config(dsn string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, fmt.Errorf("parse the database's address: it is no URL or DSN that PostgreSQL knows")
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = 5 * time.Second
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "vera"
	}
	if own := &config.ConnConfig.StatementCacheCapacity; *own == 512 { // the driver's default
		*own = cachedStatements
	}
	config.MaxConnLifetime = 30 * time.Minute
	config.MaxConnLifetimeJitter = 5 * time.Minute
	config.PingTimeout = time.Second
	config.ConnConfig.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &abandon{conn: conn}
	}
	config.ConnConfig.BuildFrontend = func(r io.Reader, w io.Writer) *pgproto3.Frontend {
		f := pgproto3.NewFrontend(r, w)
		f.SetMaxBodyLen(maxResult)
		return f
	}
	return config, nil
}

// DB runs the statements of scripts. Many goroutines may use it.
type DB struct {
	pool      *pgxpool.Pool
	rehearsal *Rehearsal // takes the pool's place; nil in a host
}

// New returns a DB on pool, which stays the caller's to close.
func New(pool *pgxpool.Pool) *DB { return &DB{pool: pool} }

// querier is what a statement runs on: the pool or a transaction.
type querier interface {
	// run sends one statement with its parameters as text and reads all its rows.
	run(ctx context.Context, sql string, params []any) (result, error)
}

// result is what a statement gave, read to its end.
type result struct {
	columns []string
	rows    [][]any
	count   int64 // of the rows that the statement touched
	read    reading
}

func (d *DB) run(ctx context.Context, sql string, params []any) (result, error) {
	if d.rehearsal != nil {
		return d.rehearsal.run(ctx, sql, params)
	}
	conn, err := d.acquire(ctx)
	if err != nil {
		return result{}, err
	}
	defer release(ctx, conn, lasting.MatchString(sql))
	waits := runinfo.WaitsOf(ctx)
	waits.Begin()
	rows, err := conn.Query(ctx, sql, params...)
	waits.End() // to read the rows takes memory
	if err != nil {
		return result{}, err
	}
	return collect(rows)
}

// collect reads rows to their end and closes them.
func collect(rows pgx.Rows) (result, error) {
	defer rows.Close()
	var res result
	// The descriptions are the connection's: they change once it runs the next
	// statement, for somebody else.
	for _, column := range rows.FieldDescriptions() {
		res.columns = append(res.columns, column.Name)
	}
	for rows.Next() {
		row, err := res.read.row(rows)
		if err != nil {
			if exceeded, ok := errors.AsType[*limit.Error](err); ok && exceeded.Limit == resultLimit {
				abort(rows)
			}
			return result{}, err
		}
		res.rows = append(res.rows, row)
	}
	if err := rows.Err(); err != nil {
		return result{}, tooLarge(err)
	}
	res.count = rows.CommandTag().RowsAffected()
	return res, nil
}
