package db

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
)

// ErrUnavailable is raised when no statement can be run because the database
// cannot be reached within the run's time.
var ErrUnavailable = errors.New("the database is unavailable")

// Error is a statement that failed for a reason no script can expect. Its
// text is for the operator's log: it names the SQLSTATE and, for faults of
// the statement itself, what the server said, but no value of the caller's.
type Error struct {
	SQLState string // five characters, PostgreSQL appendix A
	message  string
}

func (e *Error) Error() string {
	if e.message == "" {
		return "run a statement: SQLSTATE " + e.SQLState
	}
	return fmt.Sprintf("run a statement: %s (SQLSTATE %s)", e.message, e.SQLState)
}

// breaches are the constraint violations, by SQLSTATE, as scripts know them.
var breaches = map[string]string{
	"23502": "not_null",
	"23503": "foreign_key",
	"23505": "unique",
	"23514": "check",
}

// badValues are what the server says of a value, without the value.
var badValues = map[string]string{
	"22001": "a text is too long for its column",
	"22003": "a number is out of its type's range",
	"22007": "a text is no date or time",
	"22008": "a date or time is out of range",
	"22012": "division by zero",
	"22021": "a text holds a byte that the encoding does not know",
	"22023": "a value is not what its function takes",
	"22P02": "a text is not of the form that its type has",
}

// breach tells whether err is the breach of a constraint, of which kind, and
// the constraint's name (for not_null: the column's).
func breach(err error) (code, name string, ok bool) {
	pgErr, isPg := errors.AsType[*pgconn.PgError](err)
	if !isPg {
		return "", "", false
	}
	code, ok = breaches[pgErr.Code]
	if pgErr.Code == "23502" {
		return code, pgErr.ColumnName, ok
	}
	return code, pgErr.ConstraintName, ok
}

// retryable tells whether the whole transaction may succeed if run again:
// a serialization failure or a deadlock.
func retryable(err error) bool {
	dbErr, ok := errors.AsType[*Error](err)
	return ok && (dbErr.SQLState == "40001" || dbErr.SQLState == "40P01")
}

// unexpected turns what the driver said into what a script's run ends with.
func unexpected(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, ErrUnavailable) || errors.Is(err, ErrBusy) {
		return err
	}
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		if _, isConnect := errors.AsType[*pgconn.ConnectError](err); isConnect || brokenConnection(err) {
			return fmt.Errorf("%w: %s", ErrUnavailable, connectReason(err))
		}
		return fmt.Errorf("run a statement: %w", err)
	}
	switch {
	case strings.HasPrefix(pgErr.Code, "08"), strings.HasPrefix(pgErr.Code, "57P"), pgErr.Code == "53300":
		return fmt.Errorf("%w: SQLSTATE %s", ErrUnavailable, pgErr.Code)
	case strings.HasPrefix(pgErr.Code, "22"), strings.HasPrefix(pgErr.Code, "23"):
		// The server's text quotes the value.
		return &Error{SQLState: pgErr.Code, message: badValues[pgErr.Code]}
	}
	return &Error{SQLState: pgErr.Code, message: pgErr.Message}
}

// brokenConnection tells a connection that was lost, or could not be had, from
// a fault of the statement.
func brokenConnection(err error) bool {
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, puddle.ErrClosedPool) ||
		errors.Is(err, net.ErrClosed) || strings.Contains(err.Error(), "conn closed")
}

// connectReason is the innermost cause: "connection refused", not the address
// and user that the driver puts around it.
func connectReason(err error) string {
	for {
		switch inner := err.(type) {
		case interface{ Unwrap() error }:
			if inner.Unwrap() == nil {
				return err.Error()
			}
			err = inner.Unwrap()
		case interface{ Unwrap() []error }:
			if len(inner.Unwrap()) == 0 {
				return err.Error()
			}
			err = inner.Unwrap()[0]
		default:
			return err.Error()
		}
	}
}

// Unreachable tells an error of the driver that means the database could not
// be reached, or is starting or stopping, and may be reachable later.
func Unreachable(err error) bool {
	return errors.Is(unexpected(context.Background(), err), ErrUnavailable)
}
