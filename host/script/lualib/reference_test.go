package lualib_test

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// A reference matches patterns as section 5.4.1 of Lua 5.1's manual has it, in
// the plainest way: the pattern becomes a list of nodes before anything is
// matched, sets become tables of all bytes, and captures are copied instead of
// undone. It shares nothing with the matcher that it is held against.
type reference struct {
	subject string
	nodes   []node
	steps   int // left
}

// A node is one item of a pattern.
type node struct {
	kind    string // "one", "open", "position", "close", "back", "balance", "frontier", "end" or "fault"
	set     [256]bool
	repeat  byte // of one: 0 or what follows it
	a, b    byte // of balance; a is the digit of back
	problem string
}

type refCapture struct{ start, length int } // unfinished and position as ours

// refError is what matching a faulty pattern panics with, errSteps what takes
// too long.
type refError string

const errSteps = refError("too many steps")

func newReference(subject, pattern string) *reference {
	return &reference{subject: subject, nodes: parsePattern(pattern), steps: 200_000}
}

func parsePattern(p string) (nodes []node) {
	fault := func(problem string) []node { return append(nodes, node{kind: "fault", problem: problem}) }
	for p != "" {
		switch {
		case strings.HasPrefix(p, "()"):
			nodes, p = append(nodes, node{kind: "position"}), p[2:]
			continue
		case p[0] == '(':
			nodes, p = append(nodes, node{kind: "open"}), p[1:]
			continue
		case p[0] == ')':
			nodes, p = append(nodes, node{kind: "close"}), p[1:]
			continue
		case p == "$":
			return append(nodes, node{kind: "end"})
		case strings.HasPrefix(p, "%b"):
			if len(p) < 4 {
				return fault("unbalanced pattern")
			}
			nodes, p = append(nodes, node{kind: "balance", a: p[2], b: p[3]}), p[4:]
			continue
		case strings.HasPrefix(p, "%f"):
			if !strings.HasPrefix(p, "%f[") {
				return fault("missing '[' after '%f' in pattern")
			}
			set, rest, problem := parseOne(p[2:])
			if problem != "" {
				return fault(problem)
			}
			nodes, p = append(nodes, node{kind: "frontier", set: set}), rest
			continue
		case len(p) > 1 && p[0] == '%' && '0' <= p[1] && p[1] <= '9':
			nodes, p = append(nodes, node{kind: "back", a: p[1]}), p[2:]
			continue
		}
		set, rest, problem := parseOne(p)
		if problem != "" {
			return fault(problem)
		}
		one := node{kind: "one", set: set}
		if rest != "" && strings.IndexByte("*+-?", rest[0]) >= 0 {
			one.repeat, rest = rest[0], rest[1:]
		}
		nodes, p = append(nodes, one), rest
	}
	return nodes
}

// parseOne reads what stands for one byte.
func parseOne(p string) (set [256]bool, rest, problem string) {
	switch p[0] {
	case '.':
		for i := range set {
			set[i] = true
		}
		return set, p[1:], ""
	case '%':
		if len(p) == 1 {
			return set, "", "malformed pattern (ends with '%')"
		}
		addClass(&set, p[1])
		return set, p[2:], ""
	case '[':
		return parseSet(p)
	}
	set[p[0]] = true
	return set, p[1:], ""
}

func parseSet(p string) (set [256]bool, rest, problem string) {
	p = p[1:]
	p, negated := strings.CutPrefix(p, "^")
	end := setLength(p)
	if end < 0 {
		return set, "", "malformed pattern (missing ']')"
	}
	members, rest := p[:end], p[end+1:]
	for members != "" {
		switch {
		case members[0] == '%':
			addClass(&set, members[1])
			members = members[2:]
		case len(members) >= 3 && members[1] == '-':
			for c := int(members[0]); c <= int(members[2]); c++ {
				set[c] = true
			}
			members = members[3:]
		default:
			set[members[0]] = true
			members = members[1:]
		}
	}
	if negated {
		for i := range set {
			set[i] = !set[i]
		}
	}
	return set, rest, ""
}

