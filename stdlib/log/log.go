// Package log lets scripts write to the host's log, one line a call, with
// what is known of the run in front and secrets taken out.
//
//	logger := log.New(slog.New(handler))
//	logger.Log(ctx, slog.LevelInfo, "account opened", map[string]any{"id": 7})
//
// The script's attributes stand in a group "script", so that they cannot pass
// for the host's.
package log

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What a line may hold. More is cut off, and the line says so.
const (
	MaxMessage = 1024 // bytes of the message
	MaxValue   = 1024 // bytes of one text among the attributes
	MaxValues  = 64   // of all attributes, nested ones included
)

// A Logger writes what scripts say to a slog.Logger. It may be used by many
// goroutines at once.
type Logger struct{ to *slog.Logger }

// New returns a Logger that writes to the given one.
func New(to *slog.Logger) *Logger { return &Logger{to: to} }

// Log writes one line. Attributes are built of nil, bool, float64, string,
// []any and map[string]any.
func (l *Logger) Log(ctx context.Context, level slog.Level, message string, attributes map[string]any) {
	if !l.to.Enabled(ctx, level) {
		return
	}
	attrs := host(ctx)
	c := cleaner{left: MaxValues}
	var own []any
	for _, key := range slices.Sorted(maps.Keys(attributes)) {
		if value, ok := c.member(key, attributes[key]); ok {
			own = append(own, slog.Any(text(key, MaxValue), value))
		}
	}
	if c.left < 0 {
		own = append(own, slog.Int("left_out", -c.left))
	}
	if len(own) > 0 {
		attrs = append(attrs, slog.Group("script", own...))
	}
	l.to.LogAttrs(ctx, level, text(message, MaxMessage), attrs...)
}

const hidden = "***"

// A cleaner makes values fit for the log. It counts down how many may still
// come; below zero it counts those left out.
type cleaner struct{ left int }

func (c *cleaner) member(key string, value any) (cleaned any, ok bool) {
	c.left--
	if c.left < 0 {
		return nil, false
	}
	if len(key) > MaxValue || secretKey.MatchString(key) { // who knows what a name is that nobody reads
		return hidden, true
	}
	return c.value(value), true
}

func (c *cleaner) value(value any) any {
	switch value := value.(type) {
	case string:
		return text(value, MaxValue)
	case []any:
		list := []any{}
		for _, item := range value {
			if cleaned, ok := c.member("", item); ok {
				list = append(list, cleaned)
			}
		}
		return list
	case map[string]any:
		object := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			if cleaned, ok := c.member(key, value[key]); ok {
				object[text(key, MaxValue)] = cleaned
			}
		}
		return object
	}
	return value
}

// secretKey matches the names of attributes whose values are never shown.
var secretKey = regexp.MustCompile(`(?i)passw|passphrase|secret|token|jwt|authorization|cookie|digest|credential|(api|private).?key`)

// secretText matches what is a secret under any name: JSON Web Tokens and
// bcrypt digests.
var secretText = regexp.MustCompile(`\beyJ[\w-]*(\.[\w-]*)*|\$2[abxy]?\$\d\d?\$[./A-Za-z0-9]*`)

// margin is how much of a text is looked at beyond what is shown, so that the
// beginning of a secret there is known for one. More would be work for nothing.
const margin = 64

// text cuts s to max bytes, hides secrets in it and escapes what could break
// the line or change how it reads, whatever handler writes it.
func text(s string, max int) string {
	more := 0
	if len(s) > max+margin {
		cut := runeStart(s, max+margin)
		s, more = s[:cut], len(s)-cut
	}
	s = secretText.ReplaceAllLiteralString(s, hidden)
	if len(s) > max {
		cut := runeStart(s, max)
		s, more = s[:cut], more+len(s)-cut
	}
	if more > 0 {
		s = fmt.Sprintf("%s… (%d bytes more)", s, more)
	}
	if utf8.ValidString(s) && !strings.ContainsFunc(s, isOdd) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if isOdd(r) || r == utf8.RuneError && size == 1 {
			quoted := strconv.QuoteToASCII(s[:size])
			b.WriteString(quoted[1 : len(quoted)-1])
		} else {
			b.WriteString(s[:size])
		}
		s = s[size:]
	}
	return b.String()
}

// runeStart gives the last place up to at where a rune begins.
func runeStart(s string, at int) int {
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return at
}

func isOdd(r rune) bool { return !unicode.IsPrint(r) }
