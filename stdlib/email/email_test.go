package email_test

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"vera/stdlib/email"
)

func code(err error) string {
	if err, ok := errors.AsType[*email.Error](err); ok {
		return err.Code
	}
	return fmt.Sprint(err)
}

func TestNormalize(t *testing.T) {
	local64 := strings.Repeat("a", 64)
	domain189 := strings.Repeat(strings.Repeat("d", 46)+".", 4) + "d" // 64 + 1 + 189 = 254
	for in, want := range map[string]string{
		"alice@example.com":             "alice@example.com",
		"Alice@EXAMPLE.com":             "alice@example.com",
		"  alice@example.com ":          "alice@example.com",
		"a.b+c_d-e@sub.example.co":      "a.b+c_d-e@sub.example.co",
		"Bob@BÜCHER.example":            "bob@xn--bcher-kva.example",
		"bob@bu\u0308cher.example":      "bob@xn--bcher-kva.example",
		"bob@xn--bcher-kva.example":     "bob@xn--bcher-kva.example",
		"bob@XN--BCHER-KVA.example":     "bob@xn--bcher-kva.example",
		"ｂob@example.com":               "bob@example.com",
		"jose\u0301@example.com":        "jos\u00e9@example.com",
		"ПОЧТА@example.com":             "почта@example.com",
		"bob@例え。jp":                     "bob@xn--r8jz45g.jp",
		"o'brien!#$%&*/=?^`{|}~@x.test": "o'brien!#$%&*/=?^`{|}~@x.test",
		local64 + "@" + domain189:       local64 + "@" + domain189,
	} {
		if got, err := email.Normalize(in); err != nil || got != want {
			t.Errorf("Normalize(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "invalid",
		"not-an-email":                      "invalid",
		"@example.com":                      "invalid",
		"a@":                                "invalid",
		"a@b":                               "invalid",
		"a@@example.com":                    "invalid",
		"a@b@example.com":                   "invalid",
		"a＠b@example.com":                   "invalid", // full-width @
		"Bob <bob@example.com>":             "invalid",
		"<bob@example.com>":                 "invalid",
		`"bob"@example.com`:                 "invalid",
		`"b ob"@example.com`:                "invalid",
		"bob(x)@example.com":                "invalid",
		"bob@example.com (x)":               "invalid",
		"a,b@example.com":                   "invalid",
		"a@example.com, b@example.com":      "invalid",
		"a@example.com\r\nBcc: x@x.org":     "invalid",
		"a\r\n@example.com":                 "invalid",
		"a@example.com\n":                   "invalid",
		"a b@example.com":                   "invalid",
		".a@example.com":                    "invalid",
		"a.@example.com":                    "invalid",
		"a..b@example.com":                  "invalid",
		"a@[127.0.0.1]":                     "invalid",
		"a@127.0.0.1":                       "invalid",
		"a@example.com.":                    "invalid",
		"a@.example.com":                    "invalid",
		"a@example..com":                    "invalid",
		"a@-example.com":                    "invalid",
		"a@example-.com":                    "invalid",
		"a@exa_mple.com":                    "invalid",
		"a@exa mple.com":                    "invalid",
		"a\x00@example.com":                 "invalid",
		"a\u200b@example.com":               "invalid",
		"a\u202e@example.com":               "invalid",
		"a@exa\u200bmple.com\x00":           "invalid",
		"\xff@example.com":                  "invalid",
		"a@xn--zzzzzzz.com\xff":             "invalid",
		"a@xn--a.example":                   "invalid",
		strings.Repeat("a", 65) + "@x.test": "too_long",
		"abcd@" + strings.Repeat("d.", 125) + "d": "too_long",
		strings.Repeat("a", 1_000_000):            "too_long",
	} {
		if got, err := email.Normalize(in); code(err) != want {
			t.Errorf("Normalize(%.60q) = %.60q, %v, want code %s", in, got, err, want)
		}
	}
}

// check holds for every address that Normalize gives.
func check(t interface{ Fatalf(string, ...any) }, in, address string) {
	if again, err := email.Normalize(address); err != nil || again != address {
		t.Fatalf("Normalize(%q) = %q, and of that %q, %v", in, address, again, err)
	}
	if parsed, err := mail.ParseAddress(address); err != nil || parsed.Address != address || parsed.Name != "" {
		t.Fatalf("Normalize(%q) = %q, read as %+v, %v", in, address, parsed, err)
	}
	if strings.Count(address, "@") != 1 || len(address) > email.MaxBytes || strings.ContainsAny(address, " \r\n\x00<>\"") {
		t.Fatalf("Normalize(%q) = %q", in, address)
	}
}

func TestIdempotent(t *testing.T) {
	letter := rapid.SampledFrom([]rune("aAzZ09éÉ\u0301ａＺßİıſKÅςΣ.+-_@ü。\u0345ﬁ"))
	part := rapid.Map(rapid.SliceOfN(letter, 1, 8), func(r []rune) string { return string(r) })
	rapid.Check(t, func(t *rapid.T) {
		in := part.Draw(t, "local") + "@" + part.Draw(t, "domain") + ".example"
		if address, err := email.Normalize(in); err == nil {
			check(t, in, address)
		}
	})
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"Alice@EXAMPLE.com", "Bob <b@x.co>", "bob@bücher.example", "a＠b@x.co", "a@xn--a.b", "a@x.co\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if address, err := email.Normalize(in); err == nil {
			check(t, in, address)
		}
	})
}

func TestLua(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("email", email.Module)
	err := L.DoString(`
		local email = require("email")
		assert(email.normalize("Bob@Example.COM") == "bob@example.com")
		local none, code, message = email.normalize("nobody")
		assert(none == nil and code == "invalid" and message == "Invalid email address")
		assert(not pcall(email.normalize, {}))`)
	if err != nil {
		t.Error(err)
	}
}

func ExampleNormalize() {
	fmt.Println(email.Normalize(" Bob@BÜCHER.example "))
	fmt.Println(email.Normalize("Bob <bob@example.com>"))
	// Output:
	// bob@xn--bcher-kva.example <nil>
	//  Invalid email address
}

func BenchmarkNormalize(b *testing.B) {
	for _, address := range []string{"carol@example.com", "bob@bücher.example"} {
		b.Run(address, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = email.Normalize(address)
			}
		})
	}
}
