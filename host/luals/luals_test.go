package luals_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/host/luals"
	"vera/host/registry"
	"vera/host/schema"
	"vera/host/script"
	"vera/host/script/lualib"
	"vera/stdlib"
	"vera/stdlib/declared"
)

type object = map[string]any

func action(t testing.TB, name string, fields object) *registry.Action {
	t.Helper()
	s, err := schema.Parse(fields, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &registry.Action{Name: name, Description: "Does it\nat once", Schema: s}
}

func text(more ...any) object {
	f := object{"type": "string", "description": "| a?\ttext"}
	for i := 0; i < len(more); i += 2 {
		f[more[i].(string)] = more[i+1]
	}
	return f
}

// Every declaration is read by the reader that the linter and the reference
// use, says what the tables of this program say, and none hides another.
func TestFiles(t *testing.T) {
	files := luals.Files([]*registry.Action{action(t, "Login", object{"email": text()})})
	want := []string{"actions.d.lua", "testing.d.lua"}
	for name := range stdlib.Sources() {
		want = append(want, name+".d.lua")
	}
	for name := range lualib.Sources() {
		want = append(want, name+".d.lua")
	}
	if len(files) != len(want) {
		t.Errorf("%d files, but %d are declared: one hides another", len(files), len(want))
	}
	for _, name := range want {
		if !bytes.HasPrefix(files[name], []byte("-- Written by vera")) || !bytes.HasSuffix(files[name], []byte("\n")) {
			t.Errorf("%s begins or ends wrong", name)
		}
	}
	for _, name := range []string{"string", "table", "math"} {
		if !bytes.Contains(files[name+".d.lua"], []byte("\n---@class "+name+"lib\n"+name+" = {}\n")) {
			t.Errorf("%s.d.lua has no class that the methods of its values are found by", name)
		}
	}
	base, err := declared.Parse("base", files["base.d.lua"])
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := base.Function("require"); !ok {
		t.Error("require is not declared")
	}
	module, err := declared.Parse("_", files["actions.d.lua"])
	if err != nil {
		t.Fatal(err)
	}
	for class, keys := range map[string][]string{
		"Answer": script.AnswerKeys(), "Context": script.ContextKeys(),
		"Action": {"name", "description", "fields", "run", "timeout"}, "Field": keywords(),
		"actions.Login": {"run"}, "actions.Login.Fields": {"email"},
	} {
		if diff := cmp.Diff(sorted(keys), fieldsOf(t, module, class)); diff != "" {
			t.Errorf("class %s (-known +declared):\n%s", class, diff)
		}
	}
}

func keywords() []string {
	var names []string
	for _, keyword := range schema.Keywords() {
		names = append(names, keyword.Name)
	}
	return names
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

func fieldsOf(t *testing.T, module declared.Module, name string) []string {
	t.Helper()
	class, ok := module.Class(name)
	if !ok {
		t.Fatalf("class %s is not declared", name)
	}
	var names []string
	for _, field := range class.Fields {
		names = append(names, field.Name)
	}
	return sorted(names)
}

// Each declaration of a field becomes the type that run gets.
func TestActions(t *testing.T) {
	nested := object{"type": "object", "description": "d", "fields": object{"zip": text()}}
	for name, tt := range map[string]struct {
		field object
		want  string // of the field x
		more  string // a class besides
	}{
		"required":  {text(), "x string", ""},
		"optional":  {text("optional", true), "x? string", ""},
		"default":   {text("default", "a"), "x string", ""},
		"enum":      {text("enum", []any{"a", "b c"}), `x "a"|"b c"`, ""},
		"secrets":   {text("enum", []any{"a", "b c"}, "secret", true), "x string", ""},
		"odd enum":  {text("enum", []any{`a"b`}), "x string", ""},
		"integers":  {object{"type": "integer", "description": "d", "enum": []any{1.0, 20.0}}, "x 1|20", ""},
		"fractions": {object{"type": "number", "description": "d", "enum": []any{1.5}}, "x number", ""},
		"boolean":   {object{"type": "boolean", "description": "d", "coerce": true}, "x boolean", ""},
		"free":      {object{"type": "object", "description": "d"}, "x table<string, any>", ""},
		"any list":  {object{"type": "array", "description": "d"}, "x any[]", ""},
		"list":      {object{"type": "array", "description": "d", "items": text()}, "x string[]", ""},
		"choices":   {object{"type": "array", "description": "d", "items": text("enum", []any{"a", "b"})}, `x ("a"|"b")[]`, ""},
		"object":    {nested, "x actions.A.Fields.x", "actions.A.Fields.x"},
		"objects":   {object{"type": "array", "description": "d", "items": nested}, "x actions.A.Fields.x.item[]", "actions.A.Fields.x.item"},
	} {
		source := luals.Actions([]*registry.Action{action(t, "A", object{"x": tt.field})})
		module, err := declared.Parse("_", source)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		class, _ := module.Class("actions.A.Fields")
		field := class.Fields[0]
		got := field.Name + " " + field.Type
		if field.Optional {
			got = field.Name + "? " + field.Type
		}
		if got != tt.want || field.Doc != tt.field["description"] && field.Doc != "| a? text" {
			t.Errorf("%s: %q (%s), want %q", name, got, field.Doc, tt.want)
		}
		if _, ok := module.Class(tt.more); tt.more != "" && !ok {
			t.Errorf("%s: class %s is not declared", name, tt.more)
		}
	}
	if source := luals.Actions([]*registry.Action{action(t, "A", object{"end": text()})}); !bytes.Contains(source, []byte(`---@field ["end"] string`)) {
		t.Error("a word of Lua's own is declared as a name")
	}
}

// The settings switch off whatever is declared here, so that nothing is there
// twice, and whatever scripts do not have.
func TestSettings(t *testing.T) {
	var settings struct {
		Version string            `json:"runtime.version"`
		Builtin map[string]string `json:"runtime.builtin"`
		Library []string          `json:"workspace.library"`
	}
	if err := json.Unmarshal(luals.Settings(), &settings); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"basic", "string", "table", "math", "io", "os", "debug", "package", "coroutine"} {
		if settings.Builtin[name] != "disable" {
			t.Errorf("%s is %q", name, settings.Builtin[name])
		}
	}
	if settings.Version != "Lua 5.1" || !slices.Equal(settings.Library, []string{"types"}) {
		t.Errorf("%+v", settings)
	}
}

// contents reads a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := make(map[string]string)
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(dir, path))
		found[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestWrite(t *testing.T) {
	project := t.TempDir()
	first := luals.Files([]*registry.Action{action(t, "Old", object{"gone": text()})})
	first["removed.d.lua"] = []byte("-- Written by vera; changes are lost.\n---@meta removed\n")
	if err := luals.Write(project, first); err != nil {
		t.Fatal(err)
	}
	mine := filepath.Join(project, "types", "mine.d.lua")
	write(t, mine, "---@meta mine\n")
	untouched := filepath.Join(project, "types", "db.d.lua")
	before, err := os.Stat(untouched)
	if err != nil {
		t.Fatal(err)
	}
	next := luals.Files([]*registry.Action{action(t, "New", object{"here": text()})})
	if err := luals.Write(project, next); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"mine.d.lua": "---@meta mine\n"}
	for name, content := range next {
		want[name] = string(content)
	}
	got := contents(t, filepath.Join(project, "types"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if all := got["actions.d.lua"]; strings.Contains(all, "Old") || !strings.Contains(all, "actions.New") {
		t.Error("the actions are those of before")
	}
	after, err := os.Stat(untouched)
	if err != nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) {
		t.Error("a file that says the same was written")
	}
}

// What is not vera's stays, and so does all outside the project.
func TestWriteLeavesOthersAlone(t *testing.T) {
	files := luals.Files(nil)
	project := t.TempDir()
	theirs := filepath.Join(project, "types", "db.d.lua")
	write(t, theirs, "---@meta db\n")
	err := luals.Write(project, files)
	if err == nil || !strings.Contains(err.Error(), "types/db.d.lua: is not vera's") {
		t.Errorf("%v", err)
	}
	got := contents(t, filepath.Join(project, "types"))
	if got["db.d.lua"] != "---@meta db\n" || got["jwt.d.lua"] == "" || len(got) != len(files) {
		t.Errorf("there are %d files", len(got))
	}

	outside := t.TempDir()
	project = t.TempDir()
	if err := os.Symlink(outside, filepath.Join(project, "types")); err != nil {
		t.Fatal(err)
	}
	if err := luals.Write(project, files); err == nil {
		t.Error("wrote through a link")
	}
	if got := contents(t, outside); len(got) > 0 {
		t.Errorf("wrote %d files outside the project", len(got))
	}

	if err := luals.Write(filepath.Join(project, "nowhere"), files); err == nil {
		t.Error("wrote into nothing")
	}
}
