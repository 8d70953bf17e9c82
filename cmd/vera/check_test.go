package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vera/host/lint"
	"vera/host/plugboard"
)

// Files with one of each kind of trouble.
func troubledActions(t *testing.T) string {
	t.Helper()
	return writeActions(t, map[string]string{
		"live.lua": liveAction("old", 0),
		"typo.lua": `local db = require("db")

return {
  description = "Test",
  fields = { email = { type = "string", description = "x" }, nick = { type = "string", description = "x" } },
  run = function(fields)
    return { status_code = 200, fields = db.one("SELECT $1", fields.emial) }
  end,
}
`,
		"syntax.lua":  "return {\n  oops oops\n}",
		"field.lua":   "return {\n  description = \"Test\",\n  fields = {\n    phone = { type = \"strng\" },\n    other = { type = \"string\" },\n  },\n  run = function(f) return { status_code = 200, fields = { f.phone, f.other } } end,\n}\n",
		"bare.lua":    "return { fields = {}, run = function() return { status_code = 200 } end }\n",
		"first.lua":   "return { name = \"Same\", description = \"x\", fields = {}, run = function() return { status_code = 200 } end }\n",
		"second.lua":  "return { name = \"Same\", description = \"x\", fields = {}, run = function() return { status_code = 200 } end }\n",
		"missing.lua": "local x = require(\"lib.nowhere\")\nreturn x\n",
	})
}

func TestCheckReport(t *testing.T) {
	dir := troubledActions(t)
	code, out, err := command(t, nil, "check", dir)
	if code != exitFailed || !strings.Contains(err, "vera: 9 errors, 1 warning in "+dir) {
		t.Errorf("exit code %d, printed\n%s", code, err)
	}
	const golden = "testdata/check.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(out), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, readErr := os.ReadFile(golden)
	if readErr != nil {
		t.Fatal(readErr)
	}
	if diff := cmp.Diff(string(want), out); diff != "" {
		t.Errorf("report (-want +got), -update writes it anew:\n%s", diff)
	}
}

func TestCheckJSON(t *testing.T) {
	type document struct {
		Findings []lint.Finding
		Summary  summary
	}
	read := func(wantCode int, args ...string) (d document) {
		t.Helper()
		code, out, stderr := command(t, nil, append([]string{"check", "--json"}, args...)...)
		decoder := json.NewDecoder(strings.NewReader(out))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&d); err != nil || decoder.More() {
			t.Fatalf("%v, printed\n%s%s", err, out, stderr)
		}
		if code != wantCode || stderr != "" {
			t.Errorf("exit code %d, want %d; printed\n%s", code, wantCode, stderr)
		}
		return d
	}
	d := read(exitFailed, troubledActions(t))
	rules := make(map[string]int)
	for _, f := range d.Findings {
		rules[f.Rule]++
	}
	want := map[string]int{
		"syntax": 1, "declaration": 4, "duplicate-name": 2, "unknown-module": 1, "unknown-field": 1, "unused-field": 1,
	}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	at := slices.IndexFunc(d.Findings, func(f lint.Finding) bool { return f.Rule == "unknown-field" })
	if diff := cmp.Diff(lint.Finding{
		File: "typo.lua", Line: 7, Column: 69, EndColumn: 74, Rule: "unknown-field", Severity: lint.Error,
		Message: `fields has no "emial", did you mean "email"?`, Hint: "declared are email, nick",
	}, d.Findings[at]); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	if s := d.Summary; s.Files != 8 || s.Actions != 2 || s.Errors != 9 || s.Warnings != 1 || s.ContractLimit != plugboard.MaxRequestLine || len(s.Version) != 12 {
		t.Errorf("summary %+v", s)
	}

	// What is right has an empty list, not none.
	clean := writeActions(t, map[string]string{"live.lua": liveAction("old", 0)})
	if d := read(0, clean); d.Findings == nil || len(d.Findings) != 0 || d.Summary.Actions != 1 {
		t.Errorf("of a clean folder: %+v", d)
	}
}