// setLength gives where the bracket is that closes a set: the first is a
// member, and so is one behind a %.
func setLength(p string) int {
	for i := 0; i < len(p); i++ {
		switch {
		case p[i] == ']' && i > 0:
			return i
		case p[i] == '%':
			i++
		}
	}
	return -1
}

const (
	lowerLetters = "abcdefghijklmnopqrstuvwxyz"
	upperLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits       = "0123456789"
	controls     = "\x00\x01\x02\x03\x04\x05\x06\a\b\t\n\v\f\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"
)

var classes = map[string]string{
	"a": lowerLetters + upperLetters, "c": controls, "d": digits, "l": lowerLetters, "p": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "s": " \t\n\v\f\r",
	"u": upperLetters, "w": lowerLetters + upperLetters + digits, "x": digits + "abcdefABCDEF", "z": "\x00",
}

func addClass(set *[256]bool, class byte) {
	members, ok := classes[strings.ToLower(string(rune(class)))]
	if !ok || class >= 0x80 {
		set[class] = true
		return
	}
	capital := strings.IndexByte(upperLetters, class) >= 0
	for i := range set {
		if (strings.IndexByte(members, byte(i)) >= 0) != capital {
			set[i] = true
		}
	}
}

// match matches the nodes from s on.
func (r *reference) match(nodes []node, s int, caps []refCapture) (end int, all []refCapture) {
	if r.steps--; r.steps < 0 {
		panic(errSteps)
	}
	if len(nodes) == 0 {
		return s, caps
	}
	n, rest := nodes[0], nodes[1:]
	switch n.kind {
	case "fault":
		panic(refError(n.problem))
	case "open", "position":
		if len(caps) == 32 {
			panic(refError("too many captures"))
		}
		length := -1
		if n.kind == "position" {
			length = -2
		}
		return r.match(rest, s, append(slices.Clone(caps), refCapture{s, length}))
	case "close":
		for i, c := range slices.Backward(caps) {
			if c.length == -1 {
				caps = slices.Clone(caps)
				caps[i].length = s - c.start
				return r.match(rest, s, caps)
			}
		}
		panic(refError("invalid pattern capture"))
	case "end":
		if s == len(r.subject) {
			return s, caps
		}
	case "back":
		i := int(n.a) - '1'
		if i < 0 || i >= len(caps) || caps[i].length == -1 {
			panic(refError("invalid capture index"))
		}
		if c := caps[i]; c.length >= 0 && strings.HasPrefix(r.subject[s:], r.subject[c.start:c.start+c.length]) {
			return r.match(rest, s+c.length, caps)
		}
	case "balance":
		if to := balanced(r.subject[s:], n.a, n.b); to > 0 {
			return r.match(rest, s+to, caps)
		}
	case "frontier":
		around := "\x00" + r.subject + "\x00"
		if !n.set[around[s]] && n.set[around[s+1]] {
			return r.match(rest, s, caps)
		}
	default:
		return r.repeated(n, rest, s, caps)
	}
	return -1, nil
}

// repeated tries each number of times that one byte may match, in the order of
// its repetition.
func (r *reference) repeated(n node, rest []node, s int, caps []refCapture) (int, []refCapture) {
	most := 0
	for s+most < len(r.subject) && n.set[r.subject[s+most]] {
		most++
	}
	var counts []int
	for i := range most + 1 {
		counts = append(counts, i)
	}
	switch n.repeat {
	case 0:
		counts = counts[min(1, len(counts)):min(2, len(counts))]
	case '?':
		counts = counts[:min(2, len(counts))]
		slices.Reverse(counts)
	case '+':
		counts = counts[1:]
		slices.Reverse(counts)
	case '*':
		slices.Reverse(counts)
	}
	for _, count := range counts {
		if end, all := r.match(rest, s+count, caps); end >= 0 {
			return end, all
		}
	}
	return -1, nil
}

