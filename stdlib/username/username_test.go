package username_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"pgregory.net/rapid"

	"vera/stdlib/username"
)

func code(err error) string {
	if err, ok := errors.AsType[*username.Error](err); ok {
		return err.Code
	}
	return fmt.Sprint(err)
}

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"alice":           "alice",
		"Alice":           "alice",
		"ＡＬＩＣＥ":           "alice",
		"ａｌｉｃｅ":           "alice",
		"０ａ":              "0a",
		"jose\u0301":      "jos\u00e9",
		"jos\u00e9":       "jos\u00e9",
		"o'brien-smith_2": "o'brien-smith_2",
		"a@b":             "a@b",
		"ИВАН":            "иван",
		"straße":          "straße",
		"山田taro":          "山田taro",
		"やまだ山田ヤマダ":        "やまだ山田ヤマダ",
		"김철수kim":          "김철수kim",
		"12345":           "12345",
		"иван_7":          "иван_7",
	} {
		if got, err := username.Normalize(in); err != nil || got != want {
			t.Errorf("Normalize(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                             "invalid",
		"ali\x00ce":                    "invalid",
		"ali\u200bce":                  "invalid",
		"ali\u202ece":                  "invalid",
		"x'; DROP TABLE users; --":     "invalid",
		"two words":                    "invalid",
		" alice":                       "invalid",
		"alice\n":                      "invalid",
		"ﬁsh":                          "invalid", // a ligature
		"alice😀":                       "invalid",
		"\xff":                         "invalid",
		"\u0430lice":                   "mixed_script", // Cyrillic а
		"alic\u0435":                   "mixed_script", // Cyrillic е
		"\u03bfscar":                   "mixed_script", // Greek omicron
		"иван-ivan":                    "mixed_script",
		"やま김":                          "mixed_script",
		strings.Repeat("a", 1025):      "too_long",
		strings.Repeat("ａ", 1_000_000): "too_long",
	} {
		if got, err := username.Normalize(in); code(err) != want {
			t.Errorf("Normalize(%.40q) = %.40q, %v, want code %s", in, got, err, want)
		}
	}
}

func TestIdempotent(t *testing.T) {
	letters := rapid.SampledFrom([]rune("aAzZ09éÉ\u0301ａＺßİıſKÅςΣ'@._-\u0345\u1e9eǅ"))
	text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOfN(letters, 1, 12), func(r []rune) string { return string(r) }))
	rapid.Check(t, func(t *rapid.T) {
		in := text.Draw(t, "text")
		once, err := username.Normalize(in)
		if err != nil {
			return
		}
		if twice, err := username.Normalize(once); err != nil || twice != once {
			t.Fatalf("Normalize(%q) = %q, and of that %q, %v", in, once, twice, err)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if got, err := username.Normalize("ＪＯＳE\u0301_ΙΣ"); code(err) != "mixed_script" {
				t.Errorf("Normalize = %q, %v", got, err)
			}
			if got, err := username.Normalize("ИВАН"); err != nil || got != "иван" {
				t.Errorf("Normalize = %q, %v", got, err)
			}
		})
	}
	all.Wait()
}

func FuzzNormalize(f *testing.F) {
	for _, seed := range []string{"Alice", "ａlice", "\u0430lice", "jose\u0301", "İ", "a\u0345"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		once, err := username.Normalize(in)
		if err != nil {
			return
		}
		if strings.ContainsAny(once, " \x00\n\u200b\u202e") {
			t.Errorf("Normalize(%q) = %q", in, once)
		}
		if twice, err := username.Normalize(once); err != nil || twice != once {
			t.Errorf("Normalize(%q) = %q, and of that %q, %v", in, once, twice, err)
		}
	})
}

func TestLua(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.PreloadModule("username", username.Module)
	err := L.DoString(`
		local username = require("username")
		assert(username.normalize("Alice") == "alice")
		local none, code, message = username.normalize("two words")
		assert(none == nil and code == "invalid" and #message > 10)
		assert(not pcall(username.normalize, {}))
		assert(not pcall(username.normalize))`)
	if err != nil {
		t.Error(err)
	}
}

func ExampleNormalize() {
	fmt.Println(username.Normalize("Ａlice"))
	fmt.Println(username.Normalize("\u0430lice")) // with a Cyrillic letter
	// Output:
	// alice <nil>
	//  Invalid username: it mixes letters of different scripts
}

func BenchmarkNormalize(b *testing.B) {
	for _, name := range []string{"carol", "josé", "иван"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = username.Normalize(name)
			}
		})
	}
}
