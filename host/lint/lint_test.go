package lint_test

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vera/host/frame"
	"vera/host/lint"
	"vera/host/registry"
	"vera/host/script"
	"vera/stdlib"
	"vera/stdlib/db"
	"vera/stdlib/env"
	"vera/stdlib/jwt"
	"vera/stdlib/password"
	"vera/stdlib/phone"
	luatime "vera/stdlib/time"
)

var update = flag.Bool("update", false, "write the golden files anew")

func newLinter(t testing.TB) *lint.Linter {
	t.Helper()
	linter, err := lint.NewLinter()
	if err != nil {
		t.Fatal(err)
	}
	return linter
}

// load reads a folder as a host does, with the schemas of its actions.
func load(t testing.TB, dir string) []lint.File {
	t.Helper()
	variables, err := env.New(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	actions, err := registry.Open(t.Context(), registry.Options{
		Dir: dir, Logger: slog.New(slog.DiscardHandler),
		Pool: script.NewPool(script.Options{Size: 1, Modules: stdlib.Modules(stdlib.Holdings{
			DB: new(db.DB), Password: new(password.Hasher), JWT: new(jwt.Tokens), Phone: new(phone.Numbers),
			Env: variables, Clock: luatime.New(time.Now), Logger: slog.New(slog.DiscardHandler),
		})}),
	})
	if err != nil {
		t.Fatal(err)
	}
	var files []lint.File
	for _, source := range actions.Sources() {
		file := lint.File{Path: source.File, Module: source.Module, Source: source.Text}
		for _, action := range actions.Set().Actions {
			if action.File == file.Path {
				file.Schema = action.Schema
			}
		}
		files = append(files, file)
	}
	return files
}

// Each rule has a folder of files that break it, and of files that are right
// although they look alike: good*.lua.
func TestRules(t *testing.T) {
	linter := newLinter(t)
	for _, rule := range lint.Rules() {
		if rule.Loading {
			continue // what loading finds is tested where files are loaded
		}
		t.Run(rule.Name, func(t *testing.T) {
			files := load(t, filepath.Join("testdata", rule.Name))
			var b strings.Builder
			broken, clean := 0, 0
			for _, f := range linter.Check(files) {
				at := slices.IndexFunc(files, func(file lint.File) bool { return file.Path == f.File })
				fmt.Fprintf(&b, "%s: %s: %s (%s)\n%s", f.Place(), f.Severity, f.Message, f.Rule,
					frame.At(files[at].Source, f.Line, f.Column, f.EndColumn))
				fmt.Fprintf(&b, "hint: %s\n\n", f.Hint)
				if f.Rule == rule.Name && f.Severity == rule.Severity {
					broken++
				}
				if strings.Contains(f.File, "good") {
					t.Errorf("what is right is reported: %s: %s", f.Place(), f.Message)
				}
			}
			for _, file := range files {
				if strings.Contains(file.Path, "good") {
					clean++
				}
			}
			if broken == 0 || clean == 0 {
				t.Errorf("%d findings of the rule, %d files that are right; both are wanted", broken, clean)
			}
			golden(t, filepath.Join("testdata", rule.Name, "want.txt"), b.String())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("findings (-want +got), -update writes them anew:\n%s", diff)
	}
}

func Example() {
	linter, err := lint.NewLinter()
	if err != nil {
		panic(err)
	}
	findings := linter.Check([]lint.File{{Path: "greet.lua", Source: []byte(`
		return {
		  description = "Greets",
		  fields = { name = { type = "string", description = "Who" } },
		  run = function(fields)
		    return { status_code = 200, fields = "Hello, " .. fields.nmae }
		  end,
		}`)}})
	for _, f := range findings {
		fmt.Printf("%s: %s (%s)\n", f.Place(), f.Message, f.Rule)
	}
	// Output:
	// greet.lua:6:64: fields has no "nmae", did you mean "name"? (unknown-field)
}
