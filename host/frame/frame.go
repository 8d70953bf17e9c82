// Package frame shows a place in a source to a person: its line, the lines
// around it, and a caret below the place.
//
//	  11 | local a = 1
//	> 12 | local b = = 2
//	     |           ^
//	  13 | return a
package frame

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// longestLine is how much of a line is shown, in runes.
const longestLine = 120

// At shows a line, which counts from 1, and its neighbours; nothing where the
// source has no such line. Columns count bytes from 1. What is marked begins
// at column and ends before end; an end that is not behind column marks one
// letter. Without a column, zero, the caret is below the line's first letter.
func At(source []byte, line, column, end int) string {
	lines := bytes.Split(source, []byte("\n"))
	if line < 1 || line > len(lines) {
		return ""
	}
	var b strings.Builder
	width := len(strconv.Itoa(line + 1))
	for n := max(1, line-1); n <= min(len(lines), line+1); n++ {
		text := strings.TrimRight(string(lines[n-1]), " \t\r")
		if n != line {
			if text != "" {
				fmt.Fprintf(&b, "  %*d | %s\n", width, n, shown(text, 0))
			}
			continue
		}
		at := column - 1
		if at < 0 || at > len(text) {
			at = len(text) - len(strings.TrimLeft(text, " \t"))
			end = 0
		}
		fmt.Fprintf(&b, "> %*d | %s\n", width, n, shown(text, at))
		fmt.Fprintf(&b, "  %*s | %s%s\n", width, "", indent(text, at), carets(text, at, end-1))
	}
	return b.String()
}

// shown is a line as a frame shows it: not endless, and nothing in it that a
// terminal would obey. at is a byte that must be in sight.
func shown(text string, at int) string {
	text = strings.ToValidUTF8(text[cut(text, at):], "\uFFFD")
	clean := strings.Map(func(r rune) rune {
		if r != '\t' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return '\uFFFD'
		}
		return r
	}, text)
	if runes := []rune(clean); len(runes) > longestLine {
		return string(runes[:longestLine]) + "…"
	}
	return clean
}

// indent is as wide as the part of the shown line before the byte at.
func indent(text string, at int) string {
	before := strings.ToValidUTF8(text[cut(text, at):at], "\uFFFD")
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, before)
}

// carets mark what begins at the byte at and ends before end.
func carets(text string, at, end int) string {
	if end <= at {
		return "^"
	}
	marked := text[at:min(end, len(text))]
	visible := longestLine - utf8.RuneCountInString(text[cut(text, at):at])
	return strings.Repeat("^", min(max(1, utf8.RuneCountInString(marked)), visible))
}

// cut is where the shown part of a line begins.
func cut(text string, at int) int {
	if at < longestLine {
		return 0
	}
	from := at - longestLine/2
	for from > 0 && !utf8.RuneStart(text[from]) {
		from--
	}
	return from
}
