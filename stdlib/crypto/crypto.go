// Package crypto gives scripts random bytes, hashes and the encodings to show
// them in. Bytes are strings, as they are in Lua.
//
//	key, err := crypto.Random(32)
//	text := crypto.Hex.Encode(crypto.HMACSHA256(key, "hello"))
package crypto

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// MaxRandom bounds how many bytes Random gives at once.
const MaxRandom = 1024

// Random returns n random bytes, 1 to MaxRandom.
func Random(n int) (string, error) { return random(n, rand.Reader) }

func random(n int, from io.Reader) (string, error) {
	if n < 1 || n > MaxRandom {
		return "", fmt.Errorf("make %d random bytes: not in 1 to %d", n, MaxRandom)
	}
	bytes := make([]byte, n)
	if _, err := io.ReadFull(from, bytes); err != nil { // never the system's, which ends the program instead
		return "", fmt.Errorf("make %d random bytes: %w", n, err)
	}
	return string(bytes), nil
}

// SHA256 returns the 32 bytes of text's digest.
func SHA256(text string) string {
	sum := sha256.Sum256([]byte(text))
	return string(sum[:])
}

// HMACSHA256 returns the 32 bytes of text's authentication code under key.
func HMACSHA256(key, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return string(mac.Sum(nil))
}

// Equal compares in a time that depends on the lengths alone.
func Equal(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// An Encoding writes bytes as text and reads them back.
type Encoding struct {
	Encode func(bytes string) string
	decode func(text string) ([]byte, error)
	length func(bytes int) int // of the text that encodes so many bytes
}

// The encodings. Each reads only what it writes itself, so that no two texts
// stand for the same bytes, but for Hex, which reads upper case as well.
var (
	Hex       = Encoding{func(s string) string { return hex.EncodeToString([]byte(s)) }, hex.DecodeString, hex.EncodedLen}
	Base64    = strict(base64.StdEncoding)    // with padding
	Base64URL = strict(base64.RawURLEncoding) // without
)

func strict(e *base64.Encoding) Encoding {
	return Encoding{
		func(s string) string { return e.EncodeToString([]byte(s)) },
		func(text string) ([]byte, error) {
			bytes, err := e.Strict().DecodeString(text)
			if err == nil && len(text) != e.EncodedLen(len(bytes)) { // line breaks are skipped
				return nil, errDecode
			}
			return bytes, err
		},
		e.EncodedLen,
	}
}

var errDecode = errors.New("the text is not in this encoding")

// Decode returns the bytes that text stands for.
func (e Encoding) Decode(text string) (string, error) {
	bytes, err := e.decode(text)
	if err != nil {
		return "", errDecode
	}
	return string(bytes), nil
}
