package main

import (
	"os/exec"
	"strings"
	"testing"
)

// allowed says which packages of ours each of them may import. Data flows one
// way: primitives know nothing of the host, the connection nothing of Lua.
var allowed = map[string]string{
	"vera/cmd/vera":           "*",
	"vera/migrations":         "",
	"vera/host":               "vera/host/meter vera/host/plugboard vera/host/registry vera/host/schema vera/host/script vera/stdlib/*",
	"vera/host/plugboard":     "vera/stdlib/strictjson",
	"vera/host/bench":         "",
	"vera/host/caller":        "vera/host/spell",
	"vera/host/completion":    "",
	"vera/host/devboard":      "vera/host/plugboard",
	"vera/host/devdb":         "vera/host/devdb/*",
	"vera/host/frame":         "",
	"vera/host/meter":         "",
	"vera/host/lint":          "vera/host/schema vera/host/script vera/host/script/lualib vera/host/spell vera/stdlib vera/stdlib/*",
	"vera/host/describe":      "vera/host/luals vera/host/registry vera/host/schema vera/host/spell vera/stdlib/strictjson",
	"vera/host/luals":         "vera/host/registry vera/host/schema vera/host/script/lualib vera/stdlib",
	"vera/host/registry":      "vera/host/frame vera/host/schema vera/host/script vera/stdlib/strictjson",
	"vera/host/repl":          "vera/host/script vera/host/script/lualib vera/stdlib/lua51 vera/stdlib/luaconv",
	"vera/host/scaffold":      "vera/host/luals vera/host/registry vera/host/script",
	"vera/host/schema":        "vera/host/spell vera/stdlib/strictjson",
	"vera/host/script":        "vera/host/script/lualib vera/host/spell vera/stdlib/*",
	"vera/host/spell":         "",
	"vera/host/testrun":       "vera/host vera/host/frame vera/host/plugboard vera/host/registry vera/host/schema vera/host/script vera/host/spell vera/stdlib/*",
	"vera/host/script/lualib": "vera/stdlib/*",
	"vera/stdlib":             "vera/stdlib/*",
	"vera/stdlib/limit":       "",
	"vera/stdlib/luaconv":     "vera/stdlib/strictjson",
	"vera/stdlib/lua51":       "",
	"vera/stdlib/strictjson":  "",
	"vera/stdlib/runinfo":     "",
}

func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}}:{{range .Imports}} {{.}}{{end}}`, "vera/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		from, imports, _ := strings.Cut(strings.TrimSpace(line), ":")
		for _, to := range strings.Fields(imports) {
			if strings.HasPrefix(to, "vera/") && !mayImport(from, to) {
				t.Errorf("%s must not import %s", from, to)
			}
		}
	}
}

func mayImport(from, to string) bool {
	rule, ok := allowed[from]
	if !ok {
		switch {
		case strings.HasPrefix(from, "vera/stdlib/"):
			rule = "vera/stdlib/*"
		case strings.HasPrefix(from, "vera/host/devdb/"):
			rule = "vera/host/devdb vera/host/devdb/*"
		}
	}
	for pattern := range strings.FieldsSeq(rule) {
		prefix, wild := strings.CutSuffix(pattern, "*")
		if to == pattern || wild && strings.HasPrefix(to, prefix) {
			return true
		}
	}
	return false
}
