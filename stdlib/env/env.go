// Package env gives scripts the few environment variables that the operator
// has listed for them.
//
//	vars, err := env.New(scriptEnv, os.LookupEnv)
//	length, err := vars.Integer("MIN_USERNAME_LENGTH")
//
// Values are read once. A variable that is set to nothing counts as unset.
package env

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"vera/stdlib/luaconv"
)

// Errors of the getters; their text names the variable, never its value.
var (
	ErrUnlisted = errors.New("not listed in SCRIPT_ENV")
	ErrUnset    = errors.New("not set")
)

// Env holds the listed variables. It is immutable.
type Env struct {
	values map[string]string // by every listed name; empty means unset
}

var validName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// New looks the listed names up, as os.LookupEnv does. An entry that cannot
// be a variable's name is an error.
func New(names []string, lookup func(name string) (value string, set bool)) (*Env, error) {
	e := &Env{values: make(map[string]string, len(names))}
	for _, name := range names {
		if !validName.MatchString(name) {
			return nil, fmt.Errorf("SCRIPT_ENV: %q is no name of a variable", name)
		}
		value, _ := lookup(name)
		e.values[name] = value
	}
	return e, nil
}

// String returns a variable's text, or ErrUnlisted or ErrUnset.
func (e *Env) String(name string) (string, error) {
	value, listed := e.values[name]
	if !listed {
		return "", fmt.Errorf("environment variable %q: %w", name, ErrUnlisted)
	}
	if value == "" {
		return "", fmt.Errorf("environment variable %s: %w", name, ErrUnset)
	}
	return value, nil
}

// Integer is String for decimal numbers of at most 2^53-1 either way.
func (e *Env) Integer(name string) (int64, error) {
	text, err := e.String(name)
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || n > luaconv.MaxSafeInteger || n < -luaconv.MaxSafeInteger {
		return 0, fmt.Errorf("environment variable %s: not an integer", name)
	}
	return n, nil
}

// Boolean is String for true, on, yes and 1, false, off, no and 0, in either
// case.
func (e *Env) Boolean(name string) (bool, error) {
	text, err := e.String(name)
	if err != nil {
		return false, err
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "on", "yes", "1":
		return true, nil
	case "false", "off", "no", "0":
		return false, nil
	}
	return false, fmt.Errorf("environment variable %s: neither true nor false", name)
}
