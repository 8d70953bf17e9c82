// Package strictjson reads and writes JSON (RFC 8259) with nothing left to
// chance: what two readers could understand in two ways is refused, and no
// number is rounded behind the reader's back.
//
//	tree, err := strictjson.Parse(body, strictjson.Limits{})
//	...
//	err := strictjson.Members(frame, strictjson.Limits{}, func(key, raw []byte) error {
//		switch string(key) { // allocates nothing
//		case "payload":
//			payload = raw
//		}
//		return nil
//	})
//	...
//	dst = strictjson.AppendString(dst, "said \"hello\"")
//
// Refused are duplicate member names, text after the value, invalid UTF-8,
// lone surrogates, raw control characters, numbers that are not JSON's (01,
// +1, .5, NaN) or that no float64 can hold (1e400), a byte order mark, and
// whatever nests deeper than the limit. A number stays the literal it was
// ([Number]), so that the reader decides what precision it needs.
//
// All functions may be called from many goroutines at once.
package strictjson

import "strconv"

// DefaultDepth is how deep values may nest where [Limits] do not say.
const DefaultDepth = 64

// Limits bound what is read. The zero value is ready for use.
type Limits struct {
	Depth  int // of nested arrays and objects; zero means [DefaultDepth]
	Values int // all values, members and elements included; zero means no bound
}

// A SyntaxError tells why a text was refused. It holds nothing of the text
// but names of members.
type SyntaxError struct {
	Offset int      // in bytes, where the fault begins
	Reason string   // such as "unexpected end" or `duplicate member "id"`
	Path   []string // to the faulty value: names of members, or [0] for the first element
	Limit  Limit    // that was exceeded, if that is the fault
}

// A Limit tells which of the [Limits] a text exceeds.
type Limit int

// What a text may exceed. The zero Limit is none.
const (
	TooDeep Limit = iota + 1
	TooMany       // values
)

// Error is the reason and the offset.
func (e *SyntaxError) Error() string {
	return e.Reason + " at byte " + strconv.Itoa(e.Offset)
}

// Parse reads the one value that data holds: nil, bool, [Number], string,
// []any or map[string]any. The strings of the result share one copy of data,
// not data itself. Its error is a [*SyntaxError].
func Parse(data []byte, limits Limits) (any, error) {
	s := newScanner(data, limits)
	s.space()
	tree, err := s.parse()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return nil, err.outward()
	}
	return tree, nil
}

// Valid reports with a [*SyntaxError] whether [Parse] would refuse data.
func Valid(data []byte, limits Limits) error {
	s := newScanner(data, limits)
	s.space()
	err := s.skip()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return err.outward()
	}
	return nil
}

// Members calls visit with the members of the object in data, in their order.
// Each raw value has been checked like the whole text for [Valid] and may be
// given to [Parse], Members or [Elements]. It and, where it has no escapes,
// key are parts of data and must not be changed.
//
// An error of visit ends the walk and is returned as it is; any other error
// is a [*SyntaxError]. As a fault may come after members that visit has seen,
// what it did counts only if Members returns nil.
func Members(data []byte, limits Limits, visit func(key, raw []byte) error) error {
	s := newScanner(data, limits)
	s.space()
	var seen names
	more, err := s.open('{', '}')
	for ; more && err == nil; more, err = s.more('}') {
		var key []byte
		if key, err = s.name(&seen); err != nil {
			break
		}
		start := s.pos
		if err = s.skip(); err != nil {
			err.within(string(key))
			break
		}
		if err := visit(key, data[start:s.pos:s.pos]); err != nil {
			return err
		}
	}
	return s.finish(err)
}

// Elements calls visit with the elements of the array in data, counted from
// 0, under the same terms as [Members].
func Elements(data []byte, limits Limits, visit func(index int, raw []byte) error) error {
	s := newScanner(data, limits)
	s.space()
	index := 0
	more, err := s.open('[', ']')
	for ; more && err == nil; more, err = s.more(']') {
		start := s.pos
		if err = s.skip(); err != nil {
			err.within(element(index))
			break
		}
		if err := visit(index, data[start:s.pos:s.pos]); err != nil {
			return err
		}
		index++
	}
	return s.finish(err)
}