// balanced gives the length of what begins with a and ends with the b that
// belongs to it.
func balanced(s string, a, b byte) int {
	depth := 0
	for i := range len(s) {
		switch {
		case i == 0 && s[0] != a:
			return -1
		case i > 0 && s[i] == b:
			depth--
		case s[i] == a:
			depth++
		}
		if depth == 0 {
			return i + 1
		}
	}
	return -1
}

// capture gives the value of capture i, which is the whole match if there are
// none.
func (r *reference) capture(i, start, end int, caps []refCapture) lua.LValue {
	switch {
	case i >= len(caps) && i > 0:
		panic(refError("invalid capture index"))
	case i >= len(caps):
		return lua.LString(r.subject[start:end])
	case caps[i].length == -1:
		panic(refError("unfinished capture"))
	case caps[i].length == -2:
		return lua.LNumber(caps[i].start + 1)
	}
	return lua.LString(r.subject[caps[i].start : caps[i].start+caps[i].length])
}

func (r *reference) all(start, end int, caps []refCapture) (values []lua.LValue) {
	for i := range max(len(caps), 1) {
		values = append(values, r.capture(i, start, end, caps))
	}
	return values
}

// first finds the first match. Whether ^ is an anchor depends on the function.
func (r *reference) first(from int, anchored bool) (start, end int, caps []refCapture) {
	for start = from; start <= len(r.subject); start++ {
		if end, caps := r.match(r.nodes, start, nil); end >= 0 {
			return start, end, caps
		}
		if anchored {
			break
		}
	}
	return -1, -1, nil
}

// The functions of the library, by the reference.

func refFind(subject, pattern string) []lua.LValue {
	if !strings.ContainsAny(pattern, "^$*+?.([%-") { // a lone ) is text to find, and a fault to the others
		at := strings.Index(subject, pattern)
		if at < 0 {
			return []lua.LValue{lua.LNil}
		}
		return []lua.LValue{lua.LNumber(at + 1), lua.LNumber(at + len(pattern))}
	}
	rest, anchored := strings.CutPrefix(pattern, "^")
	r := newReference(subject, rest)
	start, end, caps := r.first(0, anchored)
	if start < 0 {
		return []lua.LValue{lua.LNil}
	}
	places := []lua.LValue{lua.LNumber(start + 1), lua.LNumber(end)}
	if len(caps) == 0 {
		return places
	}
	return append(places, r.all(start, end, caps)...)
}

func refMatch(subject, pattern string) []lua.LValue {
	rest, anchored := strings.CutPrefix(pattern, "^")
	r := newReference(subject, rest)
	start, end, caps := r.first(0, anchored)
	if start < 0 {
		return []lua.LValue{lua.LNil}
	}
	return r.all(start, end, caps)
}

// refGmatch gives the captures of all matches in one list.
func refGmatch(subject, pattern string) (values []lua.LValue) {
	r := newReference(subject, pattern)
	for from := 0; from <= len(subject); {
		start, end, caps := r.first(from, false)
		if start < 0 {
			break
		}
		values = append(values, r.all(start, end, caps)...)
		from = max(end, start+1)
	}
	return values
}

// refGsub replaces each match by <%0%1>.
func refGsub(subject, pattern string) []lua.LValue {
	rest, anchored := strings.CutPrefix(pattern, "^")
	r := newReference(subject, rest)
	var built strings.Builder
	n := 0
	for s := 0; s <= len(subject); {
		end, caps := r.match(r.nodes, s, nil)
		if end >= 0 {
			n++
			built.WriteString("<" + subject[s:end] + r.capture(0, s, end, caps).String() + ">")
		}
		switch {
		case end > s:
			s = end
		case s < len(subject):
			built.WriteByte(subject[s])
			s++
		default:
			s++
		}
		if anchored {
			built.WriteString(subject[min(s, len(subject)):])
			break
		}
	}
	return []lua.LValue{lua.LString(built.String()), lua.LNumber(n)}
}
