package lualib_test

import (
	"fmt"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"vera/host/script/lualib"
	"vera/stdlib/lua51"
)

// BenchmarkShort compares with the library of gopher-lua on what actions do,
// 100 times in a run.
func BenchmarkShort(b *testing.B) {
	for _, bench := range []struct{ name, code string }{
		{"find", `local at = string.find("user@example.com", "@[%w.]+$")`},
		{"find-plain", `local at = string.find("user@example.com", "example", 1, true)`},
		{"match", `local y, m, d = string.match("2026-11-24", "^(%d+)-(%d+)-(%d+)$")`},
		{"gsub", `local text = string.gsub("  some text, trimmed  ", "^%s*(.-)%s*$", "%1")`},
		{"gsub-table", `local text = string.gsub("hello $name, you are $age", "%$(%w+)", map)`},
		{"gmatch", `for word in string.gmatch("one two three", "%a+") do end`},
		{"format", `local text = string.format("%s is %d years and %.1f cm", "Ada", 36, 165.5)`},
		{"concat", `local text = table.concat(list, ",")`},
		{"sort", `table.sort(list)`},
		{"insert-remove", `table.insert(list, 5) table.remove(list)`},
		{"upper", `local text = string.upper("some text")`},
		{"tostring", `local text = tostring(12345)`},
		{"tonumber", `local n = tonumber("12345")`},
		{"pairs", `for k, v in pairs(map) do end`},
		{"ipairs", `for i, v in ipairs(list) do end`},
	} {
		source := fmt.Sprintf(`
			local list, map = {5, 3, 9, 1, 7, 2}, {name = "Ada", age = 36}
			return function() for i = 1, 100 do %s end end`, bench.code)
		b.Run(bench.name+"/ours", func(b *testing.B) {
			benchmark(b, newState(b, lualib.Limits{}), source)
		})
		b.Run(bench.name+"/stock", func(b *testing.B) {
			L := lua.NewState()
			b.Cleanup(L.Close)
			benchmark(b, L, source)
		})
	}
}

func benchmark(b *testing.B, L *lua.LState, source string) {
	fn, err := eval(L, source)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lua51.PCall(L, fn[0]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		L := lua.NewState(lua.Options{SkipOpenLibs: true, CallStackSize: 200, RegistrySize: 1024})
		lualib.Open(L, lualib.Limits{})
		L.Close()
	}
}
