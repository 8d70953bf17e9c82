package spell_test

import (
	"fmt"
	"strings"
	"testing"

	"vera/host/spell"
)

func Example() {
	fmt.Println(spell.Meant("emial", []string{"email", "phone"}))
	fmt.Printf("unknown type %q%s\n", "strng", spell.Hint("strng", []string{"string", "number"}))
	// Output:
	// email
	// unknown type "strng", did you mean "string"?
}

func TestMeant(t *testing.T) {
	names := []string{"email", "id", "status_code", "message", "fields", "max_length", "max_items", "encode", "decode"}
	for word, want := range map[string]string{
		"emial":                  "email", // two neighbours swapped
		"emal":                   "email",
		"statuscode":             "status_code",
		"StatusCode":             "status_code",
		"status":                 "status_code", // the only one that begins so
		"mesage":                 "message",
		"massagge":               "message",
		"max":                    "", // two begin so
		"ip":                     "", // too short to be a slip
		"ID":                     "id",
		"email":                  "", // is no misspelling of itself
		"":                       "",
		"body":                   "",
		"ncode":                  "encode",
		strings.Repeat("e", 999): "",
	} {
		if got := spell.Meant(word, names); got != want {
			t.Errorf("Meant(%q) = %q, want %q", word, got, want)
		}
	}
	if got := spell.Hint("body", names); got != "" {
		t.Errorf("Hint of what is far from everything is %q", got)
	}
}

func FuzzMeant(f *testing.F) {
	f.Add("emial", "email")
	f.Add("", "\xff")
	f.Fuzz(func(t *testing.T, word, candidate string) {
		if got := spell.Meant(word, []string{candidate}); got != "" && got != candidate {
			t.Errorf("Meant(%q, %q) = %q", word, candidate, got)
		}
	})
}