func TestCheckExitCodes(t *testing.T) {
	clean := writeActions(t, map[string]string{"live.lua": liveAction("old", 0)})
	warned := writeActions(t, map[string]string{"live.lua": "total = 1\n" + liveAction("old", 0)})
	silenced := writeActions(t, map[string]string{"live.lua": "total = 1 -- check: ignore set-global\n" + liveAction("old", 0)})
	for _, tt := range []struct {
		args string
		code int
		out  string
		err  string
	}{
		{clean, 0, "1 action, version", ""},
		{"--strict " + clean, 0, "1 action, version", ""},
		{warned, 0, "1 warning\n", ""},
		{"--strict " + warned, exitFailed, "(set-global)", "1 warning in"},
		{"--strict " + silenced, 0, "1 action, version", ""},
		{"--manifest " + warned, 0, `{"Live":`, "(set-global)"},
		{"--manifest --json " + clean, exitUsage, "", "can't be used together"},
		{t.TempDir(), exitFailed, "", "there is no action in"},
		{"/nowhere/at/all", exitFailed, "", "no such file"},
		{"--nonsense", exitUsage, "", "unknown flag"},
	} {
		code, out, err := command(t, nil, append([]string{"check"}, strings.Fields(tt.args)...)...)
		if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(err, tt.err) {
			t.Errorf("check %s: exit code %d, want %d; printed\n%s%s\nwant %q and %q", tt.args, code, tt.code, out, err, tt.out, tt.err)
		}
		if strings.Contains(out+err, "\x1b") {
			t.Errorf("check %s: colours, though nothing is a terminal", tt.args)
		}
	}
	if code, out, _ := command(t, nil, "check", "--help"); code != 0 || !strings.Contains(out, "Exit codes: 0") {
		t.Errorf("check --help: exit code %d, printed\n%s", code, out)
	}
}

// Colours are for a terminal whose user did not ask for none.
func TestCheckColours(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	t.Setenv("NO_COLOR", "")
	if got := painter(terminal)(bold, "x"); got != "\x1b[1mx\x1b[0m" {
		t.Errorf("on a terminal: %q", got)
	}
	t.Setenv("NO_COLOR", "1")
	if got := painter(terminal)(bold, "x"); got != "x" {
		t.Errorf("with NO_COLOR: %q", got)
	}
}

// 500 actions are loaded and read in less than a second.
func TestCheckMany(t *testing.T) {
	const actions, limit = 500, time.Second
	files := map[string]string{"lib/shared.lua": "local shared = {}\nfunction shared.trim(text)\n  return (text:gsub(\"^%s*(.-)%s*$\", \"%1\"))\nend\nreturn shared\n"}
	for i := range actions {
		files[fmt.Sprintf("group%d/action_%d.lua", i%10, i)] = fmt.Sprintf(`--- Stores a note.

local db = require("db")
local shared = require("lib.shared")

local INSERT = "INSERT INTO notes (title, body, number) VALUES ($1, $2, $3) RETURNING id"

local function refuse(status, message)
  return { status_code = status, message = message }
end

return {
  description = "S",
  fields = {
    t = { type = "string", description = "T", max_length = 64 },
    b = { type = "string", description = "B", optional = true },
  },
  run = function(fields, context)
    local title = shared.trim(fields.t)
    if title == "" then
      return refuse(400, "The title is empty")
    end
    return db.transaction(function(tx)
      local row, code = tx:one(INSERT, title, fields.b, %d)
      if code == "unique" then
        return refuse(409, "There is a note of that title")
      end
      return { status_code = 201, fields = { id = row.id, by = context.action } }
    end)
  end,
}
`, i)
	}
	dir := writeActions(t, files)
	fastest := time.Hour
	for range 3 { // the machine may be busy
		start := time.Now()
		_, out, _ := command(t, nil, "check", "--json", dir)
		fastest = min(fastest, time.Since(start))
		if !strings.Contains(out, `"actions": 500`) || strings.Count(out, `"rule"`) != 1 || !strings.Contains(out, "contract-size") {
			t.Fatalf("printed\n%.2000s", out)
		}
	}
	t.Logf("%d actions in %v", actions, fastest)
	if fastest > limit && !raceEnabled {
		t.Errorf("%d actions took %v, want less than %v", actions, fastest, limit)
	}
}
