package main

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vera/stdlib/password"
)

// hashing says how many passwords are hashed at once, given what the machine
// is good for, and how many may wait besides. Whoever hashes or waits holds a
// VM: half of them are always left to other actions. And whoever hashes by
// argon2id fills memory: half of the heap is left, too.
func (c Config) hashing(cores int) (workers, queue int) {
	most := max(1, c.PoolSize/4)
	if c.Passwords.Scheme == password.Argon2id {
		most = min(most, max(1, c.MaxHeapBytes/2/password.Argon2idBytes))
	}
	workers = min(cores, most)
	if c.HashConcurrency > 0 {
		workers = c.HashConcurrency
	}
	return workers, max(1, c.PoolSize/2-workers)
}

// hashingFault is more hashing than there are VMs for.
func (c Config) hashingFault() []error {
	if most := max(1, c.PoolSize/4); c.PoolSize > 0 && c.HashConcurrency > most {
		return []error{fmt.Errorf("HASH_CONCURRENCY must not be above %d, a quarter of POOL_SIZE: who waits to be hashed needs room, too, and others the rest", most)}
	}
	return nil
}

// A digest as it is stored, in PostgreSQL's regular expressions: what it is
// computed by, and the whole. A malformed one must not stand for those that are
// computed alike.
const (
	digestHead = `^(?:\$pepper-[0-9a-f]{8})?(?:\$hmac-sha384)?(?:\$2[aby]\$\d\d\$|\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$)`
	base64Tail = `(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048])?`
	digestTail = `(?:[./A-Za-z0-9]{53}|` + base64Tail + `\$` + base64Tail + `)$`
)

const digestOfEachCost = `SELECT min(password_digest) FROM users
	WHERE deleted_at IS NULL AND password_digest ~ $1::text GROUP BY substring(password_digest FROM $2::text)`

// digestsTimeout bounds the look at all users. The host can do without.
const digestsTimeout = 10 * time.Second

// expectDigests tells the hasher what digests there are, one of each cost, so
// that the first login to fail takes as long as any other, and later ones no
// longer than they must.
func (s *service) expectDigests(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, digestsTimeout)
	defer cancel()
	rows, err := s.database.Query(bounded, digestOfEachCost, digestHead+digestTail, digestHead)
	var digests []string
	if err == nil {
		digests, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		s.logger.Warn("cannot tell what stored passwords cost: until each cost is met, a login of who is unknown may fail sooner", "error", err)
		return
	}
	if above := s.hasher.Expect(digests...); above != "" {
		s.logger.Warn("stored passwords cost more than new ones, and each login that fails takes as long as the costliest", "costliest", above)
	}
}

// keepExpecting looks again every interval, until ctx ends: what was costliest
// may have been replaced.
func (s *service) keepExpecting(ctx context.Context, interval time.Duration) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(interval):
		}
		s.expectDigests(ctx)
	}
}
