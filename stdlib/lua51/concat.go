package lua51

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// ConcatName is the global by whose value compiled code concatenates: the
// operator itself knows no limit, and one a .. a can be of any size. No script
// can write the name. Open sets it to Concat without a limit.
const ConcatName = "(concat)"

// concatCall gives the call that takes the place of e and of the
// concatenations on its right: a .. b .. c becomes (concat)(a, b, c).
func concatCall(e *ast.StringConcatOpExpr) ast.Expr {
	callee := &ast.IdentExpr{Value: ConcatName}
	callee.SetLine(e.Line())
	call := &ast.FuncCallExpr{Func: callee}
	call.SetLine(e.Line())
	call.SetLastLine(e.LastLine())
	var rest ast.Expr = e
	for {
		next, ok := rest.(*ast.StringConcatOpExpr)
		if !ok {
			break
		}
		call.Args = append(call.Args, fixExpr(next.Lhs))
		rest = next.Rhs
	}
	oneValue(rest)
	call.Args = append(call.Args, fixExpr(rest))
	return call
}

// Concat gives a function that concatenates its arguments, from right to left,
// as the operator does. It asks fit before each result, which raises if so many
// bytes are too many; nil means that none are. text gives a number as the
// operator should show it.
func Concat(fit func(L *lua.LState, bytes int), text func(lua.LNumber) string) lua.LGFunction {
	if fit == nil {
		fit = func(*lua.LState, int) {}
	}
	return func(L *lua.LState) int {
		var few [8]string // most have no more
		parts := few[:0]
		size := 0
		for i := range L.GetTop() {
			switch v := L.Get(i + 1).(type) {
			case lua.LString:
				parts = append(parts, string(v))
			case lua.LNumber:
				parts = append(parts, text(v))
			default:
				L.Push(concatPairs(L, fit, text))
				return 1
			}
			size += len(parts[i])
		}
		fit(L, size)
		L.Push(lua.LString(strings.Join(parts, "")))
		return 1
	}
}

// concatPairs concatenates what is not all text, two at a time, by metamethods.
func concatPairs(L *lua.LState, fit func(*lua.LState, int), text func(lua.LNumber) string) lua.LValue {
	result := L.Get(L.GetTop())
	for i := L.GetTop() - 1; i >= 1; i-- {
		left := L.Get(i)
		a, okA := operand(left, text)
		b, okB := operand(result, text)
		if okA && okB {
			fit(L, len(a)+len(b))
			result = lua.LString(a + b)
			continue
		}
		handler := L.GetMetaField(left, "__concat")
		if handler == lua.LNil {
			handler = L.GetMetaField(result, "__concat")
		}
		if handler == lua.LNil {
			culprit := left
			if okA {
				culprit = result
			}
			L.RaiseError("attempt to concatenate a %s value", culprit.Type())
		}
		L.Push(handler)
		L.Push(left)
		L.Push(result)
		L.Call(2, 1)
		result = L.Get(-1)
		L.Pop(1)
	}
	return result
}

func operand(v lua.LValue, text func(lua.LNumber) string) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return text(v), true
	}
	return "", false
}

// plainNumber shows a number as Lua 5.1 does.
func plainNumber(n lua.LNumber) string { return fmt.Sprintf("%.14g", float64(n)) }
