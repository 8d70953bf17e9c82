// Package lua51 makes gopher-lua v1.1.2 compute what Lua 5.1 computes, from
// outside: the library is the module as published.
//
//	proto, err := lua51.Compile("login.lua", source) // a fault is a *SyntaxError
//	L := lua.NewState(lua.Options{SkipOpenLibs: true})
//	lua51.Open(L, L.G.Global) // pcall and xpcall
//	results, err := lua51.PCall(L, L.NewFunctionFromProto(proto))
//	if err != nil {
//		log.Error("run", "error", err, "traceback", lua51.Traceback(err))
//	}
//
// What the published library gets wrong, and what stands against it here:
//
//   - Assignments to locals that exist are miscompiled when there are several
//     (a, b = b, a), when the right side is a logical expression
//     (x = a and b and c) or a call in parentheses. [Fix] rewrites them in the
//     syntax tree.
//   - A few number literals have another value (0010, 1e999). [Fix] as well.
//   - An error that pcall catches cuts off the captured locals of all frames,
//     one that xpcall catches those of none, so that a closure reads what
//     other calls left on the stack. [PCall], pcall and xpcall run what they
//     call in a thread of its own.
//   - Deeply nested source kills the process. [Parse] refuses it unparsed.
//   - An error in an endless tail call takes a traceback line for each call.
//     [PCall] makes its own, which is bounded.
//
// TestStockIsWrong fails on the day a new version of the library needs none
// of this.
package lua51

import lua "github.com/yuin/gopher-lua"

// Both are variables of the library that every state reads without a lock, so
// they are set before any state can exist, by every program that imports us.
var _ = func() struct{} {
	// Lua 5.0's table arg costs each call of a vararg function, which every
	// file is, twelve times what the call costs.
	lua.CompatVarArg = false
	// Assigning to one high index fills the array up to it with nils, 4.8 GB
	// at the library's own limit. Beyond this one an index is a hash key. It
	// has to be above the largest honest array, as #t stops here.
	lua.MaxArrayIndex = 1 << 20
	return struct{}{}
}()
