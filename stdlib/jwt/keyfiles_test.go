package jwt_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/stdlib/jwt"
)

func TestPrivateKeyFiles(t *testing.T) {
	ec := pairs()["ES256"].private.(*ecdsa.PrivateKey)
	sec1, _ := x509.MarshalECPrivateKey(ec)
	rs := pairs()["RS256"].private.(*rsa.PrivateKey)
	small, _ := rsa.GenerateKey(rand.Reader, 1024)
	p384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	ecPEM := block("EC PRIVATE KEY", sec1)
	for _, tt := range []struct {
		name string
		text []byte
		want string // the algorithm, or part of the error
	}{
		{"PKCS #8 Ed25519", pairs()["EdDSA"].pem, "EdDSA"},
		{"PKCS #8 EC", pairs()["ES256"].pem, "ES256"},
		{"PKCS #8 RSA", pairs()["RS256"].pem, "RS256"},
		{"PKCS #1", block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rs)), "RS256"},
		{"SEC 1", ecPEM, "ES256"},
		{"openssl ecparam -genkey", append(block("EC PARAMETERS", []byte{6, 8, 42, 134, 72, 206, 61, 3, 1, 7}), ecPEM...), "ES256"},
		{"words around", []byte("a key\n" + string(ecPEM) + "\nend"), "ES256"},
		{"P-384", pkcs8(p384), "curve is not P-256"},
		{"RSA of 1024 bits", pkcs8(small), "1024 bits"},
		{"nothing", nil, "no private key"},
		{"no PEM", []byte("s3cret-of-somebody"), "no private key"},
		{"public key", block("PUBLIC KEY", []byte("x")), "no private key"},
		{"two", append(pairs()["EdDSA"].pem, ecPEM...), "more than one"},
		{"encrypted", block("ENCRYPTED PRIVATE KEY", []byte("x")), "encrypted"},
		{"encrypted in the old way", []byte("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n"), "encrypted"},
		{"garbage", block("PRIVATE KEY", []byte("s3cret")), "sound key"},
		{"kinds mixed up", block("EC PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rs)), "sound key"},
	} {
		algorithm, err := jwt.KeyAlgorithm(tt.text)
		if err == nil && algorithm != tt.want || err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cret")) {
			t.Errorf("%s: KeyAlgorithm = %q, %v, want %q", tt.name, algorithm, err, tt.want)
		}
	}
}

// A set that is not wholly understood is refused, and what is secret in it not
// repeated.
func TestKeySetFiles(t *testing.T) {
	goodEC := string(keySet(t, asymmetric(t, "ES256", nil)))
	member := func(old, new string) string { return strings.Replace(goodEC, old, new, 1) }
	x := asymmetric(t, "ES256", nil).Keys()["keys"].([]any)[0].(map[string]any)["x"].(string)
	n := b64("\x81" + strings.Repeat("n", 254) + "o")
	for _, tt := range []struct{ name, text, want string }{
		{"EC", goodEC, ""},
		{"empty", `{"keys":[]}`, ""},
		{"more members", `{"keys":[],"x":1}`, ""},
		{"RSA", `{"keys":[{"kty":"RSA","n":"` + n + `","e":"AQAB"}]}`, ""},
		{"secret", `{"keys":[` + oct(string(secret), `,"alg":"HS512","kid":"k"`) + `]}`, ""},
		{"no JSON", `s3cret`, "no JSON of the form"},
		{"list", `[]`, "no JSON of the form"},
		{"null", `{"keys":null}`, "no JSON of the form"},
		{"duplicate", `{"keys":[],"keys":[]}`, "no JSON of the form"},
		{"key a text", `{"keys":["s3cret"]}`, "key 1 is not an object"},
		{"too many", `{"keys":[` + strings.Repeat("{},", 100) + `{}]}`, "more than 100 keys"},
		{"no kty", `{"keys":[{}]}`, "key 1: its kty"},
		{"kty list", `{"keys":[{"kty":["RSA"]}]}`, "key 1: its kty"},
		{"private", member(`"x"`, `"d":"s3cret","x"`), "private key"},
		{"private RSA", `{"keys":[{"kty":"RSA","n":"` + n + `","e":"AQAB","p":"AA"}]}`, "private key"},
		{"for encryption", member(`"use":"sig"`, `"use":"enc"`), "use is not"},
		{"other algorithm", member(`"ES256"`, `"ES384"`), "alg is not ES256"},
		{"EC as a secret", member(`"ES256"`, `"HS256"`), "alg is not ES256"},
		{"kid number", `{"keys":[{"kty":"oct","kid":1}]}`, "kid is empty or not a string"},
		{"kid empty", `{"keys":[{"kty":"oct","kid":""}]}`, "kid is empty or not a string"},
		{"kid with line break", `{"keys":[` + oct(string(secret), `,"alg":"HS256","kid":"a\nb"`) + `]}`, "visible ASCII"},
		{"kid long", `{"keys":[` + oct(string(secret), `,"alg":"HS256","kid":"`+strings.Repeat("k", 129)+`"`) + `]}`, "128 bytes"},
		{"curve", member(`"P-256"`, `"P-384"`), "crv is not P-256"},
		{"off the curve", member(x, b64(strings.Repeat("x", 32))), "no point"},
		{"short x", member(x, b64(strings.Repeat("x", 31))), "no point"},
		{"x number", member(`"`+x+`"`, "1"), "its x is missing"},
		{"x with padding", member(x, x+"="), "its x is missing"},
		{"Ed25519 short", `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]}`, "not as long"},
		{"X25519", `{"keys":[{"kty":"OKP","crv":"X25519","x":"` + b64(strings.Repeat("x", 32)) + `"}]}`, "crv is not Ed25519"},
		{"RSA short", `{"keys":[{"kty":"RSA","n":"` + n[:172] + `","e":"AQAB"}]}`, "bits"},
		{"RSA huge", `{"keys":[{"kty":"RSA","n":"` + strings.Repeat(n, 8) + `","e":"AQAB"}]}`, ""},
		{"RSA even", `{"keys":[{"kty":"RSA","n":"` + b64("\x81"+strings.Repeat("n", 255)) + `","e":"AQAB"}]}`, "no RSA key"},
		{"RSA e 1", `{"keys":[{"kty":"RSA","n":"` + n + `","e":"AQ"}]}`, "no RSA key"},
		{"RSA e even", `{"keys":[{"kty":"RSA","n":"` + n + `","e":"BA"}]}`, "no RSA key"},
		{"RSA e huge", `{"keys":[{"kty":"RSA","n":"` + n + `","e":"AQAAAAAAAAAAAQ"}]}`, "e is too large"},
		{"RSA without n", `{"keys":[{"kty":"RSA","e":"AQAB"}]}`, "its n is missing"},
		{"secret without alg", `{"keys":[` + oct(string(secret), "") + `]}`, "needs an alg"},
		{"secret for none", `{"keys":[` + oct(string(secret), `,"alg":"none"`) + `]}`, "needs an alg"},
		{"secret for RS256", `{"keys":[` + oct(string(secret), `,"alg":"RS256"`) + `]}`, "needs an alg"},
		{"secret short", `{"keys":[` + oct("s3cret", `,"alg":"HS256"`) + `]}`, "at least 32"},
		{"secret blank", `{"keys":[` + oct(strings.Repeat(" ", 32), `,"alg":"HS256"`) + `]}`, "one byte repeated"},
		{"the second", `{"keys":[` + oct(string(secret), `,"alg":"HS256"`) + `,{}]}`, "key 2"},
	} {
		err := jwt.CheckKeySet([]byte(tt.text))
		switch {
		case tt.name == "RSA huge": // 16384 bits
			if err == nil {
				t.Error("RSA huge: accepted")
			}
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
			t.Errorf("%s: CheckKeySet = %v, want %q", tt.name, err, tt.want)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("%s: the error repeats what it read: %v", tt.name, err)
		}
	}
}

