// Package username brings usernames to the one form in which they are
// compared and stored.
//
//	name, err := username.Normalize("Ａlice") // "alice"
//
// The form is the PRECIS profile UsernameCaseMapped (RFC 8265): width folded,
// lower case, NFC; no blanks, controls, invisible characters or symbols beyond
// ASCII. On top of it a name keeps to one script, so that a Cyrillic а does not
// pass for a Latin a. A name wholly in another script may still look like a
// Latin one.
package username

import (
	"unicode"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/width"
)

// MaxBytes bounds a username in UTF-8.
const MaxBytes = 1024

// An Error says why a text is no username.
type Error struct {
	Code    string // "invalid", "mixed_script" or "too_long"
	Message string // for the one who typed it
}

func (e *Error) Error() string { return e.Message }

var (
	errInvalid = &Error{"invalid", "Invalid username: it is empty or holds a character that is not allowed"}
	errMixed   = &Error{"mixed_script", "Invalid username: it mixes letters of different scripts"}
	errTooLong = &Error{"too_long", "Invalid username: it is too long"}
)

// Normalize returns the canonical form of text. It is its own canonical form.
// The error is an *Error.
func Normalize(text string) (string, error) {
	if len(text) > MaxBytes {
		return "", errTooLong
	}
	// The width is folded before, as the library holds a first digit of full
	// width against the rule for names that are written from right to left.
	name, err := precis.UsernameCaseMapped.String(width.Fold.String(text))
	if err != nil || name == "" {
		return "", errInvalid
	}
	if len(name) > MaxBytes {
		return "", errTooLong
	}
	// A few texts change again when mapped again; they have no canonical form.
	if again, err := precis.UsernameCaseMapped.String(name); err != nil || again != name {
		return "", errInvalid
	}
	if !singleScript(name) {
		return "", errMixed
	}
	return name, nil
}

// together lists the scripts that one language writes side by side, as in
// Unicode TR 39, "highly restrictive". Each goes with Latin too.
var together = [][]*unicode.RangeTable{
	{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Latin},
	{unicode.Han, unicode.Hangul, unicode.Latin},
	{unicode.Han, unicode.Bopomofo, unicode.Latin},
}

// singleScript reports whether all letters of name are of one script, or of
// scripts that are written together. What belongs to no script, such as
// digits and hyphens, goes with all.
func singleScript(name string) bool {
	var first *unicode.RangeTable
	mixed := false
	for _, r := range name {
		switch {
		case unicode.In(r, unicode.Common, unicode.Inherited):
		case first == nil:
			first = scriptOf(r)
		case !unicode.Is(first, r):
			mixed = true
		}
	}
	if !mixed {
		return true
	}
	for _, scripts := range together {
		if within(name, scripts) {
			return true
		}
	}
	return false
}

func within(name string, scripts []*unicode.RangeTable) bool {
	for _, r := range name {
		if !unicode.In(r, unicode.Common, unicode.Inherited) && !unicode.In(r, scripts...) {
			return false
		}
	}
	return true
}

// scriptOf returns the script that r belongs to. A character of none is alone
// in its own, so that it goes with nothing else.
func scriptOf(r rune) *unicode.RangeTable {
	if unicode.Is(unicode.Latin, r) {
		return unicode.Latin
	}
	for _, script := range unicode.Scripts {
		if unicode.Is(script, r) {
			return script
		}
	}
	return &unicode.RangeTable{R32: []unicode.Range32{{Lo: uint32(r), Hi: uint32(r), Stride: 1}}}
}
