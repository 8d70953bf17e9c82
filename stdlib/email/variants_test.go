package email_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"vera/stdlib/email"
)

// However an address is typed, it is one address: in capitals, its domain in
// Unicode or in ASCII, composed or not, with blanks around it.
func TestVariantsAreOneAddress(t *testing.T) {
	local := rapid.Map(rapid.SliceOfN(rapid.RuneFrom([]rune("abcxyz0189_+-éüñøжй")), 1, 12), func(r []rune) string { return string(r) })
	label := rapid.Map(rapid.SliceOfN(rapid.RuneFrom([]rune("abcxyz0189éüñøåž")), 1, 12), func(r []rune) string { return string(r) })
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		name, domain := local.Draw(t, "local"), label.Draw(t, "label")+"."+label.Draw(t, "label")+".example"
		want, err := email.Normalize(name + "@" + domain)
		if err != nil {
			return
		}
		accepted++
		_, ascii, _ := strings.Cut(want, "@")
		for _, n := range []string{name, strings.ToUpper(name), norm.NFD.String(name), norm.NFD.String(strings.ToUpper(name))} {
			for _, d := range []string{domain, strings.ToUpper(domain), norm.NFD.String(domain), ascii, strings.ToUpper(ascii)} {
				for _, in := range []string{n + "@" + d, "  " + n + "@" + d + " "} {
					if got, err := email.Normalize(in); err != nil || got != want {
						t.Fatalf("Normalize(%q) = %q, %v, want %q", in, got, err, want)
					}
				}
			}
		}
		for i := range len(ascii) {
			if ascii[i] >= 0x80 {
				t.Fatalf("Normalize(%q) = %q: the domain is not ASCII", name+"@"+domain, want)
			}
		}
	})
	if accepted == 0 {
		t.Error("no address was accepted: this says nothing")
	}
}
