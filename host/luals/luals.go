// Package luals tells the Lua language server what scripts find: every
// primitive, Lua's library as it is here, and the inputs of each action. An
// editor then completes them, and marks what is not there.
//
//	err := luals.Write(project, luals.Files(set.Actions))
//
// The files stand in the folder types beside the actions' folder. They are the
// same texts that the linter and the reference are made of.
package luals

import (
	"bytes"
	_ "embed" // for what tests find
	"encoding/json"
	"maps"
	"slices"

	"vera/host/registry"
	"vera/host/script/lualib"
	"vera/stdlib"
)

// Folder is where the declarations are, below the project's folder.
const Folder = "types"

// header begins each file that is written, and tells it from others.
const header = "-- Written by vera; changes are lost.\n"

//go:embed testing.d.lua
var testing []byte

// Files gives all declarations, by file name.
func Files(actions []*registry.Action) map[string][]byte {
	files := map[string][]byte{"actions.d.lua": Actions(actions), "testing.d.lua": append([]byte(header), testing...)}
	for name, source := range stdlib.Sources() {
		files[name+".d.lua"] = append([]byte(header), source...)
	}
	for name, source := range lualib.Sources() {
		files[name+".d.lua"] = append([]byte(header), library(name, source)...)
	}
	return files
}

// library adds what only the language server needs: its own names for the
// tables of the library, by which it finds the methods of strings, and require,
// which is no part of Lua's library here.
func library(name string, source []byte) []byte {
	if name == "base" {
		return append(bytes.TrimSpace(source), requireDeclaration...)
	}
	table := []byte("\n" + name + " = {}\n")
	return bytes.Replace(source, table, append([]byte("\n---@class "+name+"lib"), table...), 1)
}

const requireDeclaration = `

--- What a primitive gives, or a file below lib: ` + "`require(\"db\")`, `require(\"lib.tokens\")`" + `.
---@param name string
---@return any module
function require(name) end
`

// builtin lists the parts of the language server's own library for Lua 5.1.
// Those that scripts do not have are declared nowhere, the others by Files.
// LuaJIT's are not there with 5.1; naming "string.buffer" besides "string"
// makes EmmyLua, which reads the same settings, crash.
var builtin = []string{"basic", "coroutine", "debug", "io", "math", "os", "package", "string", "table"}

// SettingsFile is the one file of settings that the language server needs, in
// the project's folder.
const SettingsFile = ".luarc.json"

// Settings is its text.
func Settings() []byte {
	off := make(map[string]string)
	for _, name := range builtin {
		off[name] = "disable"
	}
	text, err := json.MarshalIndent(struct {
		Version    string            `json:"runtime.version"`
		Builtin    map[string]string `json:"runtime.builtin"`
		Library    []string          `json:"workspace.library"`
		ThirdParty bool              `json:"workspace.checkThirdParty"`
	}{"Lua 5.1", off, []string{Folder}, false}, "", "  ")
	if err != nil {
		panic(err) // it is text only
	}
	return append(text, '\n')
}

// names of the files, sorted.
func names(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }
