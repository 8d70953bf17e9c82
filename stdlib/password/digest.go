package password

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"
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

// A digest is one taken apart.
type digest struct {
	long   bool   // of a password above bcryptBytes
	cost   int    // from 4 to 31
	bcrypt []byte // the part that bcrypt understands
}

// parse takes a stored digest apart; false means it is none.
func parse(text string) (digest, bool) {
	rest, long := strings.CutPrefix(text, longPrefix)
	if len(rest) != 60 || rest[:2] != "$2" || rest[3] != '$' || rest[6] != '$' {
		return digest{}, false
	}
	version, cost, tail := rest[2:3], rest[4:6], rest[7:]
	if strings.Trim(version, "aby")+strings.Trim(cost, "0123456789")+strings.Trim(tail, alphabet) != "" {
		return digest{}, false
	}
	n := int(cost[0]-'0')*10 + int(cost[1]-'0')
	if n < bcrypt.MinCost || n > bcrypt.MaxCost {
		return digest{}, false
	}
	return digest{long: long, cost: n, bcrypt: []byte(rest)}, true
}

const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// newDigest hashes a prepared password.
func newDigest(prepared string, cost int) (string, error) {
	d := digest{long: len(prepared) > bcryptBytes}
	key, usable := d.key(prepared)
	if !usable {
		return "", ErrInvalid
	}
	hashed, err := bcrypt.GenerateFromPassword(key, cost)
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	hashed[2] = 'b' // the library computes what others call 2b, and calls it 2a
	if d.long {
		return longPrefix + string(hashed), nil
	}
	return string(hashed), nil
}

// dummy is a digest that nothing is known to match, for the work alone.
func dummy(cost int) digest {
	return digest{cost: cost, bcrypt: fmt.Appendf(nil, "$2b$%02d$%s", cost, strings.Repeat("Vera", 13)+"V")}
}

// key returns what bcrypt is run on for this kind of digest. It is not usable,
// only as long to compute, where the password cannot belong to the digest: a
// plain one cuts at 72 bytes, and cycles through what stands before a NUL.
func (d digest) key(password string) (key []byte, usable bool) {
	plain := len(password) <= bcryptBytes
	if d.long {
		mac := hmac.New(sha512.New384, []byte(longKey))
		mac.Write([]byte(password))
		return []byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), !plain
	}
	if !plain || password == "" || strings.Contains(password, "\x00") {
		return []byte("unusable"), false
	}
	return []byte(password), true
}
