package password_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"vera/stdlib/password"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newHasher(t testing.TB, o password.Options) *password.Hasher {
	t.Helper()
	h, err := password.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

func hash(t testing.TB, h *password.Hasher, text string) string {
	t.Helper()
	digest, err := h.Hash(t.Context(), text)
	if err != nil {
		t.Fatalf("Hash(%.40q): %v", text, err)
	}
	return digest
}

func verify(t testing.TB, h *password.Hasher, text, digest string) bool {
	t.Helper()
	ok, err := h.Verify(t.Context(), text, digest)
	if err != nil {
		t.Fatalf("Verify(%.40q, %q): %v", text, digest, err)
	}
	return ok
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []password.Options{
		{Cost: 3}, {Cost: 16}, {Cost: 12, MaxCost: 11}, {MaxCost: 32}, {MaxCost: 3}, {Cost: -1}, {Workers: -1}, {Queue: -1},
		{Scheme: "argon2i"}, {Scheme: "BCRYPT"}, {Memory: 7}, {Memory: 65537}, {Passes: 5}, {Passes: -1}, {Pepper: make([]byte, 31)},
	} {
		if h, err := password.New(o); err == nil {
			h.Close()
			t.Errorf("New(%+v) succeeded", o)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	p72, p127 := strings.Repeat("p", 72), strings.Repeat("p", 127)
	tests := []struct {
		text, other string
		prefix      string
	}{
		{"password123", "password124", "$2b$04$"},
		{"x", "X", "$2b$04$"},
		{p72, p72 + "p", "$2b$04$"},
		{p72 + "p", p72, "$hmac-sha384$2b$04$"},
		{p127 + "X", p127 + "Y", "$hmac-sha384$2b$04$"},
		{strings.Repeat("é", 37), strings.Repeat("é", 36) + "è", "$hmac-sha384$2b$04$"},
	}
	for _, tt := range tests {
		digest := hash(t, h, tt.text)
		if !strings.HasPrefix(digest, tt.prefix) {
			t.Errorf("Hash(%.20q) = %q, want prefix %q", tt.text, digest, tt.prefix)
		}
		if !verify(t, h, tt.text, digest) {
			t.Errorf("Verify(%.20q) of its own digest is false", tt.text)
		}
		for _, other := range []string{tt.other, "", tt.text + "\x00" + tt.text} {
			if verify(t, h, other, digest) {
				t.Errorf("Verify(%.20q) of %.20q's digest is true", other, tt.text)
			}
		}
		if digest == hash(t, h, tt.text) {
			t.Errorf("two digests of %.20q are equal", tt.text)
		}
	}
}

// A digest of up to 72 bytes is the same thing to any other bcrypt.
func TestPlainDigestIsInterchangeable(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	for _, text := range []string{"password123", "пароль", strings.Repeat("p", 72)} {
		if err := bcrypt.CompareHashAndPassword([]byte(hash(t, h, text)), []byte(text)); err != nil {
			t.Errorf("bcrypt refuses our digest of %q: %v", text, err)
		}
		foreign, err := bcrypt.GenerateFromPassword([]byte(text), 4)
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range []byte("aby") {
			foreign[2] = version
			if !verify(t, h, text, string(foreign)) {
				t.Errorf("Verify(%q, %q) is false", text, foreign)
			}
		}
	}
	// Published test vectors, made by other programs.
	for text, digest := range map[string]string{
		"U*U":                                  "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
		"abcdefghijklmnopqrstuvwxyz":           "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC",
		"~!@#$%^&*()      ~!@#$%^&*()PNBFRD":   "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO",
		"\xff\xff\xa3" + "not UTF-8, no match": "$2a$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaR5EqGMDPzJGE9gOoxeS7iBC",
	} {
		want := !strings.HasPrefix(text, "\xff")
		if got := verify(t, h, text, digest); got != want {
			t.Errorf("Verify(%q, %q) = %v, want %v", text, digest, got, want)
		}
	}
}

func TestPreparation(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	if !verify(t, h, "cafe\u0301cafe\u0301x", hash(t, h, "cafécaféx")) {
		t.Error("the NFD spelling does not open the NFC digest")
	}
	if !verify(t, h, "cafécaféx", hash(t, h, "cafe\u0301cafe\u0301x")) {
		t.Error("the NFC spelling does not open the NFD digest")
	}
	if !verify(t, h, "two words", hash(t, h, "two\u00a0words")) {
		t.Error("a no-break space is not a space")
	}
	// The predecessor hashed what was typed.
	for _, typed := range []string{"cafe\u0301", "tab\there", "heart\u2764\ufe0f"} {
		legacy, err := bcrypt.GenerateFromPassword([]byte(typed), 4)
		if err != nil {
			t.Fatal(err)
		}
		if !verify(t, h, typed, string(legacy)) {
			t.Errorf("Verify(%q) of the predecessor's digest is false", typed)
		}
	}
}

func TestHashRefuses(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	for _, text := range []string{"", "a\x00b", "\x00", "tab\there", "line\nbreak", "\xff\xfe", "ab\u200bc", strings.Repeat("p", password.MaxBytes+1)} {
		if _, err := h.Hash(t.Context(), text); !errors.Is(err, password.ErrInvalid) {
			t.Errorf("Hash(%.20q) = %v, want ErrInvalid", text, err)
		}
	}
	if digest := hash(t, h, strings.Repeat("p", password.MaxBytes)); !verify(t, h, strings.Repeat("p", password.MaxBytes), digest) {
		t.Error("a password of MaxBytes does not verify")
	}
}

// What counts is the form that is hashed, in code points.
func TestLength(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "password": 8, "пароль": 6, "é": 1, "e\u0301": 1, "\u1f82": 1, "\u03b1\u0313\u0300\u0345": 1, "two\u00a0words": 9,
		"\ufb2c": 3, "😀": 1, // a presentation form is three characters
	} {
		if got, err := password.Length(text); got != want || err != nil {
			t.Errorf("Length(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"a\x00b", "tab\there", "\xff", strings.Repeat("p", password.MaxBytes+1)} {
		if _, err := password.Length(text); !errors.Is(err, password.ErrInvalid) {
			t.Errorf("Length(%.20q) = %v, want ErrInvalid", text, err)
		}
	}
}

func TestUsable(t *testing.T) {
	for _, digest := range malformed {
		if password.Usable(digest) {
			t.Errorf("Usable(%q) is true", digest)
		}
	}
	for digest, want := range map[string]bool{
		"$2b$12$" + strings.Repeat("a", 53): true, "$2a$04$" + strings.Repeat("a", 53): true, "$pepper-01234567$2b$12$" + strings.Repeat("a", 53): true,
		"$2b$16$" + strings.Repeat("a", 53): false, argon("m=19456,t=2,p=1"): true, argon("m=4194304,t=2,p=1"): false,
	} {
		if got := password.Usable(digest); got != want {
			t.Errorf("Usable(%q) = %v, want %v", digest, got, want)
		}
	}
}

// "ab" opens bcrypt's digest of "ab\0ab", as the key is repeated with a NUL
// between.
func TestNULNeverMatches(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	digest, err := bcrypt.GenerateFromPassword([]byte("ab"), 4)
	if err != nil {
		t.Fatal(err)
	}
	if bcrypt.CompareHashAndPassword(digest, []byte("ab\x00ab")) != nil {
		t.Fatal("bcrypt no longer cycles keys: this test proves nothing")
	}
	if verify(t, h, "ab\x00ab", string(digest)) {
		t.Error("a password with NUL opens the digest of another")
	}
}

var malformed = []string{
	"", "x", "$2b$12$x", "$2b$31$...", "$2b$04$", strings.Repeat("$", 60), "$2x$04$" + strings.Repeat("a", 53),
	"$2b$03$" + strings.Repeat("a", 53), "$2b$32$" + strings.Repeat("a", 53), "$2b$4a$" + strings.Repeat("a", 53),
	"$2b$+4$" + strings.Repeat("a", 53), "$2b$04$" + strings.Repeat("a", 52) + "!", "$2b$04$" + strings.Repeat("a", 54),
	"$hmac-sha384", "$hmac-sha384$2b$04$x", "$hmac-sha384$hmac-sha384$2b$04$" + strings.Repeat("a", 53),
	"$argon2id$v=19$m=65536,t=3,p=1$aaaa$aaaa", "\x00", "$pepper-", "$pepper-0123456", "$pepper-0123456g$2b$04$" + strings.Repeat("a", 53),
	"$pepper-01234567$hmac-sha384$2b$04$" + strings.Repeat("a", 53), "$pepper-01234567$pepper-01234567$2b$04$" + strings.Repeat("a", 53),
	"$argon2id$", argon("m=8,t=1,p=1") + "$", argon("m=8,t=1,p=1") + "=", "$argon2i" + argon("m=8,t=1,p=1")[9:],
	strings.Replace(argon("m=8,t=1,p=1"), "v=19", "v=16", 1), argon("m=08,t=1,p=1"), argon("m=+8,t=1,p=1"), argon("m=8,t=0,p=1"),
	argon("m=8,t=1,p=0"), argon("m=8,t=1,p=256"), argon("m=7,t=1,p=1"), argon("m=15,t=1,p=2"), argon("m=8,t=1"), argon("t=1,m=8,p=1"),
	argon("m=4294967304,t=1,p=1"), argon("m=-8,t=1,p=1"), argon("m=8,t=1,p=1,x=1"), argon("m=8,t=1,p=1\n"),
	"$hmac-sha384" + argon("m=8,t=1,p=1"), strings.Replace(argon("m=8,t=1,p=1"), "c2FsdHNhbHQ", "c2FsdHNhbHR", 1),
	strings.Replace(argon("m=8,t=1,p=1"), "c2FsdHNhbHQ", "c2Fs\ndHNhbHQ", 1),
}

// argon is a digest of argon2id that nothing is known to match.
func argon(parameters string) string {
	return "$argon2id$v=19$" + parameters + "$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA"
}

func TestMalformedDigest(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	for _, digest := range malformed {
		if verify(t, h, "password", digest) {
			t.Errorf("Verify(%q) is true", digest)
		}
		if !h.NeedsRehash(digest) {
			t.Errorf("NeedsRehash(%q) is false", digest)
		}
	}
}

func TestCostlyDigestIsRefused(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4, MaxCost: 6})
	for _, digest := range []string{"$2b$07$" + strings.Repeat("a", 53), "$2b$31$" + strings.Repeat("a", 53)} {
		start := time.Now()
		ok, err := h.Verify(t.Context(), "password", digest)
		if ok || !errors.Is(err, password.ErrCost) {
			t.Errorf("Verify(%q) = %v, %v, want ErrCost", digest, ok, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("Verify(%q) took %v", digest, took)
		}
	}
}

func TestNeedsRehash(t *testing.T) {
	low, high := newHasher(t, password.Options{Cost: 4}), newHasher(t, password.Options{Cost: 5})
	for _, text := range []string{"password", strings.Repeat("p", 100)} {
		digest := hash(t, low, text)
		if low.NeedsRehash(digest) || !high.NeedsRehash(digest) {
			t.Errorf("NeedsRehash(%q): %v at its own cost, %v at another", digest, low.NeedsRehash(digest), high.NeedsRehash(digest))
		}
		if !verify(t, high, text, digest) {
			t.Errorf("a digest of another cost does not verify")
		}
	}
}

func TestConcurrentUse(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4, Workers: 2, Queue: 64})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			text := fmt.Sprintf("pässwörd\u00a0%d", i)
			digest, err := h.Hash(t.Context(), text)
			if err != nil {
				t.Error(err)
				return
			}
			if ok, err := h.Verify(t.Context(), text, digest); !ok || err != nil {
				t.Errorf("Verify = %v, %v", ok, err)
			}
		})
	}
	all.Wait()
}

