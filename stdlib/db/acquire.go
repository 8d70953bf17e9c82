package db

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"vera/stdlib/runinfo"
)

// ErrBusy is raised when no connection was free within the run's time: others
// had them all.
var ErrBusy = errors.New("every connection to the database is in use")

// acquire takes a connection from the pool. It gives up a little before the
// run's time is over, so that the run ends with what was in the way: ErrBusy, or
// ErrUnavailable together with context.DeadlineExceeded.
func (d *DB) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	waiting := ctx
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		var cancel context.CancelFunc
		waiting, cancel = context.WithTimeout(ctx, left-min(left/5, 500*time.Millisecond))
		defer cancel()
	}
	waits := runinfo.WaitsOf(ctx)
	waits.Begin()
	conn, err := d.pool.Acquire(waiting)
	waits.End()
	if err == nil || ctx.Err() != nil || waiting.Err() == nil {
		return conn, err
	}
	if stat := d.pool.Stat(); stat.AcquiredConns() == stat.MaxConns() {
		return nil, ErrBusy
	}
	return nil, fmt.Errorf("%w: no connection came about in time: %w", ErrUnavailable, context.DeadlineExceeded)
}
