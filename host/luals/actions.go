package luals

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"vera/host/registry"
	"vera/host/schema"
)

// contract is what is the same for all actions.
const contract = `---@meta _

--- What files of actions return, and what each action takes. In an action's file, this line above its table tells
--- an editor what run gets: ` + "`---@type actions.Login`" + `.

--- What an action's file returns.
---@class Action
---@field name? string the action's name; else the file's, in PascalCase
---@field description string plain text that callers see
---@field fields table<string, Field> the declared inputs; {} declares none
---@field run fun(fields: table<string, any>, context: Context): Answer
---@field timeout? number seconds, above 0 and at most 29

--- What run knows of its request.
---@class Context
---@field action string
---@field deadline number Unix seconds; nothing goes on after it
---@field request_id string
---@field version string of the set of files, as in the log

--- What run returns.
---@class Answer
---@field status_code integer
---@field message? string
---@field fields? any any JSON value; ` + "`json.null`, `json.array({})`" + ` where a table does not say it

--- A declared input.
---@class Field
`

// Actions declares each action's inputs, and what is the same for all.
func Actions(actions []*registry.Action) []byte {
	w := new(strings.Builder)
	w.WriteString(header + contract)
	for _, keyword := range schema.Keywords() {
		mark := "?"
		if keyword.Name == "type" || keyword.Name == "description" {
			mark = ""
		}
		about := keyword.About
		if len(keyword.Types) > 0 {
			about = strings.Join(keyword.Types, ", ") + ": " + about
		}
		writeField(w, keyword.Name+mark, keyword.Value, about)
	}
	for _, action := range actions {
		class := "actions." + action.Name
		fmt.Fprintf(w, "\n--- %s\n---@class %s: Action\n", line(action.Description), class)
		fmt.Fprintf(w, "---@field run fun(fields: %s.Fields, context: Context): Answer\n", class)
		writeClass(w, class+".Fields", "What "+action.Name+" takes.", action.Schema)
	}
	return []byte(w.String())
}

// writeClass declares an object's fields, and then the objects within it.
func writeClass(w *strings.Builder, name, about string, s *schema.Schema) {
	fmt.Fprintf(w, "\n--- %s\n---@class %s\n", line(about), name)
	for _, field := range s.Fields() {
		member := field.Name
		if slices.Contains(reserved, member) {
			member = `["` + member + `"]`
		}
		if field.Optional {
			member += "?"
		}
		writeField(w, member, kind(name+"."+field.Name, &field), field.Description)
	}
	for _, field := range s.Fields() {
		at, inner := name+"."+field.Name, &field
		for inner.Items != nil {
			at, inner = at+".item", inner.Items
		}
		if inner.Fields != nil {
			writeClass(w, at, inner.Description, inner.Fields)
		}
	}
}

// writeField writes a member of a class. The sign keeps a text from being read
// as a part of the type.
func writeField(w *strings.Builder, name, kind, about string) {
	fmt.Fprintf(w, "---@field %s %s # %s\n", name, kind, line(about))
}

// kind is the type of a field whose class, if it has one, is named name.
func kind(name string, f *schema.Field) string {
	if choices := literals(f.Enum); choices != "" && !f.Secret {
		return choices
	}
	switch {
	case f.Type == schema.Object && f.Fields != nil:
		return name
	case f.Type == schema.Object:
		return "table<string, any>"
	case f.Type == schema.Array && f.Items == nil:
		return "any[]"
	case f.Type == schema.Array:
		item := kind(name+".item", f.Items)
		if strings.Contains(item, "|") {
			item = "(" + item + ")"
		}
		return item + "[]"
	}
	return f.Type
}

// literals are the values of an enum as a type, empty where one of them cannot
// be said so.
func literals(enum []any) string {
	var list []string
	for _, member := range enum {
		switch member := member.(type) {
		case string:
			if strings.ContainsAny(member, "\"\\") || strings.ContainsFunc(member, func(r rune) bool { return r < ' ' }) {
				return ""
			}
			list = append(list, `"`+member+`"`)
		case float64:
			if member != math.Trunc(member) || member < 0 {
				return ""
			}
			list = append(list, strconv.FormatFloat(member, 'f', -1, 64))
		case bool:
			list = append(list, strconv.FormatBool(member))
		default:
			return ""
		}
	}
	return strings.Join(list, "|")
}

// reserved words are no names in Lua, and so not in its annotations.
var reserved = []string{
	"and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
	"not", "or", "repeat", "return", "then", "true", "until", "while",
}

// line is text on one line.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
