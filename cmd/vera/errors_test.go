package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the program says of each thing that an author can get wrong: one file
// for each class in testdata/errors, which -update writes anew.
func TestErrors(t *testing.T) {
	for _, class := range []string{"file", "schema", "runtime", "primitives", "answer"} {
		t.Run(class, func(t *testing.T) {
			t.Parallel()
			golden := filepath.Join("testdata/errors", class+".txtar")
			content, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			got := said(t, string(content))
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(content), got); diff != "" {
				t.Errorf("%s (-want +got), -update writes it anew:\n%s", golden, diff)
			}
		})
	}
}

// A member of an archive: a script, or what is said of it.
var member = regexp.MustCompile(`(?m)^-- (\S+)( is answered)? --$`)

const isAnswered = " is answered"

// said gives the archive with what is said of each of its scripts: why it
// does not load, or what the log has of a call.
func said(t *testing.T, archive string) string {
	t.Helper()
	files := make(map[string]string)
	var names []string
	marks := member.FindAllStringSubmatchIndex(archive, -1)
	for i, mark := range marks {
		end := len(archive)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		if mark[4] >= 0 {
			continue // made anew
		}
		name := archive[mark[2]:mark[3]]
		names = append(names, name)
		files[name] = strings.TrimPrefix(archive[mark[1]:end], "\n")
	}
	texts := sayings(t, files)
	var b strings.Builder
	b.WriteString(archive[:marks[0][0]])
	for _, name := range names {
		fmt.Fprintf(&b, "-- %s --\n%s", name, files[name])
		if texts[name] != "" {
			fmt.Fprintf(&b, "-- %s%s --\n%s\n", name, isAnswered, strings.TrimSpace(texts[name]))
		}
	}
	return b.String()
}

// sayings loads the files and calls those that can be.
func sayings(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	texts := make(map[string]string)
	files["healthy.lua"] = action(`return { status_code = 200 }`) // a host without any action does not start
	defer delete(files, "healthy.lua")
	s := newStack(t, stackOptions{actions: writeActions(t, files)})
	set := s.service.actions.Set()
	for _, fault := range set.Faults {
		texts[fault.File] = fault.Err.Error() + "\n" + fault.Frame
	}
	byName := make(map[string]string)
	for _, action := range set.Actions {
		if action.File == "healthy.lua" {
			continue
		}
		if status, _, _ := s.post(t, action.Name, map[string]any{}); status != http.StatusInternalServerError {
			t.Errorf("%s is answered %d", action.Name, status)
		}
		byName[action.Name] = action.File
	}
	lines := bufio.NewScanner(strings.NewReader(s.logs.String()))
	for lines.Scan() {
		var line struct{ Msg, Action, Error, Frame string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line.Msg == "action failed" {
			texts[byName[line.Action]] = line.Error + "\n" + line.Frame
		}
	}
	return texts
}

// The page quotes nothing that the program does not say, and something of
// each class.
func TestErrorsPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/errors.md")
	if err != nil {
		t.Fatal(err)
	}
	goldens, err := filepath.Glob("testdata/errors/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	quoted := make(map[string]int)
	said := make(map[string]string)
	for _, golden := range goldens {
		content, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		said[golden] = string(content)
	}
	for _, b := range fenced(string(page)) {
		found := false
		for golden, text := range said {
			if strings.Contains(text, " --\n"+b.text) {
				quoted[golden]++
				found = true
			}
		}
		if !found {
			t.Errorf("line %d: nothing says this:\n%s", b.line, b.text)
		}
	}
	for _, golden := range goldens {
		if quoted[golden] == 0 {
			t.Errorf("the page quotes nothing of %s", golden)
		}
	}
}
