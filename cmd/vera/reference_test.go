package main

import (
	"fmt"
	"strings"
	"testing"

	"vera/host/describe"
	"vera/host/registry"
	"vera/host/schema"
	"vera/host/script/lualib"
	"vera/stdlib"
	"vera/stdlib/declared"
)

// reference is docs/reference.md: what is declared for editors and the linter,
// for people to read.
func reference(t *testing.T) string {
	t.Helper()
	primitives, err := stdlib.Declarations()
	if err != nil {
		t.Fatal(err)
	}
	library, err := lualib.Declarations()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString(`# Reference

<!-- written by make docs -->

What fields may say and what scripts may call, made from the declarations that editors read and ` + "`vera check`" + ` goes by.
[actions.md](actions.md) says what an action is and what a run can rely on.

- [Fields](#fields)
- Primitives: `)
	for i, module := range primitives {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "[%s](#%[1]s)", module.Name)
	}
	b.WriteString("\n- [Lua's library](#luas-library)\n\n## Fields\n\n| Keyword | Value | For | |\n|---|---|---|---|\n")
	for _, keyword := range schema.Keywords() {
		types := "all"
		if len(keyword.Types) > 0 {
			types = strings.Join(keyword.Types, ", ")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", keyword.Name, typeCode(keyword.Value), types, keyword.About)
	}
	b.WriteString("\n## Primitives\n\n`require(\"db\")` gives one. What a script must expect comes back as nil and a code: compare codes. What it " +
		"cannot expect raises, and\nso does an argument of a wrong type. A parameter in brackets may be left out.\n")
	for _, module := range primitives {
		writeModule(&b, module)
	}
	b.WriteString("\n## Lua's library\n\nWhat there is of Lua 5.1, without `require`. Nothing else is: no `io`, `os`, `debug`, `package`, `coroutine`, " +
		"`load`, `print`.\n\n`require(\"lib.tokens\")` loads `lib/tokens.lua`, below the actions' folder.\n")
	for _, module := range library {
		writeLibrary(&b, module)
	}
	return b.String()
}

func writeModule(b *strings.Builder, module declared.Module) {
	fmt.Fprintf(b, "\n### %s\n\n%s\n", module.Name, module.Doc)
	for _, value := range module.Values {
		if value.Doc != "" {
			fmt.Fprintf(b, "\n`%s.%s`: %s\n", module.Name, value.Name, value.Doc)
		}
	}
	for _, f := range module.Functions {
		writeFunction(b, module.Name+"."+f.Signature(), f)
	}
	for _, class := range module.Classes {
		fmt.Fprintf(b, "\n#### %s\n", class.Name)
		if class.Doc != "" {
			fmt.Fprintf(b, "\n%s\n", class.Doc)
		}
		if len(class.Fields) > 0 {
			b.WriteString("\n| Field | Type | |\n|---|---|---|\n")
		}
		for _, field := range class.Fields {
			kind := typeCode(field.Type)
			if field.Optional {
				kind += " or nil"
			}
			fmt.Fprintf(b, "| `%s` | %s | %s |\n", field.Name, kind, field.Doc)
		}
		for _, f := range class.Methods {
			writeFunction(b, handleName(class.Name)+":"+f.Signature(), f)
		}
	}
	for _, alias := range module.Aliases {
		fmt.Fprintf(b, "\n#### %s\n\n%s", alias.Name, typeCode(alias.Type))
		if alias.Doc != "" {
			fmt.Fprintf(b, ": %s", alias.Doc)
		}
		b.WriteByte('\n')
	}
}

// handleName is what scripts usually call a value of the class.
func handleName(class string) string {
	if class == "Transaction" {
		return "tx"
	}
	return strings.ToLower(class)
}

func writeFunction(b *strings.Builder, signature string, f declared.Function) {
	fmt.Fprintf(b, "\n#### `%s`\n", signature)
	if f.Doc != "" {
		fmt.Fprintf(b, "\n%s\n", f.Doc)
	}
	params := f.Params
	if f.Variadic != nil {
		params = append(params[:len(params):len(params)], *f.Variadic)
	}
	if len(params)+len(f.Returns) > 0 {
		b.WriteByte('\n')
	}
	for _, param := range params {
		name := strings.Replace(param.Name, "...", "…", 1)
		fmt.Fprintf(b, "- `%s`: %s%s\n", name, typeCode(param.Type), behind(param.Doc))
	}
	for _, returned := range f.Returns {
		kind := typeCode(returned.Type)
		if returned.Optional {
			kind += " or nil"
		}
		name := returned.Name
		if name != "" && name != "..." {
			name = " `" + name + "`"
		} else {
			name = ""
		}
		fmt.Fprintf(b, "- returns%s: %s%s\n", name, kind, behind(returned.Doc))
	}
}

