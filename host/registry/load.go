package registry

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vera/host/schema"
	"vera/host/script"
	"vera/stdlib/strictjson"
)

// builder makes one set.
type builder struct {
	registry *Registry
	found    scan
	old      *Set
	next     *Set
	library  script.Library
}

// build makes the set of the files found. A file that has a fault keeps what
// was served of it before.
func (r *Registry) build(ctx context.Context, found scan, old *Set) *Set {
	b := &builder{
		registry: r,
		found:    found,
		old:      old,
		next:     &Set{byName: make(map[string]*Action), good: make(map[string]source)},
		library:  make(script.Library),
	}
	for _, file := range found.files() {
		switch {
		case isTest(file):
			b.next.Tests = append(b.next.Tests, Test{File: file, Source: found[file].text, Err: found[file].err})
		case moduleName(file) != "":
			b.module(file)
		}
	}
	b.next.library = b.library
	var loaded []*Action
	for _, file := range found.files() {
		if !isTest(file) && moduleName(file) == "" {
			if action := b.action(ctx, file); action != nil {
				loaded = append(loaded, action)
			}
		}
	}
	b.publish(loaded)
	return b.next
}

// module compiles a file below lib.
func (b *builder) module(file string) {
	program, err := b.compile(file, b.found[file])
	if err == nil {
		b.library[moduleName(file)] = program
		b.next.good[file] = b.found[file]
		return
	}
	last, ok := b.old.good[file]
	if ok {
		if program, lastErr := b.compile(file, last); lastErr == nil {
			b.library[moduleName(file)] = program
			b.next.good[file] = last
		}
	}
	b.fault(file, err, ok)
}

// action loads an action's file, or gives its last good version, or nil.
func (b *builder) action(ctx context.Context, file string) *Action {
	action, err := b.load(ctx, file)
	if err == nil {
		b.next.good[file] = b.found[file]
		return action
	}
	if i := slices.IndexFunc(b.old.Actions, func(a *Action) bool { return a.File == file }); i >= 0 {
		b.next.good[file] = b.old.good[file]
		action = b.old.Actions[i]
	}
	b.fault(file, err, action != nil)
	return action
}

// load gives the file's action, nil for a file that a setting switches off.
func (b *builder) load(ctx context.Context, file string) (*Action, error) {
	program, err := b.compile(file, b.found[file])
	if err != nil {
		return nil, err
	}
	declared, err := b.registry.options.Pool.Declare(ctx, program, b.library)
	if err != nil {
		return nil, at(file, err)
	}
	if declared.Off {
		return nil, nil
	}
	if declared.Name == "" {
		declared.Name = ActionName(file)
		if !script.ValidName(declared.Name) {
			return nil, fmt.Errorf("%s: the file's name makes %q, which is no action's name (at most 64 letters, digits or underscores, a letter first): rename it or set name",
				file, declared.Name)
		}
	}
	fields, err := schema.Parse(declared.Fields, b.registry.options.Formats)
	if err != nil {
		return nil, at(file, err)
	}
	return &Action{
		Name:        declared.Name,
		File:        file,
		Description: declared.Description,
		Schema:      fields,
		Program:     program,
		Library:     b.library,
		Timeout:     declared.Timeout,
	}, nil
}

// publish puts the actions under their names. Of two with one name, the one
// that was served under it stays; if neither was, neither is served.
func (b *builder) publish(loaded []*Action) {
	byName := make(map[string][]*Action)
	for _, action := range loaded {
		byName[action.Name] = append(byName[action.Name], action)
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		claimants := byName[name]
		if len(claimants) > 1 {
			claimants = b.settle(name, claimants)
		}
		for _, action := range claimants {
			b.next.byName[name] = action
			b.next.Actions = append(b.next.Actions, action)
		}
	}
	slices.SortFunc(b.next.Faults, func(x, y Fault) int { return cmp.Compare(x.File, y.File) })
	b.next.Version = scan(b.next.good).version()
	b.next.Manifest = ManifestOf(b.next.Actions)
}

// settle gives the one of several claimants that may keep the name, if any.
func (b *builder) settle(name string, claimants []*Action) []*Action {
	var files []string
	for _, action := range claimants {
		files = append(files, action.File)
	}
	var holder []*Action
	for _, action := range claimants {
		if before, ok := b.old.Lookup(name); ok && before.File == action.File {
			holder = []*Action{action}
			continue
		}
		delete(b.next.good, action.File)
		b.fault(action.File, twice{fmt.Errorf("%s: the action's name %s belongs to one file, but is that of %s",
			action.File, name, strings.Join(files, " and "))}, false)
	}
	return holder
}

func (b *builder) fault(file string, err error, stale bool) {
	b.next.Faults = append(b.next.Faults, Fault{
		File: file, Err: err, Stale: stale, Frame: codeFrame(err, b.found), Points: points(file, err, b.found),
	})
}

func (b *builder) compile(file string, src source) (*script.Program, error) {
	if src.err != nil {
		return nil, at(file, src.err)
	}
	return b.registry.options.Compile(file, src.text)
}

// at puts the file before an error that does not begin with it.
func at(file string, err error) error {
	if strings.HasPrefix(err.Error(), file+":") {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// ManifestOf is what the hub is told of actions: {Name: {description, fields}}.
func ManifestOf(actions []*Action) []byte {
	out := []byte{'{'}
	for i, action := range actions {
		if i > 0 {
			out = append(out, ',')
		}
		out = strictjson.AppendString(out, action.Name)
		out = append(out, `:{"description":`...)
		out = strictjson.AppendString(out, schema.EscapeMarkup(action.Description))
		out = append(out, `,"fields":`...)
		out = action.Schema.AppendManifest(out)
		out = append(out, '}')
	}
	return append(out, '}')
}
