package lualib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// gsub(s, pattern, replacement[, most]) -> text, number of matches
func stringGsub(c call) int {
	s, pattern := c.text(1), c.text(2)
	replacement := c.Get(3)
	switch v := replacement.(type) {
	case lua.LNumber:
		replacement = lua.LString(formatNumber(float64(v)))
	case lua.LString, *lua.LTable, *lua.LFunction:
	default:
		c.badArgument(3, "string/function/table expected")
	}
	most := c.integerOr(4, len(s)+1)
	g := substitution{matcher: matcher{call: c, subject: s, pattern: pattern}, replacement: replacement}
	g.reset()
	n := g.run(most)
	c.Push(lua.LString(g.result()))
	c.Push(lua.LNumber(n))
	return 2
}

// A substitution builds what gsub returns.
type substitution struct {
	matcher
	replacement lua.LValue
	built       []byte
	copied      int // how much of the subject is in built, or replaced
}

// run replaces up to most matches and gives their number.
func (g *substitution) run(most int) int {
	anchored := strings.HasPrefix(g.pattern, "^")
	first := 0
	if anchored {
		first = 1
	}
	n, start := 0, 0
	for n < most && start <= len(g.subject) {
		g.spend(1)
		end := g.matchAt(start, first)
		if end >= 0 {
			n++
			g.replace(start, end)
		}
		start = max(start+1, end)
		if anchored {
			break
		}
	}
	return n
}

func (g *substitution) result() string {
	if g.copied == 0 && len(g.built) == 0 {
		return g.subject // nothing came or went
	}
	g.add(g.subject[g.copied:])
	return string(g.built)
}

func (g *substitution) add(text string) {
	g.fit(len(g.built) + len(text))
	g.bytes(len(text))
	g.built = append(g.built, text...)
}

// replace takes over the subject up to start, and the replacement for what is
// from there to end.
func (g *substitution) replace(start, end int) {
	if template, ok := g.replacement.(lua.LString); ok {
		g.add(g.subject[g.copied:start])
		g.copied = end
		g.expand(string(template), start, end)
		return
	}
	value := g.lookUp(start, end)
	if lua.LVIsFalse(value) {
		return // what matched stays
	}
	var text string
	switch v := value.(type) {
	case lua.LString:
		text = string(v)
	case lua.LNumber:
		text = formatNumber(float64(v))
	default:
		g.fail("invalid replacement value (a %s)", v.Type())
	}
	g.add(g.subject[g.copied:start])
	g.copied = end
	g.add(text)
}

// lookUp asks the table or the function for a match's replacement.
func (g *substitution) lookUp(start, end int) lua.LValue {
	g.look() // this may call a library function that takes long
	if t, ok := g.replacement.(*lua.LTable); ok {
		return g.GetTable(t, g.capture(0, start, end))
	}
	g.Push(g.replacement)
	n := g.pushCaptures(start, end)
	g.Call(n, 1)
	value := g.Get(-1)
	g.Pop(1)
	return value
}

// expand adds the template, with captures for %1 to %9 and the match for %0.
func (g *substitution) expand(template string, start, end int) {
	for {
		g.spend(1)
		text, rest, found := strings.Cut(template, "%")
		g.add(text)
		if !found {
			return
		}
		if rest == "" {
			g.add("\x00") // as Lua does
			return
		}
		switch digit := rest[0]; {
		case digit == '0':
			g.add(g.subject[start:end])
		case isDigit(digit):
			switch v := g.capture(int(digit-'1'), start, end).(type) {
			case lua.LString:
				g.add(string(v))
			case lua.LNumber:
				g.add(formatNumber(float64(v)))
			}
		default:
			g.add(rest[:1])
		}
		template = rest[1:]
	}
}
