package password

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestPrepareIsIdempotent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		once, err := prepare(text)
		if err != nil {
			return
		}
		if twice, err := prepare(once); err != nil || twice != once {
			t.Fatalf("prepare(%q) = %q, and of that %q, %v", text, once, twice, err)
		}
	})
}

// What is hashed must be among what is compared, and usable with no other
// kind of digest.
func TestSpellingsHoldWhatIsHashed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~é́]{60,90}`)).Draw(t, "text")
		all := spellings(text)
		if len(all) < 1 || len(all) > 2 {
			t.Fatalf("spellings(%q) = %q", text, all)
		}
		prepared, err := prepare(text)
		if err != nil {
			return
		}
		if !slices.Contains(all, prepared) {
			t.Fatalf("spellings(%q) = %q lack %q", text, all, prepared)
		}
		_, plain := digest{}.key(prepared)
		hmac, long := digest{long: true}.key(prepared)
		if plain == long || plain != (len(prepared) <= bcryptBytes) || len(hmac) != 64 {
			t.Fatalf("%q of %d bytes: plain %v, long %v, HMAC of %d bytes", prepared, len(prepared), plain, long, len(hmac))
		}
	})
}

func TestDummyIsADigest(t *testing.T) {
	for cost := MinCost; cost <= MaxCost; cost++ {
		if d, ok := parse(string(dummy(cost).bcrypt)); !ok || d.cost != cost || d.long {
			t.Errorf("dummy(%d) parses to %+v, %v", cost, d, ok)
		}
	}
}
