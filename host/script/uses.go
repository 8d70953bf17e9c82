package script

import (
	"slices"

	lua "github.com/yuin/gopher-lua"
)

// Uses tells whether a run of the program may require a module: whether its
// file names it, or a file that it may require in turn. A name that is only
// put together while the script runs is not seen.
func (p *Program) Uses(library Library, module string) bool {
	return uses(p, library, module, make(map[*Program]bool))
}

func uses(p *Program, library Library, module string, seen map[*Program]bool) bool {
	seen[p] = true
	return mentions(p.whole, func(text string) bool {
		if text == module {
			return true
		}
		next := library[text]
		return next != nil && !seen[next] && uses(next, library, module, seen)
	})
}

// mentions tells whether one of the code's strings is it.
func mentions(code *lua.FunctionProto, it func(string) bool) bool {
	return slices.ContainsFunc(code.Constants, func(constant lua.LValue) bool {
		text, ok := constant.(lua.LString)
		return ok && it(string(text))
	}) || slices.ContainsFunc(code.FunctionPrototypes, func(inner *lua.FunctionProto) bool { return mentions(inner, it) })
}
