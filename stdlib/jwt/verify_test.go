package jwt_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"vera/stdlib/jwt"
)

func TestVerifyAccepts(t *testing.T) {
	made := tokens(t, nil)
	for name, token := range map[string]string{
		"good":             forge(goodHead, payload()),
		"no typ":           forge(`{"alg":"HS256"}`, payload()),
		"typ in lower":     forge(`{"typ":"jwt","alg":"HS256"}`, payload()),
		"unknown header":   forge(`{"alg":"HS256","x":1}`, payload()),
		"audiences":        forge(goodHead, payload("aud", `["x","vera-clients"]`)),
		"exp":              forge(goodHead, payload("exp", fmt.Sprint(now+1))),
		"exp in year 9999": forge(goodHead, payload("exp", "253402300799")),
		"nbf now":          forge(goodHead, payload("nbf", fmt.Sprint(now))),
		"no jti":           forge(goodHead, payload("jti", "")),
		"empty jti":        forge(goodHead, payload("jti", `""`)),
		"no sub, no iat":   forge(goodHead, payload("sub", "", "iat", "")),
		"more claims":      forge(goodHead, payload("roles", `["a",1.5,null,{}]`)),
		"blanks":           forge(` { "alg" : "HS256" } `, " "+payload()+" "),
	} {
		if _, err := made.Verify(token); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// refused is every kind of token that must not pass, with what is said to it.
func refused() []struct{ name, token, code, message string } {
	good := forge(goodHead, payload())
	parts := strings.Split(good, ".")
	last := parts[2][:42] + string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"[strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", parts[2][42])^1])
	hs384 := b64(`{"alg":"HS384","typ":"JWT"}`) + "." + b64(payload())
	claim := func(changes ...string) string { return forge(goodHead, payload(changes...)) }
	const (
		alg       = "The specified alg value is not allowed"
		signature = "Signature verification failed"
		header    = "Invalid header string: must be a json object"
		object    = "Invalid payload string: must be a json object"
		expired   = "Signature has expired"
		expKind   = "Expiration Time claim (exp) must be an integer."
		expRange  = "invalid expiration time - out of range"
	)
	return []struct{ name, token, code, message string }{
		{"empty", "", "malformed", "Not enough segments"},
		{"one part", "garbage", "malformed", "Not enough segments"},
		{"two parts", parts[0] + "." + parts[1], "malformed", "Not enough segments"},
		{"garbage", "invalid.jwt.token", "malformed", "Invalid header padding"},
		{"four parts", good + ".x", "malformed", "Too many segments"},
		{"a million dots", strings.Repeat(".", 1_000_000), "malformed", "Token is too long"},
		{"dots", "..", "malformed", header},
		{"newline", good + "\n", "malformed", "Invalid crypto padding"},
		{"newline inside", good[:10] + "\n" + good[10:], "malformed", "Invalid header padding"},
		{"carriage return inside", parts[0] + "." + parts[1][:5] + "\r" + parts[1][5:] + "." + parts[2], "malformed", "Invalid payload padding"},
		{"blank", " " + good, "malformed", "Invalid header padding"},
		{"padding", good + "=", "malformed", "Invalid crypto padding"},
		{"standard base64", parts[0] + "." + parts[1] + "." + strings.Repeat("+/", 21) + "A", "malformed", "Invalid crypto padding"},
		{"spare bits", parts[0] + "." + parts[1] + "." + last, "malformed", "Invalid crypto padding"},
		{"NUL", good + "\x00", "malformed", "Invalid crypto padding"},

		{"header no JSON", forge("x", payload()), "malformed", header},
		{"header a list", forge("[]", payload()), "malformed", header},
		{"header twice", forge(goodHead+goodHead, payload()), "malformed", header},
		{"duplicate alg", forge(`{"alg":"none","alg":"HS256"}`, payload()), "malformed", header},
		{"alg none", forge(`{"alg":"none"}`, payload()), "algorithm", alg},
		{"alg nOnE", forge(`{"alg":"nOnE"}`, payload()), "algorithm", alg},
		{"alg none unsigned", b64(`{"alg":"none"}`) + "." + b64(payload()) + ".", "algorithm", alg},
		{"alg absent", forge(`{}`, payload()), "algorithm", alg},
		{"alg null", forge(`{"alg":null}`, payload()), "algorithm", alg},
		{"alg list", forge(`{"alg":["HS256"]}`, payload()), "algorithm", alg},
		{"alg lower", forge(`{"alg":"hs256"}`, payload()), "algorithm", alg},
		{"ALG", forge(`{"ALG":"HS256"}`, payload()), "algorithm", alg},
		{"alg HS384", hs384 + "." + b64(mac(sha512.New384, hs384)), "algorithm", alg},
		{"alg RS256", forge(`{"alg":"RS256"}`, payload()), "algorithm", alg},
		{"typ other", forge(`{"alg":"HS256","typ":"JWE"}`, payload()), "malformed", "Invalid token type"},
		{"typ number", forge(`{"alg":"HS256","typ":1}`, payload()), "malformed", "Invalid token type"},
		{"crit", forge(`{"alg":"HS256","crit":["x"],"x":1}`, payload()), "malformed", "Unsupported critical extension"},
		{"crit null", forge(`{"alg":"HS256","crit":null}`, payload()), "malformed", "Unsupported critical extension"},
		{"kid path", forge(`{"alg":"HS256","kid":"../../etc/passwd"}`, payload()), "malformed", "Unknown key ID"},
		{"kid SQL", forge(`{"alg":"HS256","kid":"' OR 1=1 --"}`, payload()), "malformed", "Unknown key ID"},

		{"no signature", parts[0] + "." + parts[1] + ".", "signature", signature},
		{"short signature", parts[0] + "." + parts[1] + "." + b64(mac(sha256.New, parts[0]+"."+parts[1])[:31]), "signature", signature},
		{"other payload", parts[0] + "." + b64(payload("sub", `"2"`)) + "." + parts[2], "signature", signature},
		{"other header", b64(`{"alg":"HS256"}`) + "." + parts[1] + "." + parts[2], "signature", signature},

		{"payload no JSON", forge(goodHead, "x"), "malformed", object},
		{"payload a list", forge(goodHead, "[]"), "malformed", object},
		{"payload null", forge(goodHead, "null"), "malformed", object},
		{"payload and more", forge(goodHead, payload()+"x"), "malformed", object},
		{"duplicate claim", forge(goodHead, strings.Replace(payload(), "{", `{"sub":"2",`, 1)), "malformed", object},
		{"duplicate, escaped", forge(goodHead, strings.Replace(payload(), "{", `{"\u0073ub":"2",`, 1)), "malformed", object},
		{"not UTF-8", forge(goodHead, payload("x", "\"\xff\"")), "malformed", object},
		{"nested deep", forge(goodHead, payload("x", strings.Repeat("[", 20)+strings.Repeat("]", 20))), "malformed", object},
		{"SUB beside sub", claim("SUB", `"2"`), "claims", `Claim "sub" is not in lower case`},
		{"Exp", claim("Exp", "1"), "claims", `Claim "exp" is not in lower case`},
		{"long s", claim("ſub", `"2"`), "claims", `Claim "sub" is not in lower case`},
		{"number beyond 2^53", claim("x", "9007199254740993"), "claims", "Invalid payload: a number is out of range"},

		{"iat future", claim("iat", fmt.Sprint(now+1)), "not_yet_valid", "The token is not yet valid (iat)"},
		{"iat text", claim("iat", `"1"`), "claims", "Issued At claim (iat) must be an integer."},
		{"iat huge", claim("iat", "9300000000000000000"), "claims", "Issued At claim (iat) is out of range"},
		{"nbf future", claim("nbf", fmt.Sprint(now+1)), "not_yet_valid", "The token is not yet valid (nbf)"},
		{"nbf 1e300", claim("nbf", "1e300"), "claims", "Not Before claim (nbf) must be an integer."},
		{"nbf negative", claim("nbf", "-1"), "claims", "Not Before claim (nbf) is out of range"},
		{"nbf null", claim("nbf", "null"), "claims", "Not Before claim (nbf) must be an integer."},
		{"exp now", claim("exp", fmt.Sprint(now)), "expired", expired},
		{"exp past", claim("exp", fmt.Sprint(now-120)), "expired", expired},
		{"exp 0", claim("exp", "0"), "expired", expired},
		{"exp null", claim("exp", "null"), "claims", expKind},
		{"exp true", claim("exp", "true"), "claims", expKind},
		{"exp text", claim("exp", fmt.Sprintf("%q", fmt.Sprint(now+60))), "claims", expKind},
		{"exp fraction", claim("exp", fmt.Sprintf("%d.5", now+60)), "claims", expKind},
		{"exp 1e300", claim("exp", "1e300"), "claims", expKind},
		{"exp 1e12", claim("exp", "1000000000000"), "claims", expRange},
		{"exp year 10000", claim("exp", "253402300800"), "claims", expRange},
		{"exp 2^53+1", claim("exp", "9007199254740993"), "claims", expRange},
		{"exp beyond int64", claim("exp", "9300000000000000000"), "claims", expRange},
		{"exp of 100 digits", claim("exp", strings.Repeat("9", 100)), "claims", expRange},

		{"no iss", claim("iss", ""), "issuer", `Token is missing the "iss" claim`},
		{"iss other", claim("iss", `"x"`), "issuer", "Invalid issuer"},
		{"iss list", claim("iss", `["vera-py-service"]`), "issuer", "Invalid issuer"},
		{"iss null", claim("iss", "null"), "issuer", "Invalid issuer"},
		{"no aud", claim("aud", ""), "audience", `Token is missing the "aud" claim`},
		{"aud null", claim("aud", "null"), "audience", `Token is missing the "aud" claim`},
		{"aud empty", claim("aud", `""`), "audience", `Token is missing the "aud" claim`},
		{"aud none", claim("aud", "[]"), "audience", `Token is missing the "aud" claim`},
		{"aud other", claim("aud", `"x"`), "audience", "Audience doesn't match"},
		{"aud others", claim("aud", `["x","vera-clients "]`), "audience", "Audience doesn't match"},
		{"aud mixed", claim("aud", `["vera-clients",1]`), "audience", "Invalid claim format in token"},
		{"aud object", claim("aud", `{"vera-clients":1}`), "audience", "Invalid claim format in token"},
		{"sub number", claim("sub", "1"), "claims", "Subject must be a string"},
		{"sub null", claim("sub", "null"), "claims", "Subject must be a string"},
		{"jti number", claim("jti", "1"), "claims", "JWT ID must be a string"},
		{"jti null", claim("jti", "null"), "claims", "JWT ID must be a string"},
		{"jti no UUID", claim("jti", `"not-a-uuid"`), "claims", "JWT ID must be a UUID"},
		{"jti braces", claim("jti", `"{`+id+`}"`), "claims", "JWT ID must be a UUID"},
		{"jti bare", claim("jti", `"`+strings.ReplaceAll(id, "-", "")+`"`), "claims", "JWT ID must be a UUID"},
		{"jti and NUL", claim("jti", `"`+id+`\u0000"`), "claims", "JWT ID must be a UUID"},
		{"all in upper case", forge(goodHead, strings.ToUpper(payload())), "claims", ""},
	}
}

