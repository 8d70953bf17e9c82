package lualib

import (
	"embed"
	"fmt"
	"iter"
	"sync"

	"vera/stdlib/declared"
)

//go:embed *.d.lua
var files embed.FS

// Sources gives the text of each file of declarations, NAME.d.lua, under its
// name and in the order of the names.
func Sources() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		for _, name := range []string{"base", "math", "string", "table"} {
			source, err := files.ReadFile(name + ".d.lua")
			if err != nil {
				panic(err) // it is in this program
			}
			if !yield(name, source) {
				return
			}
		}
	}
}

// Declarations tells what [Open] defines: "base", whose names scripts find as
// globals, then "math", "string" and "table". They are parsed once; nobody may
// change them. An error is one in a file of ours.
var Declarations = sync.OnceValues(func() ([]declared.Module, error) {
	var modules []declared.Module
	for name, source := range Sources() {
		module, err := declared.Parse(name, source)
		if err != nil {
			return nil, fmt.Errorf("read the declarations: %w", err)
		}
		modules = append(modules, module)
	}
	return modules, nil
})
