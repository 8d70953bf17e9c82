package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
)

// The schemes of new digests. Either is verified, whichever new ones have.
const (
	Bcrypt   = "bcrypt"
	Argon2id = "argon2id"
)

// Argon2idBytes is the memory that one new argon2id digest takes.
const Argon2idBytes = defaultMemory << 10

const (
	defaultMemory = 19456 // KiB, with two passes what OWASP recommends
	defaultPasses = 2
	saltBytes     = 16
	sumBytes      = 32

	// The most that an argon2id digest may ask for, or it is refused.
	maxMemory = 64 << 10 // KiB
	maxWork   = 4 * maxMemory
	maxPasses = 64
	maxLanes  = 4
)

// A cost is how a digest is computed and how long that takes. Two of the same
// cost are equally hard to guess.
type cost struct {
	scheme string
	rounds int // bcrypt: as a power of two
	argon2idCost
}

// An argon2idCost is what the letters m, t and p stand for.
type argon2idCost struct {
	memory, passes uint32 // memory in KiB
	lanes          uint8
}

// String is the cost in words, for the operator.
func (c cost) String() string {
	if c.scheme == Argon2id {
		return fmt.Sprintf("argon2id with m=%d,t=%d,p=%d", c.memory, c.passes, c.lanes)
	}
	return fmt.Sprintf("bcrypt at cost %d", c.rounds)
}

// work is how much the cost takes, in the unit of a scheme: rounds of bcrypt,
// or KiB that argon2id fills. In the unit of the other scheme than c's it is an
// estimate.
func (c cost) work(scheme string) int {
	switch scheme {
	case c.scheme:
		return c.own()
	case Bcrypt:
		return c.own() / kibPerRound()
	}
	return c.own() * kibPerRound()
}

// own is the work in the unit of c's own scheme.
func (c cost) own() int {
	if c.scheme == Argon2id {
		return int(c.memory) * int(c.passes)
	}
	return 1 << c.rounds
}

// exceeds reports whether c takes more than the other cost.
func (c cost) exceeds(other cost) bool { return c.work(other.scheme) > other.own() }

// allowed reports whether a stored digest of this cost is run, where a new
// bcrypt digest takes at most maxRounds.
func (c cost) allowed(maxRounds int) bool {
	if c.scheme == Argon2id {
		return c.memory <= maxMemory && c.passes <= maxPasses && c.lanes <= maxLanes &&
			uint64(c.memory)*uint64(c.passes) <= maxWork
	}
	return c.rounds <= maxRounds
}

// hash returns a new digest of key in the scheme's own notation.
func (c cost) hash(key []byte) (string, error) {
	if c.scheme == Argon2id {
		salt := make([]byte, saltBytes)
		_, _ = rand.Read(salt) // it never fails
		sum := argon2.IDKey(key, salt, c.passes, c.memory, c.lanes, sumBytes)
		return fmt.Sprintf("%s%d$m=%d,t=%d,p=%d$%s$%s", argon2idPrefix, argon2.Version,
			c.memory, c.passes, c.lanes, unpadded.EncodeToString(salt), unpadded.EncodeToString(sum)), nil
	}
	hashed, err := bcrypt.GenerateFromPassword(key, c.rounds)
	if err != nil {
		return "", err
	}
	hashed[2] = 'b' // the library computes what others call 2b, and calls it 2a
	return string(hashed), nil
}

// dummy is a digest that nothing is known to match, for the work alone.
func (c cost) dummy() digest {
	if c.scheme == Argon2id {
		return digest{cost: c, salt: make([]byte, saltBytes), sum: make([]byte, sumBytes)}
	}
	return digest{cost: c, bcrypt: fmt.Appendf(nil, "$2b$%02d$%s", c.rounds, strings.Repeat("Vera", 13)+"V")}
}

// dummies are as much work as that, in the unit of c's scheme, or as near to
// it as they can come.
func (c cost) dummies(work int) (list []digest) {
	if work <= 0 {
		return nil
	}
	if c.scheme == Argon2id {
		c.memory = uint32(work / int(c.passes))
		return []digest{c.dummy()}
	}
	work += 1 << bcrypt.MinCost / 2
	for rounds := bcrypt.MinCost; work>>rounds > 0; rounds++ {
		if work>>rounds&1 == 1 {
			list = append(list, cost{scheme: Bcrypt, rounds: rounds}.dummy())
		}
	}
	return list
}

// matches reports whether d is the digest of key.
func (d digest) matches(key []byte) bool {
	if d.cost.scheme == Argon2id {
		sum := argon2.IDKey(key, d.salt, d.cost.passes, d.cost.memory, d.cost.lanes, uint32(len(d.sum)))
		return subtle.ConstantTimeCompare(sum, d.sum) == 1
	}
	return bcrypt.CompareHashAndPassword(d.bcrypt, key) == nil
}

const bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// parseBcrypt takes apart what stands behind all marks: $2b$12$, then salt and
// sum in 53 characters.
func parseBcrypt(text string) (digest, bool) {
	if len(text) != 60 || text[:2] != "$2" || text[3] != '$' || text[6] != '$' {
		return digest{}, false
	}
	version, rounds, tail := text[2:3], text[4:6], text[7:]
	if strings.Trim(version, "aby")+strings.Trim(rounds, "0123456789")+strings.Trim(tail, bcryptAlphabet) != "" {
		return digest{}, false
	}
	n := int(rounds[0]-'0')*10 + int(rounds[1]-'0')
	if n < bcrypt.MinCost || n > bcrypt.MaxCost {
		return digest{}, false
	}
	return digest{cost: cost{scheme: Bcrypt, rounds: n}, bcrypt: []byte(text)}, true
}

const argon2idPrefix = "$argon2id$v="

// parseArgon2id takes apart the notation of the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$salt$sum.
func parseArgon2id(text string) (digest, bool) {
	rest, ok := strings.CutPrefix(text, argon2idPrefix+strconv.Itoa(argon2.Version)+"$")
	parts := strings.Split(rest, "$")
	if !ok || len(parts) != 3 {
		return digest{}, false
	}
	numbers := strings.Split(parts[0], ",")
	if len(numbers) != 3 {
		return digest{}, false
	}
	memory, ok1 := parameter(numbers[0], "m=")
	passes, ok2 := parameter(numbers[1], "t=")
	lanes, ok3 := parameter(numbers[2], "p=")
	salt, ok4 := decode(parts[1], 8, 64)
	sum, ok5 := decode(parts[2], 16, 64)
	if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 || lanes > 255 || memory < 8*lanes {
		return digest{}, false
	}
	c := cost{Argon2id, 0, argon2idCost{memory, passes, uint8(lanes)}}
	return digest{cost: c, salt: salt, sum: sum}, true
}

// parameter reads a number from 1 to 2^32-1 as only one text can write it.
func parameter(text, name string) (uint32, bool) {
	digits, ok := strings.CutPrefix(text, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), ok && err == nil && n > 0 && digits == strconv.FormatUint(n, 10)
}

var unpadded = base64.RawStdEncoding.Strict()

// decode reads least to most bytes; the library skips line breaks.
func decode(text string, least, most int) ([]byte, bool) {
	bytes, err := unpadded.DecodeString(text)
	return bytes, err == nil && len(bytes) >= least && len(bytes) <= most && unpadded.EncodedLen(len(bytes)) == len(text)
}
