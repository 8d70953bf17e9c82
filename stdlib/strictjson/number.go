package strictjson

import (
	"math"
	"strconv"
	"strings"
)

// A Number is a JSON number as it was written.
type Number string

// maxSafe is the largest integer that a float64 can tell from its successor.
const maxSafe = 1<<53 - 1

// Float64 is the float64 nearest to n. It is NaN if n is not a number that
// [Parse] could have given.
func (n Number) Float64() float64 {
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

// Int64 returns n and true if n is whole, however it is written (1, 1.0,
// 10e-1), and at most 2^53-1 away from zero. Nothing is rounded before that
// is decided.
func (n Number) Int64() (int64, bool) {
	text, negative := strings.CutPrefix(string(n), "-")
	digits, exponent, ok := decimal(text)
	if !ok || exponent < 0 || len(digits)+exponent > len("9007199254740991") {
		return 0, false
	}
	var value int64
	for _, c := range []byte(digits) {
		value = value*10 + int64(c-'0')
	}
	for range exponent {
		value *= 10
	}
	if value > maxSafe {
		return 0, false
	}
	if negative {
		value = -value
	}
	return value, true
}

// IsInteger reports whether n is written as an integer: with neither a
// fraction nor an exponent.
func (n Number) IsInteger() bool {
	return n != "" && !strings.ContainsAny(string(n), ".eE")
}

// decimal takes an unsigned literal apart: it stands for digits times 10 to
// the power of exponent, and digits neither begin nor end with a zero. Zero
// has no digits and the exponent 0.
func decimal(text string) (digits string, exponent int, ok bool) {
	mantissa, power := text, ""
	if at := strings.IndexAny(text, "eE"); at >= 0 {
		mantissa, power = text[:at], text[at+1:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" || strings.Trim(whole, "0123456789") != "" || strings.Trim(fraction, "0123456789") != "" {
		return "", 0, false
	}
	digits = strings.TrimLeft(whole+fraction, "0")
	trimmed := strings.TrimRight(digits, "0")
	if trimmed == "" {
		return "", 0, true
	}
	if power != "" {
		var err error
		if exponent, err = strconv.Atoi(power); err != nil {
			return "", 0, false // so far from 1 that it is not whole or not small
		}
	}
	if exponent > len(text)+20 || exponent < -len(text)-20 {
		return "", 0, false // likewise, and the sum below cannot overflow
	}
	return trimmed, exponent - len(fraction) + len(digits) - len(trimmed), true
}

// number checks a number.
func (s *scanner) number() *SyntaxError {
	start := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	switch c := s.peek(); {
	case c == '0':
		s.pos++
	case '1' <= c && c <= '9':
		s.digits()
	default:
		return s.unexpected("a digit")
	}
	whole := s.pos - start
	if s.peek() == '.' {
		s.pos++
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	exponent := s.peek()|0x20 == 'e'
	if exponent {
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return s.unexpected("a digit")
		}
	}
	if c := s.peek(); '0' <= c && c <= '9' {
		return s.fault(start, "a number with a leading zero")
	}
	// Nothing of 300 digits overflows a float64 without an exponent.
	if exponent || whole > 300 {
		if _, err := strconv.ParseFloat(string(s.data[start:s.pos]), 64); err != nil {
			return s.fault(start, "a number out of range")
		}
	}
	return nil
}

// digits skips digits and reports whether there were any.
func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && '0' <= s.data[s.pos] && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}
