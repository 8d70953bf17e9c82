package caller

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Fields makes a request's fields of arguments: key=value, key:=json, and
// a.b=value for a field within a. types say what a value is to be; a value
// that does not fit is sent as text, for the host to refuse. Without a type a
// value is JSON if it is that, else text. An error is for the one who typed
// the arguments; it repeats no value.
func Fields(args []string, types map[string]Type) (json.RawMessage, error) {
	root := make(map[string]any)
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		key, forced := strings.CutSuffix(key, ":")
		if !ok || key == "" {
			return nil, fmt.Errorf("%q is no field: write key=value, key:=json, or a.b=value for a field within a", shorten(key))
		}
		if !utf8.ValidString(arg) {
			return nil, fmt.Errorf("the field %q is not UTF-8", shorten(strings.ToValidUTF8(key, "\uFFFD")))
		}
		path := strings.Split(key, ".")
		encoded := encode(value, find(types, path).Name)
		if forced {
			if !json.Valid([]byte(value)) {
				return nil, fmt.Errorf("the value of %s:= is not JSON; text is written %s=text", shorten(key), shorten(key))
			}
			encoded = json.RawMessage(value)
		}
		if err := put(root, path, encoded); err != nil {
			return nil, err
		}
	}
	return json.Marshal(root)
}

// find gives the type of the field at a path, the zero one if it is unknown.
func find(types map[string]Type, path []string) Type {
	t := types[path[0]]
	for _, name := range path[1:] {
		t = t.Fields[name]
	}
	return t
}

// put puts a value at its path in an object, with objects on the way there.
func put(object map[string]any, path []string, value json.RawMessage) error {
	key := shorten(strings.Join(path, "."))
	for i, name := range path {
		if name == "" {
			return fmt.Errorf("%q is no field's name: nothing stands beside a dot", key)
		}
		there, taken := object[name]
		if i == len(path)-1 {
			if taken {
				return fmt.Errorf("the field %s is given twice", key)
			}
			object[name] = value
			return nil
		}
		inner, isObject := there.(map[string]any)
		if taken && !isObject {
			return fmt.Errorf("the field %s is given a value of its own, and within it %s", shorten(strings.Join(path[:i+1], ".")), key)
		}
		if !taken {
			inner = make(map[string]any)
			object[name] = inner
		}
		object = inner
	}
	return nil
}

// encode makes JSON of a value whose field has a type; empty if that is not
// known.
func encode(value, name string) json.RawMessage {
	literal := json.Valid([]byte(value))
	first := value + " "
	first = first[:1]
	switch name {
	case "string":
		literal = false
	case "integer", "number":
		literal = literal && strings.Contains("-0123456789", first)
	case "boolean":
		literal = value == "true" || value == "false"
	case "object":
		literal = literal && first == "{"
	case "array":
		literal = literal && first == "["
	}
	if literal {
		return json.RawMessage(value)
	}
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // a string can be encoded
	}
	return text
}

// shorten cuts a text that a message repeats.
func shorten(text string) string {
	const longest = 80
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}
