package registry

import (
	"errors"
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

	Points []Point // the same, one by one
}

// A Point is one thing wrong with a file.
type Point struct {
	File    string // may be a module that the faulty file requires
	Line    int    // 0 if it is the file as a whole
	Column  int    // in bytes from 1; 0 if only the line is known
	End     int    // behind what is meant; 0 if that is not known
	Message string
}

// ErrTwice is that several files have one action's name.
var ErrTwice = errors.New("several files have one action's name")

// twice is ErrTwice in other words.
type twice struct{ error }

func (twice) Is(target error) bool { return target == ErrTwice }

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

// How an error's text begins that knows its line, or at least the key that it
// is about: a field's, or one of the file's own.
var (
	place = regexp.MustCompile(`^(?:[^:\n]+\.lua: )?([^:\n]+\.lua):(\d+):(?:(\d+):)? `)
	field = regexp.MustCompile(`^([^:\n]+\.lua): (?:field (?:[\w\[\]]+\.)*|.*unknown key "|)(\w+)(?:\[\])*(?:: |")`)
)

// codeFrame shows the place in the sources that an error's text begins with.
func codeFrame(err error, sources scan) string {
	p := point("", err.Error(), sources)
	if p.Line == 0 {
		return ""
	}
	return frame.At(sources[p.File].text, p.Line, p.Column, p.End)
}

// points takes a file's error apart.
func points(file string, err error, sources scan) []Point {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		joined, ok := inner.(interface{ Unwrap() []error })
		if !ok {
			continue
		}
		var list []Point
		for _, part := range joined.Unwrap() {
			list = append(list, point(file, at(file, part).Error(), sources))
		}
		return list
	}
	return []Point{point(file, err.Error(), sources)}
}

// point finds the place that an error's text begins with.
func point(file, text string, sources scan) Point {
	if match := place.FindStringSubmatch(text); match != nil {
		p := Point{File: match[1], Message: text[len(match[0]):]}
		p.Line, _ = strconv.Atoi(match[2]) // an overflow is no line either
		p.Column, _ = strconv.Atoi(match[3])
		if p.File != file {
			p.Message = file + " cannot be loaded: " + p.Message
		}
		return p
	}
	p := Point{File: file, Message: strings.TrimPrefix(text, file+": ")}
	match := field.FindStringSubmatch(text)
	if match == nil {
		return p
	}
	p.File = match[1]
	lines := strings.Split(string(sources[p.File].text), "\n")
	key := regexp.MustCompile(`(^|[\s{,])` + match[2] + `\s*=`)
	isKey := func(line string) bool { return key.MatchString(line) }
	first := slices.IndexFunc(lines, isKey)
	if first < 0 || slices.ContainsFunc(lines[first+1:], isKey) {
		return p // the name alone does not tell which one is meant
	}
	p.Line, p.Column = first+1, 1+strings.Index(lines[first], match[2])
	p.End = p.Column + len(match[2])
	return p
}
