package devboard

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"time"
)

const tokenLife = 90 * 24 * time.Hour

// A service is the hub's record of a service, in the shape it has in frames.
type service struct {
	ID         int    `json:"id"`
	Name       string `json:"name"`
	InsertedAt string `json:"inserted_at"`
	UpdatedAt  string `json:"updated_at"`
}

func newService(id int, name string) service {
	now := stamp(time.Now())
	return service{ID: id, Name: name, InsertedAt: now, UpdatedAt: now}
}

// A token is the hub's record of a service token. Its value is shown in
// token_created only.
type token struct {
	Context    string `json:"context"`
	ExpiresAt  string `json:"expires_at"`
	ID         int    `json:"id"`
	InsertedAt string `json:"inserted_at"`
	ServiceID  int    `json:"service_id"`
	Value      string `json:"value,omitempty"`

	deleted bool // kept so that it is refused also where any token is accepted
}

// addToken registers value as a token that is good from now on. The caller
// holds b.mu or has the only reference.
func (b *Board) addToken(value string) *token {
	now := time.Now()
	t := &token{
		Context:    "api-token",
		ExpiresAt:  stamp(now.Add(tokenLife)),
		ID:         len(b.tokens) + 1,
		InsertedAt: stamp(now),
		ServiceID:  b.opts.ServiceID,
	}
	b.tokens[value] = t
	return t
}

// authorize returns the token with that value, or nil if it is not good. The
// caller holds b.mu.
func (b *Board) authorize(value string) *token {
	t := b.tokens[value]
	if t == nil && b.opts.Token == "" && value != "" {
		t = b.addToken(value)
	}
	if t == nil || t.deleted {
		return nil
	}
	return t
}

func newTokenValue() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// stamp is the hub's form of a time: UTC, whole seconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// mustJSON encodes what cannot fail: records of this package.
func mustJSON(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
