package lualib

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/limit"
)

// indexFromEnd gives a place in a string of length n, counted from 1; a
// negative one is counted from the end, before which there is place 0.
func indexFromEnd(i, n int) int {
	if i < 0 {
		return max(i+n+1, 0)
	}
	return i
}

func (c call) pushString(s string) int {
	c.Push(lua.LString(s))
	return 1
}

func stringLen(c call) int {
	c.Push(lua.LNumber(len(c.text(1))))
	return 1
}

// sub(s, from[, to]) -> text
func stringSub(c call) int {
	s := c.text(1)
	from := max(indexFromEnd(c.integer(2), len(s)), 1)
	to := min(indexFromEnd(c.integerOr(3, -1), len(s)), len(s))
	if from > to {
		return c.pushString("")
	}
	return c.pushString(s[from-1 : to])
}

// byte(s[, from[, to]]) -> the bytes' values
func stringByte(c call) int {
	s := c.text(1)
	from := indexFromEnd(c.integerOr(2, 1), len(s))
	to := min(indexFromEnd(c.integerOr(3, from), len(s)), len(s))
	from = max(from, 1)
	c.checkResults(to-from+1, "string slice too long")
	for i := from; i <= to; i++ {
		c.Push(lua.LNumber(s[i-1]))
	}
	return max(to-from+1, 0)
}

// char(byte, …) -> text
func stringChar(c call) int {
	text := make([]byte, c.GetTop())
	c.fit(len(text))
	for i := range text {
		value := c.integer(i + 1)
		if value < 0 || value > 255 {
			c.badArgument(i+1, "invalid value")
		}
		text[i] = byte(value)
	}
	return c.pushString(string(text))
}

// rep(s, n) -> s, n times
func stringRep(c call) int {
	s, n := c.text(1), c.integer(2)
	if n <= 0 || s == "" {
		return c.pushString("")
	}
	if n > c.lib.limits.StringBytes/len(s) {
		// The product itself might overflow.
		c.exceed(limit.Setting(limit.StringBytes, c.lib.limits.StringBytes, "string too long: %.15g bytes", float64(n)*float64(len(s))))
	}
	c.bytes(n * len(s))
	return c.pushString(strings.Repeat(s, n))
}

func stringReverse(c call) int {
	s := c.text(1)
	c.fit(len(s))
	c.bytes(len(s))
	text := []byte(s)
	slices.Reverse(text)
	return c.pushString(string(text))
}

func stringLower(c call) int { return c.mapBytes('A', 'Z') }
func stringUpper(c call) int { return c.mapBytes('a', 'z') }

// mapBytes gives argument 1 with the letters between from and to in the other
// case. Other bytes stay, as they may be a part of anything.
func (c call) mapBytes(from, to byte) int {
	s := c.text(1)
	c.fit(len(s))
	c.bytes(len(s))
	text := []byte(s)
	for i, b := range text {
		if from <= b && b <= to {
			text[i] = b ^ 0x20
		}
	}
	return c.pushString(string(text))
}

// find(s, pattern[, from[, plain]]) -> start, end, captures … | nil
func stringFind(c call) int { return c.find(true) }

// match(s, pattern[, from]) -> captures … | nil
func stringMatch(c call) int { return c.find(false) }

func (c call) find(places bool) int {
	s, pattern := c.text(1), c.text(2)
	from := max(indexFromEnd(c.integerOr(3, 1), len(s))-1, 0)
	from = min(from, len(s))
	if places && (lua.LVAsBool(c.Get(4)) || !strings.ContainsAny(pattern, "^$*+?.([%-")) {
		start := c.index(s[from:], pattern)
		if start < 0 {
			c.Push(lua.LNil)
			return 1
		}
		return c.pushPlaces(from+start, from+start+len(pattern))
	}
	m := matcher{call: c, subject: s, pattern: pattern}
	m.reset()
	anchored := strings.HasPrefix(pattern, "^")
	for start := from; start <= len(s); start++ {
		m.spend(1)
		end := -1
		if anchored {
			end = m.matchAt(start, 1)
		} else {
			end = m.matchAt(start, 0)
		}
		switch {
		case end >= 0 && !places:
			return m.pushCaptures(start, end)
		case end >= 0 && m.level == 0:
			return c.pushPlaces(start, end)
		case end >= 0:
			return c.pushPlaces(start, end) + m.pushCaptures(start, end)
		}
		if anchored {
			break
		}
	}
	c.Push(lua.LNil)
	return 1
}

// shortNeedle is the longest text that strings.Index compares with a place at
// once. For longer ones it compares hashes, and the whole text wherever those
// are equal: with a text made for it, that is everywhere, and one search in a
// megabyte takes 18 seconds.
const shortNeedle = 63

// index gives the first place of needle in s, counted from 0, or -1.
func (c call) index(s, needle string) int {
	c.bytes(len(s))
	if len(needle) <= shortNeedle {
		return strings.Index(s, needle)
	}
	for from := 0; ; from++ {
		found := strings.Index(s[from:], needle[:shortNeedle])
		if found < 0 {
			return -1
		}
		from += found
		if strings.HasPrefix(s[from:], needle) {
			return from
		}
		c.tick(1)
		c.bytes(len(needle))
	}
}

// pushPlaces pushes the first and the last place of the bytes from start to
// end, counted from 1.
func (c call) pushPlaces(start, end int) int {
	c.Push(lua.LNumber(start + 1))
	c.Push(lua.LNumber(end))
	return 2
}

// gmatch(s, pattern) -> a function that gives the captures of the next match
// with each call, and nothing after the last
func stringGmatch(c call) int {
	s, pattern := c.text(1), c.text(2)
	from := 0
	c.Push(c.lib.function(c.LState, "gmatch", func(c call) int {
		m := matcher{call: c, subject: s, pattern: pattern}
		m.reset()
		for start := from; start <= len(s); start++ {
			m.spend(1)
			end := m.matchAt(start, 0)
			if end < 0 {
				continue
			}
			from = end
			if end == start {
				from++
			}
			return m.pushCaptures(start, end)
		}
		return 0
	}))
	return 1
}
