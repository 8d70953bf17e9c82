package schema

import (
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// ecmaPattern translates a pattern of RE2, which must match a whole text, for
// JSON Schema: anchored, and in the syntax that ECMA-262 (with its flag u) and
// RE2 share, so that validators of either kind agree. Anchors at the ends of
// lines are not among it.
func ecmaPattern(pattern string) (string, bool) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	var e ecmaWriter
	e.WriteString("^")
	e.one(parsed)
	e.WriteString("$")
	return e.String(), !e.impossible
}

// An ecmaWriter writes expressions.
type ecmaWriter struct {
	strings.Builder
	impossible bool
}

// ecmaFixed are the expressions that are always written alike. The dot is not
// among them: what ends a line is not the same in both.
var ecmaFixed = map[syntax.Op]string{
	syntax.OpNoMatch:        `[^\s\S]`,
	syntax.OpEmptyMatch:     `(?:)`,
	syntax.OpAnyCharNotNL:   `[^\n]`,
	syntax.OpAnyChar:        `[\s\S]`,
	syntax.OpBeginText:      `^`,
	syntax.OpEndText:        `$`,
	syntax.OpWordBoundary:   `\b`,
	syntax.OpNoWordBoundary: `\B`,
}

// all writes expressions that follow each other, each closed in itself.
func (e *ecmaWriter) all(list []*syntax.Regexp, between string) {
	for i, re := range list {
		if i > 0 {
			e.WriteString(between)
		}
		e.one(re)
	}
}

// one writes an expression so that anything may follow it.
func (e *ecmaWriter) one(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			e.literal(r, re.Flags&syntax.FoldCase != 0)
		}
	case syntax.OpCharClass:
		e.class(re.Rune)
	case syntax.OpCapture:
		e.group(re.Sub[0])
	case syntax.OpStar:
		e.repeat(re.Sub[0], "*")
	case syntax.OpPlus:
		e.repeat(re.Sub[0], "+")
	case syntax.OpQuest:
		e.repeat(re.Sub[0], "?")
	case syntax.OpRepeat:
		e.repeat(re.Sub[0], count(re.Min, re.Max))
	case syntax.OpConcat:
		e.all(re.Sub, "")
	case syntax.OpAlternate:
		e.WriteString("(?:")
		e.all(re.Sub, "|")
		e.WriteString(")")
	default:
		text, known := ecmaFixed[re.Op]
		e.impossible = e.impossible || !known
		e.WriteString(text)
	}
}

func (e *ecmaWriter) group(re *syntax.Regexp) {
	e.WriteString("(?:")
	e.one(re)
	e.WriteString(")")
}

func (e *ecmaWriter) repeat(re *syntax.Regexp, times string) {
	single := re.Op == syntax.OpCharClass || re.Op == syntax.OpAnyChar || re.Op == syntax.OpAnyCharNotNL ||
		re.Op == syntax.OpLiteral && len(re.Rune) == 1
	if single {
		e.one(re)
	} else {
		e.group(re)
	}
	e.WriteString(times)
}

func count(least, most int) string {
	switch most {
	case least:
		return "{" + strconv.Itoa(least) + "}"
	case -1:
		return "{" + strconv.Itoa(least) + ",}"
	}
	return "{" + strconv.Itoa(least) + "," + strconv.Itoa(most) + "}"
}

// literal writes one character, in every case of it if that does not count.
func (e *ecmaWriter) literal(r rune, fold bool) {
	if !fold || unicode.SimpleFold(r) == r {
		e.char(r, `^$\.*+?()[]{}|/`)
		return
	}
	ranges := []rune{r, r}
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		ranges = append(ranges, other, other)
	}
	slices.Sort(ranges)
	e.class(ranges)
}

// class writes a set of characters, given as pairs of first and last; one
// that reaches from the first to the last of all by what is missing.
func (e *ecmaWriter) class(ranges []rune) {
	e.WriteString("[")
	if n := len(ranges); n > 2 && ranges[0] == 0 && ranges[n-1] == unicode.MaxRune {
		e.WriteString("^")
		ranges = slices.Clone(ranges[1 : n-1])
		for i := range ranges { // from behind one range to before the next
			ranges[i] += rune(1 - 2*(i%2))
		}
	}
	const special = `^$\.*+?()[]{}|/-`
	for i := 0; i < len(ranges); i += 2 {
		first, last := ranges[i], ranges[i+1]
		e.char(first, special)
		if last > first+1 {
			e.WriteString("-")
		}
		if last > first {
			e.char(last, special)
		}
	}
	e.WriteString("]")
}

// char writes one character, those that are special behind a backslash and
// those that nobody can see as a number.
func (e *ecmaWriter) char(r rune, special string) {
	switch {
	case r < ' ' || r == 0x7F:
		const hexDigits = "0123456789abcdef"
		e.WriteString(`\x` + string(hexDigits[r>>4]) + string(hexDigits[r&0xF]))
	case 0xD800 <= r && r <= 0xDFFF: // one end of a range that text cannot hold
		e.impossible = true
	case strings.ContainsRune(special, r):
		e.WriteString(`\` + string(r))
	default:
		e.WriteRune(r)
	}
}
