package repl

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"vera/host/script/lualib"
	"vera/stdlib/luaconv"
)

// Bounds of what is shown of one value.
const (
	maxDepth   = 5     // tables within tables
	maxEntries = 100   // of one table
	maxText    = 2_000 // bytes of one string
	maxShown   = 20_000
	lineWidth  = 76 // up to which a table is one line
)

// Show gives a value as a person reads it, which is mostly also how a script
// would write it. Of what is too deep or too much the rest is left out.
func Show(value lua.LValue) string {
	s := shower{open: make(map[*lua.LTable]bool), left: maxShown}
	return s.show(value, 0)
}

type shower struct {
	open map[*lua.LTable]bool // the tables around this place
	left int                  // bytes that may still be shown, roughly
}

func (s *shower) show(value lua.LValue, depth int) string {
	text := ""
	switch value := value.(type) {
	case lua.LString:
		text = quote(string(value))
	case lua.LNumber:
		text = number(float64(value))
	case *lua.LTable:
		return s.table(value, depth)
	case *lua.LFunction:
		text = "function"
	case *lua.LUserData:
		text = "userdata"
		if luaconv.IsNull(value) {
			text = "null"
		}
	default:
		text = value.String()
	}
	s.left -= len(text)
	return text
}

// number shows all digits, and a time in seconds as one would write it.
func number(n float64) string {
	if size := math.Abs(n); size >= 1e-6 && size < 1e15 {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return lua.LNumber(n).String()
}

// table shows a table: the list in it first, then its names, then the rest.
func (s *shower) table(t *lua.LTable, depth int) string {
	s.left -= len("{ … }")
	entries := entriesOf(t)
	switch {
	case len(entries) == 0:
		return "{}"
	case s.open[t]:
		return "{ a table around this one }"
	case depth == maxDepth:
		return "{ … }"
	}
	s.open[t] = true
	defer delete(s.open, t)
	var parts []string
	listed := true // so far
	for i, e := range entries {
		if i == maxEntries || s.left <= 0 {
			parts = append(parts, fmt.Sprintf("… %d more", len(entries)-i))
			break
		}
		listed = listed && e.key == lua.LNumber(i+1)
		prefix := ""
		if !listed {
			prefix = e.prefix()
		}
		parts = append(parts, prefix+s.show(e.value, depth+1))
	}
	line := "{ " + strings.Join(parts, ", ") + " }"
	if utf8.RuneCountInString(line)+2*depth <= lineWidth && !strings.Contains(line, "\n") {
		return line
	}
	indent := "\n" + strings.Repeat("  ", depth)
	return "{" + indent + "  " + strings.Join(parts, ","+indent+"  ") + "," + indent + "}"
}

type entry struct{ key, value lua.LValue }

// prefix is what stands before the value of an entry that is in no list.
func (e entry) prefix() string {
	key := e.key.String()
	if _, ok := e.key.(lua.LString); !ok {
		return "[" + key + "] = "
	}
	if isName(key) {
		return key + " = "
	}
	return "[" + quote(key) + "] = "
}

func entriesOf(t *lua.LTable) []entry {
	var entries []entry
	lualib.ForEach(t, func(key, value lua.LValue) { entries = append(entries, entry{key, value}) })
	slices.SortFunc(entries, func(a, b entry) int {
		x, xIsNumber := a.key.(lua.LNumber)
		y, yIsNumber := b.key.(lua.LNumber)
		switch {
		case xIsNumber && yIsNumber:
			return int(min(max((x-y)*2, -1), 1)) // keys differ
		case xIsNumber:
			return -1
		case yIsNumber:
			return 1
		}
		return strings.Compare(a.key.String(), b.key.String())
	})
	return entries
}

// keywords are no names for a field.
var keywords = strings.Fields("and break do else elseif end false for function goto if in local nil not or repeat return then true until while")

func isName(text string) bool {
	for i, r := range text {
		letter := r == '_' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return text != "" && !slices.Contains(keywords, text)
}

// quote writes a string as a script would; bytes that are no visible text are
// escaped, so that none commands the terminal.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	rest := text
	if len(rest) > maxText {
		rest = rest[:maxText]
	}
	for len(rest) > 0 {
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == utf8.RuneError && size == 1 || !strconv.IsPrint(r):
			for _, c := range []byte(rest[:size]) {
				fmt.Fprintf(&b, `\%03d`, c)
			}
		default:
			b.WriteRune(r)
		}
		rest = rest[size:]
	}
	b.WriteByte('"')
	if len(text) > maxText {
		fmt.Fprintf(&b, "… of %d bytes", len(text))
	}
	return b.String()
}
