package registry_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden file anew")

// What is shown of each kind of fault.
func TestFrames(t *testing.T) {
	const head = "return {\n  description = \"Test\",\n"
	f := open(t, map[string]string{
		"syntax.lua":   "local a = 1\nlocal b = = 2\nreturn a\n",
		"tabs.lua":     head + "\tfields = {\n\t\tx y\n\t},\n}\n",
		"last.lua":     head + "  run = function()\n",
		"first.lua":    "oops oops",
		"umlaut.lua":   head + "  fields = { [\"größe\"] = = 1 },\n}",
		"long.lua":     "local x = { " + strings.Repeat("\"ä\", ", 60) + "= }\nreturn x",
		"bell.lua":     "local x = \"\a\x1b[31m\" = 2",
		"raises.lua":   "local a = 1\n\nerror(\"no\")\nreturn a",
		"field.lua":    head + "  fields = {\n    phone = { type = \"strng\", description = \"x\" },\n  },\n  run = function() end,\n}",
		"twice.lua":    head + "  fields = {\n    x = { type = \"object\", description = \"x\", fields = { x = { type = \"?\", description = \"x\" } } },\n  },\n  run = function() end,\n}",
		"whole.lua":    "return 1",
		"lib/bad.lua":  "local function f()\n  return nil + 1\nend\nreturn f()",
		"user.lua":     "local bad = require(\"lib.bad\")\nreturn bad",
		"lib/syn.lua":  "return {\n",
		"user2.lua":    "return require(\"lib.syn\")",
		"crlf.lua":     "local a = 1\r\nlocal b = = 2\r\nreturn a\r\n",
		"no_break.lua": "break",
	})
	var b strings.Builder
	for _, fault := range f.actions.Set().Faults {
		fmt.Fprintf(&b, "%s\n%s\n", fault.Err, fault.Frame)
	}
	const golden = "testdata/frames.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("frames (-want +got), -update writes them anew:\n%s", diff)
	}
	if strings.ContainsAny(b.String(), "\x1b\a") {
		t.Error("a frame holds what a terminal obeys")
	}
}

// A fault is told once, with its frame, what is served and what to do.
func TestFaultIsLogged(t *testing.T) {
	f := open(t, map[string]string{"a.lua": fmt.Sprintf(good, 1), "b.lua": "oops oops"})
	f.actions.LogFaults()
	f.write("a.lua", "local a = = 1")
	f.reload()
	want := []string{`file=b.lua `, `served="nothing of it"`, `file=a.lua `, `served="its last good version"`}
	if got := f.logged(`file=\S+ |served="[^"]+"`); !slices.Equal(got, want) {
		t.Errorf("log %q, want %q", got, want)
	}
	if len(f.logged(`remedy="repair it, then reload with SIGHUP" frame="> 1 \| `)) != 2 {
		t.Errorf("the log lacks the remedy or the frame:\n%s", f.logs.String())
	}
}
