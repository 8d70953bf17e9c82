// Package jwt signs JSON Web Tokens and verifies them without mercy.
//
//	tokens, err := jwt.New(jwt.Options{Secret: secret, Issuer: "auth", Audience: "clients"})
//	token, claims, err := tokens.Sign(map[string]any{"sub": "7"})
//	claims, err = tokens.Verify(token)
//
// One algorithm with one secret is accepted, and one way to write a token:
// base64 without padding or spare bits, JSON without duplicate names, claims
// in lower case, times as whole seconds up to the year 9999. A critical
// extension or a key id is refused, as none is known.
package jwt

import (
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"vera/stdlib/strictjson"
)

const (
	// MinSecret is the least length of a secret in bytes.
	MinSecret = 32
	// MaxToken is the greatest length of a token in bytes.
	MaxToken = 8 << 10
	// DefaultLeeway is what the clocks of two hosts may well differ by.
	DefaultLeeway = 30 * time.Second
	// MaxLeeway bounds Options.Leeway.
	MaxLeeway = time.Minute
	// DefaultMaxTTL is ten years.
	DefaultMaxTTL = 10 * 365 * 24 * time.Hour
)

// Options configure Tokens. Secret, Issuer and Audience are required.
type Options struct {
	Secret    []byte        // MinSecret bytes or more
	Algorithm string        // HS256, HS384 or HS512; empty means HS256
	Issuer    string        // the claim iss of every token
	Audience  string        // the claim aud
	Leeway    time.Duration // clocks may differ by, 0 to MaxLeeway; zero is none, see DefaultLeeway
	MaxTTL    time.Duration // longest life of a token with exp; zero means DefaultMaxTTL
	Now       func() time.Time
}

// Tokens signs and verifies. It may be used by many goroutines at once.
type Tokens struct {
	secret           []byte
	method           jwt.SigningMethod
	header           string // encoded, of every token
	issuer, audience string
	leeway, maxTTL   time.Duration
	now              func() time.Time
}

var methods = map[string]jwt.SigningMethod{
	"HS256": jwt.SigningMethodHS256,
	"HS384": jwt.SigningMethodHS384,
	"HS512": jwt.SigningMethodHS512,
}

// New checks the options and reports all that is wrong with them, without the
// secret.
func New(o Options) (*Tokens, error) {
	if o.Algorithm == "" {
		o.Algorithm = "HS256"
	}
	if o.MaxTTL == 0 {
		o.MaxTTL = DefaultMaxTTL
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf("jwt: "+format, args...))
		}
	}
	method := methods[o.Algorithm]
	fault(method == nil, "algorithm %q is none of HS256, HS384, HS512", o.Algorithm)
	fault(len(o.Secret) < MinSecret, "the secret has %d bytes, at least %d are needed", len(o.Secret), MinSecret)
	fault(uniform(o.Secret), "the secret is one byte repeated")
	fault(!validText(o.Issuer), "the issuer is empty or not UTF-8")
	fault(!validText(o.Audience), "the audience is empty or not UTF-8")
	fault(o.Leeway < 0 || o.Leeway > MaxLeeway, "leeway %v is not in 0 to %v", o.Leeway, MaxLeeway)
	fault(o.MaxTTL < time.Second, "longest life %v is below a second", o.MaxTTL)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &Tokens{
		secret:   o.Secret,
		method:   method,
		header:   encode([]byte(`{"alg":"` + o.Algorithm + `","typ":"JWT"}`)),
		issuer:   o.Issuer,
		audience: o.Audience,
		leeway:   o.Leeway,
		maxTTL:   o.MaxTTL,
		now:      o.Now,
	}, nil
}

// Sign returns a token of the given claims, completed with iss, aud, iat and
// jti (a UUID, version 4) where they are absent or nil, and the claims as they
// were signed. Claims that Verify would refuse, now or when nbf comes, and an
// exp further off than Options.MaxTTL are an error. claims is not changed.
func (t *Tokens) Sign(claims map[string]any) (token string, signed map[string]any, err error) {
	now := t.now()
	complete := map[string]any{
		"iss": t.issuer,
		"aud": t.audience,
		"iat": now.Unix(),
		"jti": uuid.NewString(),
	}
	for name, value := range claims {
		if value != nil && (name != "jti" || value != "") {
			complete[name] = value
		}
	}
	payload, err := strictjson.Append(nil, complete)
	if err != nil {
		return "", nil, fmt.Errorf("sign token: %w", err)
	}
	if signed, err = t.preview(payload, now); err != nil {
		return "", nil, fmt.Errorf("sign token: %w", err)
	}
	text := t.header + "." + encode(payload)
	signature, err := t.method.Sign(text, t.secret)
	if err != nil {
		return "", nil, fmt.Errorf("sign token: %w", err)
	}
	token = text + "." + encode(signature)
	if len(token) > MaxToken {
		return "", nil, fmt.Errorf("sign token: more than %d bytes", MaxToken)
	}
	return token, signed, nil
}

// preview reads a payload that is about to be signed as Verify will when the
// token becomes valid.
func (t *Tokens) preview(payload []byte, now time.Time) (map[string]any, error) {
	claims, err := readClaims(payload)
	if err != nil {
		return nil, err
	}
	valid := now
	if nbf, err := seconds(claims, "nbf", errNBF, errNBFRange); err == nil && nbf > now.Unix() {
		valid = time.Unix(nbf, 0)
	}
	if err := t.check(claims, valid, 0); err != nil {
		return nil, err
	}
	if exp, err := seconds(claims, "exp", errEXP, errEXPRange); err == nil && exp > now.Add(t.maxTTL).Unix() {
		return nil, fmt.Errorf("exp is more than %v from now", t.maxTTL)
	}
	if _, err := plain(claims); err != nil {
		return nil, err
	}
	return claims, nil
}

func validText(s string) bool {
	_, err := strictjson.Append(nil, s)
	return err == nil && s != ""
}

// uniform tells the emptiest of secrets: spaces, zeros.
func uniform(secret []byte) bool {
	for _, b := range secret {
		if b != secret[0] {
			return false
		}
	}
	return len(secret) > 0
}
