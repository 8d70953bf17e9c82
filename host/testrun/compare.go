package testrun

import (
	"fmt"
	"slices"

	lua "github.com/yuin/gopher-lua"
)

const mostDifferences = 8

// A comparison finds where two values differ. With part, what is expected is
// only a part of what there may be: a table has its members, and others too.
type comparison struct {
	part        bool
	differences []string
	more        int // differences that are not listed
	open        [][2]*lua.LTable
}

// compare compares the values at a path, "" being the whole.
func (c *comparison) compare(path string, want, got lua.LValue) {
	w, wantTable := want.(*lua.LTable)
	g, gotTable := got.(*lua.LTable)
	if !wantTable || !gotTable {
		if want != got {
			c.differ(path, "expected %s, got %s", brief(want), brief(got))
		}
		return
	}
	pair := [2]*lua.LTable{w, g}
	if w == g || slices.Contains(c.open, pair) { // a table within itself
		return
	}
	c.open = append(c.open, pair)
	defer func() { c.open = c.open[:len(c.open)-1] }()
	for _, key := range keys(w) {
		c.compare(within(path, key), w.RawGet(key), g.RawGet(key))
	}
	if c.part && w.Len() == 0 {
		return
	}
	for _, key := range keys(g) {
		if w.RawGet(key) == lua.LNil {
			c.differ(within(path, key), "expected nothing, got %s", brief(g.RawGet(key)))
		}
	}
}

func (c *comparison) differ(path, format string, args ...any) {
	if len(c.differences) == mostDifferences {
		c.more++
		return
	}
	text := fmt.Sprintf(format, args...)
	if path != "" {
		text = path + ": " + text
	}
	c.differences = append(c.differences, text)
}

// list gives the differences for a reader.
func (c *comparison) list() []string {
	if c.more == 0 {
		return c.differences
	}
	return append(c.differences, fmt.Sprintf("and %d more", c.more))
}

func (c *comparison) same() bool { return len(c.differences) == 0 }

// within is the path of a table's member.
func within(path string, key lua.LValue) string {
	name, ok := key.(lua.LString)
	switch {
	case !ok || !plainName.MatchString(string(name)):
		return path + "[" + showAt(key, "", nil) + "]"
	case path == "":
		return string(name)
	}
	return path + "." + string(name)
}

// brief is a value in one line that is not long.
func brief(v lua.LValue) string {
	const longest = 100
	if v == lua.LNil {
		return "nothing"
	}
	if _, ok := v.(*lua.LTable); ok && len(show(v)) > longest {
		return "a table"
	}
	text := []rune(show(v))
	if len(text) > longest {
		return string(text[:longest]) + "…"
	}
	return string(text)
}

// contains tells whether part is in whole: text in text, an element in a list,
// members in a table.
func contains(whole *lua.LTable, part lua.LValue) *comparison {
	members, isTable := part.(*lua.LTable)
	if whole.Len() == 0 && isTable {
		c := &comparison{part: true}
		c.compare("", part, whole)
		return c
	}
	wanted := []lua.LValue{part}
	if isTable && members.Len() > 0 { // a list: each of them
		wanted = wanted[:0]
		for i := 1; i <= members.Len(); i++ {
			wanted = append(wanted, members.RawGetInt(i))
		}
	}
	missing := &comparison{}
	for _, want := range wanted {
		found := false
		for i := 1; i <= whole.Len() && !found; i++ {
			c := &comparison{part: true}
			c.compare("", want, whole.RawGetInt(i))
			found = c.same()
		}
		if !found {
			missing.differ("", "there is no %s", brief(want))
		}
	}
	return missing
}
