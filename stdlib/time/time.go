// Package time gives scripts the time of day as whole Unix seconds, and
// RFC 3339 text for it.
//
//	clock := time.New(nil)
//	text, err := time.Format(clock.Now()) // "2026-11-24T02:00:00Z"
package time

import (
	"errors"
	"fmt"
	"regexp"
	gotime "time"
)

// The range of times that RFC 3339 can write, in Unix seconds: the years 1 to
// 9999.
const (
	Min = -62135596800
	Max = 253402300799
)

// A Clock tells the time.
type Clock struct{ now func() gotime.Time }

// New returns a clock that asks now; nil means the system's clock.
func New(now func() gotime.Time) *Clock {
	if now == nil {
		now = gotime.Now
	}
	return &Clock{now: now}
}

// Time is the moment itself.
func (c *Clock) Time() gotime.Time { return c.now() }

// Now returns Unix seconds, rounded down.
func (c *Clock) Now() int64 { return c.now().Unix() }

// Format returns t as RFC 3339 in UTC. It fails outside Min and Max.
func Format(t int64) (string, error) {
	if t < Min || t > Max {
		return "", fmt.Errorf("format time %d: not in the years 1 to 9999", t)
	}
	return gotime.Unix(t, 0).UTC().Format(gotime.RFC3339), nil
}

// form is what the library does not check: two digits for the hour, a dot
// before the fraction, an offset below a day.
var form = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)

var errParse = errors.New("not a time as in 2006-01-02T15:04:05Z")

// Parse reads RFC 3339 text, of any offset. A fraction of a second is
// dropped.
func Parse(text string) (int64, error) {
	if len(text) > 64 || !form.MatchString(text) {
		return 0, errParse
	}
	t, err := gotime.Parse(gotime.RFC3339, text)
	if err != nil {
		return 0, errParse
	}
	if seconds := t.Unix(); seconds >= Min && seconds <= Max {
		return seconds, nil
	}
	return 0, errParse
}
