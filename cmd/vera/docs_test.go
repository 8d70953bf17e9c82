package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"vera/host/lint"
	"vera/host/luals"
	"vera/host/script/lualib"
	"vera/host/testrun"
)

var update = flag.Bool("update", false, "write what is generated")

// What the documents say of settings is made from the table that the program
// reads them by. make docs writes it.
func TestGeneratedDocs(t *testing.T) {
	compare(t, "../../.env.example", func(string) string { return envExample() })
	compare(t, "../../.luacheckrc", func(string) string { return luacheckrc() })
	compare(t, "../../README.md", func(text string) string { return between(t, text, "settings", settingsTable()) })
	compare(t, "../../docs/check.md", func(text string) string { return between(t, text, "rules", rulesTable()) })
	compare(t, "../../docs/reference.md", func(string) string { return reference(t) })
	compare(t, "../../docs/schema.md", func(text string) string { return between(t, text, "formats", formatExamples(t)) })
	compare(t, "../../.luarc.json", func(string) string { return string(luals.Settings()) })
}

// between puts what is generated between the marks of that name.
func between(t *testing.T, text, name, generated string) string {
	t.Helper()
	begin, end := "<!-- "+name+": written by make docs -->\n", "<!-- "+name+" end -->"
	head, rest, ok := strings.Cut(text, begin)
	_, tail, okEnd := strings.Cut(rest, end)
	if !ok || !okEnd {
		t.Fatalf("there are no marks around the table of %s", name)
	}
	return head + begin + "\n" + generated + "\n" + end + tail
}

// rulesTable lists what check looks for.
func rulesTable() string {
	var b strings.Builder
	b.WriteString("| Rule | | What it finds |\n|---|---|---|\n")
	for _, rule := range lint.Rules() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", rule.Name, rule.Severity, rule.About)
	}
	return b.String()
}

func compare(t *testing.T, file string, generate func(text string) string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := generate(string(content))
	if want == string(content) {
		return
	}
	if !*update {
		t.Errorf("%s does not say what the code says; run make docs", file)
		return
	}
	if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func envExample() string {
	var b strings.Builder
	b.WriteString("# Every setting of vera. What is commented out shows its default, or has none.\n")
	b.WriteString("# A secret may also stand in a file: NAME_FILE names it.\n")
	group := ""
	for _, s := range settings {
		if s.group != group {
			group = s.group
			fmt.Fprintf(&b, "\n# %s\n\n", group)
		}
		fmt.Fprintf(&b, "# %s\n", s.about)
		switch {
		case s.required || strings.HasPrefix(s.name, "POSTGRES_") && s.value == "":
			fmt.Fprintf(&b, "%s=%s\n", s.name, s.dev)
		default:
			fmt.Fprintf(&b, "#%s=%s\n", s.name, s.value)
		}
	}
	return b.String()
}

// luacheckrc tells the linter what a script may call: the sandbox's own list.
func luacheckrc() string {
	var globals []string
	members := make(map[string][]string)
	for _, name := range append(lualib.Names(), "require") {
		if table, member, ok := strings.Cut(name, "."); ok {
			members[table] = append(members[table], strconv.Quote(member))
		} else {
			globals = append(globals, strconv.Quote(name))
		}
	}
	slices.Sort(globals)
	var b strings.Builder
	b.WriteString("-- What a script may call. Written by make docs.\nstd = {\n  read_globals = {\n")
	fmt.Fprintf(&b, "    %s,\n", strings.Join(globals, ", "))
	for _, table := range slices.Sorted(maps.Keys(members)) {
		fmt.Fprintf(&b, "    %s = { fields = { %s } },\n", table, strings.Join(members[table], ", "))
	}
	b.WriteString("  },\n}\nmax_line_length = 120\n")
	names := testrun.Globals()
	for i, name := range names {
		names[i] = strconv.Quote(name)
	}
	fmt.Fprintf(&b, "files[\"**/*_test.lua\"] = { read_globals = { %s } }\n", strings.Join(names, ", "))
	return b.String()
}

func settingsTable() string {
	var b strings.Builder
	group := ""
	for _, s := range settings {
		if s.group != group {
			group = s.group
			fmt.Fprintf(&b, "\n**%s**\n\n| Variable | Default | |\n|---|---|---|\n", group)
		}
		value := "`" + s.value + "`"
		switch {
		case s.required:
			value = "required"
		case s.value == "":
			value = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", s.name, value, s.about)
	}
	return strings.TrimPrefix(b.String(), "\n")
}
