package lualib

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"vera/stdlib/luaconv"
)

// spaces are what C's isspace takes for one.
const spaces = " \t\n\v\f\r"

// formatNumber gives a number as tostring shows it.
func formatNumber(n float64) string {
	switch {
	case math.IsNaN(n):
		return "nan"
	case math.IsInf(n, 1):
		return "inf"
	case math.IsInf(n, -1):
		return "-inf"
	case n == math.Trunc(n) && math.Abs(n) <= luaconv.MaxSafeInteger && (n != 0 || !math.Signbit(n)):
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatFloat(n, 'g', 14, 64)
}

// parseNumber reads a decimal number, or a hexadecimal one that begins with
// 0x, with spaces around it.
func parseNumber(s string) (float64, bool) {
	s = strings.Trim(s, spaces)
	letters := "0123456789+-.eE"
	if unsigned := strings.TrimLeft(s, "+-"); strings.HasPrefix(unsigned, "0x") || strings.HasPrefix(unsigned, "0X") {
		letters = "0123456789+-.abcdefABCDEFxXpP"
		if !strings.ContainsAny(s, "pP") {
			s += "p0" // Go wants an exponent, C does not
		}
	}
	// Go would read much else as a number: Inf, NaN and digits_in_groups.
	if strings.Trim(s, letters) != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}

// parseInteger reads an integer in a base from 2 to 36. What is too large
// becomes 2^64.
func parseInteger(s string, base int) (float64, bool) {
	s = strings.Trim(s, spaces)
	sign := 1.0
	switch {
	case strings.HasPrefix(s, "-"):
		s, sign = s[1:], -1
	case strings.HasPrefix(s, "+"):
		s = s[1:]
	}
	if base == 16 && (strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X")) {
		s = s[2:]
	}
	n, err := strconv.ParseUint(s, base, 64)
	return sign * float64(n), err == nil || errors.Is(err, strconv.ErrRange)
}

// truncate makes an integer that later arithmetic cannot overflow. Not a
// number becomes 0.
func truncate(f float64) int {
	if math.IsNaN(f) {
		return 0
	}
	return int(max(-(1 << 53), min(f, 1<<53)))
}
