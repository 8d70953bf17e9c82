package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// The server is asked to stop a statement in a second at most; the run, which
// is over, waits for that only as long as it takes where the server is well.
const (
	cancelTimeout = time.Second
	cancelWait    = 50 * time.Millisecond
)

// abandon ends a statement whose run is over: it gives up the connection at
// once and asks the server to stop.
type abandon struct {
	conn *pgconn.PgConn
	done chan struct{}
}

func (a *abandon) HandleCancel(context.Context) {
	a.done = make(chan struct{})
	_ = a.conn.Conn().SetDeadline(time.Now())
	go func() {
		defer close(a.done)
		ctx, cancel := context.WithTimeout(context.Background(), cancelTimeout)
		defer cancel()
		_ = a.conn.CancelRequest(ctx)
	}()
}

func (a *abandon) HandleUnwatchAfterCancel() {
	select {
	case <-a.done:
	case <-time.After(cancelWait): // nothing follows on this connection that it could hit
	}
	_ = a.conn.Conn().SetDeadline(time.Time{})
}
