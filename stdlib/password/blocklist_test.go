package password_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/text/cases"
	"pgregory.net/rapid"

	"vera/stdlib/password"
)

func readBlocklist(t testing.TB, text string) *password.Blocklist {
	t.Helper()
	b, err := password.ReadBlocklist(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBlocklist(t *testing.T) {
	b := readBlocklist(t, "\ufeff12345678\r\nPassWord\n\n#hash\n trailing \ncaf\u00e9\nCAFE\u0301\nPASSWORD\nSTRASSE\n\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2\n"+
		"tab\there\nbad\xffutf8\nnul\x00\n"+strings.Repeat("x", password.MaxBytes)+"\r\n"+strings.Repeat("y", password.MaxBytes+1)+"\n"+
		strings.Repeat("z", 3*password.MaxBytes)+"\nlast")
	for _, text := range []string{
		"12345678", "password", "PASSWORD", "pAsSwOrD", "#hash", " trailing ", "caf\u00e9", "cafe\u0301", "CAF\u00c9", "stra\u00dfe",
		"\u03a3\u038a\u03a3\u03a5\u03a6\u039f\u03a3", "last", "LAST", strings.Repeat("X", password.MaxBytes), "\u00a0trailing\u00a0",
	} {
		if !b.Contains(text) {
			t.Errorf("Contains(%.20q) is false", text)
		}
	}
	for _, text := range []string{
		"", "1234567", "123456789", "trailing", "hash", "cafe", "tab\there", "bad\xffutf8", "nul\x00", "\ufefflast", "12345678\r", "z",
		strings.Repeat("y", password.MaxBytes+1), strings.Repeat("z", password.MaxBytes), "password123", "securepassword123",
	} {
		if b.Contains(text) {
			t.Errorf("Contains(%.20q) is true", text)
		}
	}
	if b.Len() != 9 { // of the lines above, what differs in more than case and spelling
		t.Errorf("Len() = %d", b.Len())
	}
	var none *password.Blocklist
	if none.Contains("12345678") || none.Len() != 0 {
		t.Error("no blocklist holds something")
	}
}

func TestReadBlocklistFails(t *testing.T) {
	for name, text := range map[string]string{"empty": "", "blank": "\n\r\n\n", "nothing usable": "\x00\n\xff\n"} {
		if _, err := password.ReadBlocklist(strings.NewReader(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	broken := errors.New("the disk is gone")
	if _, err := password.ReadBlocklist(io.MultiReader(strings.NewReader("12345678\n"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("ReadBlocklist = %v, want what the reader said", err)
	}
}

// What is blocked is refused when it is chosen, not when it is checked.
func TestHashRefusesBlocked(t *testing.T) {
	digest := hash(t, newHasher(t, password.Options{Cost: 4}), "12345678")
	for name, o := range map[string]password.Options{"bcrypt": {Cost: 4}, "argon2id with pepper": small(func(o *password.Options) { o.Pepper = pepperA })} {
		o.Blocklist = readBlocklist(t, "12345678\nQwertzuiop\n")
		h := newHasher(t, o)
		for _, text := range []string{"12345678", "qwertzuiop", "\uff11\uff12345678"} {
			_, err := h.Hash(t.Context(), text)
			if blocked := text[0] < 0x80; errors.Is(err, password.ErrBlocked) != blocked || !blocked && err != nil {
				t.Errorf("%s: Hash(%q) = %v", name, text, err)
			}
		}
		if _, err := h.Hash(t.Context(), ""); !errors.Is(err, password.ErrInvalid) {
			t.Errorf("%s: Hash of nothing = %v, want ErrInvalid", name, err)
		}
		if !verify(t, h, "12345678", digest) {
			t.Errorf("%s: a password that is blocked by now no longer verifies", name)
		}
	}
	// Without a list, those of the README's samples and any other may be chosen.
	for _, text := range []string{"password123", "securepassword123", "12345678"} {
		hash(t, newHasher(t, password.Options{Cost: 4}), text)
	}
}

// In whatever case and spelling a listed password comes, it is found.
func TestBlocklistKnowsNoCase(t *testing.T) {
	lower, upper := cases.Fold(), strings.ToUpper
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.StringMatching(`[ -~]{1,20}`), rapid.StringMatching(`[a-zäöüéñçßА-яα-ω ]{1,20}`)).Draw(t, "text")
		b, err := password.ReadBlocklist(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, other := range []string{text, lower.String(text), upper(text), strings.ToLower(text)} {
			if !b.Contains(other) {
				t.Fatalf("a list of %q does not contain %q", text, other)
			}
		}
		if b.Contains(text+"x") || b.Len() != 1 {
			t.Fatalf("a list of %q is of %d and contains more", text, b.Len())
		}
	})
}

func FuzzReadBlocklist(f *testing.F) {
	f.Add("12345678\r\nPassWord\n\n\ufeff\ncaf\u00e9\x00\xff")
	f.Fuzz(func(t *testing.T, text string) {
		b, err := password.ReadBlocklist(strings.NewReader(text))
		if err != nil {
			return
		}
		if b.Len() < 1 || b.Len() > strings.Count(text, "\n")+1 {
			t.Errorf("%d passwords in %q", b.Len(), text)
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(text, "\ufeff"), "\n")
		first = strings.TrimRight(first, "\r")
		if plain := first != "" && strings.Trim(first, "abcdefghijklmnopqrstuvwxyz0123456789") == "" && len(first) <= password.MaxBytes; plain && !b.Contains(first) {
			t.Errorf("%q is not in a list that begins with it", first)
		}
	})
}

func BenchmarkReadBlocklist(b *testing.B) {
	const lines = 1_000_000
	var text strings.Builder
	for i := range lines {
		fmt.Fprintf(&text, "password%d\n", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		if list := readBlocklist(b, text.String()); list.Len() != lines {
			b.Fatal(list.Len())
		}
	}
}

func BenchmarkBlocklistContains(b *testing.B) {
	var text strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&text, "password%d\n", i)
	}
	list := readBlocklist(b, text.String())
	b.ReportAllocs()
	for b.Loop() {
		if list.Contains("securepassword123") {
			b.Fatal("found")
		}
	}
}
