package jwt_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"hash"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	golangjwt "github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"vera/stdlib/jwt"
)

const (
	now      = 1_800_000_000
	id       = "47f0d6c7-cf38-4396-9bb8-3ca54c153732"
	goodHead = `{"alg":"HS256","typ":"JWT"}`
)

var secret = []byte("0123456789abcdef0123456789abcdef")

func options() jwt.Options {
	return jwt.Options{
		Secret:   secret,
		Issuer:   "vera-py-service",
		Audience: "vera-clients",
		Now:      func() time.Time { return time.Unix(now, 999_999_999) },
	}
}

func tokens(t testing.TB, change func(*jwt.Options)) *jwt.Tokens {
	t.Helper()
	o := options()
	if change != nil {
		change(&o)
	}
	made, err := jwt.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// forge signs any header and payload by hand.
func forge(header, payload string) string {
	text := b64(header) + "." + b64(payload)
	return text + "." + b64(mac(sha256.New, text))
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

func mac(h func() hash.Hash, text string) string {
	m := hmac.New(h, secret)
	m.Write([]byte(text))
	return string(m.Sum(nil))
}

// payload is a good one, with its members changed, added or (by "") removed.
func payload(changes ...string) string {
	members := []string{
		"iss", `"vera-py-service"`, "aud", `"vera-clients"`, "sub", `"1"`, "jti", `"` + id + `"`, "iat", fmt.Sprint(now),
	}
	for i := 0; i < len(changes); i += 2 {
		at := 0
		for at < len(members) && members[at] != changes[i] {
			at += 2
		}
		if at == len(members) {
			members = append(members, changes[i], "")
		}
		members[at+1] = changes[i+1]
	}
	var parts []string
	for i := 0; i < len(members); i += 2 {
		if members[i+1] != "" {
			parts = append(parts, fmt.Sprintf("%q:%s", members[i], members[i+1]))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*jwt.Options)
		want   string
	}{
		{"no secret", func(o *jwt.Options) { o.Secret = nil }, "secret has 0 bytes"},
		{"short secret", func(o *jwt.Options) { o.Secret = secret[:31] }, "secret has 31 bytes"},
		{"blank secret", func(o *jwt.Options) { o.Secret = bytes.Repeat([]byte(" "), 40) }, "one byte repeated"},
		{"no issuer", func(o *jwt.Options) { o.Issuer = "" }, "issuer"},
		{"no audience", func(o *jwt.Options) { o.Audience = "" }, "audience"},
		{"bad audience", func(o *jwt.Options) { o.Audience = "\xff" }, "audience"},
		{"none", func(o *jwt.Options) { o.Algorithm = "none" }, `"none"`},
		{"case", func(o *jwt.Options) { o.Algorithm = "hs256" }, `"hs256"`},
		{"public key", func(o *jwt.Options) { o.Algorithm = "RS257" }, `"RS257"`},
		{"leeway", func(o *jwt.Options) { o.Leeway = 61 * time.Second }, "leeway"},
		{"negative leeway", func(o *jwt.Options) { o.Leeway = -1 }, "leeway"},
		{"life", func(o *jwt.Options) { o.MaxTTL = -1 }, "life"},
	}
	for _, tt := range tests {
		o := options()
		tt.change(&o)
		_, err := jwt.New(o)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: New = %v, want %q in it", tt.name, err, tt.want)
			continue
		}
		if strings.Contains(err.Error(), string(secret[:31])) {
			t.Errorf("%s: the error shows the secret: %v", tt.name, err)
		}
	}
	_, err := jwt.New(jwt.Options{})
	for _, part := range []string{"secret", "issuer", "audience"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("New without anything = %v, want %q in it", err, part)
		}
	}
}

func TestSign(t *testing.T) {
	made := tokens(t, nil)
	token, signed, err := made.Sign(map[string]any{"sub": "7", "exp": float64(now + 60), "nbf": nil})
	if err != nil {
		t.Fatal(err)
	}
	jti, _ := signed["jti"].(string)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(jti) {
		t.Errorf("jti = %q, want a UUID of version 4", jti)
	}
	want := map[string]any{
		"iss": "vera-py-service", "aud": "vera-clients", "sub": "7", "jti": jti, "iat": int64(now), "exp": int64(now + 60),
	}
	if diff := cmp.Diff(want, signed); diff != "" {
		t.Errorf("signed claims (-want +got):\n%s", diff)
	}
	verified, err := made.Verify(token)
	if diff := cmp.Diff(want, verified); err != nil || diff != "" {
		t.Errorf("Verify = %v, claims (-want +got):\n%s", err, diff)
	}
	head, _, _ := strings.Cut(token, ".")
	if head != b64(goodHead) {
		t.Errorf("header = %q, want that of %s", head, goodHead)
	}
	if again, _, _ := made.Sign(map[string]any{"sub": "7"}); again == token {
		t.Error("two tokens are equal")
	}
}

