package lualib

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// format(template, …) -> text
func stringFormat(c call) int {
	rest := c.text(1)
	var text []byte
	for arg := 1; ; {
		plain, directive, found := strings.Cut(rest, "%")
		c.fit(len(text) + len(plain))
		text = append(text, plain...)
		if !found {
			return c.pushString(string(text))
		}
		if strings.HasPrefix(directive, "%") {
			text, rest = append(text, '%'), directive[1:]
			continue
		}
		arg++
		if arg > c.GetTop() {
			c.badArgument(arg, "no value")
		}
		var d layout
		d, rest = c.parseLayout(directive)
		piece := c.formatArgument(arg, d)
		c.fit(len(text) + len(piece))
		c.tick(ticksPerPiece)
		c.bytes(len(piece))
		text = append(text, piece...)
	}
}

// ticksPerPiece is the work of one directive: a number far from 1 takes up to
// 30 µs, most take much less.
const ticksPerPiece = 64

// A layout is what stands between % and the end of a directive.
type layout struct {
	minus, plus, space, alternate, zero bool

	width     int
	precision int // -1 for none
	verb      byte
}

// parseLayout reads the directive that text begins with, after the %, and
// gives what comes after it.
func (c call) parseLayout(text string) (layout, string) {
	d := layout{precision: -1}
	i := 0
	for ; i < len(text) && strings.IndexByte("-+ #0", text[i]) >= 0; i++ {
		switch text[i] {
		case '-':
			d.minus = true
		case '+':
			d.plus = true
		case ' ':
			d.space = true
		case '#':
			d.alternate = true
		case '0':
			d.zero = true
		}
	}
	if i > len("-+ #0") {
		c.fail("invalid format (repeated flags)")
	}
	d.width, text = twoDigits(text[i:])
	if strings.HasPrefix(text, ".") {
		d.precision, text = twoDigits(text[1:])
	}
	if text == "" {
		c.fail("invalid option '%%' to 'format'")
	}
	if isDigit(text[0]) {
		c.fail("invalid format (width or precision too long)")
	}
	d.verb = text[0]
	return d, text[1:]
}

// twoDigits reads a number of up to two digits.
func twoDigits(text string) (int, string) {
	i, n := 0, 0
	for ; i < min(2, len(text)) && isDigit(text[i]); i++ {
		n = 10*n + int(text[i]-'0')
	}
	return n, text[i:]
}

// formatArgument gives argument n as the directive wants it.
func (c call) formatArgument(n int, d layout) string {
	switch d.verb {
	case 'c':
		return d.pad("", string([]byte{byte(c.integer(n))}), false)
	case 'd', 'i':
		f := c.inRange(n, 1<<63)
		return d.integer(f < 0, uint64(math.Abs(f)))
	case 'o', 'u', 'x', 'X':
		f := c.inRange(n, 1<<64)
		if f < 0 {
			return d.integer(false, uint64(int64(f)))
		}
		return d.integer(false, uint64(f))
	case 'e', 'E', 'f', 'g', 'G':
		return d.float(c.number(n))
	case 'q':
		text := c.text(n)
		c.fit(len(text))
		return quote(text)
	case 's':
		text := c.show(c.Get(n))
		if d.precision >= 0 {
			text = text[:min(d.precision, len(text))]
		}
		return d.pad("", text, false)
	}
	c.fail("invalid option '%%%c' to 'format'", d.verb)
	return ""
}

// inRange gives argument n, a number from -2^63 to below limit, without its
// fraction.
func (c call) inRange(n int, limit float64) float64 {
	f := math.Trunc(c.number(n))
	if !(f >= -1<<63 && f < limit) {
		c.badArgument(n, "number has no integer representation")
	}
	return f
}

// integer gives a number in the base of the verb.
func (d layout) integer(negative bool, n uint64) string {
	base, prefix := 10, ""
	switch d.verb {
	case 'o':
		base = 8
	case 'x', 'X':
		base = 16
	}
	digits := strconv.FormatUint(n, base)
	if n == 0 && d.precision == 0 {
		digits = ""
	}
	digits = strings.Repeat("0", max(d.precision-len(digits), 0)) + digits
	switch {
	case d.verb == 'd' || d.verb == 'i':
		prefix = d.sign(negative)
	case d.alternate && base == 16 && n != 0:
		prefix = "0x"
	case d.alternate && base == 8 && !strings.HasPrefix(digits, "0"):
		digits = "0" + digits
	}
	text := d.pad(prefix, digits, d.precision < 0)
	if d.verb == 'X' {
		text = strings.ToUpper(text)
	}
	return text
}

func (d layout) float(f float64) string {
	sign := d.sign(math.Signbit(f) && !math.IsNaN(f))
	f = math.Abs(f)
	if math.IsInf(f, 0) || math.IsNaN(f) {
		text := strings.ToLower(strconv.FormatFloat(f, 'g', -1, 64))
		text = strings.TrimPrefix(text, "+")
		if d.verb == 'E' || d.verb == 'G' {
			text = strings.ToUpper(text)
		}
		return d.pad(sign, text, false)
	}
	precision := d.precision
	if precision < 0 {
		precision = 6
	}
	if d.alternate {
		return d.pad(sign, fmt.Sprintf("%#.*"+string(d.verb), precision, f), true)
	}
	return d.pad(sign, strconv.FormatFloat(f, d.verb, precision, 64), true)
}

func (d layout) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case d.plus:
		return "+"
	case d.space:
		return " "
	}
	return ""
}

// pad fills up to the width, with zeros between prefix and text if they are
// wanted and possible.
func (d layout) pad(prefix, text string, zeros bool) string {
	missing := max(d.width-len(prefix)-len(text), 0)
	switch {
	case d.minus:
		return prefix + text + strings.Repeat(" ", missing)
	case d.zero && zeros:
		return prefix + strings.Repeat("0", missing) + text
	}
	return strings.Repeat(" ", missing) + prefix + text
}

// quote gives text as a string in Lua source.
func quote(text string) string {
	return `"` + quoted.Replace(text) + `"`
}

var quoted = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", "\\\n", "\r", `\r`, "\x00", `\000`)
