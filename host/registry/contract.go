package registry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A Change is one difference between two contracts, that is, between what two
// manifests promise to callers. It is breaking if a caller that was right
// before may not be right any more.
type Change struct {
	Kind     ChangeKind
	Place    string // Action, or Action.field, or deeper
	What     string
	Breaking bool
}

// A ChangeKind is the sign that a change is printed with.
type ChangeKind string

// The kinds of changes.
const (
	Added   ChangeKind = "+"
	Removed ChangeKind = "-"
	Changed ChangeKind = "~"
)

// String is the change in a line: "- Login.phone: field removed (breaking)".
func (c Change) String() string {
	weight := "compatible"
	if c.Breaking {
		weight = "breaking"
	}
	return fmt.Sprintf("%s %s: %s (%s)", c.Kind, c.Place, c.What, weight)
}

// promise is an action or a field as a manifest has it.
type promise struct {
	Type        string             `json:"type"`
	Description string             `json:"description"`
	Default     json.RawMessage    `json:"default"` // nil: required
	Fields      map[string]promise `json:"fields"`  // nil: whatever the caller likes
	Items       *promise           `json:"items"`
}

// Compare lists the changes from one manifest to another, by place. New
// actions, new fields that may be left out, texts and defaults are compatible.
func Compare(old, next []byte) ([]Change, error) {
	var before, after map[string]promise
	for _, manifest := range []struct {
		name   string
		text   []byte
		parsed *map[string]promise
	}{{"old", old, &before}, {"new", next, &after}} {
		if err := json.Unmarshal(manifest.text, manifest.parsed); err != nil {
			return nil, fmt.Errorf("read the %s manifest: %w", manifest.name, err)
		}
	}
	var d diff
	for _, name := range names(before, after) {
		a, had := before[name]
		b, has := after[name]
		switch {
		case !has:
			d.add(Removed, name, "action removed", true)
		case !had:
			d.add(Added, name, "action added", false)
		default:
			d.describe(name, a, b)
			d.fields(name, a.Fields, b.Fields)
		}
	}
	return d, nil
}

func names(a, b map[string]promise) []string {
	all := maps.Clone(b)
	if all == nil {
		all = make(map[string]promise)
	}
	maps.Copy(all, a)
	return slices.Sorted(maps.Keys(all))
}

type diff []Change

func (d *diff) add(kind ChangeKind, place, what string, breaking bool) {
	*d = append(*d, Change{kind, place, what, breaking})
}

func (d *diff) describe(place string, a, b promise) {
	if a.Description != b.Description {
		d.add(Changed, place, "description changed", false)
	}
}

// fields compares what an action or an object takes.
func (d *diff) fields(place string, before, after map[string]promise) {
	for _, name := range names(before, after) {
		at := place + "." + name
		a, had := before[name]
		b, has := after[name]
		switch {
		case !has:
			d.add(Removed, at, "field removed", true)
		case !had && b.Default == nil:
			d.add(Added, at, "required field added", true)
		case !had:
			d.add(Added, at, "optional field added", false)
		default:
			d.field(at, a, b)
		}
	}
}

func (d *diff) field(place string, a, b promise) {
	d.describe(place, a, b)
	if a.Type != b.Type {
		d.add(Changed, place, fmt.Sprintf("type %s became %s", a.Type, b.Type), true)
		return
	}
	switch {
	case a.Default == nil && b.Default != nil:
		d.add(Changed, place, "became optional", false)
	case a.Default != nil && b.Default == nil:
		d.add(Changed, place, "became required", true)
	case !bytes.Equal(a.Default, b.Default):
		d.add(Changed, place, fmt.Sprintf("default %s became %s", a.Default, b.Default), false)
	}
	switch {
	case a.Fields == nil && b.Fields != nil:
		d.add(Changed, place, "its own fields are declared now", true)
	case a.Fields != nil && b.Fields == nil:
		d.add(Changed, place, "its own fields are not declared any more", false)
	default:
		d.fields(place, a.Fields, b.Fields)
	}
	switch {
	case a.Items == nil && b.Items != nil:
		d.add(Changed, place, "its items are declared now", true)
	case a.Items != nil && b.Items == nil:
		d.add(Changed, place, "its items are not declared any more", false)
	case a.Items != nil:
		d.field(place+"[]", *a.Items, *b.Items)
	}
}
