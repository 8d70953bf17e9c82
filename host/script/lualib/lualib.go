// Package lualib is the part of Lua 5.1's own library that a script may use,
// with a bound on everything that could run away.
//
//	base := lualib.Open(L, lualib.Limits{StringBytes: 1 << 20})
//	env.Metatable = fallback // {__index = base}
//
// What is not in the lists below does not exist for a script. Results are
// those of Lua 5.1, except that
//
//   - a string longer than [Limits].StringBytes, a pattern that takes more
//     than its steps, and the end of L's context raise an error;
//   - library tables and the metatable of strings cannot be changed, see
//     [Seal];
//   - tostring shows no addresses: a table is "table", a function "function".
//     Integers below 2^53 it and the operator .. show in full, other numbers as
//     "%.14g".
//   - strings may hold any byte everywhere, also a zero in a pattern;
//   - table.insert takes no place below 1, unpack and string.byte give at most
//     8,000 values;
//   - tonumber takes neither "inf" nor "nan", and signs with any base;
//   - format's %d of infinity raises, its %s uses __tostring;
//   - math.random is seeded by the process and is not for secrets;
//   - in an error message about a method's argument the object is number 1.
package lualib

import (
	"math"
	"math/rand/v2"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/lua51"
)

// Limits bound what one call of a library function may use. Zero means the
// default.
type Limits struct {
	StringBytes  int // length of a string that is built, MAX_STRING_BYTES; default 1 MiB
	PatternSteps int // steps of matching, beside four for each byte of the subject; default 1,000,000, some 15 ms
	PatternDepth int // nested choices while matching, each a captures' or repetition's; default 200

	// Exceeded is told of each limit that a script ran into, also where it
	// catches the error: "MAX_STRING_BYTES", "MAX_PATTERN_STEPS", "pattern", "results" or "table".
	// It is called by the goroutine of the VM. Nil tells nobody.
	Exceeded func(limit string)

	Random rand.Source // what math.random draws from: no limit, but for tests alone; default the process's
}

func (l Limits) withDefaults() Limits {
	if l.StringBytes <= 0 {
		l.StringBytes = 1 << 20
	}
	if l.PatternSteps <= 0 {
		l.PatternSteps = 1_000_000
	}
	if l.PatternDepth <= 0 {
		l.PatternDepth = 200
	}
	if l.Random == nil {
		l.Random = process{}
	}
	return l
}

// global lists the functions a script finds without naming a table. Package
// lua51 adds error, pcall and xpcall.
var global = map[string]function{
	"assert": assert, "getmetatable": getMetatable, "ipairs": ipairs, "next": next, "pairs": pairs,
	"rawequal": rawEqual, "rawget": rawGet, "rawset": rawSet, "select": selectValues,
	"setmetatable": setMetatable, "tonumber": toNumber, "tostring": toString, "type": typeOf,
	"unpack": unpack,
}

// member lists the functions of the library's tables.
var member = map[string]map[string]function{
	"string": {
		"byte": stringByte, "char": stringChar, "find": stringFind, "format": stringFormat,
		"gmatch": stringGmatch, "gsub": stringGsub, "len": stringLen, "lower": stringLower,
		"match": stringMatch, "rep": stringRep, "reverse": stringReverse, "sub": stringSub,
		"upper": stringUpper,
	},
	"table": {
		"concat": tableConcat, "insert": tableInsert, "maxn": tableMaxN, "remove": tableRemove,
		"sort": tableSort,
	},
	"math": {
		"abs": unary(math.Abs), "acos": unary(math.Acos), "asin": unary(math.Asin),
		"atan": unary(math.Atan), "atan2": binary(math.Atan2), "ceil": unary(math.Ceil),
		"cos": unary(math.Cos), "cosh": unary(math.Cosh), "deg": unary(degrees),
		"exp": unary(math.Exp), "floor": unary(math.Floor), "fmod": binary(math.Mod),
		"frexp": mathFrexp, "ldexp": mathLdexp, "log": unary(math.Log), "log10": unary(log10),
		"max": mathMax, "min": mathMin, "mod": binary(math.Mod), "modf": mathModf,
		"pow": binary(math.Pow), "rad": unary(radians), "random": mathRandom, "sin": unary(math.Sin),
		"sinh": unary(math.Sinh), "sqrt": unary(math.Sqrt), "tan": unary(math.Tan),
		"tanh": unary(math.Tanh),
	},
}

// constant lists what is no function.
var constant = map[string]lua.LValue{
	"_VERSION":  lua.LString("Lua 5.1"),
	"math.huge": lua.LNumber(math.Inf(1)),
	"math.pi":   lua.LNumber(math.Pi),
}

// Names gives every name that [Open] defines, sorted: "assert" and also
// "string.byte".
func Names() []string {
	names := []string{"error", "pcall", "xpcall"}
	for name := range global {
		names = append(names, name)
	}
	for table, functions := range member {
		for name := range functions {
			names = append(names, table+"."+name)
		}
	}
	for name := range constant {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Open gives a new table with the library's globals, for the environments of
// scripts to fall back on, and sets the metatable of strings. The caller may
// add to the table, scripts must not get hold of it. It is called once for a
// state, before it runs anything.
func Open(L *lua.LState, limits Limits) *lua.LTable {
	lib := &library{limits: limits.withDefaults()}
	base := L.CreateTable(0, len(global)+len(member)+len(constant)+3)
	lib.register(L, base, global)
	lib.next = base.RawGetString("next")
	lib.nextIndex = lib.function(L, "ipairs", nextIndex)
	lua51.Open(L, base)
	base.RawSetString(lua51.ConcatName, L.NewFunction(lua51.Concat(
		func(L *lua.LState, bytes int) { call{L, lib, ".."}.fit(bytes) },
		func(n lua.LNumber) string { return formatNumber(float64(n)) })))
	base.RawSetString("_VERSION", constant["_VERSION"])
	for name, functions := range member {
		t := L.CreateTable(0, len(functions)+2)
		lib.register(L, t, functions)
		if name == "math" {
			t.RawSetString("huge", constant["math.huge"])
			t.RawSetString("pi", constant["math.pi"])
		}
		base.RawSetString(name, Seal(L, t))
	}
	strings := L.CreateTable(0, 2)
	strings.RawSetString("__index", base.RawGetString("string"))
	strings.RawSetString("__metatable", lua.LFalse)
	L.SetMetatable(lua.LString(""), strings)
	return base
}
