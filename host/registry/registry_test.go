package registry_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/host/registry"
	"vera/host/script"
)

const good = `return { description = "Test", fields = {}, run = function() return { status_code = 200, fields = %d } end }`

// folder is a folder of scripts that a test changes.
type folder struct {
	t       *testing.T
	dir     string
	logs    logBuffer
	pool    *script.Pool
	actions *registry.Registry
}

func open(t *testing.T, files map[string]string) *folder {
	t.Helper()
	return openWith(t, files, nil)
}

func openWith(t *testing.T, files map[string]string, change func(*registry.Options)) *folder {
	t.Helper()
	f := &folder{t: t, dir: filepath.Join(t.TempDir(), "actions"), pool: script.NewPool(script.Options{Size: 4})}
	for name, source := range files {
		f.write(name, source)
	}
	options := registry.Options{Dir: f.dir, Pool: f.pool, Logger: f.logger()}
	if change != nil {
		change(&options)
	}
	var err error
	if f.actions, err = registry.Open(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *folder) write(name, source string) {
	f.t.Helper()
	file := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) remove(name string) {
	f.t.Helper()
	if err := os.RemoveAll(filepath.Join(f.dir, name)); err != nil {
		f.t.Fatal(err)
	}
}

// logged gives what of the log matches.
func (f *folder) logged(pattern string) []string {
	return regexp.MustCompile(pattern).FindAllString(f.logs.String(), -1)
}

// logBuffer is a log that many goroutines write to.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (f *folder) reload() (changed bool) {
	f.t.Helper()
	changed, err := f.actions.Reload(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	return changed
}

// served is the set in short: each action with what it answers.
func (f *folder) served() string {
	f.t.Helper()
	return f.answers(f.actions.Set())
}

func (f *folder) logger() *slog.Logger { return slog.New(slog.NewTextHandler(&f.logs, nil)) }

func (f *folder) answers(set *registry.Set) string {
	f.t.Helper()
	var list []string
	for _, action := range set.Actions {
		list = append(list, action.Name+"="+f.answer(action))
	}
	return strings.Join(list, " ")
}

func (f *folder) answer(action *registry.Action) string {
	f.t.Helper()
	answer, err := f.pool.Run(f.t.Context(), script.Call{Program: action.Program, Library: action.Library, Deadline: soon()})
	if err != nil {
		f.t.Fatal(err)
	}
	return string(answer.Fields)
}

func (f *folder) faults() (list []string) {
	for _, fault := range f.actions.Set().Faults {
		list = append(list, fmt.Sprintf("%s stale=%v", fault.File, fault.Stale))
	}
	return list
}

func (f *folder) want(served string, faults ...string) {
	f.t.Helper()
	if got := f.served(); got != served {
		f.t.Errorf("served: %s, want %s", got, served)
	}
	if diff := cmp.Diff(faults, f.faults()); diff != "" {
		f.t.Errorf("faults: %s", diff)
	}
}

func TestNames(t *testing.T) {
	f := open(t, map[string]string{
		"greet.lua":           fmt.Sprintf(good, 1),
		"sign_up.lua":         fmt.Sprintf(good, 2),
		"users/log-out.lua":   fmt.Sprintf(good, 3),
		"named.lua":           strings.Replace(fmt.Sprintf(good, 4), "return { desc", `return { name = "Other", desc`, 1),
		"lib/shared.lua":      "return {}",
		"users/lib/x.lua":     "return {}",
		"greet_test.lua":      "not a script",
		"_draft.lua":          "not a script",
		".hidden.lua":         "not a script",
		".git/x.lua":          "not a script",
		"greet.lua~":          "not a script",
		".greet.lua.swp":      "not a script",
		"notes.txt":           "not a script",
		"1st.lua":             fmt.Sprintf(good, 5),
		"_folder/private.lua": "not a script",
	})
	f.want("Greet=1 LogOut=3 Other=4 SignUp=2", "1st.lua stale=false")
}

func TestReload(t *testing.T) {
	f := open(t, map[string]string{"a.lua": fmt.Sprintf(good, 1), "b.lua": fmt.Sprintf(good, 1)})
	first := f.actions.Set().Version

	f.write("a.lua", fmt.Sprintf(good, 1)) // a save without change
	if f.reload() || f.actions.Set().Version != first {
		t.Error("a save without change reloads")
	}

	f.write("a.lua", "oops oops")
	f.write("b.lua", fmt.Sprintf(good, 2))
	f.reload()
	f.want("A=1 B=2", "a.lua stale=true")
	if !strings.Contains(f.logs.String(), "a.lua:1:") {
		t.Errorf("the log does not say where:\n%s", f.logs.String())
	}
	lines := strings.Count(f.logs.String(), "file has a fault")
	f.write("b.lua", fmt.Sprintf(good, 3))
	f.reload()
	if again := strings.Count(f.logs.String(), "file has a fault"); again != lines {
		t.Errorf("a fault that stays is logged %d times", again)
	}

	f.write("a.lua", fmt.Sprintf(good, 4))
	f.remove("b.lua")
	f.reload()
	f.want("A=4")
	if want := []string{"change=body", "change=body", "change=contract"}; !slices.Equal(f.logged("change=[a-z]+"), want) {
		t.Errorf("the log classifies the reloads as %v, want %v", f.logged("change=[a-z]+"), want)
	}

	f.remove("a.lua")
	f.write("a.lua", fmt.Sprintf(good, 1))
	f.write("b.lua", fmt.Sprintf(good, 1))
	f.reload()
	if got := f.actions.Set().Version; got != first {
		t.Errorf("the same files have version %s and %s", first, got)
	}
}

func TestBrokenFromTheStart(t *testing.T) {
	f := open(t, map[string]string{"a.lua": "oops oops", "b.lua": fmt.Sprintf(good, 1)})
	f.want("B=1", "a.lua stale=false")
	f.write("a.lua", fmt.Sprintf(good, 2))
	f.reload()
	f.want("A=2 B=1")
}

func TestLibrary(t *testing.T) {
	uses := func(module string) string {
		return `local m = require("` + module + `")
			return { description = "Test", fields = {}, run = function() return { status_code = 200, fields = m.value } end }`
	}
	f := open(t, map[string]string{
		"lib/deep.lua":  "return { value = 1 }",
		"lib/outer.lua": `return { value = require("lib.deep").value }`,
		"a.lua":         uses("lib.outer"),
		"b.lua":         uses("lib.missing"),
		"lib/c1.lua":    `return require("lib.c2")`,
		"lib/c2.lua":    `return require("lib.c1")`,
		"c.lua":         uses("lib.c1"),
	})
	f.want("A=1", "b.lua stale=false", "c.lua stale=false")
	for _, want := range []string{"no file lib/missing.lua", "lib.c1 -> lib.c2 -> lib.c1"} {
		if !strings.Contains(f.logOfFaults(), want) {
			t.Errorf("%q is not in\n%s", want, f.logOfFaults())
		}
	}
	f.write("lib/deep.lua", "return { value = 2 }")
	f.reload()
	f.want("A=2", "b.lua stale=false", "c.lua stale=false")

	f.write("lib/deep.lua", "oops oops") // the module's last good version serves on
	f.reload()
	f.want("A=2", "b.lua stale=false", "c.lua stale=false", "lib/deep.lua stale=true")
}

func (f *folder) logOfFaults() string {
	var all []string
	for _, fault := range f.actions.Set().Faults {
		all = append(all, fault.Err.Error())
	}
	return strings.Join(all, "\n")
}

func TestTwoFilesWithOneName(t *testing.T) {
	named := strings.Replace(fmt.Sprintf(good, 2), "return { desc", `return { name = "A", desc`, 1)
	f := open(t, map[string]string{"a.lua": fmt.Sprintf(good, 1), "other.lua": named})
	f.want("", "a.lua stale=false", "other.lua stale=false")
	if text := f.logOfFaults(); !strings.Contains(text, "a.lua and other.lua") {
		t.Errorf("the fault does not name both: %s", text)
	}
	f.remove("other.lua")
	f.reload()
	f.want("A=1")
	f.write("other.lua", named) // who was served first stays
	f.reload()
	f.want("A=1", "other.lua stale=false")
}

func TestDeclarations(t *testing.T) {
	tests := []struct{ name, source, want string }{
		{"no table", `return 1`, "must return a table"},
		{"nothing", ``, "not nothing"},
		{"unknown key", `return { description = "x", fields = {}, run = function() end, filds = {} }`, `unknown key "filds"`},
		{"no run", `return { description = "x", fields = {} }`, "run: must be a function"},
		{"no description", `return { fields = {}, run = function() end }`, "description: is required"},
		{"no fields", `return { description = "x", run = function() end }`, "fields: is required"},
		{"fields is a list", `return { description = "x", fields = { "a" }, run = function() end }`, "must be a table of names"},
		{"timeout", `return { description = "x", fields = {}, run = function() end, timeout = 30 }`, "at most 29"},
		{"all at once", `return { description = 1, timeout = "x" }`, "description: is required, and must be text that says what the action does; fields: is required"},
		{"field", `return { description = "x", fields = { phone = { type = "strng", description = "x" } }, run = function() end }`, `field phone: unknown type "strng"`},
		{"raises", "\n\nerror('no')", "a.lua:3: no"},
		{"syntax", "return {\n  x y\n}", "a.lua:2:"},
		{"loops", "while true do end", "more than 2s"},
		{"large", strings.Repeat("-", 300<<10), "a script may have"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := open(t, map[string]string{"a.lua": tt.source})
			if text := f.logOfFaults(); !strings.HasPrefix(text, "a.lua") || !strings.Contains(text, tt.want) {
				t.Errorf("%q, want a.lua and %q", text, tt.want)
			}
		})
	}
}

