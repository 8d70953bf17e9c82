package lua51

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxLevel is above every level that a stack can have.
const maxLevel = 1000

// raise is error(value, level). The library's own counts levels from one less
// for each but the first.
func (p *pool) raise(L *lua.LState) int {
	value := L.Get(1)
	level := L.OptInt(2, 1)
	if level > 0 && lua.LVCanConvToString(value) {
		value = lua.LString(p.where(L, level) + lua.LVAsString(value))
	}
	L.Error(value, 0)
	return 0
}

// where gives the place of the function at level as "file:line: ". Level 0 is
// the one that L is in, 1 what called it. It is empty for a function that is
// not Lua's and for a level that is not there.
func (p *pool) where(L *lua.LState, level int) string {
	for depth := len(p.callers); level < maxLevel; depth-- {
		levels := 0
		var lowest lua.LValue
		for ; levels <= level; levels++ {
			frame, ok := L.GetStack(levels)
			if !ok {
				break
			}
			lowest, _ = L.GetInfo("f", frame, lua.LNil)
		}
		if level < levels {
			place := L.Where(level)
			if strings.HasPrefix(place, "[G]") {
				return ""
			}
			return place + " "
		}
		if depth == 0 || !p.isGuard(lowest) {
			return ""
		}
		// A guard stands for the pcall at level 0 of the calling thread.
		level -= levels - 1
		L = p.callers[depth-1]
	}
	return ""
}

// raising reports whether L is in error.
func (p *pool) raising(L *lua.LState) bool {
	frame, ok := L.GetStack(0)
	if !ok {
		return false
	}
	fn, _ := L.GetInfo("f", frame, lua.LNil)
	return fn == p.error
}
