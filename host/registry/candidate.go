package registry

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Refusal is why the candidate is not served yet.
type Refusal struct {
	Reason string
	Tries  int
	Again  time.Time // when it is tried again, at the latest
}

// A Status is what a registry has to say of itself.
type Status struct {
	Served    *Set
	Candidate *Set     // what the files say, until the hub accepts its manifest; nil: it is served
	Refusal   *Refusal // of the candidate; nil: none yet
	Faults    []Fault  // in the files as they are now
	Trouble   string   // why the last reload failed as a whole; empty if it did not
}

// Status is how things are now.
func (r *Registry) Status() Status {
	now := r.sets.Load()
	status := Status{Served: now.served, Candidate: now.candidate, Refusal: now.refusal, Faults: now.newest().Faults}
	if text := r.trouble.Load(); text != nil {
		status.Trouble = *text
	}
	return status
}

// Manifest is what should be published now: the candidate's, if there is one.
// Ask for it right before, and report what came of it to Accepted or Refused.
func (r *Registry) Manifest() []byte {
	for {
		before := r.sets.Load()
		if before.candidate == nil || before.candidate == before.offered {
			return before.newest().Manifest
		}
		after := *before
		after.offered = before.candidate
		if r.sets.CompareAndSwap(before, &after) {
			return after.candidate.Manifest
		}
	}
}

// For is the set that answers a request which came over a connection that
// published the given manifest.
func (r *Registry) For(manifest []byte) *Set { return r.sets.Load().of(manifest) }

// Accepted tells that a manifest, which Manifest gave, is published. The set
// that it belongs to is served from now on. It does not wait for anything.
func (r *Registry) Accepted(manifest []byte) {
	for {
		before := r.sets.Load()
		after := &sets{served: before.of(manifest)}
		if after.served == before.served {
			return
		}
		// If the files have changed meanwhile, what they say is the next one.
		if next := before.newest(); !bytes.Equal(next.Manifest, manifest) {
			after.candidate = next
		}
		if !r.sets.CompareAndSwap(before, after) {
			continue
		}
		r.options.Logger.Info("reloaded", "version", after.served.Version, "change", "contract",
			"actions", len(after.served.Actions), "stale", len(after.served.Faults))
		return
	}
}

// Refused tells that a manifest, which Manifest gave, could not be published,
// and that it will be tried again. It does not wait for anything.
func (r *Registry) Refused(manifest []byte, refusal Refusal) {
	for {
		before := r.sets.Load()
		if before.candidate == nil || !bytes.Equal(before.candidate.Manifest, manifest) {
			return
		}
		after := *before
		after.refusal = &refusal
		if !r.sets.CompareAndSwap(before, &after) {
			continue
		}
		r.options.Logger.Warn("contract not accepted yet, the old set serves on", "served", before.served.Version,
			"candidate", before.candidate.Version, "likelier", refusal.Reason, "tries", refusal.Tries,
			"remedy", "bring the same files to all hosts of the service; the first try after that succeeds",
			"again", time.Until(refusal.Again).Round(time.Millisecond))
		return
	}
}

// reportReload logs what a reload did.
func (r *Registry) reportReload(before, after *sets, took time.Duration) {
	newest, log := after.newest(), r.options.Logger
	if before.candidate != nil && after.candidate == nil {
		log.Info("contract change withdrawn", "served", after.served.Version, "candidate", before.candidate.Version)
	}
	attrs := []any{"version", newest.Version, "actions", len(newest.Actions), "stale", len(newest.Faults),
		"duration", took.Round(time.Microsecond)}
	switch {
	case after.candidate != nil && newest.Version != before.newest().Version:
		log.Info("contract changed, asking the hub", append(attrs,
			"served", after.served.Version, "changes", summary(after.served.Manifest, newest.Manifest))...)
	case after.served.Version == before.served.Version:
		// Only faults came or went.
	case bytes.Equal(after.served.Manifest, before.served.Manifest):
		log.Info("reloaded", append(attrs, "change", "body")...)
	default: // and nobody needs to be asked
		log.Info("reloaded", append(attrs, "change", "contract")...)
	}
}

// summary says in a line how a contract changes.
func summary(old, next []byte) string {
	changes, err := Compare(old, next)
	if err != nil {
		return err.Error()
	}
	list := make([]string, len(changes))
	for i, change := range changes {
		list[i] = change.String()
	}
	return strings.Join(list, "; ")
}

// Largest names the actions that take the most room in a set's manifest, whose
// size in bytes the given function tells.
func Largest(set *Set, sizeOf func(manifest []byte) int) string {
	type entry struct {
		name string
		size int
	}
	empty := sizeOf(ManifestOf(nil))
	var entries []entry
	for _, action := range set.Actions {
		entries = append(entries, entry{action.Name, sizeOf(ManifestOf([]*Action{action})) - empty})
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(b.size, a.size) })
	var list []string
	for _, e := range entries[:min(3, len(entries))] {
		list = append(list, fmt.Sprintf("%s with %d", e.name, e.size))
	}
	return strings.Join(list, ", ")
}
