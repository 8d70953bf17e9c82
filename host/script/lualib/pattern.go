package lualib

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/limit"
)

// maxCaptures is how many captures a pattern may have.
const maxCaptures = 32

// Lengths of captures that are not text.
const (
	unfinished = -1
	position   = -2
)

type capture struct{ start, length int }

// A matcher matches a pattern against a subject, both as bytes. It reads the
// pattern as it goes, as Lua does, so what is wrong with a pattern is noticed
// where matching gets to it. Every function returns -1 for no match.
type matcher struct {
	call
	subject, pattern string
	steps            int // left
	depth            int // left
	level            int // captures begun
	captures         [maxCaptures]capture
}

// reset gives the matcher what one call of a library function may use.
func (m *matcher) reset() {
	m.steps = m.lib.limits.PatternSteps + 4*len(m.subject)
	m.depth = m.lib.limits.PatternDepth
}

// spend takes steps, each the work of comparing a few bytes.
func (m *matcher) spend(steps int) {
	if m.steps -= steps; m.steps < 0 {
		m.exceed(limit.Setting("MAX_PATTERN_STEPS", m.lib.limits.PatternSteps+4*len(m.subject), "pattern too complex: too many steps over %d bytes", len(m.subject)))
	}
	m.tick(steps)
}

// matchAt matches the pattern from p on against the subject at s and gives
// the match's end.
func (m *matcher) matchAt(s, p int) int {
	m.level = 0
	return m.match(s, p)
}

// nested is match, one level of choice deeper.
func (m *matcher) nested(s, p int) int {
	if m.depth--; m.depth < 0 {
		m.exceed(limit.Fixed("pattern", m.lib.limits.PatternDepth, "pattern too complex: too many choices within each other"))
	}
	end := m.match(s, p)
	m.depth++
	return end
}

// match follows the pattern as long as there is nothing to choose.
func (m *matcher) match(s, p int) int {
	for s >= 0 && p < len(m.pattern) {
		m.spend(1)
		switch m.pattern[p] {
		case '(':
			if m.patternAt(p+1) == ')' {
				return m.startCapture(s, p+2, position)
			}
			return m.startCapture(s, p+1, unfinished)
		case ')':
			return m.endCapture(s, p+1)
		case '$':
			if p+1 == len(m.pattern) {
				if s == len(m.subject) {
					return s
				}
				return -1
			}
		case '%':
			switch next := m.patternAt(p + 1); {
			case next == 'b':
				s, p = m.balance(s, p+2), p+4
				continue
			case next == 'f':
				s, p = m.frontier(s, p+2)
				continue
			case '0' <= next && next <= '9':
				s, p = m.backReference(s, next), p+2
				continue
			}
		}
		end := m.itemEnd(p)
		switch m.patternAt(end) {
		case '?':
			if m.single(s, p, end) {
				if to := m.nested(s+1, end+1); to >= 0 {
					return to
				}
			}
			p = end + 1
		case '*':
			return m.most(s, p, end)
		case '+':
			if !m.single(s, p, end) {
				return -1
			}
			return m.most(s+1, p, end)
		case '-':
			return m.fewest(s, p, end)
		default:
			if !m.single(s, p, end) {
				return -1
			}
			s, p = s+1, end
		}
	}
	return s
}

// most matches the item from p to end as often as it can, then less often,
// until the rest of the pattern matches.
func (m *matcher) most(s, p, end int) int {
	to := s
	for m.single(to, p, end) {
		m.spend(1)
		to++
	}
	for ; to >= s; to-- {
		if found := m.nested(to, end+1); found >= 0 {
			return found
		}
	}
	return -1
}

// fewest is the other way round.
func (m *matcher) fewest(s, p, end int) int {
	for {
		if found := m.nested(s, end+1); found >= 0 {
			return found
		}
		if !m.single(s, p, end) {
			return -1
		}
		s++
	}
}

func (m *matcher) startCapture(s, p, length int) int {
	if m.level == maxCaptures {
		m.exceed(limit.Fixed("pattern", maxCaptures, "too many captures: %d", maxCaptures+1))
	}
	m.captures[m.level] = capture{s, length}
	m.level++
	end := m.nested(s, p)
	if end < 0 {
		m.level--
	}
	return end
}

func (m *matcher) endCapture(s, p int) int {
	open := m.level - 1
	for open >= 0 && m.captures[open].length != unfinished {
		open--
	}
	if open < 0 {
		m.fail("invalid pattern capture")
	}
	m.captures[open].length = s - m.captures[open].start
	end := m.nested(s, p)
	if end < 0 {
		m.captures[open].length = unfinished
	}
	return end
}

// backReference matches what a capture has matched before. A position is no
// text and matches nothing.
func (m *matcher) backReference(s int, digit byte) int {
	i := int(digit) - '1'
	if i < 0 || i >= m.level || m.captures[i].length == unfinished {
		m.fail("invalid capture index")
	}
	if m.captures[i].length == position {
		return -1
	}
	text := m.captured(i)
	m.spend(len(text) / 16)
	if !strings.HasPrefix(m.subject[s:], text) {
		return -1
	}
	return s + len(text)
}

// balance matches from the first of two delimiters, given in the pattern at p,
// to the second that belongs to it.
func (m *matcher) balance(s, p int) int {
	if p+2 > len(m.pattern) {
		m.fail("unbalanced pattern")
	}
	opening, closing := m.pattern[p], m.pattern[p+1]
	if s == len(m.subject) || m.subject[s] != opening {
		return -1
	}
	nesting := 1
	for s++; s < len(m.subject); s++ {
		m.spend(1)
		switch m.subject[s] {
		case closing:
			if nesting--; nesting == 0 {
				return s + 1
			}
		case opening:
			nesting++
		}
	}
	return -1
}

// frontier matches nothing, between a byte outside of the set at p and one in
// it. Both ends of the subject count as a zero byte. It gives where to go on.
func (m *matcher) frontier(s, p int) (int, int) {
	if m.patternAt(p) != '[' {
		m.fail("missing '[' after '%%f' in pattern")
	}
	end := m.itemEnd(p)
	var before, after byte
	if s > 0 {
		before = m.subject[s-1]
	}
	if s < len(m.subject) {
		after = m.subject[s]
	}
	if m.inSet(before, p, end) || !m.inSet(after, p, end) {
		return -1, end
	}
	return s, end
}

// patternAt gives a byte of the pattern, 0 behind its end.
func (m *matcher) patternAt(p int) byte {
	if p < len(m.pattern) {
		return m.pattern[p]
	}
	return 0
}

// captured gives what capture i has matched.
func (m *matcher) captured(i int) string {
	c := m.captures[i]
	return m.subject[c.start : c.start+c.length]
}

// capture gives the value of capture i. Without any captures, the first is
// the whole match, from start to end.
func (m *matcher) capture(i, start, end int) lua.LValue {
	if i >= m.level {
		if i != 0 {
			m.fail("invalid capture index")
		}
		return lua.LString(m.subject[start:end])
	}
	switch m.captures[i].length {
	case unfinished:
		m.fail("unfinished capture")
	case position:
		return lua.LNumber(m.captures[i].start + 1)
	}
	return lua.LString(m.captured(i))
}

// pushCaptures pushes all captures, or the whole match if there are none.
func (m *matcher) pushCaptures(start, end int) int {
	n := max(m.level, 1)
	for i := range n {
		m.Push(m.capture(i, start, end))
	}
	return n
}