func TestNewRefusesKeys(t *testing.T) {
	other := oct("another secret of thirty-two byte", `,"alg":"HS256"`)
	for _, tt := range []struct {
		name   string
		change func(*jwt.Options)
		want   string
	}{
		{"no private key", func(o *jwt.Options) { o.Algorithm = "EdDSA" }, "no private key"},
		{"key of another algorithm", func(o *jwt.Options) { o.Algorithm, o.PrivateKey = "EdDSA", pairs()["ES256"].pem }, "for ES256, not for EdDSA"},
		{"key set", func(o *jwt.Options) { o.VerifyKeys = []byte("x") }, "verifying keys"},
		{"two without a name", func(o *jwt.Options) { o.VerifyKeys = keySet(t, nil, other) }, "key 1 is the second without a key ID"},
		{"one name for two", func(o *jwt.Options) {
			o.KeyID, o.VerifyKeys = "k", keySet(t, nil, strings.Replace(other, "{", `{"kid":"k",`, 1))
		}, "key 1 has the key ID of another"},
		{"one secret, two algorithms", func(o *jwt.Options) {
			o.KeyID, o.VerifyKeys = "k", keySet(t, nil, oct(string(secret), `,"kid":"k","alg":"HS384"`))
		}, "key 1 has the key ID of another"},
		{"name with a quote", func(o *jwt.Options) { o.KeyID = `a"b` }, "key ID"},
	} {
		o := options()
		tt.change(&o)
		if _, err := jwt.New(o); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: New = %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

func FuzzKeySet(f *testing.F) {
	for algorithm := range pairs() {
		f.Add(keySet(f, asymmetric(f, algorithm, nil), oct(string(secret), `,"alg":"HS256","kid":"k"`)))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if jwt.CheckKeySet(text) != nil {
			return
		}
		o := options()
		o.KeyID, o.VerifyKeys = "signer", text
		made, err := jwt.New(o)
		if err != nil {
			return // two keys of one name
		}
		// What it shows must be a set again, of the same keys.
		shown := keySet(t, made)
		again := tokens(t, func(o *jwt.Options) { o.KeyID, o.VerifyKeys = "signer", shown })
		if diff := cmp.Diff(made.Keys(), again.Keys()); diff != "" {
			t.Errorf("keys read from what was shown (-first +second):\n%s", diff)
		}
		_ = codeOf(made, forge(goodHead, payload()))
	})
}

func FuzzPrivateKey(f *testing.F) {
	for _, p := range pairs() {
		f.Add(p.pem)
	}
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		algorithm, err := jwt.KeyAlgorithm(text)
		if (err == nil) != (algorithm == "EdDSA" || algorithm == "ES256" || algorithm == "RS256") {
			t.Errorf("KeyAlgorithm(%q) = %q, %v", text, algorithm, err)
		}
	})
}