// The other library must read what this one signs, and the reverse.
func TestInteroperable(t *testing.T) {
	for _, algorithm := range []string{"HS256", "HS384", "HS512"} {
		made := tokens(t, func(o *jwt.Options) { o.Algorithm = algorithm; o.Now = nil })
		token, _, err := made.Sign(map[string]any{"sub": "7"})
		if err != nil {
			t.Fatal(err)
		}
		key := func(*golangjwt.Token) (any, error) { return secret, nil }
		_, err = golangjwt.Parse(token, key, golangjwt.WithValidMethods([]string{algorithm}), golangjwt.WithIssuer("vera-py-service"),
			golangjwt.WithAudience("vera-clients"), golangjwt.WithIssuedAt(), golangjwt.WithStrictDecoding())
		if err != nil {
			t.Errorf("%s: golang-jwt refuses our token: %v", algorithm, err)
		}
		theirs := golangjwt.NewWithClaims(golangjwt.GetSigningMethod(algorithm), golangjwt.MapClaims{
			"iss": "vera-py-service", "aud": []string{"others", "vera-clients"}, "jti": id,
		})
		foreign, err := theirs.SignedString(secret)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := made.Verify(foreign); err != nil {
			t.Errorf("%s: we refuse golang-jwt's token: %v", algorithm, err)
		}
	}
}

func TestSignRefuses(t *testing.T) {
	made := tokens(t, func(o *jwt.Options) { o.MaxTTL = time.Hour })
	for name, claims := range map[string]map[string]any{
		"sub a number":       {"sub": 7.0},
		"foreign issuer":     {"iss": "other"},
		"foreign audience":   {"aud": "other"},
		"jti no UUID":        {"jti": "x"},
		"exp now":            {"exp": float64(now)},
		"exp past":           {"exp": float64(now - 1)},
		"exp too far":        {"exp": float64(now + 3601)},
		"exp text":           {"exp": "1800000060"},
		"exp a fraction":     {"exp": now + 60.5},
		"exp in the clouds":  {"exp": 1e300},
		"nbf not before exp": {"exp": float64(now + 60), "nbf": float64(now + 60)},
		"nbf negative":       {"nbf": -1.0},
		"nbf 1e18":           {"nbf": 1e18},
		"iat in the future":  {"iat": float64(now + 1)},
		"upper case":         {"SUB": "7"},
		"no UTF-8":           {"sub": "\xff"},
		"too long":           {"x": strings.Repeat("x", jwt.MaxToken)},
		"a channel":          {"x": make(chan int)},
	} {
		if token, _, err := made.Sign(claims); err == nil || token != "" {
			t.Errorf("%s: Sign = %q, %v", name, token, err)
		}
	}
	for name, claims := range map[string]map[string]any{
		"nothing":          nil,
		"nbf later":        {"nbf": float64(now + 10)},
		"the longest life": {"exp": float64(now + 3600)},
		"empty jti":        {"jti": ""},
		"audiences":        {"aud": []any{"a", "vera-clients"}},
		"nested":           {"x": map[string]any{"y": []any{1.0, nil, true}}},
	} {
		if _, _, err := made.Sign(claims); err != nil {
			t.Errorf("%s: Sign = %v", name, err)
		}
	}
}

func TestSignedVerifies(t *testing.T) {
	made := tokens(t, nil)
	rapid.Check(t, func(t *rapid.T) {
		claims := map[string]any{"sub": rapid.String().Draw(t, "sub"), "n": rapid.Float64().Draw(t, "n")}
		if rapid.Bool().Draw(t, "expires") {
			claims["exp"] = float64(now + rapid.IntRange(-10, 1000).Draw(t, "exp"))
		}
		token, signed, err := made.Sign(claims)
		if err != nil {
			return
		}
		verified, err := made.Verify(token)
		if diff := cmp.Diff(signed, verified); err != nil || diff != "" {
			t.Fatalf("Verify = %v, claims (-signed +verified):\n%s", err, diff)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	made := tokens(t, nil)
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			token, _, err := made.Sign(map[string]any{"sub": "1"})
			if err != nil {
				t.Error(err)
			}
			if _, err := made.Verify(token); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func ExampleTokens() {
	tokens, err := jwt.New(jwt.Options{Secret: []byte("0123456789abcdef0123456789abcdef"), Issuer: "auth", Audience: "clients"})
	if err != nil {
		fmt.Println(err)
		return
	}
	token, _, _ := tokens.Sign(map[string]any{"sub": "7"})
	claims, _ := tokens.Verify(token)
	_, err = tokens.Verify(token + "x")
	fmt.Println(claims["sub"], claims["iss"], err)
	// Output: 7 auth Signature verification failed
}

func BenchmarkSign(b *testing.B) {
	made := tokens(b, nil)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := made.Sign(map[string]any{"sub": "7"}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	made := tokens(b, nil)
	token := forge(goodHead, payload())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := made.Verify(token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyWorst(b *testing.B) {
	made := tokens(b, nil)
	token := strings.Repeat(".", jwt.MaxToken)
	for b.Loop() {
		if _, err := made.Verify(token); err == nil {
			b.Fatal("accepted")
		}
	}
}
