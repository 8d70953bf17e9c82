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
// over its HMAC-SHA-384, and the digest says so in front. Options.Scheme has
// argon2id make new digests instead. With Options.Pepper the scheme is run on
// the password's HMAC-SHA-384 under that key; the digest begins with the name
// of the pepper, "$pepper-" and eight hex digits. Whatever the options,
// digests of both schemes and without pepper verify, and NeedsRehash tells
// those that a login should replace. Digests with a pepper that is lost, or
// replaced by another, are worth nothing any more: to verify one is ErrPepper.
//
// The library computes argon2id on goroutines of its own, so not on the
// lane's threads, but no more at a time than those are: each fills 19 MiB, and
// a stored digest at most 64. Other work then waits some milliseconds now and
// then, where with bcrypt it hardly does.
//
// A check that fails takes the same time whatever is wrong: the password, the
// digest, or that there is no digest since there is no such user. Where stored
// digests cost more than new ones, such as bcrypt at 12 where new ones are
// argon2id's, it takes the time of the costliest known: Expect tells of them,
// and Verify learns of the others as it meets them.
package password

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unicode/utf8"

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
	// ErrPepper: the digest was made with another pepper than Options.Pepper.
	// The operator has lost or changed it.
	ErrPepper = errors.New("the digest was made with a pepper that is not configured")
	// ErrBlocked: the password is in Options.Blocklist.
	ErrBlocked = errors.New("password on the blocklist")
	// ErrBusy: the queue is full. It has a method Busy() bool, by which a
	// caller that does not import this package can tell it.
	ErrBusy error = busyError{}
	// ErrClosed: the Hasher is closed.
	ErrClosed = errors.New("password hasher is closed")
)

type busyError struct{}

func (busyError) Error() string { return "too many passwords are waiting to be hashed" }
func (busyError) Busy() bool    { return true }

// MinPepper is the least length of a pepper in bytes.
const MinPepper = 32

// Options configure a Hasher. The zero value is ready for production.
type Options struct {
	Scheme  string // of new digests, Bcrypt or Argon2id; empty means Bcrypt
	Cost    int    // of new bcrypt digests, 4 to MaxCost; zero means 12
	MaxCost int    // a bcrypt digest of a higher cost is refused, not run; zero means 15
	Memory  int    // KiB that a new argon2id digest fills, 8 to 65536; zero means 19456
	Passes  int    // how often it does so, 1 to 4; zero means 2

	Pepper    []byte     // secret key of new digests, MinPepper bytes or more; empty means none
	Blocklist *Blocklist // passwords that Hash refuses; nil means none

	Workers  int           // digests computed at once; zero means Workers()
	Queue    int           // how many may wait besides; zero means 16 a worker
	Patience time.Duration // by when who waits is to be served, by estimate: beyond it is ErrBusy; zero means 5 s
}

// A Hasher hashes and verifies in a bounded lane. Its methods may be called
// from many goroutines at once.
type Hasher struct {
	cost      cost                 // of new digests
	costliest atomic.Pointer[cost] // of those and the stored ones that are known: what a failure takes
	maxRounds int                  // of stored bcrypt digests
	pepper    pepper
	blocklist *Blocklist
	lane      *lane
	jobs      atomic.Int64
	rounds    atomic.Int64
}

// Stats tell what a Hasher has done, and what it has to do.
type Stats struct {
	Jobs    int64 // calls whose work has begun
	Rounds  int64 // of bcrypt that they have computed, or as much of argon2id
	Waiting int   // calls whose work has not
}

// Stats returns them as of now.
func (h *Hasher) Stats() Stats {
	return Stats{Jobs: h.jobs.Load(), Rounds: h.rounds.Load(), Waiting: len(h.lane.queue)}
}

