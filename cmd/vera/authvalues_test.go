package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"hash"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// The values that a case writes as {"$": kind, …}.

// value replaces every such object in v by what it stands for.
func (r *caseRunner) value(t *testing.T, v any) any {
	t.Helper()
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = r.value(t, v[i])
		}
		return list
	case map[string]any:
		if kind, ok := v["$"].(string); ok {
			return r.special(t, kind, v)
		}
		object := make(map[string]any, len(v))
		for name := range v {
			object[name] = r.value(t, v[name])
		}
		return object
	}
	return v
}

func (r *caseRunner) special(t *testing.T, kind string, v map[string]any) any {
	t.Helper()
	of, _ := v["of"].(string)
	switch kind {
	case "jwt":
		return r.saved(t, of)
	case "refresh":
		return r.refreshes[of]
	case "id":
		return r.ids[of]
	case "now":
		return r.now.Unix() + number(v["plus"])
	case "now_ms":
		return r.now.UnixMilli() + number(v["plus"])*1000
	case "now_str":
		return strconv.FormatInt(r.now.Unix()+number(v["plus"]), 10)
	case "repeat":
		return strings.Repeat(v["s"].(string), int(number(v["n"])))
	case "concat":
		var joined strings.Builder
		for _, part := range v["parts"].([]any) {
			joined.WriteString(r.value(t, part).(string))
		}
		return joined.String()
	case "forge":
		return r.forge(t, v)
	}
	t.Fatalf("the case has a value of unknown kind %q", kind)
	return nil
}

func (r *caseRunner) saved(t *testing.T, of string) string {
	t.Helper()
	token, ok := r.jwts[of]
	if !ok {
		t.Fatalf("fixture %q saved no token", of)
	}
	return token
}

func number(v any) int64 {
	literal, _ := v.(json.Number)
	n, _ := literal.Int64()
	return n
}

// forge makes a token by hand, so that it can be wrong in every way.
func (r *caseRunner) forge(t *testing.T, v map[string]any) string {
	t.Helper()
	alg := "HS256"
	if given, ok := v["alg"].(string); ok {
		alg = given
	}
	header := map[string]any{"alg": alg, "typ": "JWT"}
	merge(header, r.value(t, v["header"]))
	config := r.stack.config.JWT
	claims := map[string]any{
		"jti": uuid.NewString(), "iss": config.Issuer, "aud": config.Audience,
		"sub": asText(r.ids[v["of"].(string)]), "iat": time.Now().Unix(),
	}
	merge(claims, r.value(t, v["claims"]))
	unset, _ := v["unset"].([]any)
	for _, name := range unset {
		delete(claims, name.(string))
	}
	payload := asJSON(claims)
	if raw, ok := v["raw"].(string); ok {
		payload = strings.NewReplacer("$JWT_ISSUER", config.Issuer, "$JWT_AUDIENCE", config.Audience).Replace(raw)
	}
	key := config.Secret.Reveal()
	if given, ok := v["key"].(string); ok {
		key = given + strings.Repeat("!", minSecretBytes)
	}
	signed := encode([]byte(asJSON(header))) + "." + encode([]byte(payload))
	signature := sign(alg, key, signed)
	if v["tamper"] != nil {
		signature = flipUnusedBits(t, signature)
	}
	return signed + "." + signature
}

// merge sets members; null removes one.
func merge(into map[string]any, from any) {
	members, _ := from.(map[string]any)
	maps.Copy(into, members)
	maps.DeleteFunc(into, func(_ string, v any) bool { return v == nil })
}

func sign(alg, key, text string) string {
	hashes := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}
	newHash, ok := hashes[alg]
	if !ok { // none, and whatever else should be refused before it is checked
		return ""
	}
	mac := hmac.New(newHash, []byte(key))
	mac.Write([]byte(text))
	return encode(mac.Sum(nil))
}

// flipUnusedBits changes the bits of the last character that decode to
// nothing: a lax decoder takes it for the same signature.
func flipUnusedBits(t *testing.T, signature string) string {
	t.Helper()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := len(signature) - 1
	index := strings.IndexByte(alphabet, signature[last])
	if len(signature)%4 != 3 || index&3 != 0 {
		t.Fatalf("a signature of %d characters has no two unused bits", len(signature))
	}
	return signature[:last] + string(alphabet[index|1])
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func asText(v any) string {
	s, _ := v.(string)
	if n, ok := v.(json.Number); ok {
		s = n.String()
	}
	return s
}

// near tells whether a claim is a time in seconds, at most 5 s from moment.
func near(claim any, moment time.Time) bool {
	literal, isNumber := claim.(json.Number)
	seconds, err := literal.Int64()
	return isNumber && err == nil && max(seconds-moment.Unix(), moment.Unix()-seconds) <= 5
}

// claimsOf reads a token's payload, after its signature was checked.
func claimsOf(t *testing.T, token, key string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("a token of %d parts", len(parts))
	}
	if key != "" && sign("HS256", key, parts[0]+"."+parts[1]) != parts[2] {
		t.Fatal("the token's signature is not ours")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	claims := make(map[string]any)
	decoder := json.NewDecoder(strings.NewReader(string(payload)))
	decoder.UseNumber()
	if err := decoder.Decode(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

// subjectOf is the user's id in a token, as a number.
func subjectOf(t *testing.T, token string) any {
	t.Helper()
	return json.Number(asText(claimsOf(t, token, "")["sub"]))
}

// checkClaims compares a token's claims with what a case says of them, in
// part in prose.
func (r *caseRunner) checkClaims(t *testing.T, token any, want map[string]any, fail func(string, ...any)) {
	t.Helper()
	encoded, ok := token.(string)
	if !ok {
		fail("want a token")
		return
	}
	config := r.stack.config.JWT
	claims := claimsOf(t, encoded, config.Secret.Reveal())
	for name, wanted := range want {
		got := claims[name]
		switch wanted {
		case "$JWT_ISSUER":
			ok = got == config.Issuer
		case "$JWT_AUDIENCE":
			ok = got == config.Audience
		case "string form of the new row's id":
			id, err := strconv.Atoi(asText(got))
			ok = err == nil && id > 0 && r.stack.count(t, "select count(*) from users where id = $1", id) == 1
		case "UUID version 4, lower case":
			id, err := uuid.Parse(asText(got))
			ok = err == nil && id.Version() == 4 && id.String() == got
		case "differs from both earlier tokens":
			ok = true
			for _, earlier := range r.jwts {
				ok = ok && claimsOf(t, earlier, "")["jti"] != got
			}
		case "integer, within 5 s of now":
			ok = near(got, time.Now())
		case "integer, within 5 s of an hour from now":
			ok = near(got, time.Now().Add(time.Hour))
		default:
			absent, isList := wanted.([]any)
			if name != "absent" || !isList {
				t.Fatalf("the case wants of claim %s what the runner does not know: %v", name, wanted)
			}
			ok = true
			for _, claim := range absent {
				_, present := claims[claim.(string)]
				ok = ok && !present
			}
		}
		if !ok {
			fail("claim %s is %s, want: %v", name, asJSON(got), wanted)
		}
	}
}
