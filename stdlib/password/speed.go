package password

import (
	"math"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// How fast the schemes are differs with the machine, and with how the program
// was built: what is compared between them is measured once, where it is
// needed at all.

// kibPerRound is how many KiB argon2id fills in the time of one round of
// bcrypt. How many depends a little on the cost, as the first pass over the
// memory takes longest; it is measured with as many passes as most digests
// have. It takes about 15 ms.
var kibPerRound = sync.OnceValue(func() int {
	return measureKiBPerRound(argon2idCost{memory: 512, passes: defaultPasses, lanes: 1})
})

func measureKiBPerRound(c argon2idCost) int {
	argon, bcrypt := cost{Argon2id, 0, c}, cost{scheme: Bcrypt, rounds: bcrypt.MinCost}
	kib := argon.unitTime(20) // it moves much memory, and is disturbed more easily
	return max(1, int(bcrypt.unitTime(5)/kib))
}

// roundTime is how many seconds a round of bcrypt takes.
var roundTime = sync.OnceValue(func() float64 { return cost{scheme: Bcrypt, rounds: bcrypt.MinCost}.unitTime(5) })

// roundsWithin is how many of them one worker computes in that time, where
// nothing else slows it down.
func roundsWithin(d time.Duration) int64 { return int64(d.Seconds() / roundTime()) }

// unitTime is how many seconds one unit of the work takes. It is the least of
// some tries: other work on the machine can only add to a time.
func (c cost) unitTime(tries int) float64 {
	least := time.Duration(math.MaxInt64)
	for range tries {
		start := time.Now()
		c.dummy().matches([]byte("unusable"))
		least = min(least, time.Since(start))
	}
	return least.Seconds() / float64(c.own())
}
