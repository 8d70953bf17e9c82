package phone_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"vera/stdlib/phone"
)

// However a number is written, it is one number: any separators between the
// digits, and digits of other widths.
func TestVariantsAreOneNumber(t *testing.T) {
	n := numbers(t, phone.Possible)
	number := rapid.StringMatching(`\+(1[2-9][0-9]{9}|44[1-9][0-9]{9}|49[1-9][0-9]{7,9}|3906[0-9]{7}|81[1-9][0-9]{8}|7[3-9][0-9]{9})`)
	separator := rapid.SampledFrom([]string{"", "", "", " ", "-", ".", "/", "\u00a0", "\u2011", "\u2013", " - "})
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		plain := number.Draw(t, "number")
		want, err := n.Normalize(plain, "")
		if err != nil {
			return
		}
		accepted++
		if want != plain {
			t.Fatalf("Normalize(%q) = %q", plain, want)
		}
		var typed strings.Builder
		wide := rapid.Bool().Draw(t, "wide")
		for i, r := range plain {
			if i > 1 {
				typed.WriteString(separator.Draw(t, "separator"))
			}
			if wide && r != '+' {
				r += '０' - '0'
			}
			typed.WriteRune(r)
		}
		if got, err := n.Normalize(typed.String(), ""); err != nil || got != want {
			t.Fatalf("Normalize(%q) = %q, %v, want %q", typed.String(), got, err, want)
		}
	})
	if accepted == 0 {
		t.Error("no number was accepted: this says nothing")
	}
}
