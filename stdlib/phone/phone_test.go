package phone_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"vera/stdlib/phone"
)

func numbers(t testing.TB, validation string) *phone.Numbers {
	t.Helper()
	n, err := phone.New(phone.Options{Validation: validation})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestNew(t *testing.T) {
	if _, err := phone.New(phone.Options{Validation: "lax"}); err == nil {
		t.Error("an unknown validation is accepted")
	}
}

func TestNormalize(t *testing.T) {
	n := numbers(t, "")
	tests := []struct{ in, region, want string }{
		{"+12125551234", "", "+12125551234"},
		{"+1 (212) 555-1234", "", "+12125551234"},
		{" +1.212.555.1234 ", "", "+12125551234"},
		{"(+1) 212/555/1234", "", "+12125551234"},
		{"+1-555-123-4567", "", "+15551234567"}, // possible, not valid: the README's sample
		{"＋１２１２５５５１２３４", "", "+12125551234"},
		{"+1\u00a0212\u2011555\u20131234", "", "+12125551234"},
		{"+\u0661\u0662\u0661\u0662\u0665\u0665\u0665\u0661\u0662\u0663\u0664", "", "+12125551234"},
		{"+44 (0)20 7946 0958", "", "+442079460958"},
		{"+39 06 698 82146", "", "+390669882146"}, // Italy keeps its zero
		{"+800 1234 5678", "", "+80012345678"},
		{"(212) 555-1234", "US", "+12125551234"},
		{"(212) 555-1234", "us", "+12125551234"},
		{"020 7946 0958", "GB", "+442079460958"},
		{"00 44 20 7946 0958", "DE", "+442079460958"},
		{"+442079460958", "US", "+442079460958"},
		{"+442079460958", "nonsense", "+442079460958"},
	}
	for _, tt := range tests {
		if got, err := n.Normalize(tt.in, tt.region); err != nil || got != tt.want {
			t.Errorf("Normalize(%q, %q) = %q, %v, want %q", tt.in, tt.region, got, err, tt.want)
		}
	}
}

func TestRefuses(t *testing.T) {
	const form = "Invalid phone number format: "
	const (
		region  = form + "(0) Missing or invalid default region."
		country = form + "(0) Could not interpret numbers after plus-sign."
		none    = form + "(1) The string supplied did not seem to be a phone number."
		noRest  = form + "(2) Phone number had an IDD, but after this was not long enough to be a viable phone number."
		short   = form + "(3) The string supplied is too short to be a phone number."
		long    = form + "(4) The string supplied was too long to parse."
		digits  = form + "(4) The string supplied is too long to be a phone number."
		invalid = "Invalid phone number"
	)
	n := numbers(t, phone.Possible)
	tests := []struct{ in, region, code, message string }{
		{"2125551234", "", "region", region},
		{"0012125551234", "", "region", region},
		{"2125551234", "XX", "region", region},
		{"+0123456789", "", "country", country},
		{"+999123456789", "", "country", country},
		{"", "", "not_a_number", none},
		{"   ", "", "not_a_number", none},
		{"+", "", "not_a_number", none},
		{"abc", "", "not_a_number", none},
		{"abc+12125551234", "", "not_a_number", none},
		{"+1-800-FLOWERS", "", "not_a_number", none},
		{"tel:+12125551234", "", "not_a_number", none},
		{"+12125551234;phone-context=+44", "", "not_a_number", none},
		{"+1212\x005551234", "", "not_a_number", none},
		{"\x00+12125551234", "", "not_a_number", none},
		{"+1212\u200b5551234", "", "not_a_number", none},
		{"+12125551234 ext. 5", "", "not_a_number", none},
		{"+12125551234x5", "", "not_a_number", none},
		{"+12125551234,5", "", "not_a_number", none},
		{"++12125551234", "", "not_a_number", none},
		{"12+125551234", "", "not_a_number", none},
		{"+12125551234\n", "", "not_a_number", none},
		{"+1212\xff5551234", "", "not_a_number", none},
		{"+²12125551234", "", "not_a_number", none},
		{"12", "", "region", region},
		{"+1", "", "not_a_number", none},
		{"+12", "", "not_a_number", none},
		{"011 44", "US", "too_short", noRest},
		{"+491", "", "too_short", short},
		{"+1" + strings.Repeat("2", 10000), "", "too_long", long},
		{strings.Repeat("a", 65), "", "too_long", long},
		{"+1" + strings.Repeat("2", 63), "", "too_long", long},
		{"+1" + strings.Repeat("2", 30), "", "too_long", digits},
		{"+12125551234567890", "", "invalid", invalid},
		{"+1212555", "", "invalid", invalid},
		{"+15551234", "", "invalid", invalid}, // a local number without its area
	}
	for _, tt := range tests {
		got, err := n.Normalize(tt.in, tt.region)
		fault, ok := errors.AsType[*phone.Error](err)
		if !ok || fault.Code != tt.code || fault.Message != tt.message {
			t.Errorf("Normalize(%.50q, %q) = %q, %v, want %s: %s", tt.in, tt.region, got, err, tt.code, tt.message)
		}
	}
}

func TestValid(t *testing.T) {
	n := numbers(t, phone.Valid)
	if got, err := n.Normalize("+1 212 555 1234", ""); got != "+12125551234" {
		t.Errorf("Normalize of a valid number = %q, %v", got, err)
	}
	if got, err := n.Normalize("+1-555-123-4567", ""); err == nil || err.Error() != "Invalid phone number" {
		t.Errorf("Normalize of a number in no range = %q, %v", got, err)
	}
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{3,18}$`)

func check(t interface{ Fatalf(string, ...any) }, n *phone.Numbers, in, number string) {
	if !e164.MatchString(number) {
		t.Fatalf("Normalize(%q) = %q", in, number)
	}
	if again, err := n.Normalize(number, ""); err != nil || again != number {
		t.Fatalf("Normalize(%q) = %q, and of that %q, %v", in, number, again, err)
	}
}

func TestIdempotent(t *testing.T) {
	n := numbers(t, phone.Possible)
	text := rapid.StringMatching(`\+?[0-9]{1,3}[ -]?\(?0?[0-9]{1,4}\)?[ .-]?[0-9]{3,9}`)
	region := rapid.SampledFrom([]string{"", "US", "GB", "DE", "IT", "BR", "MX", "AR"})
	rapid.Check(t, func(t *rapid.T) {
		in := text.Draw(t, "text")
		if number, err := n.Normalize(in, region.Draw(t, "region")); err == nil {
			check(t, n, in, number)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	n := numbers(t, phone.Possible)
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if got, err := n.Normalize(fmt.Sprintf("+1 212 555 12%02d", i), ""); err != nil || got != fmt.Sprintf("+121255512%02d", i) {
				t.Errorf("Normalize = %q, %v", got, err)
			}
		})
	}
	all.Wait()
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"+1 (212) 555-1234", "+1-800-FLOWERS", ";phone-context=tel:", "＋１２１２５５５１２３４", "00000000000"} {
		f.Add(seed, "")
	}
	f.Add("020 7946 0958", "GB")
	n := numbers(f, phone.Possible)
	f.Fuzz(func(t *testing.T, in, region string) {
		if number, err := n.Normalize(in, region); err == nil {
			check(t, n, in, number)
		}
	})
}

func TestLua(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("phone", numbers(t, phone.Possible).Module)
	err := L.DoString(`
		local phone = require("phone")
		assert(phone.normalize("+1 (212) 555-1234") == "+12125551234")
		assert(phone.normalize("(212) 555-1234", "US") == "+12125551234")
		assert(phone.normalize("+12125551234", nil) == "+12125551234")
		local none, code, message = phone.normalize("(212) 555-1234")
		assert(none == nil and code == "region")
		assert(message == "Invalid phone number format: (0) Missing or invalid default region.")
		assert(not pcall(phone.normalize, {}))
		assert(not pcall(phone.normalize, "+12125551234", {}))`)
	if err != nil {
		t.Error(err)
	}
}

func ExampleNumbers_Normalize() {
	numbers, _ := phone.New(phone.Options{})
	fmt.Println(numbers.Normalize("+1 (212) 555-1234", ""))
	fmt.Println(numbers.Normalize("(212) 555-1234", ""))
	// Output:
	// +12125551234 <nil>
	//  Invalid phone number format: (0) Missing or invalid default region.
}

func BenchmarkNormalize(b *testing.B) {
	n := numbers(b, phone.Possible)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = n.Normalize("+1 (212) 555-1234", "")
	}
}
