// Package password turns passwords into digests and checks them, on threads
// of its own so that a storm of logins does not slow other work down.
//
//	hasher, err := password.New(password.Options{})
//	defer hasher.Close()
//	digest, err := hasher.Hash(ctx, "correct horse")
//	ok, err := hasher.Verify(ctx, "correct horse", digest)
//
// A password is prepared with the PRECIS profile OpaqueString (RFC 8265), so
// that one word typed as NFC and as NFD is one password. Up to 72 bytes it is
// hashed with plain bcrypt; a longer one, which bcrypt would cut, with bcrypt
// over its HMAC-SHA-384, and the digest says so in front.
//
// A check takes the same time whatever is wrong: the password, the digest, or
// that there is no digest since there is no such user.
package password

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/crypto/bcrypt"
)

// The range of costs. Operators choose from 10 to 15; less is for tests. One
// more doubles the time: 12 takes a quarter of a second.
const (
	MinCost     = bcrypt.MinCost
	DefaultCost = 12
	MaxCost     = 15
)

// Errors that callers branch on.
var (
	// ErrInvalid: the text cannot be a password. It is empty, longer than
	// [MaxBytes], or holds NUL or another character that PRECIS refuses.
	ErrInvalid = errors.New("invalid password")
	// ErrCost: the digest asks for more work than Options.MaxCost allows.
	ErrCost = errors.New("digest of too high a cost")
	// ErrBusy: the queue is full. It has a method Busy() bool, by which a
	// caller that does not import this package can tell it.
	ErrBusy error = busyError{}
	// ErrClosed: the Hasher is closed.
	ErrClosed = errors.New("password hasher is closed")
)

type busyError struct{}

func (busyError) Error() string { return "too many passwords are waiting to be hashed" }
func (busyError) Busy() bool    { return true }

// Options configure a Hasher. The zero value is ready for production.
type Options struct {
	Cost    int // of new digests, 4 to MaxCost; zero means 12
	MaxCost int // a digest of a higher cost is refused, not run; zero means 15
	Workers int // digests computed at once; zero means Workers()
	Queue   int // how many may wait besides; zero means 16 a worker, about 4 s of work
}

// A Hasher hashes and verifies in a bounded lane. Its methods may be called
// from many goroutines at once.
type Hasher struct {
	cost, maxCost int
	lane          *lane
}

// New starts a Hasher's workers; Close ends them. On a system with thread
// priorities, where Workers is the number of cores, the caller should raise
// GOMAXPROCS by Workers so that hashes take no scheduler slot from others:
//
//	workers := password.Workers()
//	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + workers)
//	hasher, err := password.New(password.Options{Workers: workers})
func New(o Options) (*Hasher, error) {
	if o.MaxCost == 0 {
		o.MaxCost = MaxCost
	}
	if o.Cost == 0 {
		o.Cost = min(DefaultCost, o.MaxCost)
	}
	if o.Workers == 0 {
		o.Workers = Workers()
	}
	if o.Queue == 0 {
		o.Queue = 16 * o.Workers
	}
	switch {
	case o.MaxCost < MinCost || o.MaxCost > bcrypt.MaxCost:
		return nil, fmt.Errorf("password: highest cost %d is not in %d to %d", o.MaxCost, MinCost, bcrypt.MaxCost)
	case o.Cost < MinCost || o.Cost > o.MaxCost:
		return nil, fmt.Errorf("password: cost %d is not in %d to %d", o.Cost, MinCost, o.MaxCost)
	case o.Workers < 0 || o.Queue < 0:
		return nil, fmt.Errorf("password: %d workers and a queue of %d: neither may be negative", o.Workers, o.Queue)
	}
	return &Hasher{cost: o.Cost, maxCost: o.MaxCost, lane: newLane(o.Workers, o.Queue)}, nil
}

// Close ends the workers, each after the digest it is computing. Who waits
// gets ErrClosed.
func (h *Hasher) Close() { h.lane.close() }

// Hash returns text's digest, or ErrInvalid, ErrBusy, ErrClosed, or the cause
// of ctx's end when that came first.
func (h *Hasher) Hash(ctx context.Context, text string) (string, error) {
	prepared, err := prepare(text)
	if err != nil {
		return "", err
	}
	var digest string
	var hashErr error
	if err := h.lane.do(ctx, func() { digest, hashErr = newDigest(prepared, h.cost) }); err != nil {
		return "", err
	}
	return digest, hashErr
}

// Verify reports whether text is the password of digest. Text that cannot be
// a password, a malformed digest and an empty one, which stands for a user
// that does not exist, are false after the same time as a wrong password. So
// is a digest above Options.MaxCost, with ErrCost; one above Options.Cost
// takes the longer time it asks for. The other errors are Hash's.
func (h *Hasher) Verify(ctx context.Context, text, digest string) (bool, error) {
	stored, genuine := parse(digest)
	tooCostly := genuine && stored.cost > h.maxCost
	if !genuine || tooCostly {
		stored, genuine = dummy(h.cost), false
	}
	var match bool
	err := h.lane.do(ctx, func() { match = h.compare(ctx, stored, spellings(text)) })
	switch {
	case err != nil:
		return false, err
	case tooCostly:
		return false, ErrCost
	}
	return match && genuine, nil
}

// compare tries every spelling, each with the work of one digest at the
// current cost, whether or not it could match at all.
func (h *Hasher) compare(ctx context.Context, stored digest, spellings []string) bool {
	for _, spelling := range spellings {
		key, usable := stored.key(spelling)
		if bcrypt.CompareHashAndPassword(stored.bcrypt, key) == nil && usable {
			return true
		}
		// A digest from cheaper days must not tell by its speed that the
		// account exists: 2^c more rounds for each cost c that it lacks.
		for cost := stored.cost; cost < h.cost; cost++ {
			_ = bcrypt.CompareHashAndPassword(dummy(cost).bcrypt, key)
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}

// NeedsRehash reports whether digest differs in cost from new ones, or is
// malformed: a login that succeeded should then store a new one.
func (h *Hasher) NeedsRehash(digest string) bool {
	stored, ok := parse(digest)
	return !ok || stored.cost != h.cost
}
