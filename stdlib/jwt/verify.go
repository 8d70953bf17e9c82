package jwt

import (
	"encoding/base64"
	"strings"

	"vera/stdlib/strictjson"
)

// An Error says why a token is refused. Its texts are fixed: nothing of the
// token is in them.
type Error struct {
	Code    string // "malformed", "algorithm", "signature", "expired", "not_yet_valid", "issuer", "audience" or "claims"
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
	errPayload   = &Error{"malformed", "Invalid payload string: must be a json object"}
	errAlgorithm = &Error{"algorithm", "The specified alg value is not allowed"}
	errSignature = &Error{"signature", "Signature verification failed"}
)

// Verify returns the claims of a token that this host, or one with the same
// options, has signed and whose time it is. Integers are int64, other numbers
// float64. A claim that is absent is no fault, but for iss and aud. The error
// is an *Error, of the first fault in this order: form, algorithm, signature,
// payload, iat, nbf, exp, iss, aud, sub, jti.
func (t *Tokens) Verify(token string) (map[string]any, error) {
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
	if err := t.checkHeader(header); err != nil {
		return nil, err
	}
	if t.method.Verify(parts[0]+"."+parts[1], signature, t.secret) != nil {
		return nil, errSignature
	}
	claims, err := readClaims(payload)
	if err != nil {
		return nil, err
	}
	if err := t.check(claims, t.now(), t.leeway); err != nil {
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

// checkHeader accepts the algorithm of these tokens and no other. The header
// is not signed yet: nothing in it may choose how it is checked.
func (t *Tokens) checkHeader(text []byte) error {
	header, ok := readObject(text)
	if !ok {
		return errHeader
	}
	if header["alg"] != t.method.Alg() {
		return errAlgorithm
	}
	if kind, exists := header["typ"]; exists {
		if name, ok := kind.(string); !ok || !strings.EqualFold(name, "JWT") {
			return errType
		}
	}
	if _, exists := header["crit"]; exists {
		return errCritical
	}
	if _, exists := header["kid"]; exists {
		return errKeyID
	}
	return nil
}

func encode(bytes []byte) string { return base64.RawURLEncoding.EncodeToString(bytes) }

var strict64 = base64.RawURLEncoding.Strict()

// decode reads base64url in its one form: the library skips line breaks.
func decode(text string) ([]byte, bool) {
	bytes, err := strict64.DecodeString(text)
	return bytes, err == nil && base64.RawURLEncoding.EncodedLen(len(bytes)) == len(text)
}
