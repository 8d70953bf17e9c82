package lualib_test

import (
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"vera/host/script/lualib"
)

// sealed gives a VM with a sealed table that holds itself, a list and a table
// that is called and added to.
func sealed(t *testing.T) *lua.LState {
	t.Helper()
	L := newState(t, lualib.Limits{})
	if _, err := eval(L, `
		real = {name = "x", list = {"a", "b", "c"}, deep = {er = {n = 1}}}
		real.itself = real
		real.object = setmetatable({n = 3}, {
			__call = function(self, n) return self.n + n end,
			__index = function(_, key) return key .. "?" end,
			__tostring = function() return "object" end,
		})`); err != nil {
		t.Fatal(err)
	}
	L.SetGlobal("sealed", lualib.Seal(L, L.GetGlobal("real").(*lua.LTable)))
	L.SetGlobal("real", lua.LNil)
	return L
}

func TestSealedReads(t *testing.T) {
	for _, tt := range []struct{ code, want string }{
		{`sealed.name, sealed.nope, sealed.deep.er.n, sealed.list[2]`, "sx\t-\tn1\tsb"},
		{`sealed.itself == sealed, sealed.itself.itself.name`, "btrue\tsx"},
		{`#sealed.list, table.concat(sealed.list, ","), unpack(sealed.list)`, "n3\tsa,b,c\tsa\tsb\tsc"},
		{`table.maxn(sealed.list), rawget(sealed.list, 1), next(sealed.list)`, "n3\tsa\tn1\tsa"},
		{`(function() local n = 0 for k in pairs(sealed) do n = n + 1 end return n end)()`, "n5"},
		{`(function() local s = "" for i, v in ipairs(sealed.list) do s = s .. i .. v end return s end)()`, "s1a2b3c"},
		{`(function() local s = "" for i, v in next, sealed.list do s = s .. i .. v end return s end)()`, "s1a2b3c"},
		{`sealed.object(4), sealed.object.what, tostring(sealed.object), sealed.object.n`, "n7\tswhat?\tsobject\tn3"},
		{`("a-b"):gsub("%a", sealed.list), ("abc"):gsub("%a", sealed)`, "sa-b\tsabc\tn3"},
		{`getmetatable(sealed), type(sealed), tostring(sealed)`, "bfalse\tstable\tstable"},
		{`string.upper("x"), math.pi > 3, #table`, "sX\tbtrue\tn0"},
	} {
		L := sealed(t)
		values, err := eval(L, "return "+tt.code)
		if got := results(values, err); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.code, got, tt.want)
		}
	}
}

// TestSealedStays tries to change sealed tables, and looks for the change.
func TestSealedStays(t *testing.T) {
	for _, code := range []string{
		`sealed.name = "evil"`,
		`sealed.fresh = "evil"`,
		`sealed[1] = "evil"`,
		`sealed.deep.er.n = "evil"`,
		`sealed.list[1] = "evil"`,
		`sealed.object.n = "evil"`,
		`rawset(sealed, "fresh", "evil")`,
		`rawset(sealed.list, 1, "evil")`,
		`table.insert(sealed.list, "evil")`,
		`table.insert(sealed.list, 1, "evil")`,
		`table.remove(sealed.list)`,
		`table.sort(sealed.list, function(a, b) return a > b end)`,
		`setmetatable(sealed, nil)`,
		`setmetatable(sealed, {__index = {fresh = "evil"}})`,
		`getmetatable(sealed).__index.name = "evil"`,
		`for _, inner in pairs(sealed) do inner.fresh = "evil" end`,
		`local _, inner = pairs(sealed) rawset(inner, "fresh", "evil")`,
		`local _, inner = ipairs(sealed.list) inner[1] = "evil"`,
		`string.upper = nil`,
		`string.fresh = 1`,
		`rawset(string, "upper", nil)`,
		`getmetatable("").__index = nil`,
		`("x").fresh = "evil"`,
		`math.pi = 3`,
		`table.concat = nil`,
	} {
		L := sealed(t)
		if _, err := eval(L, code); err == nil {
			t.Errorf("%s did not fail", code)
		} else if strings.Contains(err.Error(), "panic") {
			t.Errorf("%s: %v", code, err)
		}
		values, err := eval(L, `return sealed.name, sealed.fresh, sealed[1], sealed.deep.er.n, table.concat(sealed.list), sealed.object.n, ("x"):upper(), string.fresh, math.pi > 3.14`)
		if got, want := results(values, err), "sx\t-\t-\tn1\tsabc\tn3\tsX\t-\tbtrue"; got != want {
			t.Errorf("after %s: %s, want %s", code, got, want)
		}
	}
}

func TestSealGo(t *testing.T) {
	L := newState(t, lualib.Limits{})
	table, inner := L.NewTable(), L.NewTable()
	table.RawSetString("inner", inner)
	table.RawSetString("again", inner)
	proxy := lualib.Seal(L, table)
	if !lualib.IsSealed(proxy) || lualib.IsSealed(table) || lualib.IsSealed(inner) {
		t.Error("IsSealed is true for what was sealed, or false for the seal")
	}
	if lualib.Seal(L, proxy) != proxy {
		t.Error("a sealed table is sealed once more")
	}
	if a, b := L.GetField(proxy, "inner"), L.GetField(proxy, "again"); a != b || !lualib.IsSealed(a.(*lua.LTable)) {
		t.Error("one inner table became two, or is not sealed")
	}
	table.RawSetString("later", lua.LNumber(1))
	if got := L.GetField(proxy, "later"); got != lua.LNumber(1) {
		t.Errorf("what the owner adds later = %v, want 1", got)
	}
}
