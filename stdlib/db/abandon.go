package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
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
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = a.conn.CancelRequest(ctx)
	}()
}

func (a *abandon) HandleUnwatchAfterCancel() {
	<-a.done
	_ = a.conn.Conn().SetDeadline(time.Time{})
}
