package schema

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vera/stdlib/strictjson"
)

// wholeRequest is the path of what no field alone is to blame for.
const wholeRequest = "fields"

// MaxFaults is how many faults of one request are told; the others are
// counted.
const MaxFaults = 100

// A Fault is one thing wrong with a request.
type Fault struct {
	Field   string // a path such as address.zip or tags[0]; "fields" for the whole
	Code    string // the keyword that was broken, or required, type, range, json
	Message string // such as "must be at least 3 characters"
}

// An Error is all that is wrong with a request, for its sender: no value of
// the request is in it.
type Error struct {
	Faults []Fault // sorted by field, at most [MaxFaults]
	More   int     // how many were left out

	Limit strictjson.Limit // that the request exceeds, if that is the fault
}

// Error is the message of the answer.
func (e *Error) Error() string {
	var text strings.Builder
	text.WriteString("Invalid input: ")
	for i, fault := range e.Faults {
		if i > 0 {
			text.WriteString("; ")
		}
		text.WriteString(fault.Field + ": " + fault.Message)
	}
	if e.More > 0 {
		fmt.Fprintf(&text, "; and %d more", e.More)
	}
	return text.String()
}

// AppendJSON appends the fields of the answer:
//
//	{"errors":[{"field":"address.zip","code":"max_length","message":"…"}]}
func (e *Error) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"errors":[`...)
	for i, fault := range e.Faults {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strictjson.AppendString(append(dst, `{"field":`...), fault.Field)
		dst = strictjson.AppendString(append(dst, `,"code":`...), fault.Code)
		dst = strictjson.AppendString(append(dst, `,"message":`...), fault.Message)
		dst = append(dst, '}')
	}
	return append(dst, "]}"...)
}

// A step is a part of the way to a value.
type step struct {
	name  string // of a member, or empty for the element at
	index int
}

// faults collects what is wrong with one request.
type faults struct {
	path []step // to the value that is being looked at
	list []Fault
	more int

	limit strictjson.Limit
}

func (f *faults) enter(s step) { f.path = append(f.path, s) }

func (f *faults) leave() { f.path = f.path[:len(f.path)-1] }

// add notes a fault of the value at path.
func (f *faults) add(code, message string) {
	if len(f.list) == MaxFaults {
		f.more++
		return
	}
	f.list = append(f.list, Fault{Field: f.where(), Code: code, Message: message})
}

// where is the path in words.
func (f *faults) where() string {
	if len(f.path) == 0 {
		return wholeRequest
	}
	var text []byte
	for _, s := range f.path {
		switch {
		case s.name == "":
			text = strconv.AppendInt(append(text, '['), int64(s.index), 10)
			text = append(text, ']')
		case len(text) > 0:
			text = append(append(text, '.'), s.name...)
		default:
			text = append(text, s.name...)
		}
	}
	return string(text)
}

func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	slices.SortStableFunc(f.list, func(a, b Fault) int { return strings.Compare(a.Field, b.Field) })
	return &Error{Faults: f.list, More: f.more, Limit: f.limit}
}
