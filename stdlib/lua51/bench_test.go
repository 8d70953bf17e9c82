package lua51_test

import (
	"testing"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/lua51"
)

// What a script pays for one protected call, in 1,000 of them.
func BenchmarkProtectedCalls(b *testing.B) {
	for _, bm := range []struct{ name, call string }{
		{"returns", "pcall(f, i)"},
		{"raises", "pcall(raise, i)"},
		{"nested", "pcall(pcall, f, i)"},
		{"xpcall", "xpcall(f, raise)"},
		{"xpcall raises", "xpcall(error, f)"},
		{"no pcall", "f(i)"},
	} {
		source := []byte(`local function f(x) return x end local function raise(x) error(x, 0) end
			return function() for i = 1, 1000 do ` + bm.call + ` end end`)
		for _, m := range []struct {
			name string
			*machine
		}{{"stock", newStockMachine(b)}, {"ours", newMachine(b)}} {
			b.Run(bm.name+"/"+m.name, func(b *testing.B) {
				proto, err := m.compile("f", source)
				if err != nil {
					b.Fatal(err)
				}
				results, err := m.protected(m.L.NewFunctionFromProto(proto))
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if _, err := m.protected(results[0]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// What Go pays to call a function.
func BenchmarkPCall(b *testing.B) {
	L := newState(b)
	fn := load(b, L, `return ...`)
	b.Run("stock", func(b *testing.B) {
		for b.Loop() {
			L.Push(fn)
			L.Push(lua.LTrue)
			if err := L.PCall(1, 1, nil); err != nil {
				b.Fatal(err)
			}
			L.Pop(1)
		}
	})
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			if _, err := lua51.PCall(L, fn, lua.LTrue); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkCompile(b *testing.B) {
	for _, m := range []struct {
		name string
		*machine
	}{{"stock", newStockMachine(b)}, {"ours", newMachine(b)}} {
		b.Run(m.name, func(b *testing.B) {
			b.SetBytes(int64(len(prelude)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.compile("f", prelude); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What the detours of Fix cost a script that takes them all the time.
func BenchmarkRewritten(b *testing.B) {
	for _, bm := range []struct{ name, source string }{
		{"and", `return function() local x = 1 for i = 1, 1000 do x = i and x end end`},
		{"swap", `return function() local t = {1, 2, 3} for i = 1, 1000 do t[1], t[3] = t[3], t[1] end end`},
		{"plain", `return function() local x = 1 for i = 1, 1000 do x = x + i end end`},
	} {
		for _, m := range []struct {
			name string
			*machine
		}{{"stock", newStockMachine(b)}, {"ours", newMachine(b)}} {
			b.Run(bm.name+"/"+m.name, func(b *testing.B) {
				proto, err := m.compile("f", []byte(bm.source))
				if err != nil {
					b.Fatal(err)
				}
				results, err := m.protected(m.L.NewFunctionFromProto(proto))
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					if _, err := m.protected(results[0]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
