package lualib

import (
	"embed"
	"fmt"
	"sync"

	"vera/stdlib/declared"
)

//go:embed *.d.lua
var files embed.FS

// Declarations tells what [Open] defines: "base", whose names scripts find as
// globals, then "math", "string" and "table". They are parsed once; nobody may
// change them. An error is one in a file of ours.
var Declarations = sync.OnceValues(func() ([]declared.Module, error) {
	var modules []declared.Module
	for _, name := range []string{"base", "math", "string", "table"} {
		source, err := files.ReadFile(name + ".d.lua")
		if err != nil {
			return nil, err
		}
		module, err := declared.Parse(name, source)
		if err != nil {
			return nil, fmt.Errorf("read the declarations: %w", err)
		}
		modules = append(modules, module)
	}
	return modules, nil
})
