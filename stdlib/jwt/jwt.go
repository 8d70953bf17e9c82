// Package jwt signs JSON Web Tokens and verifies them without mercy.
//
//	tokens, err := jwt.New(jwt.Options{Secret: secret, Issuer: "auth", Audience: "clients"})
//	token, claims, err := tokens.Sign(map[string]any{"sub": "7"})
//	claims, err = tokens.Verify(token)
//
// There is one way to write a token: base64 without padding or spare bits,
// JSON without duplicate names, claims in lower case, times as whole seconds
// up to the year 9999. A critical extension is refused, as none is known.
//
// A token is signed with one key, a secret (HS256, HS384, HS512) or a private
// key (EdDSA, ES256, RS256), and verified with that or one of
// Options.VerifyKeys. Every key goes with one algorithm. A token's header
// names its key by kid, which is compared with the IDs of these keys and used
// for nothing else. A token without kid belongs to the key without an ID, or
// to the only key if there is but one. A private key has an ID always, by
// default its thumbprint (RFC 7638); a secret has one only if it is given.
//
// To change the key, keep what Keys returns as Options.VerifyKeys, and sign
// with the new one; when the last token of the old key has ended, drop it. A
// secret is kept as {"kty":"oct","alg":"HS256","kid":…,"k":…}, without kid if
// it had no ID, and the new one gets an ID that is new.
//
// Tokens are of a kind. Sign and Verify are for Access, which shows in no
// claim; any other kind stands in the claim token_use, and a token of one kind
// is refused where another is asked for.
package jwt

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/google/uuid"

	"vera/stdlib/strictjson"
)

const (
	// MaxToken is the greatest length of a token in bytes.
	MaxToken = 8 << 10
	// DefaultLeeway is what the clocks of two hosts may well differ by.
	DefaultLeeway = 30 * time.Second
	// MaxLeeway bounds Options.Leeway.
	MaxLeeway = time.Minute
	// DefaultMaxTTL is ten years.
	DefaultMaxTTL = 10 * 365 * 24 * time.Hour
)

// A Kind is what a token is for: lower-case letters and _, at most 32.
type Kind string

// Access is the kind of token that callers act with. It has no token_use.
const Access Kind = ""

// valid reports whether k can stand in a token.
func (k Kind) valid() bool {
	return len(k) <= 32 && strings.Trim(string(k), "abcdefghijklmnopqrstuvwxyz_") == ""
}

// Options configure Tokens. Secret or PrivateKey, Issuer and Audience are
// required.
type Options struct {
	Algorithm  string        // HS256, HS384, HS512, EdDSA, ES256 or RS256; empty means HS256
	Secret     []byte        // for the first three, MinSecret bytes or more; else not used
	PrivateKey []byte        // for the others, as KeyAlgorithm reads it; else not used
	KeyID      string        // of the key that signs, at most 128 bytes of visible ASCII; see above for none
	VerifyKeys []byte        // a JWK set as CheckKeySet reads it; empty means no further keys
	Issuer     string        // the claim iss of every token
	Audience   string        // the claim aud
	Leeway     time.Duration // clocks may differ by, 0 to MaxLeeway; zero is none, see DefaultLeeway
	MaxTTL     time.Duration // longest life of a token with exp; zero means DefaultMaxTTL
	Now        func() time.Time
	Random     io.Reader // of the jti that Sign adds; nil means the system's
}

// Tokens signs and verifies. It may be used by many goroutines at once.
type Tokens struct {
	signing          *key
	header           string // encoded, of every token
	keys             keyring
	issuer, audience string
	leeway, maxTTL   time.Duration
	now              func() time.Time
	random           io.Reader
}

// New checks the options and reports all that is wrong with them, without
// anything that is secret.
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
	if o.Random == nil {
		o.Random = rand.Reader
	}
	var faults []error
	fault := func(wrong bool, format string, args ...any) {
		if wrong {
			faults = append(faults, fmt.Errorf("jwt: "+format, args...))
		}
	}
	fault(!validText(o.Issuer), "the issuer is empty or not UTF-8")
	fault(!validText(o.Audience), "the audience is empty or not UTF-8")
	fault(o.Leeway < 0 || o.Leeway > MaxLeeway, "leeway %v is not in 0 to %v", o.Leeway, MaxLeeway)
	fault(o.MaxTTL < time.Second, "longest life %v is below a second", o.MaxTTL)
	signing, err := o.signingKey()
	fault(err != nil, "signing key: %w", err)
	var others []*key
	if len(o.VerifyKeys) > 0 {
		others, err = parseKeySet(o.VerifyKeys)
		fault(err != nil, "verifying keys: %w", err)
	}
	var keys keyring
	if len(faults) == 0 {
		keys, err = newKeyring(signing, others)
		fault(err != nil, "verifying keys: %w", err)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return &Tokens{
		signing:  signing,
		header:   signing.header(),
		keys:     keys,
		issuer:   o.Issuer,
		audience: o.Audience,
		leeway:   o.Leeway,
		maxTTL:   o.MaxTTL,
		now:      o.Now,
		random:   o.Random,
	}, nil
}

// signingKey makes the key that the algorithm asks for.
func (o Options) signingKey() (*key, error) {
	if methods[o.Algorithm] == nil {
		return nil, fmt.Errorf("algorithm %q is none of %s", o.Algorithm, algorithms)
	}
	if Symmetric(o.Algorithm) {
		return newSecret(o.KeyID, o.Algorithm, o.Secret)
	}
	k, err := newPrivate(o.KeyID, o.PrivateKey)
	if err == nil && k.method.Alg() != o.Algorithm {
		return nil, fmt.Errorf("it is a key for %s, not for %s", k.method.Alg(), o.Algorithm)
	}
	return k, err
}

// Sign returns an Access token of the given claims, completed with iss, aud, iat and
// jti (a UUID, version 4) where they are absent or nil, and the claims as they
// were signed. Claims that Verify would refuse, now or when nbf comes, and an
// exp further off than Options.MaxTTL are an error. claims is not changed.
func (t *Tokens) Sign(claims map[string]any) (token string, signed map[string]any, err error) {
	return t.SignAs(Access, claims)
}

// SignAs is Sign for a token of any kind.
func (t *Tokens) SignAs(kind Kind, claims map[string]any) (token string, signed map[string]any, err error) {
	if !kind.valid() {
		return "", nil, fmt.Errorf("sign token: %q is no kind of token", kind)
	}
	now := t.now()
	id, err := uuid.NewRandomFromReader(t.random)
	if err != nil {
		return "", nil, fmt.Errorf("sign token: %w", err)
	}
	complete := map[string]any{
		"iss": t.issuer,
		"aud": t.audience,
		"iat": now.Unix(),
		"jti": id.String(),
	}
	if kind != Access {
		complete[useClaim] = string(kind)
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
	if signed, err = t.preview(kind, payload, now); err != nil {
		return "", nil, fmt.Errorf("sign token: %w", err)
	}
	text := t.header + "." + encode(payload)
	signature, err := t.signing.method.Sign(text, t.signing.sign)
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
func (t *Tokens) preview(kind Kind, payload []byte, now time.Time) (map[string]any, error) {
	claims, err := readClaims(payload)
	if err != nil {
		return nil, err
	}
	valid := now
	if nbf, err := seconds(claims, "nbf", errNBF, errNBFRange); err == nil && nbf > now.Unix() {
		valid = time.Unix(nbf, 0)
	}
	if err := t.check(kind, claims, valid, 0); err != nil {
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
