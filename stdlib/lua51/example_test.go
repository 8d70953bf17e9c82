package lua51_test

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/lua51"
)

func Example() {
	proto, err := lua51.Compile("swap.lua", []byte(`
		local a, b = ...
		a, b = b, a
		local ok, message = pcall(function() error("no", 2) end)
		return a, b, ok, message`))
	if err != nil {
		fmt.Println(err)
		return
	}
	L := lua.NewState()
	defer L.Close()
	lua51.Open(L, L.G.Global)
	results, err := lua51.PCall(L, L.NewFunctionFromProto(proto), lua.LNumber(1), lua.LNumber(2))
	fmt.Println(results, err)

	_, err = lua51.Compile("open.lua", []byte("if ready then\n  start()\n"))
	fmt.Println(err)
	// Output:
	// [2 1 false no] <nil>
	// open.lua:2: unexpected end of file: the "if" of line 1 has no "end"
}
