package testrun

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
)

const (
	widest      = 72    // characters of a table that is shown in one line
	deepest     = 10    // tables within tables that are shown
	longestShow = 4_000 // bytes of what is shown in all
)

// show writes a value as Lua would, with the members of tables sorted by name,
// in one line if it is short.
func show(v lua.LValue) string {
	text := showAt(v, "", nil)
	if len(text) > longestShow {
		text = strings.ToValidUTF8(text[:longestShow], "") + " …"
	}
	return text
}

func showAt(v lua.LValue, indent string, above []*lua.LTable) string {
	switch v := v.(type) {
	case lua.LString:
		return quote(string(v))
	case lua.LNumber:
		if float64(v) == float64(int64(v)) {
			return strconv.FormatInt(int64(v), 10)
		}
		return strconv.FormatFloat(float64(v), 'g', -1, 64)
	case *lua.LTable:
		return showTable(v, indent, above)
	case *lua.LUserData:
		if luaconv.IsNull(v) {
			return "json.null"
		}
	case *lua.LNilType, lua.LBool:
		return v.String()
	}
	return "<" + v.Type().String() + ">"
}

// quote is a string as Lua writes it, with all escaped that is not to be seen.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r == '\n':
			b.WriteString("\\n")
		case r == utf8.RuneError && size == 1 || !unicode.IsPrint(r):
			for _, c := range []byte(s[i : i+size]) {
				fmt.Fprintf(&b, "\\%03d", c)
			}
		default:
			b.WriteRune(r)
		}
		i += size
	}
	b.WriteByte('"')
	return b.String()
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func showTable(t *lua.LTable, indent string, above []*lua.LTable) string {
	if slices.Contains(above, t) || len(above) == deepest {
		return "{ … }"
	}
	above = append(above, t)
	var items []string
	length := t.Len()
	for _, key := range keys(t) {
		value := showAt(t.RawGet(key), indent+"  ", above)
		switch name := key.(type) {
		case lua.LNumber:
			if float64(name) >= 1 && float64(name) <= float64(length) {
				items = append(items, value)
				continue
			}
		case lua.LString:
			if plainName.MatchString(string(name)) {
				items = append(items, string(name)+" = "+value)
				continue
			}
		}
		items = append(items, "["+showAt(key, "", above)+"] = "+value)
	}
	if len(items) == 0 {
		return "{}"
	}
	line := "{ " + strings.Join(items, ", ") + " }"
	if utf8.RuneCountInString(line) <= widest && !strings.Contains(line, "\n") {
		return line
	}
	inner := "\n" + indent + "  "
	return "{" + inner + strings.Join(items, ","+inner) + "\n" + indent + "}"
}

// keys lists a table's keys: numbers in order, then names, then all others.
func keys(t *lua.LTable) []lua.LValue {
	var all []lua.LValue
	t.ForEach(func(key, _ lua.LValue) { all = append(all, key) })
	slices.SortStableFunc(all, func(a, b lua.LValue) int {
		if c := cmp.Compare(rank(a), rank(b)); c != 0 {
			return c
		}
		if x, ok := a.(lua.LNumber); ok {
			return cmp.Compare(x, b.(lua.LNumber))
		}
		return cmp.Compare(a.String(), b.String())
	})
	return all
}

func rank(v lua.LValue) int {
	switch v.Type() {
	case lua.LTNumber:
		return 0
	case lua.LTString:
		return 1
	}
	return 2
}
