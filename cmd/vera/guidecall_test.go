package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A player sends a guide's calls.
type player struct {
	t        *testing.T
	stack    *stack
	bound    map[string]any // what stood in an answer for "<name>"
	failures int            // calls that were to be answered 500
}

// calls sends each call of a block and compares its answer:
//
//	Greet {"name": "Ada"}
//	200 {"fields": "Hello, Ada!"}
//
// What goes on is indented. In an answer … stands for any text, "…" for any
// value, and "<id>" for a value that "<id>" stands for from then on. A key
// that is null is left out.
func (p *player) calls(b block) {
	p.t.Helper()
	entries := regexp.MustCompile(`\n(\s+)`).ReplaceAllString(strings.TrimSpace(b.text), " ")
	lines := strings.Split(entries, "\n")
	if len(lines)%2 != 0 {
		p.t.Fatalf("line %d: a call lacks its answer", b.line)
	}
	for pair := range slices.Chunk(lines, 2) {
		action, given, _ := strings.Cut(pair[0], " ")
		statusText, answer, _ := strings.Cut(pair[1], " ")
		status, err := strconv.Atoi(statusText)
		if err != nil {
			p.t.Fatalf("line %d: %q does not begin with a status", b.line, pair[1])
		}
		if status == 500 {
			p.failures++
		}
		want, ok := p.parse(b, answer).(map[string]any)
		if !ok {
			p.t.Fatalf("line %d: %q is no answer", b.line, answer)
		}
		gotStatus, message, fields := p.stack.post(p.t, action, p.fill(p.parse(b, given)))
		got := map[string]any{"message": message, "fields": fields}
		maps.DeleteFunc(got, func(_ string, value any) bool { return value == nil })
		if err := p.match("", want, got); err != nil || gotStatus != status {
			text, _ := json.Marshal(got)
			p.t.Fatalf("line %d: %s\nis answered %d %s\nthe page says %s\n%v\n%s", b.line, pair[0], gotStatus, text, pair[1], err, p.stack.logs)
		}
	}
}

func (p *player) parse(b block, text string) any {
	p.t.Helper()
	var value any
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		p.t.Fatalf("line %d: %q is not JSON: %v", b.line, text, err)
	}
	return value
}

// name gives the name in "<name>".
func name(text string) (string, bool) {
	inner, open := strings.CutPrefix(text, "<")
	inner, closed := strings.CutSuffix(inner, ">")
	return inner, open && closed
}

// fill puts what names stand for in their places.
func (p *player) fill(value any) any {
	p.t.Helper()
	switch value := value.(type) {
	case string:
		if name, ok := name(value); ok {
			known, ok := p.bound[name]
			if !ok {
				p.t.Fatalf("no answer before had %s in it", value)
			}
			return known
		}
	case []any:
		for i, item := range value {
			value[i] = p.fill(item)
		}
	case map[string]any:
		for key, item := range value {
			value[key] = p.fill(item)
		}
	}
	return value
}

// match tells where got is not what is wanted.
func (p *player) match(path string, want, got any) error {
	switch want := want.(type) {
	case string:
		return p.matchText(path, want, got)
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return fmt.Errorf("%s: is %v", path, got)
		}
		for i := range want {
			if err := p.match(fmt.Sprintf("%s[%d]", path, i), want[i], list[i]); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok || !slices.Equal(slices.Sorted(maps.Keys(object)), slices.Sorted(maps.Keys(want))) {
			return fmt.Errorf("%s: is %v", path, got)
		}
		for key := range want {
			if err := p.match(path+"."+key, want[key], object[key]); err != nil {
				return err
			}
		}
		return nil
	}
	if want != got {
		return fmt.Errorf("%s: is %v", path, got)
	}
	return nil
}

func (p *player) matchText(path, want string, got any) error {
	if want == "…" {
		return nil
	}
	if name, ok := name(want); ok {
		if known, ok := p.bound[name]; ok && known != got {
			return fmt.Errorf("%s: is %v, %s was %v", path, got, want, known)
		}
		p.bound[name] = got
		return nil
	}
	pattern := strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*")
	text, ok := got.(string)
	if !ok || !regexp.MustCompile(`^(?s:`+pattern+`)$`).MatchString(text) {
		return fmt.Errorf("%s: is %v", path, got)
	}
	return nil
}
