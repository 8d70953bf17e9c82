package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vera/host/plugboard"
)

// command runs a command line as the program would, and gives what it printed.
func command(t *testing.T, env map[string]string, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, console{&stdout, &stderr, func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}})
	return code, stdout.String(), stderr.String()
}

func TestCheckAgainst(t *testing.T) {
	dir := writeActions(t, map[string]string{"live.lua": liveAction("old", 0), "gone.lua": liveAction("old", 0)})
	code, manifest, _ := command(t, nil, "check", "--manifest", dir)
	if code != 0 {
		t.Fatalf("check --manifest: exit code %d", code)
	}
	file := filepath.Join(t.TempDir(), "manifest.json")
	if err := os.WriteFile(file, []byte(manifest), 0o644); err != nil {
		t.Fatal(err)
	}
	against := func(wantCode int, want string) {
		t.Helper()
		code, out, err := command(t, nil, "check", "--against", file, dir)
		if code != wantCode || out != want {
			t.Errorf("exit code %d, want %d; printed\n%s%s\nwant\n%s", code, wantCode, out, err, want)
		}
	}
	against(0, "no change\n")
	writeAction(t, dir, "live.lua", liveAction("new", 1))
	writeAction(t, dir, "more.lua", liveAction("new", 1))
	against(0, "~ Live: description changed (compatible)\n+ More: action added (compatible)\n\n2 changes, 0 breaking\n")
	if err := os.Remove(filepath.Join(dir, "gone.lua")); err != nil {
		t.Fatal(err)
	}
	against(exitBreaking, "- Gone: action removed (breaking)\n~ Live: description changed (compatible)\n+ More: action added (compatible)\n\n3 changes, 1 breaking\n")

	// What a Plugboard knows of, before and after a host has joined.
	_, address := liveBoard(t)
	if code, _, err := command(t, nil, "check", "--against", "http://"+address, dir); code != exitFailed || !strings.Contains(err, "no consumer is joined") {
		t.Errorf("against an empty Plugboard: exit code %d, %s", code, err)
	}
	startLive(t, address, nil)
	code, out, _ := command(t, nil, "check", "--against", "http://"+address, dir)
	if code != 0 || !strings.HasPrefix(out, "~ Live: description changed") {
		t.Errorf("against a Plugboard: exit code %d, printed\n%s", code, out)
	}

	for from, want := range map[string]string{
		"/nowhere.json":                  "no such file",
		"http://" + address + "/nowhere": "404 Not Found",
		filepath.Join(dir, "live.lua"):   "read the old manifest",
	} {
		if code, _, err := command(t, nil, "check", "--against", from, dir); code != exitFailed || !strings.Contains(err, want) {
			t.Errorf("against %s: exit code %d, %s; want %q", from, code, err, want)
		}
	}
}

func TestCheckSizes(t *testing.T) {
	dir := writeActions(t, map[string]string{"small.lua": liveAction("small", 0), "big.lua": liveAction(strings.Repeat("x", warnRequestLine), 0)})
	code, out, err := command(t, nil, "check", dir)
	if code != 0 || !strings.Contains(out, "2 actions") || !strings.Contains(out, "warning: the hub") || !strings.Contains(out, "Big with 12") {
		t.Errorf("exit code %d, printed\n%s%s", code, out, err)
	}
	writeAction(t, dir, "big.lua", liveAction(strings.Repeat("x", plugboard.MaxRequestLine), 0))
	code, out, err = command(t, nil, "check", dir)
	if code != exitFailed || !strings.Contains(out, "error: the hub") || !strings.Contains(out, "the hub takes 16384") || !strings.Contains(out, "Big with 16") {
		t.Errorf("exit code %d, printed\n%s%s", code, out, err)
	}
}