// New starts a Hasher's workers; Close ends them. On a system with thread
// priorities, where Workers is the number of cores, the caller should raise
// GOMAXPROCS by Workers so that hashes take no scheduler slot from others:
//
//	workers := password.Workers()
//	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + workers)
//	hasher, err := password.New(password.Options{Workers: workers})
func New(o Options) (*Hasher, error) {
	o.MaxCost = cmp.Or(o.MaxCost, MaxCost)
	o.Cost = cmp.Or(o.Cost, min(DefaultCost, o.MaxCost))
	o.Memory = cmp.Or(o.Memory, defaultMemory)
	o.Passes = cmp.Or(o.Passes, defaultPasses)
	o.Workers = cmp.Or(o.Workers, Workers())
	o.Queue = cmp.Or(o.Queue, 16*o.Workers)
	o.Patience = cmp.Or(o.Patience, 5*time.Second)
	c := cost{scheme: Bcrypt, rounds: o.Cost}
	switch {
	case o.Scheme == Argon2id:
		c = cost{Argon2id, 0, argon2idCost{uint32(o.Memory), uint32(o.Passes), 1}}
	case o.Scheme != Bcrypt && o.Scheme != "":
		return nil, fmt.Errorf("password: scheme %q is neither %s nor %s", o.Scheme, Bcrypt, Argon2id)
	}
	switch {
	case o.MaxCost < MinCost || o.MaxCost > bcrypt.MaxCost:
		return nil, fmt.Errorf("password: highest cost %d is not in %d to %d", o.MaxCost, MinCost, bcrypt.MaxCost)
	case o.Cost < MinCost || o.Cost > o.MaxCost:
		return nil, fmt.Errorf("password: cost %d is not in %d to %d", o.Cost, MinCost, o.MaxCost)
	case o.Memory < 8 || o.Memory > maxMemory:
		return nil, fmt.Errorf("password: memory of %d KiB is not in 8 to %d", o.Memory, maxMemory)
	case o.Passes < 1 || o.Passes > maxWork/maxMemory:
		return nil, fmt.Errorf("password: %d passes are not in 1 to %d", o.Passes, maxWork/maxMemory)
	case len(o.Pepper) > 0 && len(o.Pepper) < MinPepper:
		return nil, fmt.Errorf("password: the pepper has %d bytes, at least %d are needed", len(o.Pepper), MinPepper)
	case o.Workers < 0 || o.Queue < 0 || o.Patience < 0:
		return nil, fmt.Errorf("password: %d workers, a queue of %d and a patience of %v: none may be negative", o.Workers, o.Queue, o.Patience)
	}
	lane := newLane(o.Workers, o.Queue, int64(o.Workers)*max(roundsWithin(o.Patience), int64(c.work(Bcrypt))))
	return newHasher(c, o.MaxCost, newPepper(o.Pepper), o.Blocklist, lane), nil
}

func newHasher(c cost, maxRounds int, p pepper, b *Blocklist, l *lane) *Hasher {
	h := &Hasher{cost: c, maxRounds: maxRounds, pepper: p, blocklist: b, lane: l}
	h.costliest.Store(&c)
	return h
}

// Close ends the workers, each after the digest it is computing. Who waits
// gets ErrClosed.
func (h *Hasher) Close() { h.lane.close() }

// Hash returns text's digest, or ErrInvalid, ErrBlocked, ErrBusy, ErrClosed,
// or the cause of ctx's end when that came first.
func (h *Hasher) Hash(ctx context.Context, text string) (string, error) {
	prepared, err := prepare(text)
	if err != nil {
		return "", err
	}
	if h.blocklist.Contains(prepared) {
		return "", ErrBlocked
	}
	var digest string
	var hashErr error
	err = h.run(ctx, h.cost.work(Bcrypt), func() {
		h.rounds.Add(int64(h.cost.work(Bcrypt)))
		digest, hashErr = newDigest(prepared, h.cost, h.pepper)
	})
	if err != nil {
		return "", err
	}
	return digest, hashErr
}

