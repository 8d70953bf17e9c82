package testrun_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/host/testrun"
)

var update = flag.Bool("update", false, "write what is generated")

// mixed is a run in which everything happens that a report tells of.
func mixed(t *testing.T) *testrun.Outcome {
	t.Helper()
	f := newFixture(t, 1, map[string]string{
		"crash.lua":  action("require('log').info('here')\nerror('boom')"),
		"broken.lua": "return {\n  oops oops\n}\n",
		"a_test.lua": `describe("A <group> & more", function()
  it("passes", function()
    expect(1):equals(1)
  end)
  it("fails", function()
    expect({ a = 1, text = ("long "):rep(20) }):equals({ a = 2 })
  end)
  it("crashes", function()
    expect(call("Crash").status_code):equals(200)
  end)
end)
`,
		"b_test.lua": "test('raises', function()\n  error('no\\27[31m')\nend)\n",
	})
	f.options.Cover = true
	return f.run(t)
}

// What a person reads, compared with a golden file.
func TestText(t *testing.T) {
	outcome := mixed(t)
	var b strings.Builder
	report := &testrun.Text{Out: &b, Verbose: true}
	for _, r := range outcome.Results {
		report.Result(r)
	}
	for _, fault := range outcome.Faults {
		report.Fault(fault)
	}
	report.Summary(outcome)
	got := regexp.MustCompile(`\([0-9.]+m?s\)`).ReplaceAllString(b.String(), "(1ms)")
	golden := filepath.Join("testdata", "report.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("a terminal would obey what is in a message")
	}
	var coloured strings.Builder
	(&testrun.Text{Out: &coloured, Color: true}).Summary(outcome)
	if !strings.Contains(coloured.String(), "\x1b[31m1 passed, 4 failed\x1b[0m") {
		t.Errorf("%q", coloured.String())
	}
}

func TestJSONReport(t *testing.T) {
	outcome := mixed(t)
	var b bytes.Buffer
	report := &testrun.JSON{Out: &b}
	for _, fault := range outcome.Faults {
		report.Fault(fault)
	}
	for _, r := range outcome.Results {
		report.Result(r)
	}
	report.Summary(outcome)
	type event struct {
		Event, File, Name, Status, Message string
		Passed, Failed, Line               int
		Percent                            float64
		Failure                            *struct {
			File, Message, Expected, Got string
			Line                         int
			Raised                       bool
			Differences                  []string
			Crashes                      []struct{ Action, File, Message string }
		}
		Log []string
	}
	var events []event
	for line := range bytes.Lines(b.Bytes()) {
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		events = append(events, e)
	}
	if len(events) != 7 { // a fault, four tests, a file of lines, the sum
		t.Fatalf("%d events:\n%s", len(events), b.String())
	}
	if e := events[0]; e.Event != "fault" || e.File != "broken.lua" || !strings.Contains(e.Message, "broken.lua:2") {
		t.Errorf("%+v", e)
	}
	if e := events[1]; e.Status != "passed" || e.Line != 2 || e.Failure != nil || !strings.HasSuffix(e.Name, " > passes") {
		t.Errorf("%+v", e)
	}
	if f := events[2].Failure; f == nil || f.File != "a_test.lua" || f.Line != 6 || f.Expected != "{ a = 2 }" || len(f.Differences) != 2 || f.Raised {
		t.Errorf("%+v", f)
	}
	if f := events[3].Failure; f == nil || f.Got != "500" || len(f.Crashes) != 1 || f.Crashes[0].Action != "Crash" || len(events[3].Log) != 1 {
		t.Errorf("%+v", events[3])
	}
	if f := events[4].Failure; f == nil || !f.Raised || f.Message != "no\x1b[31m" || f.Line != 2 {
		t.Errorf("%+v", f)
	}
	if e := events[5]; e.Event != "coverage" || e.File != "crash.lua" || e.Percent != 100 {
		t.Errorf("%+v", e)
	}
	if e := events[6]; e.Event != "summary" || e.Passed != 1 || e.Failed != 4 {
		t.Errorf("%+v", e)
	}
}

func TestJUnit(t *testing.T) {
	outcome := mixed(t)
	var b bytes.Buffer
	if err := testrun.WriteJUnit(&b, outcome); err != nil {
		t.Fatal(err)
	}
	type problem struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	var parsed struct {
		XMLName  xml.Name `xml:"testsuites"`
		Tests    int      `xml:"tests,attr"`
		Failures int      `xml:"failures,attr"`
		Errors   int      `xml:"errors,attr"`
		Suites   []struct {
			Name     string `xml:"name,attr"`
			Tests    int    `xml:"tests,attr"`
			Failures int    `xml:"failures,attr"`
			Errors   int    `xml:"errors,attr"`
			Cases    []struct {
				Name    string   `xml:"name,attr"`
				Class   string   `xml:"classname,attr"`
				Line    int      `xml:"line,attr"`
				Time    float64  `xml:"time,attr"`
				Failure *problem `xml:"failure"`
				Error   *problem `xml:"error"`
				Output  string   `xml:"system-out"`
			} `xml:"testcase"`
		} `xml:"testsuite"`
	}
	if err := xml.Unmarshal(b.Bytes(), &parsed); err != nil {
		t.Fatalf("%v:\n%s", err, b.String())
	}
	if parsed.Tests != 5 || parsed.Failures != 2 || parsed.Errors != 2 || len(parsed.Suites) != 3 {
		t.Fatalf("%+v", parsed)
	}
	a := parsed.Suites[1]
	if a.Name != "a_test.lua" || a.Tests != 3 || a.Failures != 2 || a.Errors != 0 {
		t.Errorf("%+v", a)
	}
	if c := a.Cases[0]; c.Name != "A <group> & more > passes" || c.Class != "a_test" || c.Line != 2 || c.Failure != nil || c.Error != nil {
		t.Errorf("%+v", c)
	}
	if f := a.Cases[1].Failure; f == nil || f.Message != "a_test.lua:6: expected to be equal" || !strings.Contains(f.Text, "- a: expected 2, got 1") {
		t.Errorf("%+v", f)
	}
	if c := a.Cases[2]; c.Failure == nil || !strings.Contains(c.Failure.Text, "crash.lua:3: boom") || !strings.Contains(c.Output, "msg=here") {
		t.Errorf("%+v", c)
	}
	if e := parsed.Suites[2].Cases[0].Error; e == nil || e.Message != "b_test.lua:2: no\uFFFD[31m" {
		t.Errorf("%+v", e)
	}
	if e := parsed.Suites[0].Cases[0].Error; e == nil || !strings.Contains(e.Text, "oops") {
		t.Errorf("%+v", e)
	}
}
