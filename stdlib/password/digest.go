package password

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
)

const (
	// MaxBytes bounds a password, so that preparing it stays cheap.
	MaxBytes = 4096
	// bcryptBytes is how much of a password bcrypt looks at.
	bcryptBytes = 72
	// longPrefix marks the digest of a password above bcryptBytes. What
	// follows is a bcrypt digest of the password's HMAC.
	longPrefix = "$hmac-sha384"
	// longKey sets the HMAC apart from any other use of SHA-384. It is no
	// secret; changing it would make every long digest useless.
	longKey = "vera: password above 72 bytes, 1"
	// pepperPrefix marks a digest of the password's HMAC under the pepper
	// whose ID, pepperIDBytes long, comes next.
	pepperPrefix  = "$pepper-"
	pepperIDBytes = 8
)

// prepare returns the form of text that is hashed.
func prepare(text string) (string, error) {
	if len(text) > MaxBytes || !utf8.ValidString(text) {
		return "", ErrInvalid
	}
	prepared, err := precis.OpaqueString.String(text)
	if err != nil || len(prepared) > MaxBytes {
		return "", ErrInvalid
	}
	return prepared, nil
}

// spellings returns what to compare with a digest: the prepared text and, if
// it differs, the text as typed, since the predecessor prepared nothing. There
// is always one, be it unusable. Their number depends on text alone, so that
// time says nothing about the account.
func spellings(text string) []string {
	if len(text) > MaxBytes {
		return []string{""}
	}
	prepared, err := prepare(text)
	if err != nil || prepared == text {
		return []string{text}
	}
	return []string{prepared, text}
}

// A pepper is the secret key of digests that are worth nothing without it.
type pepper struct {
	key []byte
	id  string // what a digest says of it; empty: there is no pepper
}

func newPepper(key []byte) pepper {
	if len(key) == 0 {
		return pepper{}
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("vera: name of a pepper, 1"))
	return pepper{key, hex.EncodeToString(mac.Sum(nil))[:pepperIDBytes]}
}

// A digest is one taken apart.
type digest struct {
	pepper string // the ID of the pepper, empty if there is none in it
	long   bool   // of bcrypt, without pepper, of a password above bcryptBytes
	cost   cost
	bcrypt []byte // what bcrypt understands
	salt   []byte // of argon2id
	sum    []byte // likewise
}

// parse takes a stored digest apart; false means it is none.
func parse(text string) (digest, bool) {
	rest, peppered := strings.CutPrefix(text, pepperPrefix)
	id := ""
	if peppered {
		if len(rest) < pepperIDBytes || strings.Trim(rest[:pepperIDBytes], "0123456789abcdef") != "" {
			return digest{}, false
		}
		id, rest = rest[:pepperIDBytes], rest[pepperIDBytes:]
	}
	if d, ok := parseArgon2id(rest); ok {
		d.pepper = id
		return d, true
	}
	rest, long := strings.CutPrefix(rest, longPrefix)
	d, ok := parseBcrypt(rest)
	if !ok || long && peppered {
		return digest{}, false
	}
	d.pepper, d.long = id, long
	return d, true
}

// newDigest hashes a prepared password.
func newDigest(prepared string, c cost, p pepper) (string, error) {
	d := digest{pepper: p.id, cost: c, long: p.id == "" && c.scheme == Bcrypt && len(prepared) > bcryptBytes}
	key, usable := d.key(prepared, p)
	if !usable {
		return "", ErrInvalid
	}
	hashed, err := c.hash(key)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	switch {
	case d.pepper != "":
		return pepperPrefix + d.pepper + hashed, nil
	case d.long:
		return longPrefix + hashed, nil
	}
	return hashed, nil
}

// key returns what the scheme is run on for this kind of digest. It is not
// usable, only as long to compute, where the password cannot belong to the
// digest: plain bcrypt cuts at 72 bytes, and cycles through what stands before
// a NUL.
func (d digest) key(password string, p pepper) (key []byte, usable bool) {
	usable = password != "" && !strings.Contains(password, "\x00")
	plain := len(password) <= bcryptBytes
	switch {
	case d.pepper != "":
		return mac(p.key, password), usable
	case d.long:
		return mac([]byte(longKey), password), usable && !plain
	case !usable || d.cost.scheme == Bcrypt && !plain:
		return []byte("unusable"), false
	}
	return []byte(password), true
}

// mac is a password of any length as 64 characters, which bcrypt takes whole.
func mac(key []byte, password string) []byte {
	mac := hmac.New(sha512.New384, key)
	mac.Write([]byte(password))
	return []byte(base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}
