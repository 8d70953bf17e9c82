package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"vera/host/devboard"
)

// callActions are what the tests of vera call call.
var callActions = map[string]string{
	"greet.lua": `return {
  description = "Greets",
  fields = {
    name = { type = "string", description = "Who <is> greeted" },
    times = { type = "integer", description = "How often", default = 1 },
    address = { type = "object", description = "Where", optional = true, fields = {
      zip = { type = "string", description = "Post code" },
    } },
  },
  run = function(fields)
    return { status_code = 200, message = "Hi", fields = fields }
  end,
}`,
	"broken.lua": action(`error("secret cause")`),
	"moved.lua":  action(`return { status_code = 302, message = "Elsewhere" }`),
	"made.lua":   action(`return { status_code = 201 }`),
}

// pipeVera runs the program with input on its standard input.
func pipeVera(t *testing.T, env []string, input string, args ...string) (code int, out, stderr string) {
	t.Helper()
	var stdout, errors_ bytes.Buffer
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	command.Env = append(os.Environ(), append(env, roleEnv+"=vera")...)
	command.Stdin = strings.NewReader(input)
	command.Stdout, command.Stderr = &stdout, &errors_
	if err := command.Run(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			t.Fatal(err)
		}
		code = exit.ExitCode()
	}
	return code, stdout.String(), errors_.String()
}

// untimed is an answer without the time that it took.
func untimed(text string) string {
	return regexp.MustCompile(`\d+\.\d ms`).ReplaceAllString(text, "N ms")
}

func TestCall(t *testing.T) {
	s := newStack(t, stackOptions{actions: writeActions(t, callActions)})
	for _, tt := range []struct {
		args     []string
		code     int
		out, err string
	}{
		{[]string{"Greet", "name=007", "times=2"}, 0, "200 OK  N ms\nHi\n{\n  \"name\": \"007\",\n  \"times\": 2\n}\n", ""},
		{[]string{"Greet", "name=A", "address.zip=01", "--raw"}, 0, `{"fields":{"address":{"zip":"01"},"name":"A","times":1},"message":"Hi"}`, ""},
		{[]string{"Greet", "--json", `{"name":"A"}`, "--raw"}, 0, `{"fields":{"name":"A","times":1},"message":"Hi"}`, ""},
		{[]string{"Made"}, 0, "201 Created  N ms\n", ""},
		{[]string{"Moved"}, 0, "302 Found  N ms\nElsewhere\n", ""},
		{[]string{"Greet", "nmae=A", "--raw"}, exitRefused, `{"fields":{"errors":[{"code":"required","field":"name","message":"is required"}]},"message":"Invalid input: name: is required"}`,
			"hint: Greet has no field \"nmae\", did you mean \"name\"?\nhint: Greet needs name (string): Who <is> greeted\n"},
		{[]string{"Greet", "name:=1", "--raw"}, exitRefused, `{"fields":{"errors":[{"code":"type","field":"name","message":"must be a string"}]},"message":"Invalid input: name: must be a string"}`, ""},
		{[]string{"Gret", "name=A"}, exitRefused, "404 Not Found  N ms\nUnknown action: Gret\n", "hint: there is no action \"Gret\", did you mean \"Greet\"?\n"},
		{[]string{"Broken"}, exitFault, "500 Internal Server Error  N ms\nInternal server error\n", "hint: the log of vera dev says what went wrong, and where\n"},
		{[]string{"Made", "--service", "2"}, exitRefused, "422 Unprocessable Entity  N ms\nNo service consumers are available to handle the request\n", ""},
		{[]string{"Greet", "name"}, exitUsage, "", "vera: \"name\" is no field: write key=value, key:=json, or a.b=value for a field within a\n"},
		{[]string{"Greet", "name=A", "--json", "{}"}, exitUsage, "", "vera: the fields are given both with --json and as arguments; keep one\n"},
		{[]string{"Greet", "--json", "{"}, exitUsage, "", "vera: the fields in --json are not JSON; they are written {\"name\": \"Ada\"}\n"},
		{[]string{"Made", "--url", "ftp://127.0.0.1"}, exitUsage, "", "vera: --url or VERA_URL: the address must be http:// or https:// with a host, without user, query or fragment\n"},
	} {
		code, out, stderr := command(t, map[string]string{"VERA_URL": s.address}, append([]string{"call"}, tt.args...)...)
		if code != tt.code || untimed(out) != tt.out || stderr != tt.err {
			t.Errorf("call %q: exit code %d, want %d; printed\n%s%s\nwant\n%s%s", tt.args, code, tt.code, out, stderr, tt.out, tt.err)
		}
	}
	for input, want := range map[string]int{`{"name":"Ada"}`: 0, `{"name":1}`: exitRefused, "": exitUsage, "name=Ada": exitUsage} {
		code, out, stderr := pipeVera(t, nil, input, "call", "Greet", "-", "--url", s.address)
		if code != want {
			t.Errorf("%q from the standard input: exit code %d, want %d; printed\n%s%s", input, code, want, out, stderr)
		}
	}
	s.stopHost()
	if code, out, _ := command(t, nil, "call", "Made", "--url", s.address); code != exitRefused || !strings.HasPrefix(out, "422 ") {
		t.Errorf("without a host: exit code %d, printed %s", code, out)
	}
	if code, _, stderr := command(t, nil, "call", "Made", "--url", "127.0.0.1:1"); code != exitFailed ||
		stderr != "vera: nobody answers at http://127.0.0.1:1/: connection refused; start vera dev there, or name another address with --url\n" {
		t.Errorf("where nobody answers: exit code %d, printed %s", code, stderr)
	}
}

