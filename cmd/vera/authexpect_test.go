package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// What a case expects of an answer.

type expectation struct {
	Status             int             `json:"status_code"`
	Message            *string         `json:"message"`
	MessageNull        bool            `json:"message_null"`
	MessagePrefix      string          `json:"message_prefix"`
	MessageContains    []string        `json:"message_contains"`
	MessageNotContains []string        `json:"message_not_contains"`
	FieldsPresent      []string        `json:"fields_present"`
	FieldsNull         []string        `json:"fields_null"`
	FieldsAbsent       []string        `json:"fields_absent"`
	FieldsEqual        map[string]any  `json:"fields_equal"`
	FieldsBetween      map[string]span `json:"fields_between"`
	FieldsIsNull       bool            `json:"fields_is_null"`
	JWTClaims          map[string]any  `json:"jwt_claims"`
	MaxMS              int             `json:"max_ms"`
}

// span is the least and the most that a whole number may be.
type span [2]int64

// limit is how long a call may take. The race detector makes everything
// several times slower; make test runs the cases without it as well.
func (e expectation) limit() time.Duration {
	limit := time.Duration(e.MaxMS) * time.Millisecond
	if raceEnabled {
		limit *= 10
	}
	return limit
}

func (r *caseRunner) check(t *testing.T, where string, got reply, want expectation) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %s (status %d, message %v, fields %s)", where, fmt.Sprintf(format, args...),
			got.status, got.message, asJSON(got.fields))
	}
	if want.Status != 0 && got.status != want.Status {
		fail("want status %d", want.Status)
	}
	message, isText := got.message.(string)
	if want.MessageNull && got.message != nil {
		fail("want no message")
	}
	if want.Message != nil && (!isText || message != *want.Message) {
		fail("want message %q", *want.Message)
	}
	if want.MessagePrefix != "" && !strings.HasPrefix(message, want.MessagePrefix) {
		fail("want a message that begins with %q", want.MessagePrefix)
	}
	for _, part := range want.MessageContains {
		if !strings.Contains(strings.ToLower(message), strings.ToLower(part)) {
			fail("want %q in the message", part)
		}
	}
	for _, part := range want.MessageNotContains {
		if strings.Contains(message, part) {
			fail("%q must not be in the message", part)
		}
	}
	if want.FieldsIsNull && got.fields != nil {
		fail("want no fields")
	}
	if want.MaxMS > 0 && got.took > want.limit() {
		fail("took %v, want at most %v", got.took, want.limit())
	}
	r.checkFields(t, got, want, fail)
}

func (r *caseRunner) checkFields(t *testing.T, got reply, want expectation, fail func(string, ...any)) {
	t.Helper()
	for _, path := range want.FieldsPresent {
		if _, ok := at(got.fields, path); !ok {
			fail("want field %s", path)
		}
	}
	for _, path := range want.FieldsNull {
		if value, ok := at(got.fields, path); !ok || value != nil {
			fail("want field %s with null", path)
		}
	}
	for _, path := range want.FieldsAbsent {
		if _, ok := at(got.fields, path); ok {
			fail("want no field %s", path)
		}
	}
	for path, wanted := range want.FieldsEqual {
		value, _ := at(got.fields, path)
		if asJSON(value) != asJSON(r.value(t, wanted)) {
			fail("want field %s = %s", path, asJSON(r.value(t, wanted)))
		}
	}
	for path, bounds := range want.FieldsBetween {
		value, _ := at(got.fields, path)
		literal, _ := value.(json.Number)
		if n, err := literal.Int64(); err != nil || n < bounds[0] || n > bounds[1] {
			fail("want field %s, a whole number from %d to %d", path, bounds[0], bounds[1])
		}
	}
	if want.JWTClaims != nil {
		token, _ := at(got.fields, "jwt")
		r.checkClaims(t, token, want.JWTClaims, fail)
	}
}

// at follows a dotted path into decoded JSON.
func at(tree any, path string) (any, bool) {
	for name := range strings.SplitSeq(path, ".") {
		object, ok := tree.(map[string]any)
		if !ok {
			return nil, false
		}
		if tree, ok = object[name]; !ok {
			return nil, false
		}
	}
	return tree, true
}

// asJSON is a value as JSON, for comparing and showing.
func asJSON(v any) string {
	encoded, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}