func TestVerifyRefuses(t *testing.T) {
	made := tokens(t, nil)
	for _, tt := range refused() {
		claims, err := made.Verify(tt.token)
		fault, ok := errors.AsType[*jwt.Error](err)
		if claims != nil || !ok || fault.Code != tt.code || tt.message != "" && fault.Message != tt.message {
			t.Errorf("%s: Verify = %v, %v, want %s: %s", tt.name, claims, err, tt.code, tt.message)
		}
	}
}

// The first fault counts, in the order of the predecessor.
func TestOrderOfChecks(t *testing.T) {
	made := tokens(t, nil)
	all := []string{
		"iat", fmt.Sprint(now + 900), "nbf", fmt.Sprint(now + 900), "exp", "1", "iss", `"x"`, "aud", `"x"`, "sub", "1", "jti", "1",
	}
	for i, want := range []string{
		"The token is not yet valid (iat)", "The token is not yet valid (nbf)", "Signature has expired", "Invalid issuer",
		"Audience doesn't match", "Subject must be a string", "JWT ID must be a string",
	} {
		if _, err := made.Verify(forge(goodHead, payload(all[2*i:]...))); err == nil || err.Error() != want {
			t.Errorf("with all from %s on wrong: %v, want %s", all[2*i], err, want)
		}
	}
}

