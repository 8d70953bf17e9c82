package lualib

// itemEnd gives the end of the pattern item that begins at p: a byte, a class
// as %a or a set as [a-z].
func (m *matcher) itemEnd(p int) int {
	switch m.pattern[p] {
	case '%':
		if p+1 == len(m.pattern) {
			m.fail("malformed pattern (ends with '%%')")
		}
		return p + 2
	case '[':
		return m.setEnd(p)
	}
	return p + 1
}

// setEnd gives the end of the set that begins at p. A bracket that comes first
// in it is one of its members.
func (m *matcher) setEnd(p int) int {
	first := p + 1
	if m.patternAt(first) == '^' {
		first++
	}
	end := first
	for end == first || m.patternAt(end) != ']' {
		if end >= len(m.pattern) {
			m.fail("malformed pattern (missing ']')")
		}
		if m.pattern[end] == '%' {
			end++
		}
		end++
	}
	m.spend((end - p) / 8)
	return end + 1
}

// single reports whether the item from p to end matches the byte at s.
func (m *matcher) single(s, p, end int) bool {
	if s >= len(m.subject) {
		return false
	}
	b := m.subject[s]
	switch m.pattern[p] {
	case '.':
		return true
	case '%':
		return inClass(b, m.pattern[p+1])
	case '[':
		return m.inSet(b, p, end)
	}
	return m.pattern[p] == b
}

// inSet reports whether the set from p to end has b.
func (m *matcher) inSet(b byte, p, end int) bool {
	m.spend((end - p) / 8)
	set := m.pattern[p+1 : end-1]
	negated := set != "" && set[0] == '^'
	if negated {
		set = set[1:]
	}
	for i := 0; i < len(set); i++ {
		switch {
		case set[i] == '%':
			if i++; inClass(b, set[i]) {
				return !negated
			}
		case i+2 < len(set) && set[i+1] == '-':
			if set[i] <= b && b <= set[i+2] {
				return !negated
			}
			i += 2
		case set[i] == b:
			return !negated
		}
	}
	return negated
}

// inClass reports whether %class matches b. A capital is a class's opposite,
// and what is no letter matches itself.
func inClass(b, class byte) bool {
	var in bool
	switch class | 0x20 {
	case 'a':
		in = isLetter(b)
	case 'c':
		in = b < ' ' || b == 0x7f
	case 'd':
		in = isDigit(b)
	case 'l':
		in = 'a' <= b && b <= 'z'
	case 'p':
		in = '!' <= b && b <= '~' && !isLetter(b) && !isDigit(b)
	case 's':
		in = b == ' ' || '\t' <= b && b <= '\r'
	case 'u':
		in = 'A' <= b && b <= 'Z'
	case 'w':
		in = isLetter(b) || isDigit(b)
	case 'x':
		in = isDigit(b) || 'a' <= b|0x20 && b|0x20 <= 'f'
	case 'z':
		in = b == 0
	default:
		return b == class
	}
	return in == (class&0x20 != 0)
}

func isLetter(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
func isDigit(b byte) bool  { return '0' <= b && b <= '9' }
