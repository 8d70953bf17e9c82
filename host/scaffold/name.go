package scaffold

import (
	"fmt"
	"strings"
	"unicode"

	"vera/host/registry"
	"vera/host/script"
)

// A Name is what an action is called, and its file.
type Name struct {
	Action string // as callers know it: SignUp
	File   string // without .lua: sign_up
}

// ParseName reads either of the two: a text with a capital letter in it is an
// action's name, one without is its file's, with or without .lua.
func ParseName(text string) (Name, error) {
	base := strings.TrimSuffix(text, ".lua")
	if !script.ValidName(base) {
		return Name{}, fmt.Errorf("%q is no action's name: it takes 1 to 64 letters, digits and underscores, a letter in front, "+
			"such as SignUp, or sign_up for its file", shown(text))
	}
	name := Name{Action: base, File: snake(base)}
	if base == strings.ToLower(base) {
		name = Name{Action: registry.ActionName(base), File: base}
	}
	if strings.HasSuffix(name.File, "_test") {
		return Name{}, fmt.Errorf("%q is no action's name: a file that ends in _test.lua is a test; choose one that does not end in Test", shown(text))
	}
	return name, nil
}

// Derived is the action's name as the file alone says it.
func (n Name) Derived() string { return registry.ActionName(n.File) }

// Explicit tells whether the file has to say the action's name.
func (n Name) Explicit() bool { return n.Derived() != n.Action }

// snake is a name in PascalCase as a file's: HTTPProxy is http_proxy.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && unicode.IsUpper(r) && runes[i-1] != '_' {
			inWord := !unicode.IsUpper(runes[i-1])
			lastCapital := i+1 < len(runes) && unicode.IsLower(runes[i+1])
			if inWord || lastCapital {
				b.WriteByte('_')
			}
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// shown is a text as a message repeats it: not endless.
func shown(text string) string {
	const longest = 80
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}
