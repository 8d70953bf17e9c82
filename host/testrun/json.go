package testrun

import (
	"encoding/json"
	"io"

	"vera/host/registry"
)

// JSON writes one object a line: for each test an event "test", for a file that
// is no action "fault", then for each file "coverage", and at the end "summary".
type JSON struct{ Out io.Writer }

type jsonPlace struct {
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"`
	Frame string `json:"frame,omitempty"`
}

type jsonFailure struct {
	Message string `json:"message"`
	jsonPlace
	Expected    string      `json:"expected,omitempty"`
	Got         string      `json:"got,omitempty"`
	Differences []string    `json:"differences,omitempty"`
	Raised      bool        `json:"raised"`
	Traceback   string      `json:"traceback,omitempty"`
	Crashes     []jsonCrash `json:"crashes,omitempty"`
}

type jsonCrash struct {
	Action  string `json:"action"`
	Message string `json:"message"`
	jsonPlace
	Traceback string `json:"traceback,omitempty"`
}

func (j *JSON) write(event any) {
	encoder := json.NewEncoder(j.Out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(event) // nobody is left to be told
}

// Fault tells of a file that is no action as it stands.
func (j *JSON) Fault(fault registry.Fault) {
	j.write(struct {
		Event   string `json:"event"`
		File    string `json:"file"`
		Message string `json:"message"`
		Frame   string `json:"frame,omitempty"`
	}{"fault", fault.File, fault.Err.Error(), fault.Frame})
}

// Result tells of one test.
func (j *JSON) Result(r Result) {
	event := struct {
		Event   string       `json:"event"`
		File    string       `json:"file"`
		Name    string       `json:"name"`
		Line    int          `json:"line"`
		Status  string       `json:"status"`
		Seconds float64      `json:"seconds"`
		Failure *jsonFailure `json:"failure,omitempty"`
		Log     []string     `json:"log,omitempty"`
	}{"test", r.File, r.Name, r.Line, "passed", r.Elapsed.Seconds(), nil, r.Log}
	if f := r.Failure; f != nil {
		event.Status = "failed"
		event.Failure = &jsonFailure{
			Message: f.Message, jsonPlace: jsonPlace(f.Place), Expected: f.Expected, Got: f.Got,
			Differences: f.Differences, Raised: f.Raised, Traceback: f.Traceback,
		}
		for _, c := range f.Crashes {
			event.Failure.Crashes = append(event.Failure.Crashes, jsonCrash{c.Action, c.Message, jsonPlace(c.Place), c.Traceback})
		}
	}
	j.write(event)
}

// Summary tells of the whole run.
func (j *JSON) Summary(o *Outcome) {
	for _, file := range o.Coverage {
		missed := file.Missed
		if missed == nil {
			missed = []int{}
		}
		j.write(struct {
			Event    string  `json:"event"`
			File     string  `json:"file"`
			Lines    int     `json:"lines"`
			Executed int     `json:"executed"`
			Percent  float64 `json:"percent"`
			Missed   []int   `json:"missed"`
		}{"coverage", file.File, file.Total, file.Executed, file.Percent(), missed})
	}
	failed := o.Failed()
	j.write(struct {
		Event   string  `json:"event"`
		Passed  int     `json:"passed"`
		Failed  int     `json:"failed"`
		Seconds float64 `json:"seconds"`
	}{"summary", len(o.Results) + len(o.Faults) - failed, failed, o.Elapsed.Seconds()})
}
