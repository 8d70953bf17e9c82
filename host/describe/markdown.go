package describe

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"vera/host/registry"
	"vera/host/schema"
	"vera/stdlib/strictjson"
)

// markdown is a page for people who call the actions.
func markdown(actions []*registry.Action, options Options) []byte {
	var b strings.Builder
	b.WriteString("# Actions\n\n")
	for _, action := range actions {
		fmt.Fprintf(&b, "- [%s](#%s): %s\n", action.Name, strings.ToLower(action.Name), prose(action.Description))
	}
	b.WriteString("\nEach is called with `POST /` of the hub, an account's token, and a body that names the service, the action and its fields.\n")
	for _, action := range actions {
		writeAction(&b, action, options)
	}
	b.WriteString(answersSection)
	return []byte(b.String())
}

const answersSection = `
## Answers

Every answer has a status and the body ` + "`" + `{"message": …, "fields": …}` + "`" + `, both null where there is nothing to say.

| Status | |
|---|---|
| 400 | an input is wrong; ` + "`fields.errors`" + ` lists all that is, each with ` + "`field`, `code` and `message`" + ` |
| 401, 403 | the account's token is not valid, or it may not call the service |
| 404 | there is no such action |
| 408 | no host answered within 30 s |
| 422 | no host is there for the service |
| 500 | the action failed |
| 503 | the host has too much to do, is stopping, or has no database; try again |
| 504 | the action took longer than it may |

Where the hub answers itself (401, 403, 408, 422), the body is ` + "`" + `{"message": …, "status": "error"}` + "`" + `. Actions answer with
these and other statuses for reasons of their own.
`

func writeAction(b *strings.Builder, action *registry.Action, options Options) {
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n", action.Name, prose(action.Description))
	if len(action.Schema.Fields()) == 0 {
		b.WriteString("It takes no fields.\n\n")
	} else {
		b.WriteString("| Field | Type | | Description |\n|---|---|---|---|\n")
		writeFields(b, "", action.Schema)
		b.WriteByte('\n')
	}
	seconds := strconv.Itoa(options.Timeout)
	if action.Timeout > 0 {
		seconds = strconv.FormatFloat(action.Timeout.Seconds(), 'f', -1, 64)
	}
	fmt.Fprintf(b, "It takes %s s at most.\n", seconds)
	if fields, ok := Example(action.Schema); ok {
		body, err := indented(fmt.Appendf(nil, `{"service_id":1,"action":"%s","fields":%s}`, action.Name, fields))
		if err == nil {
			fmt.Fprintf(b, "\n```json\n%s```\n", body)
		}
	}
}

// writeFields writes a row for each field, and then those within it.
func writeFields(b *strings.Builder, path string, s *schema.Schema) {
	for _, field := range s.Fields() {
		writeField(b, path+field.Name, &field)
	}
}

func writeField(b *strings.Builder, path string, f *schema.Field) {
	fmt.Fprintf(b, "| %s | %s | %s | %s |\n", code(path), f.Type, strings.Join(limits(f), ", "), prose(f.Description))
	if f.Fields != nil {
		writeFields(b, path+".", f.Fields)
	}
	if f.Items != nil {
		writeField(b, path+"[]", f.Items)
	}
}

// limits says in words what a field's keywords say.
func limits(f *schema.Field) []string {
	var list []string
	add := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	switch {
	case f.Name == "": // an array's items
	case f.Default != nil && f.Confidential():
		add("has a default")
	case f.Default != nil:
		add("default %s", code(value(f.Default)))
	case f.Optional:
		add("optional")
	default:
		add("**required**")
	}
	if f.Secret {
		add("secret")
	}
	span(add, f.MinLength, f.MaxLength, "character", "characters")
	span(add, f.MinItems, f.MaxItems, "item", "items")
	switch {
	case f.Minimum != nil && f.Maximum != nil:
		add("%s to %s", value(*f.Minimum), value(*f.Maximum))
	case f.Minimum != nil:
		add("at least %s", value(*f.Minimum))
	case f.Maximum != nil:
		add("at most %s", value(*f.Maximum))
	}
	if f.Format != "" {
		add("format %s", code(f.Format))
	}
	if f.Pattern != "" {
		add("matches %s", code(f.Pattern))
	}
	if f.Enum != nil && !f.Confidential() {
		var members []string
		for _, member := range f.Enum {
			members = append(members, code(value(member)))
		}
		add("one of %s", strings.Join(members, " "))
	}
	if f.Coerce {
		add("also as text")
	}
	return list
}

func span(add func(string, ...any), least, most *int, one, many string) {
	switch {
	case least != nil && most != nil:
		add("%d to %d %s", *least, *most, many)
	case least != nil && *least == 1:
		add("at least 1 %s", one)
	case least != nil:
		add("at least %d %s", *least, many)
	case most != nil && *most == 1:
		add("at most 1 %s", one)
	case most != nil:
		add("at most %d %s", *most, many)
	}
}

func value(v any) string {
	text, err := strictjson.Append(nil, v)
	if err != nil {
		text, _ = json.Marshal(fmt.Sprint(v))
	}
	return string(text)
}

// code is text as code in a row of a table.
func code(text string) string {
	text = strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}

// markup is what Markdown, or HTML within it, would not show as it is.
var markup = strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", "&", "&amp;", "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`)

// prose is plain text as Markdown, on one line.
func prose(text string) string {
	return markup.Replace(strings.Join(strings.Fields(text), " "))
}
