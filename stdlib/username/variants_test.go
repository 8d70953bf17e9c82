package username_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"vera/stdlib/username"
)

// fullWidth writes ASCII as it stands in East Asian text.
func fullWidth(text string) string {
	return strings.Map(func(r rune) rune {
		if '!' <= r && r <= '~' {
			return r - '!' + '！'
		}
		return r
	}, text)
}

// However a name is typed, it is one name: composed or not, in capitals, in
// full width, and all of that at once.
func TestVariantsAreOneName(t *testing.T) {
	upper := func(text string) string {
		if capitals := strings.ToUpper(text); strings.ToLower(capitals) == text {
			return capitals
		}
		return text // ß and ς, for instance, are not what becomes of their capitals
	}
	variants := map[string]func(string) string{
		"NFD": norm.NFD.String, "NFC": norm.NFC.String, "upper": upper, "full width": fullWidth,
		"all":                func(text string) string { return norm.NFD.String(fullWidth(upper(text))) },
		"decomposed capital": func(text string) string { return upper(norm.NFD.String(text)) },
	}
	letters := rapid.OneOf(
		rapid.RuneFrom([]rune("abcxyz0189._-'éèüñçøåāőžşṩǖ")),
		rapid.RuneFrom([]rune("abcxyz0189._-'@éèüñçøåāőžşṩǖAZÉÜĀŐṨǕ\u0301\u0323ａＺ")))
	word := rapid.Map(rapid.SliceOfN(letters, 1, 12), func(r []rune) string { return string(r) })
	other := rapid.Map(rapid.SliceOfN(rapid.RuneFrom([]rune("абвжйёіїАЙЁ019_")), 1, 12), func(r []rune) string { return string(r) })
	text := rapid.OneOf(word, other, rapid.StringMatching(`[α-ρτ-ωάέήίόύώΑ-ΡΤ-Ω]{1,8}`), rapid.StringMatching(`[가-힣]{1,6}[a-z]{0,3}`), rapid.String())
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		in := text.Draw(t, "text")
		want, err := username.Normalize(in)
		if err != nil {
			return
		}
		accepted++
		for _, from := range []string{want, in} {
			for name, variant := range variants {
				if from == in && (name != "NFD" && name != "NFC") {
					continue // what is typed may hold what has no other case or width
				}
				if got, err := username.Normalize(variant(from)); err != nil || got != want {
					t.Fatalf("%s of %q: Normalize(%q) = %q, %v, want %q", name, from, variant(from), got, err, want)
				}
			}
		}
	})
	if accepted == 0 {
		t.Error("no name was accepted: this says nothing")
	}
}