func behind(doc string) string {
	if doc == "" {
		return ""
	}
	return ", " + doc
}

// typeCode is a type as code, its alternatives in words.
func typeCode(kind string) string {
	if strings.HasPrefix(kind, "\"") {
		return "`" + strings.ReplaceAll(kind, "|", "`, `") + "`"
	}
	return "`" + strings.ReplaceAll(kind, "|", "` or `") + "`"
}

func writeLibrary(b *strings.Builder, module declared.Module) {
	prefix := module.Name + "."
	if module.Name == "base" {
		prefix = ""
	}
	fmt.Fprintf(b, "\n### %s\n\n%s\n\n| | |\n|---|---|\n", module.Name, module.Doc)
	for _, value := range module.Values {
		fmt.Fprintf(b, "| `%s%s` | %s |\n", prefix, value.Name, value.Doc)
	}
	for _, f := range module.Functions {
		var gives []string
		for _, returned := range f.Returns {
			name := returned.Name
			if name == "" || name == "..." {
				name = returned.Type
			}
			if name == "any" {
				name = "…"
			}
			gives = append(gives, name)
		}
		signature := prefix + f.Signature()
		if len(gives) > 0 {
			signature += " → " + strings.Join(gives, ", ")
		}
		fmt.Fprintf(b, "| `%s` | %s |\n", strings.ReplaceAll(signature, "|", `\|`), strings.ReplaceAll(f.Doc, "|", `\|`))
	}
}

// formatExamples shows what docs/schema.md says of one small action, in each
// format.
func formatExamples(t *testing.T) string {
	t.Helper()
	fields, err := schema.Parse(map[string]any{
		"name":  map[string]any{"type": "string", "description": "Who is greeted", "max_length": 64.0},
		"times": map[string]any{"type": "integer", "description": "How often", "default": 1.0, "minimum": 1.0, "maximum": 10.0},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	actions := []*registry.Action{{Name: "Greet", Description: "Greets somebody", Schema: fields}}
	var b strings.Builder
	for i, example := range []struct {
		format           describe.Format
		title, language  string
		about, from, end string // the part that is shown
	}{
		{describe.Hub, "hub", "json", "What the hub is told: types and descriptions. A field that may be left out has a default, null if it has no other.", "", ""},
		{describe.JSONSchema, "jsonschema Greet", "json", "JSON Schema 2020-12 of an action's fields; without a name, or with several, those of each below `$defs`. " +
			"A pattern is in the syntax that RE2 and ECMA-262 share (one on the ends of lines is left out), and `phone` is no standard format.", "", ""},
		{describe.OpenAPI, "openapi", "json", "OpenAPI 3.1 of `POST /`, by which all actions are called: the body is one of several, told apart by `action`, and " +
			"the answers are those of the hub and of a host. `--server` says where the hub is. The part on one action:", "      \"Greet\": {\n        \"description\"", "\n      },"},
		{describe.Markdown, "markdown", "markdown", "A page for those who call the actions. The part on one of them:", "## Greet", "\n\n```json"},
		{describe.LuaLS, "luals", "lua", "Declarations for the Lua language server, see [below](#types-for-editors). The part on one action:", "--- Greets somebody\n", ""},
	} {
		text, err := describe.Document(example.format, actions, describe.Options{Alone: true})
		if err != nil {
			t.Fatal(err)
		}
		shown := string(text)
		at := strings.Index(shown, example.from)
		if at < 0 || !strings.Contains(shown[at:], example.end) {
			t.Fatalf("the %s does not say %q and then %q", example.format, example.from, example.end)
		}
		shown = shown[at:]
		if example.end != "" {
			shown, _, _ = strings.Cut(shown, example.end)
		}
		if example.format == describe.OpenAPI { // its bracket, without the comma, and the margin that it has there
			shown = strings.ReplaceAll("\n"+shown+"\n      }", "\n      ", "\n")[1:]
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "### `vera schema --format %s`\n\n%s\n\n```%s\n%s\n```\n", example.title, example.about, example.language, strings.TrimRight(shown, "\n"))
	}
	return b.String()
}
