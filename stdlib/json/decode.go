package json

import (
	"context"
	"errors"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/limit"
	"vera/stdlib/luaconv"
	"vera/stdlib/strictjson"
)

// Decode reads the one JSON value that text holds into a value of L's VM.
// null becomes luaconv.Null everywhere, an array a marked table. What
// strictjson refuses is an error, and so is an integer beyond 2^53-1, which a
// Lua number would round. What exceeds the limits is a [limit.Error].
func Decode(L *lua.LState, text string, limits Limits) (lua.LValue, error) {
	limits = limits.orDefaults()
	if len(text) > limits.Bytes {
		return nil, limits.note(limit.Setting(limits.BytesSetting, limits.Bytes, "the JSON text is too long: %d bytes", len(text)))
	}
	tree, err := strictjson.Parse([]byte(text), strictjson.Limits{Depth: limits.Depth, Values: limits.Elements})
	if err != nil {
		return nil, limits.note(limits.exceeded(err))
	}
	if tree == nil {
		return luaconv.Null, nil
	}
	return luaconv.FromGo(L, tree)
}

// exceeded turns a fault that is due to a limit into a limit's error.
func (l Limits) exceeded(err error) error {
	fault, ok := errors.AsType[*strictjson.SyntaxError](err)
	switch {
	case ok && fault.Limit == strictjson.TooDeep:
		return limit.Named(l.DepthSetting, "depth", l.Depth, "nested too deep at byte %d", fault.Offset)
	case ok && fault.Limit == strictjson.TooMany:
		return limit.Named(l.ElementsSetting, "values", l.Elements, "too many values at byte %d", fault.Offset)
	}
	return err
}

// ToGo converts a Lua value to Go values: nil, bool, float64, string, []any
// and map[string]any. It fails on what AppendJSON fails on.
func ToGo(ctx context.Context, v lua.LValue, limits Limits) (any, error) {
	text, err := AppendJSON(ctx, nil, v, limits)
	if err != nil {
		return nil, err
	}
	tree, err := strictjson.Parse(text, strictjson.Limits{})
	if err != nil {
		return nil, err
	}
	return floats(tree), nil
}

// floats replaces the number literals in a tree, in place where it can.
func floats(tree any) any {
	switch v := tree.(type) {
	case strictjson.Number:
		return v.Float64()
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = floats(v[name])
		}
	}
	return tree
}
