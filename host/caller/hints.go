package caller

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"vera/host/spell"
)

// Hints are what looks wrong in a call before it is made, a line each: an
// action or a field that is not there, and a field that is missing. They never
// hold a value.
func (c Catalogue) Hints(action string, fields json.RawMessage) []string {
	known, ok := c[action]
	if !ok {
		return []string{fmt.Sprintf("there is no action %q%s", shorten(action), meant(action, slices.Sorted(maps.Keys(c)), "; there are "))}
	}
	return hints(action, "", known.Fields, fields)
}

// hints compares the fields of an object, at path within an action's.
func hints(action, path string, types map[string]Type, fields json.RawMessage) []string {
	var given map[string]json.RawMessage
	if json.Unmarshal(fields, &given) != nil || given == nil {
		return nil // what is no object the host refuses in words of its own
	}
	var found []string
	names := slices.Sorted(maps.Keys(types))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		t, ok := types[name]
		if !ok {
			found = append(found, fmt.Sprintf("%s has no field %q%s", action, shorten(path+name), meant(name, names, "; its fields are ")))
			continue
		}
		if t.Fields != nil {
			found = append(found, hints(action, path+name+".", t.Fields, given[name])...)
		}
	}
	for _, name := range names {
		if t := types[name]; given[name] == nil && t.Required() {
			found = append(found, fmt.Sprintf("%s needs %s (%s): %s", action, path+name, t.Name, t.About()))
		}
	}
	return found
}

// meant is the likeliest name, or else all that there are.
func meant(word string, names []string, all string) string {
	if hint := spell.Hint(word, names); hint != "" || len(names) == 0 {
		return hint
	}
	const most = 12
	list := strings.Join(names[:min(most, len(names))], ", ")
	if len(names) > most {
		list += ", …"
	}
	return all + list
}
