package password

import (
	"errors"
	"fmt"
	"slices"
	"strings"
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
		_, plain := digest{cost: cost{scheme: Bcrypt}}.key(prepared, pepper{})
		hmac, long := digest{cost: cost{scheme: Bcrypt}, long: true}.key(prepared, pepper{})
		if plain == long || plain != (len(prepared) <= bcryptBytes) || len(hmac) != 64 {
			t.Fatalf("%q of %d bytes: plain %v, long %v, HMAC of %d bytes", prepared, len(prepared), plain, long, len(hmac))
		}
	})
}

func TestDummyIsADigest(t *testing.T) {
	for rounds := MinCost; rounds <= MaxCost; rounds++ {
		c := cost{scheme: Bcrypt, rounds: rounds}
		if d, ok := parse(string(c.dummy().bcrypt)); !ok || d.cost != c || d.long {
			t.Errorf("the dummy of cost %d parses to %+v, %v", rounds, d, ok)
		}
	}
}

// What is hashed parses to what it was made with.
func TestDigestsParse(t *testing.T) {
	for _, c := range []cost{{scheme: Bcrypt, rounds: 4}, {Argon2id, 0, argon2idCost{8, 1, 1}}, {Argon2id, 0, argon2idCost{64, 3, 2}}} {
		for _, p := range []pepper{{}, newPepper([]byte("0123456789abcdef0123456789abcdef"))} {
			for _, text := range []string{"password", strings.Repeat("p", 100)} {
				made, err := newDigest(text, c, p)
				if err != nil {
					t.Fatal(err)
				}
				d, ok := parse(made)
				long := c.scheme == Bcrypt && p.id == "" && len(text) > bcryptBytes
				if !ok || d.cost != c || d.pepper != p.id || d.long != long {
					t.Errorf("%s parses to %+v, %v", made, d, ok)
				}
				if key, usable := d.key(text, p); !usable || !d.matches(key) {
					t.Errorf("%s does not match what it is the digest of", made)
				}
			}
		}
	}
}

// Work in the unit of its own scheme is exact; between schemes it is measured.
func TestWork(t *testing.T) {
	bcrypt, argon := cost{scheme: Bcrypt, rounds: 12}, cost{Argon2id, 0, argon2idCost{19456, 2, 1}}
	for _, tt := range []struct {
		cost   cost
		scheme string
		work   int
	}{
		{bcrypt, Bcrypt, 4096}, {argon, Argon2id, 38912},
		{bcrypt, Argon2id, 4096 * kibPerRound()}, {argon, Bcrypt, 38912 / kibPerRound()},
	} {
		if got := tt.cost.work(tt.scheme); got != tt.work {
			t.Errorf("%+v takes %d in the unit of %s, want %d", tt.cost, got, tt.scheme, tt.work)
		}
	}
}

// What a failure takes is the cost of new digests or that of the costliest one
// stored: Expect says anew what there is, and Verify adds what it meets.
func TestCostliest(t *testing.T) {
	const sum = "$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA"
	bcrypt := func(rounds int) string { return fmt.Sprintf("$2b$%02d$", rounds) + strings.Repeat("a", 53) }
	ours := newPepper([]byte("0123456789abcdef0123456789abcdef"))
	m := newHasher(cost{scheme: Bcrypt, rounds: 5}, 8, ours, nil, newLane(1, 1, 1<<40))
	defer m.Close()
	between := argon2idCost{uint32(2 * kibPerRound()), 48, 1} // 96 rounds: between 6 and 7
	argon := fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=1", between.memory, between.passes) + sum
	inWords := fmt.Sprintf("argon2id with m=%d,t=%d,p=1", between.memory, between.passes)
	steps := []struct {
		verified string
		expected []string
		want     string
	}{
		{expected: nil, want: "bcrypt at cost 5"},
		{expected: []string{"", "$2b$12$x", bcrypt(4)}, want: "bcrypt at cost 5"},
		{expected: []string{bcrypt(9)}, want: "bcrypt at cost 5"}, // refused, not run
		{expected: []string{"$argon2id$v=19$m=4194304,t=9,p=1" + sum}, want: "bcrypt at cost 5"},
		{expected: []string{"$pepper-01234567" + bcrypt(8)}, want: "bcrypt at cost 5"}, // nor is this
		{verified: "$pepper-01234567" + bcrypt(8), want: "bcrypt at cost 5"},
		{verified: "$hmac-sha384" + bcrypt(6), want: "bcrypt at cost 6"},
		{verified: argon, want: inWords},
		{verified: bcrypt(6), want: inWords},
		{expected: []string{bcrypt(4), bcrypt(6), bcrypt(5)}, want: "bcrypt at cost 6"}, // those of argon2id are gone
		{expected: []string{argon, bcrypt(6)}, want: inWords},
		{verified: "$pepper-" + ours.id + bcrypt(8), want: "bcrypt at cost 8"},
		{expected: []string{bcrypt(4)}, want: "bcrypt at cost 5"},
	}
	for _, tt := range steps {
		if tt.verified == "" {
			above := m.Expect(tt.expected...)
			if want := strings.TrimSuffix(tt.want, "bcrypt at cost 5"); above != want {
				t.Errorf("Expect(%q) = %q, want %q", tt.expected, above, want)
			}
		} else if ok, err := m.Verify(t.Context(), "password", tt.verified); ok || err != nil && !errors.Is(err, ErrPepper) {
			t.Errorf("Verify(%q) = %v, %v", tt.verified, ok, err)
		}
		if got := m.costliest.Load().String(); got != tt.want {
			t.Errorf("after %+v a failure takes %s", tt, got)
		}
	}
	if m.NeedsRehash("$pepper-" + ours.id + bcrypt(5)) {
		t.Error("new digests have become costlier too")
	}
}

func FuzzParse(f *testing.F) {
	p := newPepper([]byte("0123456789abcdef0123456789abcdef"))
	for _, c := range []cost{{scheme: Bcrypt, rounds: 4}, {Argon2id, 0, argon2idCost{8, 1, 1}}} {
		for _, p := range []pepper{{}, p} {
			digest, err := newDigest("password", c, p)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(digest)
			f.Add(digest + "=")
		}
	}
	f.Add("$argon2id$v=19$m=4294967295,t=4294967295,p=255$c2FsdHNhbHQ$c2FsdHNhbHRzYWx0c2FsdA")
	f.Fuzz(func(t *testing.T, text string) {
		d, ok := parse(text)
		if !ok || !d.cost.allowed(MinCost) || d.cost.scheme == Argon2id && d.cost.own() > 1<<16 {
			return
		}
		// Whatever is taken apart can be run, and is bounded.
		key, _ := d.key("password", p)
		_ = d.matches(key)
		if d.cost.scheme == Bcrypt && d.cost.rounds != MinCost || d.cost.memory > maxMemory || strings.ContainsAny(text, "\n ") {
			t.Errorf("parse(%q) = %+v", text, d)
		}
	})
}