func TestClosed(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	h.Close()
	h.Close()
	if _, err := h.Hash(t.Context(), "password"); !errors.Is(err, password.ErrClosed) {
		t.Errorf("Hash after Close = %v, want ErrClosed", err)
	}
}

func TestEndedContext(t *testing.T) {
	h := newHasher(t, password.Options{Cost: 4})
	cause := errors.New("the hub hung up")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := h.Verify(ctx, "password", ""); !errors.Is(err, cause) {
		t.Errorf("Verify = %v, want the cause of the context's end", err)
	}
}

func TestBusyTellsItself(t *testing.T) {
	busy, ok := errors.AsType[interface {
		error
		Busy() bool
	}](fmt.Errorf("wrapped: %w", password.ErrBusy))
	if !ok || !busy.Busy() {
		t.Error("ErrBusy cannot be told without this package")
	}
}

func FuzzVerify(f *testing.F) {
	for _, digest := range malformed {
		f.Add("password", digest)
	}
	f.Add("ab\x00ab", "$2b$04$"+strings.Repeat("a", 53))
	h := newHasher(f, password.Options{Cost: 4, MaxCost: 4})
	f.Fuzz(func(t *testing.T, text, digest string) {
		if ok, _ := h.Verify(t.Context(), text, digest); ok && len(digest) < 60 {
			t.Errorf("Verify(%q, %q) is true", text, digest)
		}
	})
}

func ExampleHasher() {
	hasher, err := password.New(password.Options{Cost: password.MinCost}) // for speed here
	if err != nil {
		fmt.Println(err)
		return
	}
	defer hasher.Close()
	ctx := context.Background()
	digest, _ := hasher.Hash(ctx, "correct horse")
	right, _ := hasher.Verify(ctx, "correct horse", digest)
	wrong, _ := hasher.Verify(ctx, "battery staple", digest)
	nobody, _ := hasher.Verify(ctx, "correct horse", "")
	fmt.Println(right, wrong, nobody)
	// Output: true false false
}

func BenchmarkVerifyCost10(b *testing.B) {
	h := newHasher(b, password.Options{Cost: 10})
	digest := hash(b, h, "password123")
	for b.Loop() {
		if ok, err := h.Verify(b.Context(), "password123", digest); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
