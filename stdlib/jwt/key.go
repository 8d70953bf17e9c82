package jwt

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"vera/stdlib/strictjson"
)

// A key verifies tokens, and signs them if it has what that takes. The
// algorithm belongs to the key: no token can choose another for it.
type key struct {
	id     string // empty: the key of tokens that name none
	method jwt.SigningMethod
	public any // what method verifies with: a secret's []byte, or a public key
	sign   any // what it signs with: the same []byte, a private key, or nil
}

var methods = map[string]jwt.SigningMethod{
	"HS256": jwt.SigningMethodHS256,
	"HS384": jwt.SigningMethodHS384,
	"HS512": jwt.SigningMethodHS512,
	"EdDSA": jwt.SigningMethodEdDSA,
	"ES256": jwt.SigningMethodES256,
	"RS256": jwt.SigningMethodRS256,
}

const algorithms = "HS256, HS384, HS512, EdDSA, ES256, RS256"

// Symmetric reports whether the algorithm's key is a secret, which signs and
// verifies; the others sign with a private key and verify with a public one.
func Symmetric(algorithm string) bool { return strings.HasPrefix(algorithm, "HS") }

const (
	// MinSecret is the least length of a secret in bytes.
	MinSecret = 32
	// maxKeyID is the greatest length of a key's ID.
	maxKeyID = 128

	minRSABits, maxRSABits = 2048, 8192
)

func newSecret(id, algorithm string, secret []byte) (*key, error) {
	switch {
	case len(secret) < MinSecret:
		return nil, fmt.Errorf("the secret has %d bytes, at least %d are needed", len(secret), MinSecret)
	case len(bytes.Trim(secret, string(secret[:1]))) == 0: // the emptiest of secrets: spaces, zeros
		return nil, errors.New("the secret is one byte repeated")
	}
	return &key{id: id, method: methods[algorithm], public: secret, sign: secret}, checkKeyID(id)
}

// newPublic makes the key of a public key, whose kind tells the algorithm.
func newPublic(id string, public crypto.PublicKey) (*key, error) {
	k := &key{id: id, public: public}
	switch public := public.(type) {
	case ed25519.PublicKey:
		k.method = jwt.SigningMethodEdDSA
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return nil, errors.New("its curve is not P-256")
		}
		k.method = jwt.SigningMethodES256
	case *rsa.PublicKey:
		bits := public.N.BitLen()
		if bits < minRSABits || bits > maxRSABits {
			return nil, fmt.Errorf("it has %d bits, not %d to %d", bits, minRSABits, maxRSABits)
		}
		if public.N.Bit(0) == 0 || public.E < 3 || public.E%2 == 0 {
			return nil, errors.New("its numbers make no RSA key")
		}
		k.method = jwt.SigningMethodRS256
	default:
		return nil, fmt.Errorf("its kind %T is none of Ed25519, EC P-256, RSA", public)
	}
	return k, checkKeyID(id)
}

// newPrivate reads a private key from PEM. Its ID, unless one is given, is its
// thumbprint.
func newPrivate(id string, text []byte) (*key, error) {
	signer, err := parsePEM(text)
	if err != nil {
		return nil, err
	}
	k, err := newPublic(id, signer.Public())
	if err != nil {
		return nil, err
	}
	k.sign = signer
	if k.id == "" {
		k.id = k.thumbprint()
	}
	return k, nil
}

// KeyAlgorithm returns the algorithm that a private key signs with: EdDSA for
// Ed25519, ES256 for EC P-256, RS256 for RSA. The key is PEM, in PKCS #8 or in
// the older forms that openssl writes, and not encrypted.
func KeyAlgorithm(text []byte) (string, error) {
	k, err := newPrivate("", text)
	if err != nil {
		return "", err
	}
	return k.method.Alg(), nil
}

// parsePEM finds the one private key in text. Its errors tell nothing of it.
func parsePEM(text []byte) (signer crypto.Signer, err error) {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
			return nil, errors.New("the key is encrypted")
		}
		var parsed any
		switch block.Type {
		case "PRIVATE KEY":
			parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			parsed, err = x509.ParseECPrivateKey(block.Bytes)
		default: // such as EC PARAMETERS, which openssl puts in front
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the PEM block %s does not hold a sound key", block.Type)
		}
		if signer != nil {
			return nil, errors.New("there is more than one private key")
		}
		var ok bool
		if signer, ok = parsed.(crypto.Signer); !ok {
			return nil, errors.New("the key is not one that signs")
		}
	}
	if signer == nil {
		return nil, errors.New("there is no private key in PEM")
	}
	return signer, nil
}

// checkKeyID accepts what needs no escape in JSON, the empty ID included.
func checkKeyID(id string) error {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return errors.New("the key ID holds something other than visible ASCII without quote and backslash")
		}
	}
	if len(id) > maxKeyID {
		return fmt.Errorf("the key ID has more than %d bytes", maxKeyID)
	}
	return nil
}

// members are those of the key's JWK that make it up.
func (k *key) members() map[string]any {
	switch public := k.public.(type) {
	case []byte:
		return map[string]any{"kty": "oct", "k": encode(public)}
	case ed25519.PublicKey:
		return map[string]any{"kty": "OKP", "crv": "Ed25519", "x": encode(public)}
	case *ecdsa.PublicKey:
		point, _ := public.Bytes() // 4, x, y; newPublic has checked the curve
		return map[string]any{"kty": "EC", "crv": "P-256", "x": encode(point[1:33]), "y": encode(point[33:])}
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "n": encode(public.N.Bytes()), "e": encode(big.NewInt(int64(public.E)).Bytes())}
	}
	return nil
}

// thumbprint is the hash of RFC 7638.
func (k *key) thumbprint() string {
	text, _ := strictjson.Append(nil, k.members()) // sorted, and without spaces
	sum := sha256.Sum256(text)
	return encode(sum[:])
}

// same reports whether two keys accept the same signatures.
func (k *key) same(other *key) bool {
	return k.method == other.method && k.thumbprint() == other.thumbprint()
}

// secret reports whether the key must not be shown to anybody.
func (k *key) secret() bool {
	_, secret := k.public.([]byte)
	return secret
}

// header is that of every token the key signs, encoded.
func (k *key) header() string {
	header := map[string]any{"alg": k.method.Alg(), "typ": "JWT"}
	if k.id != "" {
		header["kid"] = k.id
	}
	text, _ := strictjson.Append(nil, header)
	return encode(text)
}
