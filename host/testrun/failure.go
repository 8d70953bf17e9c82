package testrun

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"vera/host/frame"
	"vera/host/script"
)

// A Failure is why a test did not pass.
type Failure struct {
	Message string // what was expected, or what was raised
	Place

	// Of an expectation that was not met; empty where there is nothing to show.
	Expected, Got string
	Differences   []string // where tables differ: "user.name: expected …, got …"

	Raised    bool   // an error ended the test, no expectation
	Traceback string // of such an error
	Crashes   []Crash
}

// A Crash is an error that ended a run of an action. Its caller saw only "500
// Internal server error".
type Crash struct {
	Action  string
	Message string
	Place
	Traceback string
}

// A Place is a line of a source.
type Place struct {
	File  string // empty: unknown
	Line  int
	Frame string // the line and its neighbours
}

// unmet is the error of an expectation that was not met.
type unmet struct {
	where         string // "file:line:", as Lua says it
	message       string
	expected, got string
	differences   []string
}

func (u *unmet) Error() string { return u.where + " " + u.message }

// atLine finds the place that a message begins with.
var atLine = regexp.MustCompile(`^(?:[^:\n]+\.lua: )?([^:\n]+\.lua):(\d+):(?:(\d+):)? ?`)

// place finds the place that a message begins with, and gives the rest.
func (r *runner) place(message string) (Place, string) {
	match := atLine.FindStringSubmatch(message)
	if match == nil {
		return Place{}, message
	}
	line, _ := strconv.Atoi(match[2]) // an overflow is no line either
	column, _ := strconv.Atoi(match[3])
	return Place{match[1], line, frame.At(r.source(match[1]), line, column, 0)}, message[len(match[0]):]
}

// failure is what an error that ended a test of a file means.
func (r *runner) failure(file string, err error, w *World) *Failure {
	f := &Failure{}
	for _, c := range w.crashes {
		crash := Crash{Action: c.action, Message: c.message, Traceback: c.traceback}
		crash.Place, _ = r.place(c.message)
		f.Crashes = append(f.Crashes, crash)
	}
	raised, _ := errors.AsType[*script.Error](err)
	if raised != nil {
		f.Traceback = raised.Traceback
	}
	if u, ok := errors.AsType[*unmet](err); ok {
		f.Place, _ = r.place(u.where)
		f.Message, f.Expected, f.Got, f.Differences = u.message, u.expected, u.got, u.differences
		if f.File == file {
			f.Traceback = ""
		}
		return f
	}
	f.Raised = true
	switch {
	case errors.Is(err, script.ErrTimeout):
		f.Message = fmt.Sprintf("the test took longer than %v", r.options.Timeout)
	default:
		f.Place, f.Message = r.place(err.Error())
	}
	if f.File == "" { // a primitive raised it: the test's own line is in the traceback
		f.Place = r.innermost(file, f.Traceback)
	}
	return f
}

// innermost is the first line of a traceback that is in the file.
func (r *runner) innermost(file, traceback string) Place {
	for line := range strings.Lines(traceback) {
		if place, _ := r.place(strings.TrimSpace(line)); place.File == file {
			return place
		}
	}
	return Place{}
}
