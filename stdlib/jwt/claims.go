package jwt

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"vera/stdlib/strictjson"
)

// maxTime is the last second of the year 9999.
const maxTime = 253402300799

var (
	errKind     = &Error{"type", "Token is of another type"}
	errNumber   = &Error{"claims", "Invalid payload: a number is out of range"}
	errIAT      = &Error{"claims", "Issued At claim (iat) must be an integer."}
	errNBF      = &Error{"claims", "Not Before claim (nbf) must be an integer."}
	errEXP      = &Error{"claims", "Expiration Time claim (exp) must be an integer."}
	errIATRange = &Error{"claims", "Issued At claim (iat) is out of range"}
	errNBFRange = &Error{"claims", "Not Before claim (nbf) is out of range"}
	errEXPRange = &Error{"claims", "invalid expiration time - out of range"}
	errIATEarly = &Error{"not_yet_valid", "The token is not yet valid (iat)"}
	errNBFEarly = &Error{"not_yet_valid", "The token is not yet valid (nbf)"}
	errExpired  = &Error{"expired", "Signature has expired"}
	errNoIssuer = &Error{"issuer", `Token is missing the "iss" claim`}
	errIssuer   = &Error{"issuer", "Invalid issuer"}
	errNoAud    = &Error{"audience", `Token is missing the "aud" claim`}
	errAudForm  = &Error{"audience", "Invalid claim format in token"}
	errAudience = &Error{"audience", "Audience doesn't match"}
	errSubject  = &Error{"claims", "Subject must be a string"}
	errID       = &Error{"claims", "JWT ID must be a string"}
	errIDForm   = &Error{"claims", "JWT ID must be a UUID"}
)

// useClaim holds a token's kind.
const useClaim = "token_use"

var registered = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", useClaim}

// readClaims parses a payload. A registered claim in another case is refused:
// one reader would take it for the claim, another not.
func readClaims(payload []byte) (map[string]any, error) {
	claims, ok := readObject(payload)
	if !ok {
		return nil, errPayload
	}
	for name := range claims {
		at := slices.IndexFunc(registered, func(r string) bool { return strings.EqualFold(r, name) })
		if at >= 0 && registered[at] != name {
			return nil, &Error{"claims", fmt.Sprintf("Claim %q is not in lower case", registered[at])}
		}
	}
	return claims, nil
}

// check checks claims as they are at the given moment, on a clock that may be
// wrong by leeway.
func (t *Tokens) check(kind Kind, claims map[string]any, moment time.Time, leeway time.Duration) error {
	if use, exists := claims[useClaim]; exists != (kind != Access) || exists && use != string(kind) {
		return errKind
	}
	early, late := moment.Add(-leeway).Unix(), moment.Add(leeway).Unix()
	if iat, err := seconds(claims, "iat", errIAT, errIATRange); err != nil || iat > late {
		return cmp.Or(err, errIATEarly)
	}
	if nbf, err := seconds(claims, "nbf", errNBF, errNBFRange); err != nil || nbf > late {
		return cmp.Or(err, errNBFEarly)
	}
	exp, err := seconds(claims, "exp", errEXP, errEXPRange)
	if _, exists := claims["exp"]; err != nil || exists && exp <= early {
		return cmp.Or(err, errExpired)
	}
	if err := t.checkParties(claims); err != nil {
		return err
	}
	return checkNames(claims)
}

// seconds returns a time claim, 0 if it is absent.
func seconds(claims map[string]any, name string, kind, exceeds *Error) (int64, *Error) {
	value, exists := claims[name]
	if !exists {
		return 0, nil
	}
	number, ok := value.(strictjson.Number)
	if !ok || !number.IsInteger() {
		return 0, kind
	}
	n, ok := number.Int64()
	if !ok || n < 0 || n > maxTime {
		return 0, exceeds
	}
	return n, nil
}

// checkParties checks who issued the token and for whom.
func (t *Tokens) checkParties(claims map[string]any) error {
	if issuer, exists := claims["iss"]; !exists {
		return errNoIssuer
	} else if issuer != t.issuer {
		return errIssuer
	}
	var audience []any
	switch aud := claims["aud"].(type) {
	case nil:
	case string:
		if aud != "" {
			audience = []any{aud}
		}
	case []any:
		audience = aud
	default:
		return errAudForm
	}
	if len(audience) == 0 {
		return errNoAud
	}
	for _, one := range audience {
		if _, ok := one.(string); !ok {
			return errAudForm
		}
	}
	if !slices.Contains(audience, any(t.audience)) {
		return errAudience
	}
	return nil
}

// checkNames checks whom the token is about and which it is. An empty jti
// counts as none.
func checkNames(claims map[string]any) error {
	if sub, exists := claims["sub"]; exists {
		if _, ok := sub.(string); !ok {
			return errSubject
		}
	}
	jti, exists := claims["jti"]
	if !exists || jti == "" {
		return nil
	}
	text, ok := jti.(string)
	if !ok {
		return errID
	}
	if _, err := uuid.Parse(text); err != nil || len(text) != len(uuid.Nil.String()) {
		return errIDForm
	}
	return nil
}

// plain replaces the literals of numbers in v by int64 or float64, and fails
// on an integer that a Lua number cannot hold.
func plain(v any) (any, error) {
	switch v := v.(type) {
	case strictjson.Number:
		if !v.IsInteger() {
			return v.Float64(), nil
		}
		n, ok := v.Int64()
		if !ok {
			return nil, errNumber
		}
		return n, nil
	case []any:
		for i, item := range v {
			value, err := plain(item)
			if err != nil {
				return nil, err
			}
			v[i] = value
		}
	case map[string]any:
		for name, item := range v {
			value, err := plain(item)
			if err != nil {
				return nil, err
			}
			v[name] = value
		}
	}
	return v, nil
}
