package db

import (
	"maps"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/stdlib/declared"
)

// Editors are told the methods of a transaction's handle, no less and no more.
// Those of the module itself are held to theirs in package stdlib.
func TestTransactionDeclared(t *testing.T) {
	source, err := os.ReadFile("db.d.lua")
	if err != nil {
		t.Fatal(err)
	}
	module, err := declared.Parse("db", source)
	if err != nil {
		t.Fatal(err)
	}
	class, ok := module.Class("Transaction")
	if !ok {
		t.Fatal("Transaction is not declared")
	}
	var names []string
	for _, method := range class.Methods {
		names = append(names, method.Name)
	}
	slices.Sort(names)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(new(binding).handleMethods())), names); diff != "" {
		t.Errorf("(-registered +declared):\n%s", diff)
	}
}
