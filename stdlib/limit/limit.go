// Package limit is how the library and the primitives tell a script that it
// wanted too much at once: which limit that is, and whether a setting moves it.
//
//	if len(text) > limits.StringBytes {
//		return limits.Note(limit.Strings(len(text), limits.StringBytes))
//	}
//
// What exceeds a limit raises, and a script may catch that. So whoever counts
// such cases is told where they occur, and not by the run's error.
package limit

import (
	"cmp"
	"errors"
	"fmt"
)

// StringBytes is the setting that bounds the length of one string.
const StringBytes = "MAX_STRING_BYTES"

// Limits are what primitives are given to obey.
type Limits struct {
	StringBytes int                // of one text that is read or made; zero means 1 MiB
	Exceeded    func(limit string) // told of each limit that was exceeded; nil tells nobody
}

// OrDefaults gives the limits with no zero left among them.
func (l Limits) OrDefaults() Limits {
	l.StringBytes = cmp.Or(l.StringBytes, 1<<20)
	return l
}

// Note tells Exceeded if err is because of a limit, and gives err back.
func (l Limits) Note(err error) error {
	if exceeded, ok := errors.AsType[*Error](err); ok && l.Exceeded != nil {
		l.Exceeded(exceeded.Limit)
	}
	return err
}

// An Error is why something was refused: it exceeds a limit.
type Error struct {
	Limit string // the name of its setting, or a short word where it is fixed
	text  string
}

func (e *Error) Error() string { return e.text }

// Setting gives the error of what exceeds a setting, as in "string too long:
// 2000000 bytes, the limit is 1048576 (MAX_STRING_BYTES)".
func Setting(name string, most int, format string, args ...any) *Error {
	return &Error{name, fmt.Sprintf("%s, the limit is %d (%s)", fmt.Sprintf(format, args...), most, name)}
}

// Fixed gives the error of what exceeds a limit that no setting moves.
func Fixed(name string, most int, format string, args ...any) *Error {
	return &Error{name, fmt.Sprintf("%s, the limit is %d (fixed)", fmt.Sprintf(format, args...), most)}
}

// Named gives Setting's error, or Fixed's by its own name where there is no
// setting.
func Named(setting, name string, most int, format string, args ...any) *Error {
	if setting == "" {
		return Fixed(name, most, format, args...)
	}
	return Setting(setting, most, format, args...)
}

// Strings gives the error of a string of n bytes.
func Strings(n, most int) *Error {
	return Setting(StringBytes, most, "string too long: %d bytes", n)
}
