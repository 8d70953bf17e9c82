package testrun

import (
	"os"
	"regexp"
	"slices"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// What editors are told of tests is what files of tests find.
func TestDeclarations(t *testing.T) {
	source, err := os.ReadFile("../luals/testing.d.lua")
	if err != nil {
		t.Fatal(err)
	}
	var declared []string
	for _, match := range regexp.MustCompile(`(?m)^function ([\w.:]+)\(|^(test) = \{\}$|^---@field (never) Expectation`).FindAllStringSubmatch(string(source), -1) {
		declared = append(declared, match[1]+match[2]+match[3])
	}
	var found []string
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	for name, value := range (&stage{}).globals(L) {
		found = append(found, name)
		if table, ok := value.(*lua.LTable); ok {
			table.ForEach(func(key, _ lua.LValue) { found = append(found, name+"."+key.String()) })
		}
	}
	for name := range assertions {
		found = append(found, "Expectation:"+name)
	}
	found = append(found, "never")
	slices.Sort(declared)
	slices.Sort(found)
	if !slices.Equal(declared, found) {
		t.Errorf("declared are\n%v\ntests find\n%v", declared, found)
	}
}
