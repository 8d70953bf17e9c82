package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// cleanupLock is the advisory lock of the host that cleans up, a number
	// that nothing else on the database uses.
	cleanupLock = 0x7665_7261_0001
	// cleanupBatch is how many rows one statement deletes: it holds their
	// locks for a moment only, and gives replicas time to follow.
	cleanupBatch = 1000
	// clockMargin is how much the database's clock may be ahead of the hosts'.
	clockMargin = time.Minute
)

// A cleaner deletes rows that have expired. Of many hosts one does so at a
// time.
type cleaner struct {
	database  *pgxpool.Pool
	leeway    time.Duration // tokens are believed that much longer than they say
	retention time.Duration // of the audit; zero: for ever
	logger    *slog.Logger
}

func (s *service) cleaner() cleaner {
	return cleaner{
		database: s.database, leeway: s.config.JWT.Leeway, retention: s.config.AuditRetention, logger: s.logger,
	}
}

// expiry says which rows of a table are to go: those whose column lies back
// longer than age.
type expiry struct {
	table, column string
	age           time.Duration
}

func (c cleaner) expiries() []expiry {
	list := []expiry{
		{"revocations", "expires_at", c.leeway + clockMargin},
		{"refresh_tokens", "expires_at", 0},
		{"login_throttle", "exhausted_until", 0},
		{"login_sources", "expires_at", 0},
	}
	if c.retention > 0 {
		list = append(list, expiry{"audit", "at", c.retention})
	}
	return list
}

// run cleans up every interval until ctx ends. Hosts that start together begin
// at different times within the first. A fault is no reason to stop serving.
func (c cleaner) run(ctx context.Context, interval time.Duration) error {
	for wait := rand.N(interval); ; wait = interval {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		if err := c.clean(ctx); err != nil && ctx.Err() == nil {
			c.logger.Warn("cleanup failed, trying again", "error", err, "pause", interval)
		}
	}
}

// clean deletes all that has expired. Where another host is at it, it leaves
// the rest to that one.
func (c cleaner) clean(ctx context.Context) error {
	for _, e := range c.expiries() {
		var total int64
		for n := int64(cleanupBatch); n > 0; total += n {
			var mine bool
			var err error
			if n, mine, err = c.batch(ctx, e); err != nil {
				return fmt.Errorf("clean up %s: %w", e.table, err)
			}
			if !mine {
				return nil
			}
		}
		if total > 0 {
			c.logger.Info("cleaned up", "table", e.table, "rows", total)
		}
	}
	return nil
}

// batch deletes some rows and gives their number, or tells that another host
// holds the lock.
func (c cleaner) batch(ctx context.Context, e expiry) (n int64, mine bool, err error) {
	// The array is computed once; a subquery in its place might be run anew
	// for each row, and delete without limit.
	sql := fmt.Sprintf(`DELETE FROM %[1]s WHERE ctid = ANY (ARRAY(
		SELECT ctid FROM %[1]s WHERE %[2]s < now() - make_interval(secs => $1)
		LIMIT $2 FOR UPDATE SKIP LOCKED))`, e.table, e.column)
	// The lock ends with the transaction, however that ends, and works behind
	// a pooler too.
	err = pgx.BeginTxFunc(ctx, c.database, pgx.TxOptions{IsoLevel: pgx.ReadCommitted}, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", cleanupLock).Scan(&mine); err != nil || !mine {
			return err
		}
		tag, err := tx.Exec(ctx, sql, e.age.Seconds(), cleanupBatch)
		n = tag.RowsAffected()
		return err
	})
	return n, mine, err
}