func TestManifest(t *testing.T) {
	f := open(t, map[string]string{"a.lua": `return { description = "Bold <b> & \"quoted\"", run = function() end, fields = {
		n = { type = "integer", description = "N", default = 2 },
		o = { type = "string", description = "O", optional = true },
		r = { type = "array", description = "R" },
	} }`})
	const want = `{"A":{"description":"Bold &lt;b&gt; &amp; \"quoted\"","fields":{` +
		`"n":{"type":"integer","description":"N","default":2},"o":{"type":"string","description":"O","default":null},` +
		`"r":{"type":"array","description":"R"}}}}`
	if got := string(f.actions.Set().Manifest); got != want {
		t.Errorf("manifest:\n%s\nwant\n%s", got, want)
	}
}

// Files of tests are no actions; who asks for them gets them, and is told when
// one changes.
func TestTests(t *testing.T) {
	reloads := 0
	files := map[string]string{
		"one.lua": fmt.Sprintf(good, 1), "one_test.lua": "test", "lib/x.lua": "return {}", "lib/x_test.lua": "not even Lua",
	}
	f := openWith(t, files, func(o *registry.Options) {
		o.Tests = true
		o.OnReload = func(*registry.Set) { reloads++ }
	})
	var names []string
	for _, test := range f.actions.Set().Tests {
		names = append(names, test.File+": "+string(test.Source))
	}
	if diff := cmp.Diff([]string{"lib/x_test.lua: not even Lua", "one_test.lua: test"}, names); diff != "" {
		t.Error(diff)
	}
	set := f.actions.Set()
	if len(set.Actions) != 1 || len(set.Faults) != 0 || set.Library()["lib.x"] == nil || len(set.Library()) != 1 {
		t.Errorf("%d actions, faults %v, library %v", len(set.Actions), set.Faults, set.Library())
	}
	f.write("one_test.lua", "another")
	if changed, err := f.actions.Reload(t.Context()); !changed || err != nil || reloads != 1 {
		t.Errorf("%v, %v, told %d times", changed, err, reloads)
	}
	if got := f.actions.Set(); got.Version != set.Version || string(got.Tests[1].Source) != "another" {
		t.Errorf("version %s became %s, the test is %q", set.Version, got.Version, got.Tests[1].Source)
	}
	without := open(t, files)
	if tests := without.actions.Set().Tests; tests != nil {
		t.Errorf("nobody asked for %v", tests)
	}
}

// Another compiler compiles all that is served.
func TestCompiler(t *testing.T) {
	var compiled []string
	openWith(t, map[string]string{"one.lua": fmt.Sprintf(good, 1), "lib/x.lua": "return {}"}, func(o *registry.Options) {
		o.Compile = func(file string, source []byte) (*script.Program, error) {
			compiled = append(compiled, file)
			return script.Compile(file, source)
		}
	})
	if diff := cmp.Diff([]string{"lib/x.lua", "one.lua"}, compiled); diff != "" {
		t.Error(diff)
	}
}
