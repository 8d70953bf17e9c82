package frame_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"vera/host/frame"
)

func ExampleAt() {
	source := []byte("local a = 1\nlocal email = fields.emial\nreturn a\n")
	fmt.Print(frame.At(source, 2, 22, 27))
	// Output:
	//   1 | local a = 1
	// > 2 | local email = fields.emial
	//     |                      ^^^^^
	//   3 | return a
}

func TestAt(t *testing.T) {
	for _, tt := range []struct {
		name, source      string
		line, column, end int
		want              string
	}{
		{"no such line", "a", 2, 1, 2, ""},
		{"line zero", "a", 0, 1, 2, ""},
		{"only a line", "\n  a b\n", 2, 0, 0, "> 2 |   a b\n    |   ^\n"},
		{"only a column", "a b", 1, 3, 0, "> 1 | a b\n    |   ^\n"},
		{"behind the line", "a", 1, 9, 12, "> 1 | a\n    | ^\n"},
		{"the end is beyond the line", "abc", 1, 2, 99, "> 1 | abc\n    |  ^^\n"},
		{"tabs", "\tab", 1, 2, 4, "> 1 | \tab\n    | \t^^\n"},
		{"letters of two bytes", "äöü = 1", 1, 1, 7, "> 1 | äöü = 1\n    | ^^^\n"},
		{"crlf", "a\r\nbc\r\n", 2, 1, 3, "  1 | a\n> 2 | bc\n    | ^^\n"},
		{"an empty line", "a\n\nb", 2, 1, 1, "  1 | a\n> 2 | \n    | ^\n  3 | b\n"},
		{"the numbers' width", strings.Repeat("x\n", 9) + "y", 9, 1, 2, "   8 | x\n>  9 | x\n     | ^\n  10 | y\n"},
		{"what a terminal obeys", "\x1b[31m", 1, 1, 2, "> 1 | \uFFFD[31m\n    | ^\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := frame.At([]byte(tt.source), tt.line, tt.column, tt.end); got != tt.want {
				t.Errorf("got\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// Whatever the source, a frame is short and shows nothing that a terminal
// would obey.
func FuzzAt(f *testing.F) {
	f.Add([]byte("local a = 1\nreturn a"), 2, 1, 7)
	f.Add([]byte(strings.Repeat("ä", 200)), 1, 150, 300)
	f.Add([]byte("\xff\x00\x1b"), 1, 2, 3)
	f.Fuzz(func(t *testing.T, source []byte, line, column, end int) {
		got := frame.At(source, line, column, end)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x1b\a\r\x00") {
			t.Errorf("frame %q", got)
		}
		for text := range strings.Lines(got) {
			if n := utf8.RuneCountInString(text); n > 200 {
				t.Errorf("a line of %d runes", n)
			}
		}
	})
}
