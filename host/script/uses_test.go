package script_test

import (
	"testing"

	"vera/host/script"
)

func TestUses(t *testing.T) {
	compile := func(source string) *script.Program {
		t.Helper()
		program, err := script.Compile("a.lua", []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		return program
	}
	library := script.Library{
		"lib.users": compile(`local db = require("db") return { db = db }`),
		"lib.twice": compile(`return require("lib.users")`),
		"lib.plain": compile(`return {}`),
		"lib.ring":  compile(`return function() return require("lib.ring"), require("lib.plain") end`),
	}
	for source, want := range map[string]bool{
		`return require("db")`:                                              true,
		`return { run = function() local x = require"db" end }`:             true,
		`return { run = function() return function() require"db" end end }`: true,
		`return require("lib.users")`:                                       true,
		`return require("lib.twice")`:                                       true,
		`return require("lib.ring")`:                                        false,
		`return require("lib.plain")`:                                       false,
		`return require("lib.gone")`:                                        false,
		`local db = 1 return db`:                                            false,
		`return { run = function(fields) return fields.name end }`:          false,
	} {
		if got := compile(source).Uses(library, "db"); got != want {
			t.Errorf("%s uses db: %v, want %v", source, got, want)
		}
	}
}
