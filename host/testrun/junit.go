package testrun

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type junitSuites struct {
	XMLName  xml.Name      `xml:"testsuites"`
	Tests    int           `xml:"tests,attr"`
	Failures int           `xml:"failures,attr"`
	Errors   int           `xml:"errors,attr"`
	Time     string        `xml:"time,attr"`
	Suites   []*junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
	seconds  float64
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr,omitempty"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure"`
	Error   *junitFailure `xml:"error"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the outcome as XML in the form that JUnit made known: a
// suite for each file, a failure for an expectation that was not met, an error
// for all else.
func WriteJUnit(w io.Writer, o *Outcome) error {
	all := junitSuites{Time: seconds(o.Elapsed.Seconds())}
	suites := make(map[string]*junitSuite)
	add := func(file string, took float64, c junitCase) {
		suite := suites[file]
		if suite == nil {
			suite = &junitSuite{Name: file}
			suites[file] = suite
			all.Suites = append(all.Suites, suite)
		}
		c.Class, c.File, c.Time = strings.TrimSuffix(file, ".lua"), file, seconds(took)
		suite.Cases = append(suite.Cases, c)
		suite.Tests++
		all.Tests++
		suite.seconds += took
		suite.Time = seconds(suite.seconds)
		if c.Failure != nil {
			suite.Failures++
			all.Failures++
		}
		if c.Error != nil {
			suite.Errors++
			all.Errors++
		}
	}
	for _, fault := range o.Faults {
		add(fault.File, 0, junitCase{Name: "loads", Error: &junitFailure{
			Message: clean(fault.Err.Error()), Type: "fault", Text: clean(fault.Err.Error() + "\n" + fault.Frame),
		}})
	}
	for _, r := range o.Results {
		c := junitCase{Name: clean(cmp.Or(r.Name, "loads")), Line: r.Line, Output: clean(strings.Join(r.Log, "\n"))}
		if f := r.Failure; f != nil {
			failure := &junitFailure{Message: clean(at(f.Place) + f.Message), Type: "expectation", Text: clean(details(f))}
			if f.Raised {
				failure.Type = "error"
				c.Error = failure
			} else {
				c.Failure = failure
			}
		}
		add(r.File, r.Elapsed.Seconds(), c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// details is the failure as a person reads it.
func details(f *Failure) string {
	var b bytes.Buffer
	(&Text{Out: &b}).failure(f)
	return b.String()
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// clean leaves out what XML cannot hold.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r >= ' ' && r <= 0xd7ff, r >= 0xe000 && r <= 0xfffd, r >= 0x10000:
			return r
		}
		return '\uFFFD'
	}, text)
}
