package registry

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"vera/host/frame"
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

// codeFrame shows the place in the sources that an error's text begins with.
func codeFrame(err error, sources scan) string {
	if match := place.FindStringSubmatch(err.Error()); match != nil {
		line, _ := strconv.Atoi(match[2]) // an overflow is no line either
		column, _ := strconv.Atoi(match[3])
		return frame.At(sources[match[1]].text, line, column, 0)
	}
	match := field.FindStringSubmatch(err.Error())
	if match == nil {
		return ""
	}
	source := sources[match[1]].text
	lines := strings.Split(string(source), "\n")
	key := regexp.MustCompile(`(^|[\s{,])` + match[2] + `\s*=`)
	isKey := func(line string) bool { return key.MatchString(line) }
	at := slices.IndexFunc(lines, isKey)
	if at < 0 || slices.ContainsFunc(lines[at+1:], isKey) {
		return "" // the name alone does not tell which one is meant
	}
	column := 1 + strings.Index(lines[at], match[2])
	return frame.At(source, at+1, column, column+len(match[2]))
}
