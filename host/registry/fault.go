package registry

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Fault is why a file is not served as it stands.
type Fault struct {
	File  string
	Err   error  // its text begins with the place
	Stale bool   // its last good version is served instead
	Frame string // the place in its source, a few lines with a caret; empty if no line is known
}

// FrameKey is the key of the log's attribute that holds a fault's Frame.
const FrameKey = "frame"

// Served says what is served instead of the file.
func (f Fault) Served() string {
	if f.Stale {
		return "its last good version"
	}
	return "nothing of it"
}

// LogFaults logs each fault of the served set.
func (r *Registry) LogFaults() {
	r.reportFaults(r.Set(), &Set{})
}

// reportFaults logs the faults that were not there before.
func (r *Registry) reportFaults(next, old *Set) {
	known := make(map[string]string)
	for _, fault := range old.Faults {
		known[fault.File] = fault.Err.Error()
	}
	remedy := "repair it and save, it is loaded again by itself"
	if r.options.Watch == WatchOff {
		remedy = "repair it, then reload with SIGHUP"
	}
	for _, fault := range next.Faults {
		if known[fault.File] == fault.Err.Error() {
			continue
		}
		attrs := []any{"file", fault.File, "error", fault.Err, "served", fault.Served(), "remedy", remedy}
		if fault.Frame != "" {
			attrs = append(attrs, FrameKey, fault.Frame)
		}
		r.options.Logger.Error("file has a fault", attrs...)
	}
}

// How an error's text begins that knows its line, or at least its field.
var (
	place = regexp.MustCompile(`^(?:[^:\n]+\.lua: )?([^:\n]+\.lua):(\d+):(?:(\d+):)? `)
	field = regexp.MustCompile(`^([^:\n]+\.lua): field (?:\w+\.)*(\w+): `)
)

// frame shows the place in the sources that an error's text begins with:
//
//	  11 | local a = 1
//	> 12 | local b = = 2
//	     |           ^
//	  13 | return a
func frame(err error, sources scan) string {
	if match := place.FindStringSubmatch(err.Error()); match != nil {
		line, _ := strconv.Atoi(match[2]) // an overflow is no line either
		column, _ := strconv.Atoi(match[3])
		return frameAt(strings.Split(string(sources[match[1]].text), "\n"), line, column)
	}
	match := field.FindStringSubmatch(err.Error())
	if match == nil {
		return ""
	}
	lines := strings.Split(string(sources[match[1]].text), "\n")
	key := regexp.MustCompile(`(^|[\s{,])` + match[2] + `\s*=`)
	isKey := func(line string) bool { return key.MatchString(line) }
	at := slices.IndexFunc(lines, isKey)
	if at < 0 || slices.ContainsFunc(lines[at+1:], isKey) {
		return "" // the name alone does not tell which one is meant
	}
	return frameAt(lines, at+1, 1+strings.Index(lines[at], match[2]))
}

// frameAt shows a line and its neighbours. Without a column, which counts
// bytes from 1, the caret is below the line's first letter.
func frameAt(lines []string, line, column int) string {
	if line < 1 || line > len(lines) {
		return ""
	}
	var b strings.Builder
	width := len(strconv.Itoa(line + 1))
	for n := max(1, line-1); n <= min(len(lines), line+1); n++ {
		text := strings.TrimRight(lines[n-1], " \t\r")
		if n != line {
			if text != "" {
				fmt.Fprintf(&b, "  %*d | %s\n", width, n, shown(text, 0))
			}
			continue
		}
		at := column - 1
		if at < 0 || at > len(text) {
			at = len(text) - len(strings.TrimLeft(text, " \t"))
		}
		fmt.Fprintf(&b, "> %*d | %s\n", width, n, shown(text, at))
		fmt.Fprintf(&b, "  %*s | %s^\n", width, "", indent(text, at))
	}
	return b.String()
}

const longestLine = 120 // runes of a line that a frame shows

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