func TestLeeway(t *testing.T) {
	made := tokens(t, func(o *jwt.Options) { o.Leeway = jwt.DefaultLeeway })
	for _, tt := range []struct {
		claim string
		at    int64
		want  string
	}{
		{"iat", now + 20, ""}, {"iat", now + 30, ""}, {"iat", now + 120, "not_yet_valid"},
		{"nbf", now + 20, ""}, {"nbf", now + 32, "not_yet_valid"},
		{"exp", now - 20, ""}, {"exp", now - 30, "expired"}, {"exp", now - 120, "expired"},
	} {
		_, err := made.Verify(forge(goodHead, payload(tt.claim, fmt.Sprint(tt.at))))
		got := ""
		if fault, ok := errors.AsType[*jwt.Error](err); ok {
			got = fault.Code
		}
		if got != tt.want {
			t.Errorf("%s %+d: %q, want %q", tt.claim, tt.at-now, got, tt.want)
		}
	}
}

// Of any token, no other spelling is accepted.
func TestNotMalleable(t *testing.T) {
	made := tokens(t, nil)
	token := forge(goodHead, payload())
	for i := range len(token) {
		for _, c := range []byte("Aa0-_.=+/ \n\x00\xff") {
			if token[i] == c {
				continue
			}
			other := token[:i] + string(c) + token[i+1:]
			if _, err := made.Verify(other); err == nil {
				t.Errorf("byte %d as %q is accepted", i, c)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	f.Add(forge(goodHead, payload()))
	for _, tt := range refused() {
		if len(tt.token) < 2000 {
			f.Add(tt.token)
		}
	}
	made := tokens(f, nil)
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := made.Verify(token)
		if err != nil {
			if _, ok := errors.AsType[*jwt.Error](err); !ok || claims != nil {
				t.Errorf("Verify(%q) = %v, %v", token, claims, err)
			}
			return
		}
		parts := strings.Split(token, ".")
		if len(parts) != 3 || parts[2] != b64(mac(sha256.New, parts[0]+"."+parts[1])) {
			t.Errorf("Verify(%q) accepted a token that was not signed", token)
		}
	})
}

// FuzzClaims signs whatever payload, so that the checks behind the signature
// are reached.
func FuzzClaims(f *testing.F) {
	f.Add(goodHead, payload())
	for _, tt := range refused() {
		parts := strings.Split(tt.token, ".")
		if len(parts) < 2 {
			continue
		}
		head, err1 := base64.RawURLEncoding.DecodeString(parts[0])
		body, err2 := base64.RawURLEncoding.DecodeString(parts[1])
		if err1 == nil && err2 == nil {
			f.Add(string(head), string(body))
		}
	}
	made := tokens(f, nil)
	f.Fuzz(func(t *testing.T, header, body string) {
		claims, err := made.Verify(forge(header, body))
		if err != nil {
			return
		}
		exp, expires := claims["exp"].(int64)
		if claims["iss"] != "vera-py-service" || claims["aud"] == nil || expires && exp <= now || !expires && claims["exp"] != nil {
			t.Errorf("Verify of %q = %v", body, claims)
		}
	})
}