func TestCheckShowsFrames(t *testing.T) {
	dir := writeActions(t, map[string]string{"live.lua": "return {\n  oops oops\n}"})
	code, out, err := command(t, nil, "check", dir)
	const want = `live.lua:2:8: error: unexpected "oops" (syntax)
  1 | return {
> 2 |   oops oops
    |        ^
  3 | }

`
	if code != exitFailed || out != want {
		t.Errorf("exit code %d, printed\n%s\nwant\n%s", code, out, want)
	}
	if !strings.Contains(err, "1 error in") || !strings.Contains(err, "last good versions") {
		t.Errorf("printed\n%s", err)
	}
}

// On a terminal the log shows the source below the line; as JSON it stays one.
func TestLogShowsFrames(t *testing.T) {
	const source = "return {\n  oops oops\n}"
	for format, want := range map[string]string{
		"text": "\n\n  1 | return {\n> 2 |   oops oops\n    |        ^\n  3 | }\n\n",
		"json": `"frame":"  1 | return {\n> 2 |   oops oops\n    |        ^\n  3 | }\n"}` + "\n",
	} {
		t.Run(format, func(t *testing.T) {
			dir := writeActions(t, map[string]string{"live.lua": source, "works.lua": liveAction("x", 0)})
			config := testConfig(t, stackOptions{actions: dir}, "postgres://nobody@127.0.0.1:1/none", "127.0.0.1:1")
			var out bytes.Buffer
			s, err := newService(t.Context(), config, newLogger(&out, config.LogLevel, format).With("more", 1), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			if !strings.HasSuffix(out.String(), want) {
				t.Errorf("log\n%s\nwant at its end\n%s", &out, want)
			}
			for _, part := range []string{"live.lua:2:8", "nothing of it", "reload with SIGHUP", "more"} {
				if !strings.Contains(out.String(), part) {
					t.Errorf("the log lacks %q:\n%s", part, &out)
				}
			}
		})
	}
}

func TestStatus(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") // for a free port
	if err != nil {
		t.Fatal(err)
	}
	health := listener.Addr().String()
	listener.Close()
	env := map[string]string{"HEALTH_ADDRESS": health}
	if code, _, err := command(t, env, "status"); code != exitFailed || !strings.Contains(err, "no host answers") {
		t.Errorf("without a host: exit code %d, %s", code, err)
	}
	if code, _, err := command(t, nil, "status"); code != exitUsage || !strings.Contains(err, "HEALTH_ADDRESS") {
		t.Errorf("without an address: exit code %d, %s", code, err)
	}

	_, address := liveBoard(t)
	h, other := startLive(t, address, env), startLive(t, address, nil)
	status := func() string {
		code, out, err := command(t, env, "status")
		if code != 0 {
			t.Fatalf("exit code %d, %s", code, err)
		}
		return out
	}
	shows := func(parts ...string) {
		t.Helper()
		for _, part := range parts {
			h.within(5*time.Second, "status shows "+part, func() bool { return strings.Contains(status(), part) })
		}
	}
	version := h.s.actions.Set().Version
	shows("hub        joined\n", "version    "+version+"\n", "actions    1: Live\n")
	if got := status(); strings.Contains(got, "stale") || strings.Contains(got, "candidate") || strings.Contains(got, "trouble") {
		t.Errorf("printed\n%s", got)
	}
	writeAction(t, h.dir, "bad.lua", "oops oops")
	shows("stale      bad.lua, served: nothing of it\n", `bad.lua:1:6: unexpected "oops"`)
	writeAction(t, h.dir, "live.lua", liveAction("new", 1))
	shows("candidate  ", "refused ", "likeliest: the actions", "version    "+version)
	writeAction(t, other.dir, "live.lua", liveAction("new", 1))
	h.within(10*time.Second, "the candidate is served", func() bool { return !strings.Contains(status(), "candidate") })
	if err := os.RemoveAll(h.dir); err != nil {
		t.Fatal(err)
	}
	shows("trouble    read the actions' folder", "actions    1: Live")
}
