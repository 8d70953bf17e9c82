// Package json moves JSON between text and Lua values, with nothing in
// between that could round a number or lose a null.
//
//	body, err := json.AppendJSON(ctx, nil, value, json.Limits{})
//
// A table is an array if it is a sequence or marked by json.array, else an
// object; an unmarked empty table is an empty object. Members are written
// sorted by name, so that equal values give equal text.
package json

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/limit"
	"vera/stdlib/luaconv"
	"vera/stdlib/strictjson"
)

// Limits bound what is written and read. The zero value is ready for use.
type Limits struct {
	Bytes    int // of the text; zero means 1 MiB
	Depth    int // of nested tables; zero means luaconv.MaxDepth
	Elements int // members and elements of all tables, also emptied ones; zero means 100,000

	// The settings that they come from. Empty: MAX_STRING_BYTES; "depth" and
	// "values", which nothing moves.
	BytesSetting, DepthSetting, ElementsSetting string

	Exceeded func(limit string) // told of a limit that was exceeded, by these names; nil tells nobody
}

func (l Limits) orDefaults() Limits {
	l.Bytes = cmp.Or(l.Bytes, 1<<20)
	l.Depth = cmp.Or(l.Depth, luaconv.MaxDepth)
	l.Elements = cmp.Or(l.Elements, 100_000)
	l.BytesSetting = cmp.Or(l.BytesSetting, limit.StringBytes)
	return l
}

func (l Limits) note(err error) error { return limit.Limits{Exceeded: l.Exceeded}.Note(err) }

// AppendJSON appends v as JSON to dst. What JSON cannot hold is an error that
// names its place, as in `user.tags[2]: a function is not a JSON value`: a
// function, NaN, text that is not UTF-8, a table that contains itself, has
// holes or mixed keys, or exceeds the limits (a [limit.Error]). The end of ctx
// ends it with ctx's error. dst is then returned as it came.
func AppendJSON(ctx context.Context, dst []byte, v lua.LValue, limits Limits) ([]byte, error) {
	e := encoder{dst: dst, start: len(dst), limits: limits.orDefaults()}
	if err := e.value(ctx, v); err != nil {
		return dst, limits.note(err)
	}
	return e.dst, nil
}

// An encoder writes one value.
type encoder struct {
	dst      []byte
	start    int // of what the encoder wrote
	limits   Limits
	elements int      // of the tables seen so far
	values   int      // begun
	path     []step   // the tables being written, outermost first
	members  []member // of the objects being written, likewise
}

// A step is a table being written and where in it the encoder stands.
type step struct {
	table *lua.LTable
	name  string // the member, or
	index int    // the element, from 1
}

type member struct {
	name  string
	value lua.LValue
}

func (e *encoder) errorf(format string, args ...any) error {
	return e.at(fmt.Errorf(format, args...))
}

func (e *encoder) tooLong() error {
	return e.at(limit.Setting(e.limits.BytesSetting, e.limits.Bytes, "the JSON text is too long"))
}

// at says where in the value err occurred.
func (e *encoder) at(err error) error {
	var place []byte
	for _, s := range e.path {
		switch {
		case s.index > 0:
			place = append(strconv.AppendInt(append(place, '['), int64(s.index), 10), ']')
		case len(place) > 0:
			place = append(append(place, '.'), s.name...)
		default:
			place = append(place, s.name...)
		}
	}
	if len(place) == 0 {
		return err
	}
	return fmt.Errorf("%.200s: %w", place, err)
}

// valuesPerLook is how many values are written before ctx is looked at again.
const valuesPerLook = 256

func (e *encoder) value(ctx context.Context, v lua.LValue) error {
	if e.values++; e.values%valuesPerLook == 0 && ctx.Err() != nil {
		return ctx.Err()
	}
	switch v := v.(type) {
	case *lua.LNilType:
		e.dst = append(e.dst, "null"...)
	case lua.LBool:
		e.dst = strconv.AppendBool(e.dst, bool(v))
	case lua.LNumber:
		f := float64(v)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return e.errorf("%v is not a JSON number", f)
		}
		e.dst = strictjson.AppendNumber(e.dst, f)
	case lua.LString:
		if err := e.text(string(v)); err != nil {
			return err
		}
	case *lua.LTable:
		if err := e.table(ctx, v); err != nil {
			return err
		}
	default:
		if v != lua.LValue(luaconv.Null) {
			return e.errorf("a %s is not a JSON value", v.Type())
		}
		e.dst = append(e.dst, "null"...)
	}
	if len(e.dst)-e.start > e.limits.Bytes {
		return e.tooLong()
	}
	return nil
}

func (e *encoder) text(s string) error {
	if len(s) > e.limits.Bytes {
		return e.tooLong()
	}
	if !utf8.ValidString(s) {
		return e.errorf("text that is not UTF-8")
	}
	e.dst = strictjson.AppendString(e.dst, s)
	return nil
}

func (e *encoder) table(ctx context.Context, t *lua.LTable) error {
	if len(e.path) >= e.limits.Depth {
		return e.at(limit.Named(e.limits.DepthSetting, "depth", e.limits.Depth, "nested too deep"))
	}
	if slices.ContainsFunc(e.path, func(s step) bool { return s.table == t }) {
		return e.errorf("the table contains itself")
	}
	if ctx.Err() != nil { // to look through an emptied table may take milliseconds
		return ctx.Err()
	}
	first := len(e.members)
	length, err := e.collect(t)
	if err != nil {
		return err
	}
	e.path = append(e.path, step{table: t})
	if length > 0 || luaconv.IsArray(t) {
		err = e.array(ctx, t, length)
	} else {
		err = e.object(ctx, first)
	}
	e.members = e.members[:first]
	if err != nil {
		return err
	}
	e.path = e.path[:len(e.path)-1]
	return nil
}

func byName(a, b member) int { return cmp.Compare(a.name, b.name) }

func (e *encoder) array(ctx context.Context, t *lua.LTable, length int) error {
	here := len(e.path) - 1
	e.dst = append(e.dst, '[')
	for i := range length {
		if i > 0 {
			e.dst = append(e.dst, ',')
		}
		e.path[here].index = i + 1
		if err := e.value(ctx, t.RawGetInt(i+1)); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, ']')
	return nil
}

// object writes the members from the given one on.
func (e *encoder) object(ctx context.Context, first int) error {
	here := len(e.path) - 1
	e.dst = append(e.dst, '{')
	for i, last := first, len(e.members); i < last; i++ {
		if i > first {
			e.dst = append(e.dst, ',')
		}
		m := e.members[i]
		e.path[here].name = m.name
		if err := e.text(m.name); err != nil {
			return err
		}
		e.dst = append(e.dst, ':')
		if err := e.value(ctx, m.value); err != nil {
			return err
		}
	}
	e.dst = append(e.dst, '}')
	return nil
}
