package jwt

import (
	"encoding/base64"
	"strings"

	"vera/stdlib/strictjson"
)

// An Error says why a token is refused. Its texts are fixed: nothing of the
// token is in them.
type Error struct {
	Code    string // "malformed", "algorithm", "signature", "expired", "not_yet_valid", "issuer", "audience", "type" or "claims"
	Message string // as PyJWT words it, where it has words
}

func (e *Error) Error() string { return e.Message }

var (
	errLong      = &Error{"malformed", "Token is too long"}
	errFew       = &Error{"malformed", "Not enough segments"}
	errMany      = &Error{"malformed", "Too many segments"}
	errHeader64  = &Error{"malformed", "Invalid header padding"}
	errPayload64 = &Error{"malformed", "Invalid payload padding"}
	errCrypto64  = &Error{"malformed", "Invalid crypto padding"}
	errHeader    = &Error{"malformed", "Invalid header string: must be a json object"}
	errType      = &Error{"malformed", "Invalid token type"}
	errCritical  = &Error{"malformed", "Unsupported critical extension"}
	errKeyID     = &Error{"malformed", "Unknown key ID"}
	errNoKeyID   = &Error{"malformed", "Token is missing a key ID"}
	errPayload   = &Error{"malformed", "Invalid payload string: must be a json object"}
	errAlgorithm = &Error{"algorithm", "The specified alg value is not allowed"}
	errSignature = &Error{"signature", "Signature verification failed"}
)

// Verify returns the claims of an Access token that this host, or one with the
// same keys, has signed and whose time it is. Integers are int64, other
// numbers float64. A claim that is absent is no fault, but for iss and aud.
// The error is an *Error, of the first fault in this order: form, algorithm,
// key, signature, payload, token_use, iat, nbf, exp, iss, aud, sub, jti.
func (t *Tokens) Verify(token string) (map[string]any, error) { return t.VerifyAs(Access, token) }

// VerifyAs is Verify for a token of any kind, and of no other.
func (t *Tokens) VerifyAs(kind Kind, token string) (map[string]any, error) {
	if len(token) > MaxToken {
		return nil, errLong
	}
	parts := strings.Split(token, ".")
	switch {
	case len(parts) < 3:
		return nil, errFew
	case len(parts) > 3:
		return nil, errMany
	}
	header, ok := decode(parts[0])
	if !ok {
		return nil, errHeader64
	}
	payload, ok := decode(parts[1])
	if !ok {
		return nil, errPayload64
	}
	signature, ok := decode(parts[2])
	if !ok {
		return nil, errCrypto64
	}
	key, err := t.keyOf(header)
	if err != nil {
		return nil, err
	}
	if key.method.Verify(parts[0]+"."+parts[1], signature, key.public) != nil {
		return nil, errSignature
	}
	claims, err := readClaims(payload)
	if err != nil {
		return nil, err
	}
	if err := t.check(kind, claims, t.now(), t.leeway); err != nil {
		return nil, err
	}
	if _, err := plain(claims); err != nil {
		return nil, err
	}
	return claims, nil
}

// readObject parses a part of a token. Tokens nest less than JSON may.
func readObject(text []byte) (map[string]any, bool) {
	tree, err := strictjson.Parse(text, strictjson.Limits{Depth: 16})
	object, ok := tree.(map[string]any)
	return object, ok && err == nil
}

// keyOf checks a header and returns the key to verify its token with. The
// header is not signed yet: it may only name one of the keys, and must name
// the algorithm that this key has.
func (t *Tokens) keyOf(text []byte) (*key, error) {
	header, ok := readObject(text)
	if !ok {
		return nil, errHeader
	}
	if !t.keys.knows(header["alg"]) {
		return nil, errAlgorithm
	}
	if kind, exists := header["typ"]; exists {
		if name, ok := kind.(string); !ok || !strings.EqualFold(name, "JWT") {
			return nil, errType
		}
	}
	if _, exists := header["crit"]; exists {
		return nil, errCritical
	}
	k, err := t.keys.choose(header)
	if err != nil {
		return nil, err
	}
	if header["alg"] != k.method.Alg() {
		return nil, errAlgorithm
	}
	return k, nil
}

func encode(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }

var strict64 = base64.RawURLEncoding.Strict()

// decode reads base64url in its one form: the library skips line breaks.
func decode(text string) ([]byte, bool) {
	bytes, err := strict64.DecodeString(text)
	return bytes, err == nil && base64.RawURLEncoding.EncodedLen(len(bytes)) == len(text)
}
