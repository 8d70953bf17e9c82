package jwt_test

import (
	"strings"
	"testing"

	"vera/stdlib/jwt"
)

const otherType = "type: Token is of another type"

// A token of one kind is none of another, whoever signed it.
func TestKinds(t *testing.T) {
	made := tokens(t, nil)
	issued := make(map[jwt.Kind]string)
	for _, kind := range []jwt.Kind{jwt.Access, "refresh", "reset"} {
		token, signed, err := made.SignAs(kind, map[string]any{"sub": "7"})
		if err != nil {
			t.Fatal(err)
		}
		if use, exists := signed["token_use"]; exists != (kind != jwt.Access) || exists && use != string(kind) {
			t.Errorf("claims of kind %q: %v", kind, signed)
		}
		issued[kind] = token
	}
	for kind, token := range issued {
		for asked := range issued {
			claims, err := made.VerifyAs(asked, token)
			switch {
			case asked == kind && err != nil:
				t.Errorf("VerifyAs(%q) of its own: %v", kind, err)
			case asked != kind && (err == nil || claims != nil || "type: "+err.Error() != otherType):
				t.Errorf("VerifyAs(%q) of kind %q = %v, %v", asked, kind, claims, err)
			}
		}
	}
}

func TestForeignKinds(t *testing.T) {
	made := tokens(t, nil)
	for _, use := range []string{`"refresh"`, `"access"`, `""`, `null`, `1`, `["refresh"]`} {
		if got := codeOf(made, forge(goodHead, payload("token_use", use))); got != otherType {
			t.Errorf("token_use %s as an access token: %q", use, got)
		}
		if _, err := made.VerifyAs("refresh", forge(goodHead, payload("token_use", use))); (err == nil) != (use == `"refresh"`) {
			t.Errorf("token_use %s as a refresh token: %v", use, err)
		}
	}
	if got := codeOf(made, forge(goodHead, payload("Token_Use", `"refresh"`))); !strings.Contains(got, "not in lower case") {
		t.Errorf("Token_Use: %q", got)
	}
	// It counts before the times: an expired refresh token is no expired access token.
	if got := codeOf(made, forge(goodHead, payload("token_use", `"refresh"`, "exp", "1"))); got != otherType {
		t.Errorf("an expired refresh token: %q", got)
	}
}

func TestSignRefusesKinds(t *testing.T) {
	made := tokens(t, nil)
	for _, kind := range []jwt.Kind{"Refresh", "a b", "é", jwt.Kind(strings.Repeat("k", 33))} {
		if token, _, err := made.SignAs(kind, nil); err == nil {
			t.Errorf("SignAs(%q) = %q", kind, token)
		}
	}
	claims := map[string]any{"token_use": "refresh"}
	if token, _, err := made.Sign(claims); err == nil {
		t.Errorf("Sign took a claim for a kind: %q", token)
	}
	if token, _, err := made.SignAs("reset", claims); err == nil {
		t.Errorf("SignAs took a claim for another kind: %q", token)
	}
}
