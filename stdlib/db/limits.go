package db

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/limit"
	"vera/stdlib/luaconv"
)

// What one statement may be, send and give, beside MAX_STRING_BYTES for each
// value. No honest one comes near; a script could otherwise fill the host's
// memory in one call, which nothing can interrupt.
const (
	maxStatement    = 64 << 10 // bytes of its text, which each connection keeps: see cachedStatements
	maxParameters   = 8 << 20  // bytes of all parameters
	maxResult       = 16 << 20 // bytes of all rows, as they come and as they become
	maxResultValues = 200_000  // of all rows, those in arrays and JSON included
)

// resultLimit is the name of both limits of a result.
const resultLimit = "result"

// cachedStatements is how many statements a connection keeps prepared, the
// latest used. The driver's 512 would be 32 MiB of the longest texts for each
// connection, and at the server 12 KiB or more for each statement, 4.9 MiB of
// 400 short ones against 1.1 MiB. An application has dozens. One that goes
// round 400 pays for preparing them again: 270 µs a query instead of 50.
const cachedStatements = 128

// statementText gives argument at.
func (b *binding) statementText(L *lua.LState, at int) string {
	sql := L.CheckString(at)
	if len(sql) > maxStatement {
		err := limit.Fixed("statement", maxStatement, "the statement is too long: %d bytes", len(sql))
		L.ArgError(at, b.limits.Note(err).Error())
	}
	return sql
}

// parameters gives the arguments from the given one on.
func (b *binding) parameters(ctx context.Context, L *lua.LState, from int) []any {
	params := make([]any, 0, max(L.GetTop()+1-from, 0))
	size := 0
	for i := from; i <= L.GetTop(); i++ {
		if ctx.Err() != nil {
			luaconv.Raise(L, context.Cause(ctx))
		}
		value, err := b.param(ctx, L.Get(i))
		if text, ok := value.(string); ok {
			size += len(text)
		}
		if err == nil && size > maxParameters {
			err = limit.Fixed("parameters", maxParameters, "the parameters are too long: %d bytes up to this one", size)
		}
		if err != nil {
			L.ArgError(i, b.limits.Note(err).Error())
		}
		params = append(params, value)
	}
	return params
}

// A reading counts what the rows of one statement hold.
type reading struct {
	bytes, values int

	longest int // bytes of one value
	column  string
}

// add counts one value of n bytes, or a part of one.
func (r *reading) add(n int) error {
	r.values++
	r.bytes += n
	switch {
	case r.bytes > maxResult:
		return limit.Fixed(resultLimit, maxResult, "the result is too long: more than %d bytes", maxResult)
	case r.values > maxResultValues:
		return limit.Fixed(resultLimit, maxResultValues, "the result has too many values: more than %d", maxResultValues)
	}
	return nil
}

// noteLength keeps account of the longest value.
func (r *reading) noteLength(column string, n int) {
	if n > r.longest {
		r.longest, r.column = n, column
	}
}

// tooLarge turns the driver's error of a row beyond maxResult into ours.
func tooLarge(err error) error {
	if row, ok := errors.AsType[*pgproto3.ExceededMaxBodyLenErr](err); ok {
		return limit.Fixed(resultLimit, row.MaxExpectedBodyLen, "the result is too long: %d bytes in one row", row.ActualBodyLen)
	}
	return err
}

// abort gives up rows that nobody reads to their end, and the connection with
// them: to read on until the server has sent all of them could take for ever.
func abort(rows pgx.Rows) {
	if conn := rows.Conn(); conn != nil {
		_ = conn.PgConn().Conn().Close()     // first, or a goodbye would wait for the server to read
		_ = conn.Close(context.Background()) // the pool has to know
	}
}