// A hub asks who calls. The token reaches it and nobody else.
func TestCallToken(t *testing.T) {
	const token = "an-account-token"
	s := newStack(t, stackOptions{actions: writeActions(t, callActions), board: devboard.Options{AccountToken: token, ServiceID: 3}})
	for _, tt := range []struct {
		env  map[string]string
		args []string
		code int
	}{
		{nil, nil, exitRefused},
		{nil, []string{"--token", "another-token"}, exitRefused},
		{nil, []string{"--token", token}, 0},
		{map[string]string{"VERA_TOKEN": token + "\n"}, nil, 0},
		{map[string]string{"VERA_TOKEN": token}, []string{"--service=4"}, exitRefused},
		{map[string]string{"VERA_TOKEN": token + "\x01"}, nil, exitUsage},
		{map[string]string{"VERA_TOKEN": token}, []string{"--url", "127.0.0.1:1"}, exitFailed},
		{nil, []string{"--token", token, "--unknown"}, exitUsage},
	} {
		args := append([]string{"call", "Greet", "name=A", "--service=3", "--url", s.address}, tt.args...)
		code, out, stderr := command(t, tt.env, args...)
		if code != tt.code || strings.Contains(out+stderr, token) {
			t.Errorf("%q with %v: exit code %d, want %d; printed\n%s%s", tt.args, tt.env, code, tt.code, out, stderr)
		}
	}
}

// With --watch the call is made again when a file is saved, also when that
// changes what callers are told, and when vera dev was away meanwhile.
func TestCallWatch(t *testing.T) {
	t.Parallel()
	actions := writeActions(t, map[string]string{"live.lua": liveAction("same", 1)})
	env := []string{"DATABASE_URL=", "POSTGRES_USER=", "POSTGRES_DB=", "ACTIONS_DIR=" + actions}
	state := shortTempDir(t)
	dev := startVera(t, env, "dev", "--listen", "127.0.0.1:0", "--state", state)
	address := dev.waitFor(`curl -s (\S+)/ -H`)[1]

	watch := startVera(t, nil, "call", "Live", "--watch", "--url", address)
	first := watch.waitFor(`── \d\d:\d\d:\d\d ── version (\w+) ──\n200 OK  \S+ ms\n{\n  "n": 1,`)[1]
	writeAction(t, actions, "live.lua", liveAction("same", 2))
	second := watch.waitFor(`── version (\w+) ──\n200 OK  \S+ ms\n{\n  "n": 2,`)[1]
	writeAction(t, actions, "live.lua", liveAction("other", 3))
	watch.waitFor(`200 OK  \S+ ms\n{\n  "n": 3,`)
	if code := dev.end(syscall.SIGINT); code != 0 {
		t.Errorf("vera dev: exit code %d", code)
	}
	watch.waitFor(`vera: nobody answers at http://\S+/: .*; waiting for it\n`)
	writeAction(t, actions, "live.lua", liveAction("other", 4))
	again := startVera(t, env, "dev", "--listen", address, "--state", state)
	watch.waitFor(`200 OK  \S+ ms\n{\n  "n": 4,`)
	if code := watch.end(syscall.SIGINT); code != 0 {
		t.Errorf("Ctrl-C ends it with %d", code)
	}
	if n := strings.Count(watch.text(), "200 OK"); n < 4 || second == first {
		t.Errorf("version %s, then %s; %d calls:\n%s", first, second, n, watch.text())
	}
	again.end(syscall.SIGINT)

	s := newStack(t, stackOptions{actions: actions})
	if code, _, stderr := command(t, nil, "call", "Live", "--watch", "--url", s.address); code != exitFailed || !strings.Contains(stderr, "does not tell of reloads") {
		t.Errorf("at a Plugboard without versions: exit code %d, %s", code, stderr)
	}
	if code, _, stderr := command(t, nil, "call", "Live", "--watch", "--url", "127.0.0.1:1"); code != exitFailed || !strings.Contains(stderr, "nobody answers") {
		t.Errorf("where nobody answers: exit code %d, %s", code, stderr)
	}
}

// A project made by vera init works in its own folder, with no environment:
// the commands that its README names, as it names them.
func TestInitProjectWorks(t *testing.T) {
	dir := filepath.Join(shortTempDir(t), "shop")
	if code, _, stderr := command(t, nil, "init", dir); code != 0 {
		t.Fatalf("init: %s", stderr)
	}
	t.Chdir(dir)
	dev := startIn(t, dir, []string{"XDG_STATE_HOME=" + shortTempDir(t), "ACTIONS_DIR="}, "dev", "--listen", "127.0.0.1:0")
	address := dev.waitFor(`curl -s (\S+)/ -H`)[1]
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	known := commandNames(t)
	ran := 0
	for _, line := range regexp.MustCompile(`(?m)^    vera (\w+)([^#\n]*)`).FindAllStringSubmatch(string(readme), -1) {
		if line[1] == "dev" || !known[line[1]] {
			continue // it runs already; or another version of the program has it
		}
		ran++
		code, out, stderr := pipeVera(t, []string{"VERA_URL=" + address}, "", append(line[1:2], strings.Fields(line[2])...)...)
		if code != 0 {
			t.Errorf("vera %s%s: exit code %d, printed\n%s%s", line[1], line[2], code, out, stderr)
		}
	}
	if ran < 3 {
		t.Errorf("the README names only %d commands", ran)
	}
	if code := dev.end(syscall.SIGINT); code != 0 {
		t.Errorf("vera dev: exit code %d\n%s", code, dev.text())
	}
}

// commandNames are the names of the program's commands.
func commandNames(t *testing.T) map[string]bool {
	t.Helper()
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, child := range parser.Model.Children {
		names[child.Name] = true
	}
	return names
}
