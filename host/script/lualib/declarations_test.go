package lualib_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/host/script/lualib"
)

// The linter and the reference are told what scripts find, no less and no
// more.
func TestDeclarations(t *testing.T) {
	modules, err := lualib.Declarations()
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	for _, module := range modules {
		prefix := module.Name + "."
		if module.Name == "base" {
			prefix = ""
		}
		if !module.Global {
			t.Errorf("%s is declared as a module to be required", module.Name)
		}
		for _, f := range module.Functions {
			declared = append(declared, prefix+f.Name)
			if f.Doc == "" {
				t.Errorf("%s%s has no text", prefix, f.Name)
			}
		}
		for _, v := range module.Values {
			declared = append(declared, prefix+v.Name)
		}
	}
	slices.Sort(declared)
	if diff := cmp.Diff(lualib.Names(), declared); diff != "" {
		t.Errorf("(-defined +declared):\n%s", diff)
	}
}