// Length returns how many code points of text count: those of the form that is
// hashed. Empty text has none; ErrInvalid is as of Hash.
func Length(text string) (int, error) {
	if text == "" {
		return 0, nil
	}
	prepared, err := prepare(text)
	return utf8.RuneCountInString(prepared), err
}

// run does work of so many rounds in the lane.
func (h *Hasher) run(ctx context.Context, rounds int, work func()) error {
	return h.lane.do(ctx, rounds, func() {
		h.jobs.Add(1)
		work()
	})
}

// Expect tells what digests are stored, one of each cost that there is: from
// now on a check that fails takes as long as the costliest of them, but no
// less than a new one. It forgets what it knew before. Digests that are never
// run change nothing: malformed ones, those that ask for too much work, and
// those of a pepper that is not there. It gives the cost in words where that is
// above that of new digests, else the empty string.
func (h *Hasher) Expect(digests ...string) (above string) {
	costliest := h.cost
	for _, text := range digests {
		if stored, ok := parse(text); ok && h.refusal(stored) == nil && stored.cost.exceeds(costliest) {
			costliest = stored.cost
		}
	}
	h.costliest.Store(&costliest)
	if costliest == h.cost {
		return ""
	}
	return costliest.String()
}

// Usable reports whether there can be a password that opens a stored digest,
// with the pepper that it may have been made with.
func Usable(digest string) bool {
	stored, ok := parse(digest)
	return ok && stored.cost.allowed(MaxCost)
}

// refusal is why a stored digest is not run, nil if it is.
func (h *Hasher) refusal(stored digest) error {
	switch {
	case !stored.cost.allowed(h.maxRounds):
		return ErrCost
	case stored.pepper != "" && stored.pepper != h.pepper.id:
		return ErrPepper
	}
	return nil
}

func (h *Hasher) expect(c cost) {
	for known := h.costliest.Load(); c.exceeds(*known); known = h.costliest.Load() {
		if h.costliest.CompareAndSwap(known, &c) {
			return
		}
	}
}

// Verify reports whether text is the password of digest. Text that cannot be
// a password, a malformed digest and an empty one, which stands for a user
// that does not exist, are false after the same time as a wrong password. So
// is a digest that asks for too much work, with ErrCost, and one of a pepper
// that is not there, with ErrPepper. The other errors are Hash's.
func (h *Hasher) Verify(ctx context.Context, text, digest string) (bool, error) {
	stored, genuine := parse(digest)
	var fault error
	if genuine {
		fault = h.refusal(stored)
	}
	if genuine = genuine && fault == nil; genuine {
		h.expect(stored.cost)
	}
	failure := *h.costliest.Load()
	if !genuine {
		stored = failure.dummy()
	}
	all := spellings(text)
	var match bool
	err := h.run(ctx, len(all)*failure.work(Bcrypt), func() { match = h.compare(ctx, stored, failure, all) })
	if err != nil {
		return false, err
	}
	return match && genuine, fault
}

// compare tries every spelling, each with the work of a failure, whether or
// not it could match at all.
func (h *Hasher) compare(ctx context.Context, stored digest, failure cost, spellings []string) bool {
	for _, spelling := range spellings {
		key, usable := stored.key(spelling, h.pepper)
		if h.matches(stored, key) && usable {
			return true
		}
		// A digest that costs less than others must not tell by its speed that
		// the account exists.
		for _, d := range failure.dummies(failure.own() - stored.cost.work(failure.scheme)) {
			h.matches(d, []byte("unusable"))
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}

// matches counts the work.
func (h *Hasher) matches(d digest, key []byte) bool {
	h.rounds.Add(int64(d.cost.work(Bcrypt)))
	return d.matches(key)
}

// NeedsRehash reports whether digest differs in scheme, cost or pepper from
// new ones, or is malformed: a login that succeeded should then store a new
// one.
func (h *Hasher) NeedsRehash(digest string) bool {
	stored, ok := parse(digest)
	return !ok || stored.cost != h.cost || stored.pepper != h.pepper.id
}
