package stdlib_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	lua "github.com/yuin/gopher-lua"

	"vera/stdlib"
	"vera/stdlib/db"
	"vera/stdlib/env"
	"vera/stdlib/jwt"
	"vera/stdlib/password"
	"vera/stdlib/phone"
	"vera/stdlib/time"
)

// What a .d.lua declares: `function log.info(message)`, `crypto.hex = {}`.
var (
	meta     = regexp.MustCompile(`(?m)^---@meta (\w+)$`)
	function = regexp.MustCompile(`(?m)^function (\w+(?:\.\w+)+)\(([^)]*)\) end$`)
	value    = regexp.MustCompile(`(?m)^(\w+(?:\.\w+)+) = `)
	param    = regexp.MustCompile(`---@param (\w+|\.\.\.)\??`)
)

// Editors must be told what scripts get, no less and no more.
func TestDeclarations(t *testing.T) {
	modules := stdlib.Modules(stdlib.Holdings{
		DB: new(db.DB), Password: new(password.Hasher), JWT: new(jwt.Tokens), Phone: new(phone.Numbers),
		Env: new(env.Env), Clock: time.New(nil), Logger: slog.New(slog.DiscardHandler),
	})
	for name := range stdlib.Sources() {
		if modules[name] == nil {
			t.Errorf("%s is declared, but no primitive", name)
		}
	}
	for name, module := range modules {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(name, name+".d.lua"))
			if err != nil {
				t.Fatal(err)
			}
			if m := meta.FindSubmatch(text); m == nil || string(m[1]) != name {
				t.Errorf("there is no ---@meta %s", name)
			}
			L := lua.NewState()
			defer L.Close()
			if n := module(L); n != 1 {
				t.Fatalf("the module pushes %d values", n)
			}
			if diff := cmp.Diff(registered(L, name, L.CheckTable(-1)), declared(t, text)); diff != "" {
				t.Errorf("(-registered +declared):\n%s", diff)
			}
		})
	}
}

// registered lists what a module's table holds, with the kind of each.
func registered(L *lua.LState, prefix string, module *lua.LTable) []string {
	var names []string
	module.ForEach(func(key, item lua.LValue) {
		name := prefix + "." + lua.LVAsString(key)
		if table, ok := item.(*lua.LTable); ok {
			names = append(names, registered(L, name, table)...)
		}
		if item.Type() == lua.LTFunction {
			name += "()"
		}
		names = append(names, name)
	})
	slices.Sort(names)
	return names
}

// declared lists the same from the declarations, and checks that every
// function documents its parameters in their order.
func declared(t *testing.T, text []byte) []string {
	var names []string
	for _, m := range value.FindAllSubmatch(text, -1) {
		names = append(names, string(m[1]))
	}
	for _, m := range function.FindAllSubmatchIndex(text, -1) {
		name := string(text[m[2]:m[3]])
		names = append(names, name+"()")
		above := text[:m[0]]
		if blank := regexp.MustCompile(`(?s).*\n\n`).FindIndex(above); blank != nil {
			above = above[blank[1]:]
		}
		var documented []string
		for _, p := range param.FindAllSubmatch(above, -1) {
			documented = append(documented, string(p[1]))
		}
		if diff := cmp.Diff(regexp.MustCompile(`\w+|\.\.\.`).FindAllString(string(text[m[4]:m[5]]), -1), documented); diff != "" {
			t.Errorf("%s (-parameters +documented):\n%s", name, diff)
		}
	}
	slices.Sort(names)
	return names
}
