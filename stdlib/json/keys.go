package json

import (
	"reflect"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/limit"
	"vera/stdlib/luaconv"
)

// collect looks at the keys of t. It returns the length if t is an array, or
// appends t's members to e.members.
//
// A table never shrinks: to find what is in one that was emptied takes as long
// as when it was full, and a list may hold one table many times. So the room
// that a table has counts, not what is left in it.
func (e *encoder) collect(t *lua.LTable) (length int, err error) {
	positions, names := room(t)
	if e.elements += positions + names; e.elements > e.limits.Elements {
		return 0, e.at(limit.Named(e.limits.ElementsSetting, "values", e.limits.Elements, "too many values, with those that a table held before"))
	}
	for length < positions && t.RawGetInt(length+1) != lua.LNil {
		length++
	}
	first := len(e.members)
	if length < positions || names > 0 {
		if err := e.rest(t, length, names); err != nil {
			return 0, err
		}
	}
	members := e.members[first:]
	size := 0
	for _, m := range members {
		size += len(m.name)
	}
	if size > e.limits.Bytes { // names that are parts of one long text take forever to sort
		return 0, e.tooLong()
	}
	if (length > 0 || luaconv.IsArray(t)) && len(members) > 0 {
		name := slices.MinFunc(members, byName).name
		return 0, e.errorf("a table with both positions and names (%.40q) is no JSON value", name)
	}
	slices.SortFunc(members, byName)
	return length, nil
}

// fewNames are as many as are looked up one by one: that takes no memory, but
// some 200 ns for each name that is no longer there.
const fewNames = 64

// rest appends to e.members what t holds behind its first length positions.
func (e *encoder) rest(t *lua.LTable, length, names int) (err error) {
	if names > fewNames {
		t.ForEach(func(key, value lua.LValue) {
			if err == nil {
				err = e.member(length, key, value)
			}
		})
		return err
	}
	last := lua.LValue(lua.LNil)
	if length > 0 {
		last = lua.LNumber(length)
	}
	for key, value := t.Next(last); key != lua.LNil && err == nil; key, value = t.Next(key) {
		err = e.member(length, key, value)
	}
	return err
}

// member appends one member of a table whose list has the given length.
func (e *encoder) member(length int, key, value lua.LValue) error {
	switch key := key.(type) {
	case lua.LString:
		e.members = append(e.members, member{string(key), value})
		return nil
	case lua.LNumber:
		n := int(key)
		if lua.LNumber(n) == key && n > 0 && n <= length {
			return nil
		}
		if lua.LNumber(n) == key && n > length && n < lua.MaxArrayIndex {
			e.path = append(e.path, step{index: length + 1})
			return e.errorf("a list with holes is no JSON value; use json.null for them")
		}
		return e.errorf("a table with the number %v as a key is no JSON value", key)
	}
	return e.errorf("a table with a %s as a key is no JSON value", key.Type())
}

// room gives how many positions and other keys t has ever had and still keeps
// a place for. The library has no function for it.
func room(t *lua.LTable) (positions, keys int) {
	v := reflect.ValueOf(t).Elem()
	return v.Field(positionsField).Len(), v.Field(keysField).Len()
}

var positionsField, keysField = field("array"), field("keys")

func field(name string) int {
	f, ok := reflect.TypeFor[lua.LTable]().FieldByName(name)
	if !ok || f.Type.Kind() != reflect.Slice {
		panic("json: gopher-lua's table has no list " + name)
	}
	return f.Index[0]
}
