package jwt

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"vera/stdlib/strictjson"
)

// maxKeys bounds a JWK set.
const maxKeys = 100

// CheckKeySet reports what is wrong with a JWK set (RFC 7517) of keys that
// verify. Each is one of
//
//	{"kty":"OKP","crv":"Ed25519","x":…}
//	{"kty":"EC","crv":"P-256","x":…,"y":…}
//	{"kty":"RSA","n":…,"e":…}
//	{"kty":"oct","alg":"HS256","k":…}
//
// with a kid, or without for tokens that name no key. alg and use may be
// there and must then fit. Private keys are refused: they do not belong there.
func CheckKeySet(text []byte) error {
	_, err := parseKeySet(text)
	return err
}

// parseKeySet reads a JWK set. Its errors name a key by its place.
func parseKeySet(text []byte) ([]*key, error) {
	tree, err := strictjson.Parse(text, strictjson.Limits{Depth: 16})
	set, _ := tree.(map[string]any)
	list, ok := set["keys"].([]any)
	if err != nil || !ok {
		return nil, errors.New(`this is no JSON of the form {"keys": [...]}`)
	}
	if len(list) > maxKeys {
		return nil, fmt.Errorf("there are more than %d keys", maxKeys)
	}
	keys := make([]*key, len(list))
	for i, item := range list {
		members, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("key %d is not an object", i+1)
		}
		if keys[i], err = parseKey(members); err != nil {
			return nil, fmt.Errorf("key %d: %w", i+1, err)
		}
	}
	return keys, nil
}

func parseKey(members map[string]any) (*key, error) {
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth"} {
		if _, exists := members[private]; exists {
			return nil, errors.New("it is a private key; keep only its public part here")
		}
	}
	if use, exists := members["use"]; exists && use != "sig" {
		return nil, errors.New(`its use is not "sig"`)
	}
	id, named := members["kid"].(string)
	if _, exists := members["kid"]; exists && (!named || id == "") {
		return nil, errors.New("its kid is empty or not a string")
	}
	k, err := parseMaterial(id, members)
	if err != nil {
		return nil, err
	}
	if alg, exists := members["alg"]; exists && alg != k.method.Alg() {
		return nil, fmt.Errorf("its alg is not %s, which goes with such a key", k.method.Alg())
	}
	return k, nil
}

// parseMaterial reads what makes the key up.
func parseMaterial(id string, members map[string]any) (*key, error) {
	var faulty error
	octets := func(name string) []byte {
		text, _ := members[name].(string)
		bytes, ok := decode(text)
		if !ok || len(bytes) == 0 {
			faulty = fmt.Errorf("its %s is missing or not base64url", name)
		}
		return bytes
	}
	var public any
	switch members["kty"] {
	case "oct":
		algorithm, _ := members["alg"].(string)
		if !Symmetric(algorithm) || methods[algorithm] == nil {
			return nil, errors.New("it is a secret, so it needs an alg of HS256, HS384 or HS512")
		}
		secret := octets("k")
		if faulty != nil {
			return nil, faulty
		}
		return newSecret(id, algorithm, secret)
	case "OKP":
		x := octets("x")
		if members["crv"] != "Ed25519" || faulty == nil && len(x) != ed25519.PublicKeySize {
			return nil, errors.New("its crv is not Ed25519, or its x not as long as that asks")
		}
		public = ed25519.PublicKey(x)
	case "EC":
		x, y := octets("x"), octets("y")
		point, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		if members["crv"] != "P-256" || faulty == nil && (err != nil || len(x) != 32) {
			return nil, errors.New("its crv is not P-256, or x and y are no point on it")
		}
		public = point
	case "RSA":
		n, e := new(big.Int).SetBytes(octets("n")), new(big.Int).SetBytes(octets("e"))
		if e.BitLen() > 31 {
			return nil, errors.New("its e is too large")
		}
		public = &rsa.PublicKey{N: n, E: int(e.Int64())}
	default:
		return nil, errors.New("its kty is none of OKP, EC, RSA, oct")
	}
	if faulty != nil {
		return nil, faulty
	}
	return newPublic(id, public)
}

// A keyring is the keys that tokens are believed by.
type keyring struct {
	keys    []*key          // in the order in which they are shown, the signing one first
	byID    map[string]*key // those with an ID
	unnamed *key            // of tokens that name no key; nil: such are refused
}

// newKeyring joins the signing key and those that only verify. The signing key
// may be among these too, so that all hosts can share one file.
func newKeyring(signing *key, others []*key) (keyring, error) {
	r := keyring{byID: make(map[string]*key)}
	for i, k := range append([]*key{signing}, others...) {
		known := r.byID[k.id]
		if k.id == "" {
			known = r.unnamed
		}
		if known != nil && known.same(k) {
			continue
		}
		if known != nil && k.id == "" {
			return r, fmt.Errorf("key %d is the second without a key ID", i)
		}
		if known != nil {
			return r, fmt.Errorf("key %d has the key ID of another", i)
		}
		r.keys = append(r.keys, k)
		if k.id == "" {
			r.unnamed = k
		} else {
			r.byID[k.id] = k
		}
	}
	if len(r.keys) == 1 {
		r.unnamed = r.keys[0]
	}
	return r, nil
}

// knows reports whether a key goes with the algorithm.
func (r keyring) knows(algorithm any) bool {
	return slices.ContainsFunc(r.keys, func(k *key) bool { return k.method.Alg() == algorithm })
}

// choose returns the key that a token's header names, which is one of these or
// none: a key ID is compared and never looked up anywhere else.
func (r keyring) choose(header map[string]any) (*key, error) {
	kid, named := header["kid"]
	if !named {
		if r.unnamed == nil {
			return nil, errNoKeyID
		}
		return r.unnamed, nil
	}
	id, _ := kid.(string)
	if k := r.byID[id]; k != nil {
		return k, nil
	}
	return nil, errKeyID
}

// Keys returns the public keys as a JWK set, made of what strictjson encodes:
// other services verify tokens with it. There is none with secrets only.
func (t *Tokens) Keys() map[string]any {
	list := []any{}
	for _, k := range t.keys.keys {
		if k.secret() {
			continue
		}
		members := k.members()
		members["alg"], members["use"] = k.method.Alg(), "sig"
		if k.id != "" {
			members["kid"] = k.id
		}
		list = append(list, members)
	}
	return map[string]any{"keys": list}
}
