package lua51_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// The library computes each of these wrongly, or a new version has put it
// right and what this package does against it can go.
func TestStockIsWrong(t *testing.T) {
	fifty := strings.TrimSuffix(strings.Repeat("0, ", 50), ", ")
	tests := []struct{ what, source, want string }{
		{"and chain to a local (viaLocals)", "local r = true r = r and g(false) and g(true) return r", "false;"},
		{"several targets (viaLocals)", "local a, b = 1, 2 a, b = b, a return a, b", "2,1;"},
		{"call in parentheses to a parameter (viaLocals)", "local function f(a) a = (g(a)) return a end return f(1)", "1;"},
		{"... in parentheses to a local (viaLocals)", "local a, b = 1, {} a = (...) return a, b", "1,t1{};"},
		{"generic for with two values (fixGenerator)", "do local a, b, c = 7, 7, 7 end for k in next, {5} do return k end", "1;"},
		{"call as value of a key (oneValue)", "return {1, x = g(5)}", "t1{1=1 x=5};"},
		{"loop that begins with a constant (fold)", "local n = 0 repeat local x = false and 1 n = n + 1 until n > 3 return n", "4;"},
		{"loop that begins with an if (fixIf)", "local n = 0 while true do if nil then n = 9 else n = n + 1 end if n > 3 then break end end return n", "4;"},
		{"loop that begins with break (fixLoop)", "local n = 0 for i = 1, 3 do for k in pairs({1, 2}) do break end n = n + i end return n", "6;"},
		{"leading zero (spell)", "return 0010", "10;"},
		{"overflow (spell)", "return 1e999", "inf;"},
		{"call after 50 values (fixCode)", "local t = {" + fifty + ", g(7)} return t[1], t[51]", "0,7;"},
		{"key after 50 values (fixCode)", "local t = {" + fifty + ", x = g(7), y = 8} return t[1], t.x, t.y", "0,7,8;"},
		{"locals that pcall cuts off (pool)", "local n = 0 local function inc() n = n + 1 end pcall(error, 'x') inc() inc() return n", "2;"},
		{"locals that xpcall leaves (pool)", `local keep
			xpcall(function() local s = "secret" keep = function() return s end error("x") end, function() end)
			local a, b, c = 1, 2, 3
			return keep()`, "secret;"},
		{"level of error (where)", "local function f()\n error('x', 2)\nend\nreturn (select(2, pcall(function()\n f()\n end)))", "c:5: x;"},
	}
	ours := newMachine(t)
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			if got := ours.run(t.Context(), tt.source); got != tt.want {
				t.Errorf("%s\n gave %s\n want %s", tt.source, got, tt.want)
			}
			// Some do not end, and some leave a state that is of no use.
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if got := newStockMachine(t).run(ctx, tt.source); got == tt.want {
				t.Errorf("the library now gives the right result, %s", got)
			}
		})
	}
}

// What random programs come to in the library by itself.
func TestStockIsOftenWrong(t *testing.T) {
	cases := goldenCases(t)
	programs := slices.DeleteFunc(cases, func(c goldenCase) bool { return !strings.HasSuffix(c.source, ", G1, G2, G3, GT, GU") })
	programs = programs[:100]
	wrong := 0
	for _, c := range programs {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if newStockMachine(t).run(ctx, c.source) != c.want {
			wrong++
		}
		cancel()
	}
	t.Logf("%d of %d", wrong, len(programs))
	if wrong == 0 {
		t.Error("the library computes all of them as PUC's Lua does")
	}
}

// A constructor stores its positional values in blocks of 50.
func TestConstructors(t *testing.T) {
	m := newMachine(t)
	tails := []struct {
		text string
		more []string // positional values after the first n
		x, y string
	}{
		{"", nil, "nil", "nil"},
		{"x = g(7, 8)", nil, "7", "nil"},
		{"x = g(7), y = g(8)", nil, "7", "8"},
		{"g(7, 8)", []string{"7", "8"}, "nil", "nil"},
		{"g(7), g(8, 9)", []string{"7", "8", "9"}, "nil", "nil"},
		{"...", []string{"1", "false"}, "nil", "nil"},
		{"x = g(7), g(9, 10)", []string{"9", "10"}, "7", "nil"},
		{"x = g(1), 5, y = g(2), 6", []string{"5", "6"}, "1", "2"},
		{"x = {g(1), {x = g(2)}} and 3, y = {1, g(2)} and 4", nil, "3", "4"},
	}
	for _, n := range []int{0, 1, 49, 50, 51, 99, 100, 101, 150} {
		var values []string
		for i := range n {
			values = append(values, fmt.Sprint(1000+i))
		}
		for _, tail := range tails {
			source := "local t = {" + strings.Join(append(slices.Clone(values), tail.text), ", ") + "} local r = {} " +
				"for i = 1, " + fmt.Sprint(n+5) + " do r[i] = tostring(t[i]) end return table.concat(r, ' '), t.x, t.y"
			all := append(slices.Clone(values), tail.more...)
			for len(all) < n+5 {
				all = append(all, "nil")
			}
			want := strings.Join(all, " ") + "," + tail.x + "," + tail.y + ";"
			if got := m.run(t.Context(), source); got != want {
				t.Errorf("%d values and %s\n gave %s\n want %s", n, tail.text, got, want)
			}
		}
	}
}

// A rewritten statement reports its errors on the line that the library names
// for it as it is written.
func TestPositionsStay(t *testing.T) {
	ours, stock := newMachine(t), newStockMachine(t)
	for _, source := range []string{
		"local x\nx =\n g(1) and\n nil + 1",
		"local x = 1\nx = g(1)\n and x\n and x.y.z",
		"local x = 1\nx = (g(\n nil + 1))",
		"local a, b\na,\nb = 1,\n nil + 1",
		"local t = {}\nt.x,\nt.y.z = 1,\n 2",
		"local t = {}\nt.x.y,\nt.z = 1,\n 2",
		"local t = {}\nt[\nnil + 1], t.z = 1,\n 2",
		"local t = {}\nt.x, t[nil]\n = 1, 2",
		"local a, b = 1\na, b = b(),\n a",
		"for k in\nnext, 5 do end",
		"for k, v in\n5 do end",
		"while true do\n if false then end\n break\nend\nerror('x')",
		"local function f(a)\n a = a and\n a.x and\n a.x.y.z\nend\nf({x = {}})",
		"return {1,\n x = nil + 1}",
	} {
		want := stock.run(t.Context(), source)
		if !strings.HasPrefix(want, "error c:") {
			t.Fatalf("%s\n gave %s, no error with a place", source, want)
		}
		if got := ours.run(t.Context(), source); got != want {
			t.Errorf("%s\n gave %s\n want %s", source, got, want)
		}
	}
}
