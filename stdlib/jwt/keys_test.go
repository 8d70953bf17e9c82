package jwt_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	golangjwt "github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"vera/stdlib/jwt"
)

// A pair is a key of one of the algorithms that have two.
type pair struct {
	private crypto.Signer
	pem     []byte
}

// pairs are made once, as RSA takes its time.
var pairs = sync.OnceValue(func() map[string]pair {
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	ec, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	rs, _ := rsa.GenerateKey(rand.Reader, 2048)
	made := make(map[string]pair)
	for algorithm, private := range map[string]crypto.Signer{"EdDSA": ed, "ES256": ec, "RS256": rs} {
		made[algorithm] = pair{private, pkcs8(private)}
	}
	return made
})

func pkcs8(private any) []byte {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// asymmetric returns Tokens that sign with the algorithm's key.
func asymmetric(t testing.TB, algorithm string, change func(*jwt.Options)) *jwt.Tokens {
	return tokens(t, func(o *jwt.Options) {
		o.Algorithm, o.Secret, o.PrivateKey = algorithm, nil, pairs()[algorithm].pem
		if change != nil {
			change(o)
		}
	})
}

// keySet is what Keys returns as JSON, and more keys behind.
func keySet(t testing.TB, made *jwt.Tokens, more ...string) []byte {
	t.Helper()
	var list []string
	if made != nil {
		for _, key := range made.Keys()["keys"].([]any) {
			text, err := json.Marshal(key)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, string(text))
		}
	}
	return []byte(`{"keys":[` + strings.Join(append(list, more...), ",") + `]}`)
}

func oct(secret, members string) string {
	return fmt.Sprintf(`{"kty":"oct","k":%q%s}`, b64(secret), members)
}

