package main

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// escaping writes JSON with every character escaped that could make a log look
// other than it is: slog leaves those that turn the direction of text, and
// the controls from DEL on.
type escaping struct {
	w io.Writer
}

// Write writes whole lines, as slog does.
func (e escaping) Write(line []byte) (int, error) {
	if strings.IndexFunc(string(line), misleading) < 0 {
		return e.w.Write(line)
	}
	var b strings.Builder
	for _, r := range string(line) {
		switch {
		case !misleading(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	if _, err := io.WriteString(e.w, b.String()); err != nil {
		return 0, err
	}
	return len(line), nil
}

// misleading tells control and format characters, of which slog itself writes
// the end of the line alone.
func misleading(r rune) bool {
	return r >= utf8.RuneSelf-1 && unicode.In(r, unicode.Cc, unicode.Cf)
}
