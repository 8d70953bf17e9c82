package stdlib

import (
	"embed"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"sync"

	"vera/stdlib/declared"
)

//go:embed */*.d.lua
var files embed.FS

// Sources gives the text of each primitive's declarations, NAME.d.lua, under
// its name and in the order of the names.
func Sources() iter.Seq2[string, []byte] {
	return func(yield func(string, []byte) bool) {
		paths, err := fs.Glob(files, "*/*.d.lua")
		if err != nil {
			panic(err) // the pattern is wrong
		}
		for _, file := range paths {
			source, err := files.ReadFile(file)
			if err != nil {
				panic(err) // it is in this program
			}
			if !yield(path.Dir(file), source) {
				return
			}
		}
	}
}

// Declarations tells what each primitive declares, sorted by name. They are
// parsed once; nobody may change them. An error is one in a file of ours.
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
