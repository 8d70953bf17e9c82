package env_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/env"
	"vera/stdlib/runinfo"
)

var variables = map[string]string{
	"NAME": "a name", "COUNT": "42", "NEGATIVE": " -7 ", "HUGE": "9007199254740993", "WORDS": "s3cret words", "FLOAT": "1.5",
	"EMPTY": "", "ON": "On", "OFF": "off", "HIDDEN": "hidden",
}

func listed(t testing.TB) *env.Env {
	t.Helper()
	names := []string{"NAME", "COUNT", "NEGATIVE", "HUGE", "WORDS", "FLOAT", "EMPTY", "ON", "OFF", "UNSET"}
	e, err := env.New(names, func(name string) (string, bool) { v, ok := variables[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestNewRefusesNoNames(t *testing.T) {
	for _, name := range []string{"", "A B", "A=B", "1A", "A,B"} {
		if _, err := env.New([]string{name}, func(string) (string, bool) { return "", false }); err == nil || !strings.Contains(err.Error(), "SCRIPT_ENV") {
			t.Errorf("New(%q) = %v", name, err)
		}
	}
}

func TestGetters(t *testing.T) {
	e := listed(t)
	if got, err := e.String("NAME"); got != "a name" || err != nil {
		t.Errorf("String = %q, %v", got, err)
	}
	for name, want := range map[string]int64{"COUNT": 42, "NEGATIVE": -7} {
		if got, err := e.Integer(name); got != want || err != nil {
			t.Errorf("Integer(%s) = %d, %v", name, got, err)
		}
	}
	for name, want := range map[string]bool{"ON": true, "OFF": false} {
		if got, err := e.Boolean(name); got != want || err != nil {
			t.Errorf("Boolean(%s) = %v, %v", name, got, err)
		}
	}
}

func TestErrors(t *testing.T) {
	e := listed(t)
	for _, name := range []string{"EMPTY", "UNSET"} {
		if _, err := e.String(name); !errors.Is(err, env.ErrUnset) || !strings.Contains(err.Error(), name) {
			t.Errorf("String(%s) = %v, want ErrUnset with the name", name, err)
		}
	}
	for _, name := range []string{"HIDDEN", "PATH", ""} {
		if _, err := e.String(name); !errors.Is(err, env.ErrUnlisted) || !strings.Contains(err.Error(), "SCRIPT_ENV") {
			t.Errorf("String(%s) = %v, want ErrUnlisted with SCRIPT_ENV", name, err)
		}
	}
	for _, name := range []string{"HUGE", "WORDS", "FLOAT"} {
		if n, err := e.Integer(name); err == nil || strings.Contains(err.Error(), variables[name]) {
			t.Errorf("Integer(%s) = %d, %v, want an error without the value", name, n, err)
		}
		if b, err := e.Boolean(name); err == nil || strings.Contains(err.Error(), variables[name]) {
			t.Errorf("Boolean(%s) = %v, %v, want an error without the value", name, b, err)
		}
	}
}

func TestLua(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	// A file may ask while it is loaded.
	L.SetContext(context.WithValue(t.Context(), runinfo.Key{}, &runinfo.Info{Loading: true}))
	L.PreloadModule("env", listed(t).Module)
	err := L.DoString(`
		local env = require("env")
		assert(env.string("NAME") == "a name" and env.string("NAME", "other") == "a name")
		assert(env.string("UNSET", "") == "" and env.string("EMPTY", "x") == "x")
		assert(env.integer("COUNT") == 42 and env.integer("UNSET", 7) == 7)
		assert(env.boolean("ON") == true and env.boolean("OFF") == false and env.boolean("OFF", true) == false)
		assert(env.boolean("UNSET", false) == false)
		local function fails(part, ...)
			local ok, text = pcall(...)
			assert(not ok and text:find(part, 1, true), tostring(text))
		end
		fails("UNSET: not set", env.string, "UNSET")
		fails("not listed in SCRIPT_ENV", env.string, "HIDDEN")
		fails("not listed in SCRIPT_ENV", env.string, "HIDDEN", "default")
		fails("not an integer", env.integer, "WORDS", 1)
		fails("neither true nor false", env.boolean, "NAME", true)
		fails("number expected", env.integer, "COUNT", "7")
		fails("string expected", env.string)`)
	if err != nil {
		t.Error(err)
	}
}

func ExampleEnv() {
	vars, err := env.New([]string{"MIN_USERNAME_LENGTH"}, func(string) (string, bool) { return "3", true })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(vars.Integer("MIN_USERNAME_LENGTH"))
	fmt.Println(vars.String("JWT_SECRET"))
	// Output:
	// 3 <nil>
	//  environment variable "JWT_SECRET": not listed in SCRIPT_ENV
}
