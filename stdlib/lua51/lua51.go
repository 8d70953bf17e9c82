// Package lua51 makes gopher-lua v1.1.2 compute what Lua 5.1 computes. It does
// so from outside: the library is the module as published.
//
//	proto, err := lua51.Compile("login.lua", source) // the error is a *SyntaxError
//	…
//	L := lua.NewState(lua.Options{SkipOpenLibs: true})
//	lua51.Open(L, L.G.Global) // pcall, xpcall and error
//	results, err := lua51.PCall(L, L.NewFunctionFromProto(proto))
//	if err != nil {
//		log.Error("run", "error", err, "traceback", lua51.Traceback(err))
//	}
//
// What the library by itself gets wrong, and what stands against it:
//
//   - It miscompiles assignments to several targets (a, b = b, a), logical
//     expressions assigned to a local (ok = ok and t.x and t.y), for k in
//     next, t, {1, x = f()}, loops that begin with a constant condition, and
//     more: [Fix] rewrites the syntax tree, and [Compile] corrects the code.
//   - An error that pcall catches cuts the captured locals of all functions
//     off, one that xpcall catches those of none, so that a closure reads what
//     later calls leave on the stack: [PCall], pcall and xpcall run what they
//     call on a stack of its own.
//   - The levels of error are off by one.
//   - Deep nesting in a source kills the process: [Parse] refuses it unparsed.
//   - The traceback of an endless tail call has a line for each call: [PCall]
//     makes its own.
//
// TestStockIsWrong fails when a new version of the library computes one of
// these right, and names what can go.
//
// What stays different: goto is a keyword; an escape above \255 is taken
// modulo 256; -0 is 0. In t.x, y = f(), 1, t is looked at before f is called,
// which Lua leaves open; PUC's looks at a local afterwards.
package lua51

import lua "github.com/yuin/gopher-lua"

// These are variables of the library, which all states read without a lock.
// So they are set before any state can exist, in every program with this
// package in it.
var _ = func() struct{} {
	// The table arg, which only Lua 5.0 has, makes a call of a vararg function
	// twelve times as expensive, and every file is one.
	lua.CompatVarArg = false
	// An assignment to a high index fills the array up to there with nils:
	// 4.8 GB by default. Beyond this limit an index is a hash key. As #t stops
	// here too, it has to be above the largest honest array.
	lua.MaxArrayIndex = 1 << 20
	return struct{}{}
}()
