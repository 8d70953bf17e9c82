package lint_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"vera/host/lint"
	"vera/stdlib"
)

// Scripts that are right have no findings at all, however they are set up.
func TestShippedActions(t *testing.T) {
	linter := newLinter(t)
	for _, f := range linter.Check(load(t, "../../actions")) {
		t.Errorf("%s: %s: %s (%s)", f.Place(), f.Severity, f.Message, f.Rule)
	}
}

// What the documents show is right, too. What is only a part of an action is
// put into one.
func TestExamples(t *testing.T) {
	linter := newLinter(t)
	block := regexp.MustCompile("(?s)```lua\n(.*?)```")
	files, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, file := range append(files, "../../README.md") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range block.FindAllStringSubmatch(string(content), -1) {
			source := match[1]
			if strings.HasPrefix(source, "-- actions/") || strings.Contains(source, "expect(") {
				continue // a file of a guide, whose own test checks and runs it
			}
			seen++
			if !strings.Contains(source, "description =") {
				source = wrapped(source)
			}
			for _, f := range linter.Check([]lint.File{{Path: filepath.Base(file), Source: []byte(source)}}) {
				if f.Severity == lint.Error {
					t.Errorf("%s: %s: %s (%s) in\n%s", f.Place(), f.Severity, f.Message, f.Rule, source)
				}
			}
		}
	}
	if seen < 2 {
		t.Errorf("there are %d examples", seen)
	}
}

func wrapped(body string) string {
	var b strings.Builder
	for name := range stdlib.Sources() {
		b.WriteString("local " + name + " = require(\"" + name + "\")\n")
	}
	return b.String() + "return { description = \"\", fields = nil, run = function(fields, context)\n" + body + "\nend }"
}

// readAll reads a folder without loading it.
func readAll(t *testing.T, dir string) []lint.File {
	t.Helper()
	var files []lint.File
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := os.ReadFile(filepath.Join(dir, path))
		file := lint.File{Path: path, Source: source}
		if name, ok := strings.CutPrefix(path, "lib/"); ok {
			file.Module = "lib." + strings.TrimSuffix(name, ".lua")
		}
		files = append(files, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// Of the hostile scripts those are found whose fault can be seen.
func TestHostileScripts(t *testing.T) {
	wrong := map[string][]string{
		"answer_status_beyond.lua": {"status-code"}, "answer_status_fraction.lua": {"status-code"},
		"answer_status_huge.lua": {"status-code"}, "answer_status_interim.lua": {"status-code"},
		"answer_status_unassigned.lua": {"status-code"}, "answer_unknown_key.lua": {"answer"},
		"answer_status_missing.lua": {"status-code"},
		"escape_globals.lua":        {"undeclared-global"}, "healthy.lua": {"undeclared-global"},
		"lib/ring.lua": {"require-cycle"}, "raise_nil.lua": {"argument-count"},
	}
	found := make(map[string][]string)
	for _, f := range newLinter(t).Check(readAll(t, "../../cmd/vera/testdata/hostile")) {
		if f.Severity != lint.Error {
			continue
		}
		if !slices.Contains(wrong[f.File], f.Rule) {
			t.Errorf("%s: %s (%s)", f.Place(), f.Message, f.Rule)
		}
		found[f.File] = append(found[f.File], f.Rule)
	}
	for file := range wrong {
		if len(found[file]) == 0 {
			t.Errorf("%s: nothing was found", file)
		}
	}
}
