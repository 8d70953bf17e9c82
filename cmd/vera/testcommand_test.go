package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"vera/host/devdb/devdbtest"
	"vera/stdlib/password"
)

// veraTest runs vera test on a database of its own.
func veraTest(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	env := map[string]string{"DATABASE_URL": devdbtest.Database(t, migrateDSN, migrationsHash(t))}
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), append([]string{"test"}, args...), console{&stdout, &stderr, func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}})
	return code, stdout.String(), stderr.String()
}

// The tests beside the shipped actions pass, and execute what there is of them.
func TestShippedActionTests(t *testing.T) {
	t.Parallel()
	code, out, errs := veraTest(t, "--dir", "../../actions", "--cover", "--json")
	if code != 0 {
		t.Errorf("exit code %d: %s", code, errs)
	}
	covered := make(map[string]float64)
	tests := make(map[string]int)
	for line := range strings.Lines(out) {
		var e struct {
			Event, File, Status string
			Percent             float64
			Passed              int
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		switch {
		case e.Event == "coverage":
			covered[e.File] = e.Percent
		case e.Event == "test" && e.Status == "passed":
			tests[e.File]++
		case e.Event != "summary":
			t.Error(line)
		}
	}
	for _, name := range []string{"register", "login", "logout", "show", "edit", "delete"} {
		if tests[name+"_test.lua"] < 5 || covered[name+".lua"] < 90 {
			t.Errorf("%s: %d tests execute %.1f %% of its lines, want 90", name, tests[name+"_test.lua"], covered[name+".lua"])
		}
	}
}

// What the command says, and its exit code.
func TestTestCommand(t *testing.T) {
	pass := map[string]string{"one.lua": action("return { status_code = 200 }"), "one_test.lua": "test('one', function() expect(call('One').status_code):equals(200) end)"}
	fail := map[string]string{"one_test.lua": "test('one', function() expect(1):equals(2) end)"}
	for _, tt := range []struct {
		name      string
		files     map[string]string
		args      []string
		code      int
		out, errs string
	}{
		{"passed", pass, nil, 0, `^1 passed, 0 failed \(.+\)\n$`, "^$"},
		{"verbose", pass, []string{"-v", "-p", "2"}, 0, `(?m)^ok    one_test.lua > one \(.+\)$`, "^$"},
		{"failed", fail, nil, 1, `(?s)^FAIL  one_test.lua > one.*0 passed, 1 failed`, "^$"},
		{"no such test", pass, []string{"two"}, 1, "^$", `^vera: no test has "two" in its file or name; there are tests in 1 file\n$`},
		{"no test", map[string]string{"one.lua": pass["one.lua"]}, nil, 1, "^$", "^vera: there is no test in .*: a file NAME_test.lua there holds some\n$"},
		{"an action that does not load", map[string]string{"one.lua": "return {", "two_test.lua": "test('one', function() end)"}, nil, 1, `(?s)FAIL  one.lua:1:.*1 passed, 1 failed`, "^$"},
		{"no folder", nil, []string{"--dir", "/nowhere"}, 1, "^$", "no such file"},
		{"too many at once", pass, []string{"-p", "99"}, exitUsage, "", "1 to 64 tests can run at once"},
		{"no time", pass, []string{"--timeout", "0s"}, exitUsage, "", "must be above 0"},
	} {
		args := append([]string{"--dir", writeActions(t, tt.files)}, tt.args...)
		code, out, errs := veraTest(t, args...)
		if code != tt.code || !regexp.MustCompile(tt.out).MatchString(out) || !regexp.MustCompile(tt.errs).MatchString(errs) {
			t.Errorf("%s: exit code %d\n%s%s", tt.name, code, out, errs)
		}
	}
	report := filepath.Join(t.TempDir(), "report.xml")
	if code, _, errs := veraTest(t, "--dir", writeActions(t, fail), "--junit", report); code != 1 {
		t.Errorf("exit code %d: %s", code, errs)
	}
	content, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var parsed struct {
		Failures int `xml:"failures,attr"`
	}
	if err := xml.Unmarshal(content, &parsed); err != nil || parsed.Failures != 1 {
		t.Errorf("%v, %+v", err, parsed)
	}
}

// Tests have the cheapest digests, whatever the environment asks for.
func TestTestsHashCheaply(t *testing.T) {
	dir := writeActions(t, map[string]string{"a_test.lua": `
		local password = require("password")
		test("a", function() expect(password.hash("correct horse")):matches("^%$2b%$04%$") end)`})
	if password.MinCost != 4 {
		t.Errorf("the lowest cost is %d", password.MinCost)
	}
	if code, out, errs := veraTest(t, "--dir", dir); code != 0 {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
}

// With time and chance pinned, a token is the same in every run.
func TestPinnedToken(t *testing.T) {
	dir := writeActions(t, map[string]string{"a_test.lua": `
		test("a", function()
			test.clock("2026-01-01T00:00:00Z")
			test.seed(1)
			error(require("jwt").sign({ sub = "1" }), 0)
		end)`})
	token := func() string {
		_, out, errs := veraTest(t, "--dir", dir, "--json")
		match := regexp.MustCompile(`"message":"([\w-]+\.[\w-]+\.[\w-]+)"`).FindStringSubmatch(out)
		if match == nil {
			t.Fatalf("no token in %s%s", out, errs)
		}
		return match[1]
	}
	first, second := token(), token()
	if claims := claimsOf(t, first, testSecret); first != second || asText(claims["iat"]) != "1767225600" {
		t.Errorf("%s, then %s, with %v", first, second, claims)
	}
}

// A host that serves has none of what tests have.
func TestServingHasNoSeams(t *testing.T) {
	names := []string{"test", "describe", "it", "before_each", "call", "expect"}
	s := newStack(t, stackOptions{actions: writeActions(t, map[string]string{
		"probe.lua":      action(`return { status_code = 200, fields = { ` + strings.Join(names, " == nil, ") + ` == nil } }`),
		"probe_test.lua": `error("nobody evaluates this")`,
	})})
	if status, _, fields := s.post(t, "Probe", map[string]any{}); status != 200 || asJSON(fields) != "[true,true,true,true,true,true]" {
		t.Errorf("%d %s of %v", status, asJSON(fields), names)
	}
}

// The guide's example, as a reader would follow it: on the private database,
// twice, and again on a save.
func TestTestingGuide(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	scripts := regexp.MustCompile("(?s)```lua\n(.*?)```").FindAllStringSubmatch(string(content), -1)
	want := regexp.MustCompile("(?s)```\n(\\d+ passed, \\d+ failed)\n```").FindStringSubmatch(string(content))
	if len(scripts) != 2 || want == nil {
		t.Fatalf("the guide has %d scripts, and says %v", len(scripts), want)
	}
	actions := writeActions(t, nil)
	if err := os.CopyFS(actions, os.DirFS("../../actions")); err != nil {
		t.Fatal(err)
	}
	writeAction(t, actions, "tag.lua", scripts[0][1])
	writeAction(t, actions, "tag_test.lua", scripts[1][1])
	env := []string{"DATABASE_URL=", "POSTGRES_USER=", "POSTGRES_DB=", "ACTIONS_DIR=" + actions}
	state := shortTempDir(t)
	for range 2 {
		p := startVera(t, env, "test", "tag", "--state", state)
		<-p.done
		if p.code != 0 || !strings.Contains(p.text(), want[1]) {
			t.Fatalf("exit code %d, the guide says %s\n%s", p.code, want[1], p.text())
		}
	}
	watching := startVera(t, env, "test", "tag", "--watch", "--state", state)
	watching.waitFor(`4 passed, 0 failed[^\n]*\n\nWatching`)
	aside := startVera(t, env, "test", "tag", "--state", state) // the other's server is not in its way
	<-aside.done
	if aside.code != 0 {
		t.Errorf("beside another run: exit code %d\n%s", aside.code, aside.text())
	}
	writeAction(t, actions, "tag.lua", strings.Replace(scripts[0][1], "'1 day'", "'2 days'", 1))
	watching.waitFor(`FAIL  tag_test.lua > Tag > lasts a day`)
	if code := watching.end(syscall.SIGINT); code != 0 {
		t.Errorf("Ctrl-C: exit code %d\n%s", code, watching.text())
	}
	mustHaveNoServer(t, filepath.Join(state, "test-1"))
}

// Another version of the migrations gets databases of its own, and those of the
// one before go.
func TestPrivateTestDatabases(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	server, err := startTestServer(ctx, shortTempDir(t))
	if err != nil {
		t.Fatal(err)
	}
	defer server.Stop()
	if err := execute(ctx, server.DSN("postgres"), "CREATE DATABASE vera_test_other_1"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		databases, err := privateDatabases(ctx, server, 2)
		if err != nil || len(databases) != 2 {
			t.Fatalf("%d, %v", len(databases), err)
		}
		if a, b := databases[0].ConnConfig.Database, databases[1].ConnConfig.Database; a == b {
			t.Errorf("two workers share %s", a)
		}
	}
	if err := execute(ctx, server.DSN("vera_test_other_1"), "SELECT 1"); err == nil {
		t.Error("a database of other migrations is still there")
	}
}
