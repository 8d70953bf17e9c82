package strictjson

import "unicode/utf8"

// plain are the bytes that mean themselves inside a string and are ASCII.
var plain = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

// quoted reads a string and returns what stands between the quotes, and
// whether that has escapes.
func (s *scanner) quoted() (raw []byte, escaped bool, err *SyntaxError) {
	start := s.pos + 1
	ascii := true
	s.pos = start
	for {
		rest := s.data[s.pos:]
		n := 0
		for n < len(rest) && plain[rest[n]] {
			n++
		}
		s.pos += n
		if n == len(rest) {
			return nil, false, s.fault(s.pos, "unexpected end")
		}
		switch c := rest[n]; {
		case c == '"':
			raw = s.data[start:s.pos]
			if !ascii && !utf8.Valid(raw) {
				return nil, false, s.fault(start+validPrefix(raw), "invalid UTF-8")
			}
			s.pos++
			return raw, escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return nil, false, err
			}
		case c < ' ':
			return nil, false, s.fault(s.pos, "control character in a string")
		default:
			ascii = false
			s.pos++
		}
	}
}

// validPrefix is the length of the valid UTF-8 in front of the first fault.
func validPrefix(text []byte) int {
	at := 0
	for at < len(text) {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	return at
}

// escape checks one escape, or the two of a surrogate pair.
func (s *scanner) escape() *SyntaxError {
	start := s.pos
	rest := s.data[start:]
	if len(rest) < 2 {
		return s.fault(len(s.data), "unexpected end")
	}
	if rest[1] != 'u' {
		if unescaped[rest[1]] == 0 {
			return s.fault(start, "unknown escape in a string")
		}
		s.pos += 2
		return nil
	}
	unit := hex4(rest)
	switch {
	case unit < 0:
		return s.fault(start, "unknown escape in a string")
	case unit < 0xD800 || unit > 0xDFFF:
		s.pos += 6
		return nil
	case unit < 0xDC00:
		if low := hex4(rest[6:]); low >= 0xDC00 && low <= 0xDFFF {
			s.pos += 12
			return nil
		}
	}
	return s.fault(start, "lone surrogate in a string")
}

// unescaped maps the byte behind a backslash to what it stands for.
var unescaped = [256]byte{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

// hex4 returns the number in the escape \uXXXX that text starts with, or -1.
func hex4(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	var unit rune
	for _, c := range text[2:6] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return -1
		}
		unit = unit<<4 | rune(c)
	}
	return unit
}

// unescape appends the text that raw, from quoted, stands for.
func unescape(dst, raw []byte) []byte {
	for at := 0; at < len(raw); {
		c := raw[at]
		switch {
		case c != '\\':
			dst = append(dst, c)
			at++
		case raw[at+1] != 'u':
			dst = append(dst, unescaped[raw[at+1]])
			at += 2
		default:
			r := hex4(raw[at:])
			at += 6
			if r >= 0xD800 && r <= 0xDFFF {
				r = 0x10000 + (r-0xD800)<<10 + (hex4(raw[at:]) - 0xDC00)
				at += 6
			}
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
