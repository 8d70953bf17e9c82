package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// What vera new writes passes vera check as it stands, and its test passes,
// whatever the form of the name.
func TestNew(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ arg, action, file string }{
		{"SignUp", "SignUp", "sign_up"}, {"show_cart", "ShowCart", "show_cart"}, {"HTTPProxy", "HTTPProxy", "http_proxy"},
	} {
		code, out, stderr := command(t, nil, "new", tt.arg, "--dir", dir)
		file := filepath.Join(dir, tt.file)
		if want := fmt.Sprintf("wrote %s.lua\nwrote %s_test.lua\n", file, file); code != 0 || out != want {
			t.Errorf("new %s: exit code %d, printed\n%s%s\nwant\n%s", tt.arg, code, out, stderr, want)
		}
	}
	code, out, stderr := command(t, nil, "check", dir)
	if want := "ACTION     FILE            FIELDS\n" +
		"HTTPProxy  http_proxy.lua  text [times]\n" +
		"ShowCart   show_cart.lua   text [times]\n" +
		"SignUp     sign_up.lua     text [times]\n"; code != 0 || !strings.HasPrefix(out, want) || stderr != "" {
		t.Errorf("check: exit code %d, printed\n%s%s\nwant\n%s", code, out, stderr, want)
	}
	s := newStack(t, stackOptions{actions: dir})
	for _, file := range []string{"sign_up_test.lua", "show_cart_test.lua", "http_proxy_test.lua"} {
		runLuaTest(t, s, filepath.Join(dir, file), 3)
	}
}

func TestNewCommandRefuses(t *testing.T) {
	dir := writeActions(t, map[string]string{
		"hello.lua":      strings.Replace(action("return { status_code = 200 }"), "{", `{ name = "Greet",`, 1),
		"broken.lua":     "return {",
		"left_test.lua":  "",
		"lib/helper.lua": "return {}",
	})
	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"9lives"}, exitUsage, `"9lives" is no action's name: it takes 1 to 64 letters, digits and underscores, a letter in front`},
		{[]string{"../evil"}, exitUsage, `"../evil" is no action's name`},
		{[]string{"GreetTest"}, exitUsage, "a file that ends in _test.lua is a test"},
		{[]string{"Greet"}, exitFailed, "make the action Greet: hello.lua is that action already"},
		{[]string{"Broken"}, exitFailed, "broken.lua is there already"},
		{[]string{"Left"}, exitFailed, "left_test.lua is there already"},
		{[]string{"Fine", "--dir", filepath.Join(dir, "nowhere")}, exitFailed, "there is no folder"},
		{[]string{"Fine", "--dir", filepath.Join(dir, "hello.lua")}, exitFailed, "there is no folder"},
		{nil, exitUsage, "expected \"<name>\""},
	} {
		code, out, stderr := command(t, map[string]string{"ACTIONS_DIR": dir}, append([]string{"new"}, tt.args...)...)
		if code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("new %q: exit code %d, want %d; printed\n%s%s\nwant %s", tt.args, code, tt.code, out, stderr, tt.want)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 4 {
		t.Errorf("files were written: %v", entries)
	}
}

// A project as vera init writes it: its settings are those that serve takes,
// its action and its test work.
func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shop")
	code, out, stderr := command(t, nil, "init", dir)
	if code != 0 || !strings.HasSuffix(out, "\nNow: cd "+dir+" && vera dev\n") {
		t.Fatalf("init: exit code %d, printed\n%s%s", code, out, stderr)
	}
	env := make(map[string]string)
	content, err := os.ReadFile(filepath.Join(dir, ".env"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range regexp.MustCompile(`(?m)^(\w+)=(\S*)$`).FindAllStringSubmatch(string(content), -1) {
		env[line[1]] = line[2]
	}
	if _, err := loadConfig(lookupIn(env), needAll); err != nil {
		t.Errorf("serve does not take .env: %v", err)
	}
	if strings.Contains(out+stderr, env["JWT_SECRET"]) {
		t.Error("init prints a secret")
	}
	if code, _, stderr := command(t, nil, "init", dir+"2"); code != 0 {
		t.Fatalf("init: exit code %d, %s", code, stderr)
	}
	other, err := os.ReadFile(filepath.Join(dir+"2", ".env"))
	if err != nil || strings.Contains(string(other), env["JWT_SECRET"]) {
		t.Errorf("two projects share a secret: %v", err)
	}
	var luarc map[string]any
	content, err = os.ReadFile(filepath.Join(dir, ".luarc.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, &luarc); err != nil || luarc["runtime.version"] != "Lua 5.1" {
		t.Errorf(".luarc.json: %v, %v", luarc, err)
	}
	s := newStack(t, stackOptions{actions: filepath.Join(dir, "actions")})
	runLuaTest(t, s, filepath.Join(dir, "actions", "greet_test.lua"), 2)

	code, _, stderr = command(t, nil, "init", dir)
	if code != exitFailed || !strings.Contains(stderr, "a project wants a folder that is new or empty") {
		t.Errorf("init in a folder that is not empty: exit code %d, %s", code, stderr)
	}
}

// runLuaTest runs the test in a file, whose calls go to a stack over HTTP, and
// fails unless it consists of as many cases as wanted and all hold.
func runLuaTest(t *testing.T, s *stack, file string, want int) {
	t.Helper()
	L := lua.NewState()
	defer L.Close()
	cases := 0
	L.SetGlobal("call", L.NewFunction(func(L *lua.LState) int {
		status, message, fields := s.post(t, L.CheckString(1), plain(L.CheckTable(2)))
		answer := L.NewTable()
		answer.RawSetString("status_code", lua.LNumber(status))
		if text, ok := message.(string); ok {
			answer.RawSetString("message", lua.LString(text))
		}
		members := L.NewTable()
		object, _ := fields.(map[string]any)
		for name, value := range object {
			members.RawSetString(name, lua.LString(fmt.Sprint(value)))
		}
		answer.RawSetString("fields", members)
		L.Push(answer)
		return 1
	}))
	L.SetGlobal("it", L.NewFunction(func(L *lua.LState) int {
		cases++
		L.Push(L.CheckFunction(2))
		L.Call(0, 0)
		return 0
	}))
	err := L.DoString(`
		function describe(_, body) body() end
		function expect(got)
			return { equals = function(_, want)
				if got ~= want then error(tostring(got) .. " is not " .. tostring(want), 2) end
			end }
		end`)
	if err == nil {
		err = L.DoFile(file)
	}
	if err != nil || cases != want {
		t.Errorf("%s: %d cases, want %d; %v", file, cases, want, err)
	}
}

// plain is a table of strings, numbers and booleans as Go has it.
func plain(table *lua.LTable) map[string]any {
	object := make(map[string]any)
	table.ForEach(func(key, value lua.LValue) {
		switch value := value.(type) {
		case lua.LString:
			object[key.String()] = string(value)
		case lua.LNumber:
			object[key.String()] = float64(value)
		case lua.LBool:
			object[key.String()] = bool(value)
		}
	})
	return object
}
