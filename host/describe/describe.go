// Package describe writes what actions take and answer, each time from the same
// declarations, for whoever wants to read it: the hub, validators, generators
// of clients, people and editors.
//
//	document, err := describe.Document(describe.OpenAPI, set.Actions, describe.Options{})
package describe

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"vera/host/luals"
	"vera/host/registry"
	"vera/host/spell"
)

// A Format is a form of description.
type Format string

// The formats.
const (
	Hub        Format = "hub"        // the manifest, byte for byte as it is published
	JSONSchema Format = "jsonschema" // JSON Schema 2020-12
	OpenAPI    Format = "openapi"    // OpenAPI 3.1, of the hub's POST /
	Markdown   Format = "markdown"   // a page to read
	LuaLS      Format = "luals"      // declarations for the Lua language server
)

// Formats lists them all.
func Formats() []Format { return []Format{Hub, JSONSchema, OpenAPI, Markdown, LuaLS} }

// Options say what actions do not know of themselves.
type Options struct {
	Server  string // address of the hub, for OpenAPI; empty: where vera dev listens
	Timeout int    // seconds that an action gets which sets none; zero: 10
	Alone   bool   // a single action's JSON Schema is that of its fields, not one of its "$defs"
}

// Document describes the actions, sorted by name. It ends with a line break.
func Document(format Format, actions []*registry.Action, options Options) ([]byte, error) {
	if options.Server == "" {
		options.Server = "http://127.0.0.1:4000"
	}
	if options.Timeout == 0 {
		options.Timeout = 10
	}
	switch format {
	case Hub:
		return append(registry.ManifestOf(actions), '\n'), nil
	case JSONSchema:
		if options.Alone && len(actions) == 1 {
			return indented(fieldsSchema(actions[0], dialect+","))
		}
		return indented(jsonSchema(actions))
	case OpenAPI:
		return openAPI(actions, options)
	case Markdown:
		return markdown(actions, options), nil
	case LuaLS:
		return luals.Actions(actions), nil
	}
	return nil, fmt.Errorf("unknown format %q%s", format, spell.Hint(string(format), formatNames()))
}

func formatNames() []string {
	var names []string
	for _, format := range Formats() {
		names = append(names, string(format))
	}
	return names
}

// Select gives the actions of these names in their order, all without a name.
func Select(actions []*registry.Action, names []string) ([]*registry.Action, error) {
	if len(names) == 0 {
		return actions, nil
	}
	var known []string
	for _, action := range actions {
		known = append(known, action.Name)
	}
	var unknown []string
	for _, name := range names {
		if !slices.Contains(known, name) {
			unknown = append(unknown, fmt.Sprintf("there is no action %q%s", name, spell.Hint(name, known)))
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("%s\nthe actions are %s", strings.Join(unknown, "\n"), strings.Join(known, ", "))
	}
	return slices.DeleteFunc(slices.Clone(actions), func(a *registry.Action) bool { return !slices.Contains(names, a.Name) }), nil
}

// contractVersion is a short hash over all that callers are promised. It stays
// the same when only code changes.
func contractVersion(actions []*registry.Action) string {
	sum := sha256.Sum256(jsonSchema(actions))
	return hex.EncodeToString(sum[:])[:12]
}

func indented(compact []byte) ([]byte, error) {
	var out bytes.Buffer
	if err := json.Indent(&out, compact, "", "  "); err != nil {
		return nil, err
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
