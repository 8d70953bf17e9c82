// Package caller calls actions as a service would, for a person at a terminal:
// it makes fields of key=value, sends them to a Plugboard and shows the answer.
//
//	client := &caller.Client{URL: "http://127.0.0.1:4000", Service: 1}
//	status, err := client.Status(ctx) // what is served there, if it says so
//	fields, err := caller.Fields([]string{"name=Ada", "times=2"}, status.Actions["Greet"].Fields)
//	answer, err := client.Call(ctx, "Greet", fields)
//	answer.Print(os.Stdout, false)
package caller

import (
	"encoding/json"
	"fmt"
	"html"
)

// A Catalogue is the actions that a Plugboard or a host tells of, by name.
type Catalogue map[string]Action

// An Action is what callers are told of one.
type Action struct {
	Description string          `json:"description"`
	Fields      map[string]Type `json:"fields"`
}

// A Type is what callers are told of a field.
type Type struct {
	Name        string          `json:"type"`
	Description string          `json:"description"` // with entities for markup, as published
	Default     json.RawMessage `json:"default"`     // nil: the field is required
	Fields      map[string]Type `json:"fields"`      // of an object; nil if it may hold anything
}

// Required tells whether a call without the field is refused.
func (t Type) Required() bool { return t.Default == nil }

// About is the description as its author wrote it.
func (t Type) About() string { return html.UnescapeString(t.Description) }

// ParseCatalogue reads a manifest.
func ParseCatalogue(manifest []byte) (Catalogue, error) {
	var c Catalogue
	if err := json.Unmarshal(manifest, &c); err != nil {
		return nil, fmt.Errorf("read the actions: %w", err)
	}
	return c, nil
}
