package luaconv_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/luaconv"
	"vera/stdlib/strictjson"
)

func TestFromGo(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	L.SetGlobal("null", luaconv.Null)
	tests := []struct {
		value any
		check string // true for the value v in Lua
	}{
		{nil, `v == nil`},
		{true, `v == true`},
		{"x\x00y", `v == "x\0y"`},
		{1.5, `v == 1.5`},
		{int32(-3), `v == -3`},
		{int64(1<<53 - 1), `v == 9007199254740991`},
		{strictjson.Number("12"), `v == 12`},
		{strictjson.Number("1.50"), `v == 1.5`},
		{[]any{"a", nil}, `#v == 2 and v[1] == "a" and v[2] == null`},
		{map[string]any{"a": []any{}, "n": nil}, `#v.a == 0 and v.n == null`},
		{lua.LString("as it is"), `v == "as it is"`},
	}
	for _, tt := range tests {
		value, err := luaconv.FromGo(L, tt.value)
		if err != nil {
			t.Errorf("FromGo(%v): %v", tt.value, err)
			continue
		}
		L.SetGlobal("v", value)
		if err := L.DoString("assert(" + tt.check + ")"); err != nil {
			t.Errorf("FromGo(%v) is not %s", tt.value, tt.check)
		}
	}
	deep := any("x")
	for range luaconv.MaxDepth + 1 {
		deep = []any{deep}
	}
	for _, bad := range []any{int64(1 << 53), math.MinInt64, strictjson.Number("9007199254740993"), struct{}{}, []any{uint(1)}, deep} {
		if value, err := luaconv.FromGo(L, bad); err == nil {
			t.Errorf("FromGo(%.40v) = %v, want an error", bad, value)
		}
	}
}

// A large tree is given up when the context ends on the way.
func TestFromGoEndsWithTheContext(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	ctx, cancel := context.WithCancel(t.Context())
	L.SetContext(ctx)
	large := make([]any, 1000)
	if _, err := luaconv.FromGo(L, large); err != nil {
		t.Fatal(err)
	}
	cancel()
	if value, err := luaconv.FromGo(L, large); !errors.Is(err, context.Canceled) {
		t.Errorf("FromGo = %v, %v", value, err)
	}
}

func TestArrays(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	array := luaconv.MarkArray(L, L.NewTable())
	if !luaconv.IsArray(array) || luaconv.IsArray(L.NewTable()) {
		t.Error("a marked table is an array, another is not")
	}
	L.SetGlobal("v", array)
	if err := L.DoString(`setmetatable(v, {})`); err == nil {
		t.Error("a script can take the mark off")
	}
}

func TestNull(t *testing.T) {
	if !luaconv.IsNull(lua.LNil) || !luaconv.IsNull(luaconv.Null) || luaconv.IsNull(lua.LFalse) {
		t.Error("nil and Null are null, false is not")
	}
}

// What a primitive raises comes back to Go whole, also if a script caught it
// and raised it again.
func TestRaiseAndCause(t *testing.T) {
	cause := errors.New("the disk is full")
	L := lua.NewState()
	defer L.Close()
	L.SetGlobal("fail", L.NewFunction(func(L *lua.LState) int { luaconv.Raise(L, cause); return 0 }))
	for _, source := range []string{`fail()`, `local ok, err = pcall(fail) error(err)`} {
		err := L.DoString(source)
		if got := luaconv.Cause(fmt.Errorf("run: %w", err)); got != cause {
			t.Errorf("%s: %v", source, got)
		}
	}
	if err := L.DoString(`error("mine")`); luaconv.Cause(err) != err {
		t.Errorf("the cause of a script's own error is %v", luaconv.Cause(err))
	}
	if luaconv.Cause(cause) != cause {
		t.Error("the cause of a Go error is another")
	}
}

func ExampleFail() {
	L := lua.NewState()
	defer L.Close()
	L.SetGlobal("normalize", L.NewFunction(func(L *lua.LState) int {
		if strings.TrimSpace(L.CheckString(1)) == "" {
			return luaconv.Fail(L, "empty", "there is no text")
		}
		L.Push(lua.LString(strings.TrimSpace(L.CheckString(1))))
		return 1
	}))
	L.SetGlobal("show", L.NewFunction(func(L *lua.LState) int {
		fmt.Println(L.Get(1), L.Get(2), L.Get(3))
		return 0
	}))
	if err := L.DoString(`show(normalize(" x ")) show(normalize(" "))`); err != nil {
		panic(err)
	}
	// Output:
	// x nil nil
	// nil empty there is no text
}
