package db

import (
	"context"
	"regexp"

	"github.com/jackc/pgx/v5/pgxpool"
)

// lasting finds statements that leave something behind in their connection,
// which the next run would meet: settings, prepared statements, listeners,
// temporary tables, session locks. It errs on the side of finding.
var lasting = regexp.MustCompile(`(?i)^\s*(set|reset|listen|unlisten|prepare|deallocate|discard|load|declare|do)\b|` +
	`set_config|advisory_lock|\btemp(orary)?\b`)

// release gives a connection back to the pool, or up if a statement left
// something in it.
func release(ctx context.Context, conn *pgxpool.Conn, tainted bool) {
	if tainted {
		_ = conn.Conn().Close(context.WithoutCancel(ctx))
	}
	conn.Release()
}
