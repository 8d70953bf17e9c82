package script

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"vera/host/spell"
	"vera/stdlib/json"
)

// MaxTimeout is the longest that an action may ask to run. The hub forgets a
// request after 30 s, and an answer that comes later can reach another caller.
const MaxTimeout = 29 * time.Second

// A Declaration is what an action's file says of itself.
type Declaration struct {
	Name        string // empty: derived from the file's name
	Description string
	Fields      map[string]any // as schema.Parse takes them
	Timeout     time.Duration  // zero: the host's default
	Off         bool           // the file returned false: it is not to be served
}

// declarationKeys are all that an action's table may hold.
var declarationKeys = []string{"name", "description", "fields", "run", "timeout"}

// declaration reads what the file returned. All faults are reported together.
func declaration(ctx context.Context, returned lua.LValue) (Declaration, error) {
	var d Declaration
	if returned == lua.LFalse {
		d.Off = true
		return d, nil
	}
	table, ok := returned.(*lua.LTable)
	if !ok {
		return d, fmt.Errorf("the file must return a table with description, fields and run, not %s", aOrNothing(returned))
	}
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }

	for key, _ := table.Next(lua.LNil); key != lua.LNil; key, _ = table.Next(key) {
		if name, ok := key.(lua.LString); !ok || !slices.Contains(declarationKeys, string(name)) {
			fault("unknown key %q%s (%s)", key.String(), spell.Hint(key.String(), declarationKeys), strings.Join(declarationKeys, ", "))
		}
	}
	switch name := table.RawGetString("name").(type) {
	case *lua.LNilType:
	case lua.LString:
		if d.Name = string(name); !ValidName(d.Name) {
			fault("name: must be 1 to 64 letters, digits or underscores, beginning with a letter")
		}
	default:
		fault("name: must be a string")
	}
	description, ok := table.RawGetString("description").(lua.LString)
	if d.Description = string(description); !ok || strings.TrimSpace(d.Description) == "" || !utf8.ValidString(d.Description) {
		fault("description: is required, and must be text that says what the action does")
	}
	if fields, err := fieldsOf(ctx, table.RawGetString("fields")); err != nil {
		fault("%v", err)
	} else {
		d.Fields = fields
	}
	if run := table.RawGetString("run"); run.Type() != lua.LTFunction {
		fault("run: must be a function, not %s", aOrNothing(run))
	}
	switch timeout := table.RawGetString("timeout").(type) {
	case *lua.LNilType:
	case lua.LNumber:
		d.Timeout = max(time.Duration(float64(timeout)*float64(time.Second)), 1)
		if !(timeout > 0 && float64(timeout) <= MaxTimeout.Seconds()) {
			fault("timeout: must be seconds, above 0 and at most %v", MaxTimeout.Seconds())
		}
	default:
		fault("timeout: must be a number of seconds")
	}
	if len(faults) > 0 {
		slices.Sort(faults)
		return d, fmt.Errorf("%s", strings.Join(faults, "; "))
	}
	return d, nil
}

func fieldsOf(ctx context.Context, value lua.LValue) (map[string]any, error) {
	table, ok := value.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("fields: is required, and must be a table; {} declares none")
	}
	tree, err := json.ToGo(ctx, table, json.Limits{})
	if err != nil {
		return nil, fmt.Errorf("fields: %w", err)
	}
	fields, ok := tree.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("fields: must be a table of names, not a list")
	}
	return fields, nil
}

func aOrNothing(v lua.LValue) string {
	if v == lua.LNil {
		return "nothing"
	}
	return "a " + v.Type().String()
}

// ValidName tells whether the hub can carry an action's name: 1 to 64 ASCII
// letters, digits and underscores, the first a letter.
func ValidName(name string) bool {
	if name == "" || len(name) > 64 {
		return false
	}
	for i, r := range name {
		letter := r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return true
}