func sign(t testing.TB, made *jwt.Tokens) string {
	t.Helper()
	token, _, err := made.Sign(map[string]any{"sub": "7"})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// codeOf is the code of what Verify says to a token, empty if it accepts it.
func codeOf(made *jwt.Tokens, token string) string {
	_, err := made.Verify(token)
	if fault, ok := errors.AsType[*jwt.Error](err); ok {
		return fault.Code + ": " + fault.Message
	}
	return ""
}

const (
	algNotAllowed = "algorithm: The specified alg value is not allowed"
	badSignature  = "signature: Signature verification failed"
	unknownKey    = "malformed: Unknown key ID"
	noKey         = "malformed: Token is missing a key ID"
)

// The example of RFC 8037, A.1 to A.3.
func TestThumbprint(t *testing.T) {
	seed, _ := base64.RawURLEncoding.DecodeString("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
	made := tokens(t, func(o *jwt.Options) {
		o.Algorithm, o.PrivateKey = "EdDSA", pkcs8(ed25519.NewKeyFromSeed(seed))
	})
	want := map[string]any{"keys": []any{map[string]any{
		"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
		"alg": "EdDSA", "use": "sig", "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
	}}}
	if diff := cmp.Diff(want, made.Keys()); diff != "" {
		t.Errorf("Keys (-want +got):\n%s", diff)
	}
	for algorithm, form := range map[string]string{
		"ES256": `{"crv":"%s","kty":"EC","x":"%s","y":"%s"}`, "RS256": `{"e":"%s","kty":"RSA","n":"%s"}`,
	} {
		k := asymmetric(t, algorithm, nil).Keys()["keys"].([]any)[0].(map[string]any)
		parts := map[string][]any{"ES256": {k["crv"], k["x"], k["y"]}, "RS256": {k["e"], k["n"]}}
		sum := sha256.Sum256(fmt.Appendf(nil, form, parts[algorithm]...))
		if k["kid"] != b64(string(sum[:])) {
			t.Errorf("%s: kid %s is not the thumbprint %s", algorithm, k["kid"], b64(string(sum[:])))
		}
	}
}

// The other library must read what ours signs, with the key that Keys shows,
// and the reverse.
func TestKeyPairsAreInteroperable(t *testing.T) {
	for algorithm, p := range pairs() {
		made := asymmetric(t, algorithm, func(o *jwt.Options) { o.Now = nil })
		token := sign(t, made)
		shown := made.Keys()["keys"].([]any)[0].(map[string]any)
		parsed, err := golangjwt.Parse(token, func(*golangjwt.Token) (any, error) { return p.private.Public(), nil },
			golangjwt.WithValidMethods([]string{algorithm}), golangjwt.WithStrictDecoding())
		if err != nil || parsed.Header["kid"] != shown["kid"] || shown["alg"] != algorithm {
			t.Errorf("%s: golang-jwt reads our token as %v, %v; Keys shows %v", algorithm, parsed.Header, err, shown)
		}
		theirs := golangjwt.NewWithClaims(golangjwt.GetSigningMethod(algorithm),
			golangjwt.MapClaims{"iss": "vera-py-service", "aud": "vera-clients", "jti": id})
		theirs.Header["kid"] = shown["kid"]
		foreign, err := theirs.SignedString(p.private)
		if err != nil {
			t.Fatal(err)
		}
		if got := codeOf(made, foreign); got != "" {
			t.Errorf("%s: we refuse golang-jwt's token: %s", algorithm, got)
		}
		// Another service, that has the public keys only.
		other := tokens(t, func(o *jwt.Options) { o.VerifyKeys, o.Now = keySet(t, made), nil })
		if got := codeOf(other, token); got != "" {
			t.Errorf("%s: who has the public key refuses the token: %s", algorithm, got)
		}
	}
}

// A key goes with its algorithm: above all, a public key is no secret, nor is
// its text.
func TestAlgorithmConfusion(t *testing.T) {
	for algorithm, p := range pairs() {
		made := asymmetric(t, algorithm, func(o *jwt.Options) {
			o.KeyID, o.VerifyKeys = "pair", keySet(t, nil, oct(string(secret), `,"alg":"HS256","kid":"secret"`))
		})
		der, err := x509.MarshalPKIXPublicKey(p.private.Public())
		if err != nil {
			t.Fatal(err)
		}
		text := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
		shown, _ := json.Marshal(made.Keys()["keys"].([]any)[0])
		for _, material := range []string{text, strings.TrimSpace(text), string(der), string(shown), ""} {
			for _, method := range []golangjwt.SigningMethod{golangjwt.SigningMethodHS256, golangjwt.SigningMethodHS512} {
				forged := golangjwt.NewWithClaims(method, golangjwt.MapClaims{"iss": "vera-py-service", "aud": "vera-clients"})
				for kid, want := range map[string]string{"pair": algNotAllowed, "secret": badSignature, "": unknownKey} {
					forged.Header["kid"] = kid
					token, err := forged.SignedString([]byte(material))
					if err != nil {
						t.Fatal(err)
					}
					if method == golangjwt.SigningMethodHS512 {
						want = algNotAllowed
					}
					if got := codeOf(made, token); got != want {
						t.Errorf("%s, kid %q: %s signed by the public key's text: %q, want %q", algorithm, kid, method.Alg(), got, want)
					}
				}
			}
		}
		for _, other := range []string{"none", "nOnE", "HS384", "ES384", "RS512", "PS256", "EdDSA", "ES256", "RS256"} {
			if other == algorithm {
				continue
			}
			parts := strings.Split(sign(t, made), ".")
			token := b64(`{"alg":"`+other+`","kid":"pair"}`) + "." + parts[1] + "." + parts[2]
			if got := codeOf(made, token); got != algNotAllowed {
				t.Errorf("%s announced as %s: %q", algorithm, other, got)
			}
		}
	}
}

// A key ID is compared and nothing else.
func TestKeyID(t *testing.T) {
	made := asymmetric(t, "ES256", func(o *jwt.Options) { o.VerifyKeys = keySet(t, asymmetric(t, "EdDSA", nil)) })
	good := sign(t, made)
	parts := strings.Split(good, ".")
	for _, kid := range []string{
		`"x"`, `""`, `null`, `1`, `[]`, `{}`, `["x"]`, `"../../../etc/passwd"`, `"/dev/zero"`, `"file:///etc/passwd"`,
		`"http://127.0.0.1:1/key"`, `"' OR 1=1 --"`, `"\u0000"`, `"` + strings.Repeat("k", 4000) + `"`,
	} {
		if got := codeOf(made, b64(`{"alg":"ES256","kid":`+kid+`}`)+"."+parts[1]+"."+parts[2]); got != unknownKey {
			t.Errorf("kid %.40s: %q", kid, got)
		}
	}
	if got := codeOf(made, b64(`{"alg":"ES256"}`)+"."+parts[1]+"."+parts[2]); got != noKey {
		t.Errorf("no kid with two keys: %q", got)
	}
	for _, header := range []string{
		`"jku":"http://127.0.0.1:1/jwks"`, `"x5u":"http://127.0.0.1:1/x"`, `"jwk":{"kty":"oct","k":"AAAA"}`, `"x5c":["MIIB"]`,
	} {
		if got := codeOf(made, b64(`{"alg":"ES256",`+header+`}`)+"."+parts[1]+"."+parts[2]); got != noKey {
			t.Errorf("%s chooses a key: %q", header, got)
		}
	}
	if got := codeOf(made, good); got != "" {
		t.Errorf("the good one: %q", got)
	}
}

// With one key, a token need not name it: those of the predecessor do not.
func TestLoneKeyNeedsNoName(t *testing.T) {
	named := tokens(t, func(o *jwt.Options) { o.KeyID = "2026" })
	for name, token := range map[string]string{
		"named": sign(t, named), "not named": forge(goodHead, payload()),
	} {
		if got := codeOf(named, token); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if head, _, _ := strings.Cut(sign(t, named), "."); head != b64(`{"alg":"HS256","kid":"2026","typ":"JWT"}`) {
		t.Errorf("header of a token that names its key: %s", head)
	}
}

func TestRotation(t *testing.T) {
	const newSecret = "fedcba9876543210fedcba9876543210"
	oldPair, newPair := asymmetric(t, "RS256", nil), asymmetric(t, "EdDSA", nil)
	tests := []struct {
		name   string
		old    *jwt.Tokens
		change func(*jwt.Options) // to the new signing key
		keys   []byte             // that keep the old one's tokens good
		want   string             // of an old token, once keys are gone
	}{
		{"pair to pair", oldPair, func(o *jwt.Options) { o.Algorithm, o.PrivateKey = "EdDSA", pairs()["EdDSA"].pem },
			keySet(t, oldPair), algNotAllowed},
		{"secret without name to secret with one", tokens(t, nil), func(o *jwt.Options) { o.Secret, o.KeyID = []byte(newSecret), "new" },
			keySet(t, nil, oct(string(secret), `,"alg":"HS256"`)), badSignature},
		{"named secret to named secret", tokens(t, func(o *jwt.Options) { o.KeyID = "old" }),
			func(o *jwt.Options) { o.Secret, o.KeyID = []byte(newSecret), "new" },
			keySet(t, nil, oct(string(secret), `,"alg":"HS256","kid":"old"`)), unknownKey},
		{"secret to pair", tokens(t, nil), func(o *jwt.Options) { o.Algorithm, o.PrivateKey = "EdDSA", pairs()["EdDSA"].pem },
			keySet(t, nil, oct(string(secret), `,"alg":"HS256"`)), algNotAllowed},
		{"the file names the new key too", oldPair, func(o *jwt.Options) { o.Algorithm, o.PrivateKey = "EdDSA", pairs()["EdDSA"].pem },
			keySet(t, oldPair, strings.Trim(string(keySet(t, newPair))[len(`{"keys":`):], "[]}")+"}"), algNotAllowed},
	}
	for _, tt := range tests {
		token := sign(t, tt.old)
		rotated := tokens(t, func(o *jwt.Options) { tt.change(o); o.VerifyKeys = tt.keys })
		for name, token := range map[string]string{"old": token, "new": sign(t, rotated)} {
			if got := codeOf(rotated, token); got != "" {
				t.Errorf("%s: a token of the %s key: %s", tt.name, name, got)
			}
		}
		if got := codeOf(tt.old, sign(t, rotated)); got == "" {
			t.Errorf("%s: the new key did not sign", tt.name)
		}
		if got := codeOf(tokens(t, tt.change), token); got != tt.want {
			t.Errorf("%s: after the old key has gone: %q, want %q", tt.name, got, tt.want)
		}
	}
	both := asymmetric(t, "EdDSA", func(o *jwt.Options) { o.VerifyKeys = keySet(t, oldPair, oct(string(secret), `,"alg":"HS256"`)) })
	if shown := both.Keys()["keys"].([]any); len(shown) != 2 || strings.Contains(fmt.Sprint(shown), b64(string(secret))) {
		t.Errorf("Keys of two pairs and a secret: %v", shown)
	}
	if diff := cmp.Diff(map[string]any{"keys": []any{}}, tokens(t, nil).Keys()); diff != "" {
		t.Errorf("Keys of a secret (-want +got):\n%s", diff)
	}
}

func BenchmarkAlgorithms(b *testing.B) {
	for _, algorithm := range []string{"HS256", "EdDSA", "ES256", "RS256"} {
		made := tokens(b, nil)
		if algorithm != "HS256" {
			made = asymmetric(b, algorithm, nil)
		}
		b.Run(algorithm+"/sign", func(b *testing.B) {
			for b.Loop() {
				sign(b, made)
			}
		})
		token := sign(b, made)
		b.Run(algorithm+"/verify", func(b *testing.B) {
			for b.Loop() {
				if got := codeOf(made, token); got != "" {
					b.Fatal(got)
				}
			}
		})
	}
}
