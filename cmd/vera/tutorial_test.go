package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"vera/host/devboard"
	"vera/host/devdb/devdbtest"
)

// The tutorial, as a newcomer follows it: its files saved, its commands run by
// a shell as they stand, what they print compared.
func TestTutorial(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../docs/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	s := newSession(t)
	ran := 0
	for _, b := range fenced(string(content)) {
		switch b.language {
		case "console":
			ran += s.console(b)
		case "lua":
			s.save(b)
		case "text":
			s.shown(b)
		case "ini":
			s.configure(b)
		case "sh": // what nobody can run here: git clone and docker
		default:
			t.Fatalf("line %d: nobody runs this block of %q", b.line, b.language)
		}
	}
	if ran < 10 {
		t.Errorf("the tutorial has %d commands", ran)
	}
	s.served(t, "Greet", `{"name":"Ada"}`)
}

// A session is the newcomer's folder, his shells, and the hub that he gets a
// token of at the end.
type session struct {
	t      *testing.T
	home   string // where the first command runs
	dir    string // where the next one does
	env    []string
	listen string   // of his vera dev; the page has 127.0.0.1:4000, which may be taken here
	lasts  *process // what runs in the first terminal

	hub, token string
}

func newSession(t *testing.T) *session {
	t.Helper()
	s := &session{t: t, home: t.TempDir(), listen: freeAddress(t), token: "hub-token"}
	s.dir = s.home
	bin := t.TempDir()
	program := fmt.Sprintf("#!/bin/sh\n%s=vera exec %s \"$@\"\n", roleEnv, os.Args[0])
	if err := os.WriteFile(filepath.Join(bin, "vera"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	s.env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "XDG_STATE_HOME="+shortTempDir(t),
		"VERA_URL=http://"+s.listen, "DATABASE_URL=", "POSTGRES_USER=", "POSTGRES_DB=", "NO_COLOR=1")
	s.hub = serveHub(t, devboard.Options{Token: s.token})
	return s
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

// console runs each command of a block, a line that begins with "$ ", and
// compares what it prints with what stands below it.
func (s *session) console(b block) (ran int) {
	s.t.Helper()
	for part := range strings.SplitSeq("\n"+strings.TrimSuffix(b.text, "\n"), "\n$ ") {
		command, want, _ := strings.Cut(part, "\n")
		if command == "" {
			continue
		}
		ran++
		switch dir, cd := strings.CutPrefix(command, "cd "); {
		case cd:
			s.dir = filepath.Join(s.home, dir)
		case strings.HasSuffix(command, "vera dev"):
			s.start(strings.Replace(command, "vera dev", "vera dev --listen "+s.listen, 1), want)
		case strings.HasSuffix(command, "vera serve"):
			s.start(command, want)
		default:
			s.run(b, command, want)
		}
	}
	return ran
}

// run runs a command until it prints what is wanted: a file that was saved
// takes a moment to be served.
func (s *session) run(b block, command, want string) {
	s.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		shell := exec.Command("sh", "-c", command)
		shell.Dir, shell.Env = s.dir, s.env
		out, err := shell.CombinedOutput()
		if err == nil && like(want).Match(out) {
			return
		}
		if time.Now().After(deadline) || !strings.HasPrefix(command, "vera call ") {
			s.t.Fatalf("line %d: $ %s\nprints (%v)\n%s\nthe page says\n%s", b.line, command, err, out, want)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// like matches what a page says is printed.
func like(page string) *regexp.Regexp {
	pattern := strings.ReplaceAll(regexp.QuoteMeta(strings.TrimSpace(page)), "…", ".*")
	return regexp.MustCompile(`^(?s:\s*` + pattern + `\s*)$`)
}

// start runs what lasts, in place of what ran before, until it has printed
// what is wanted.
func (s *session) start(command, want string) {
	s.t.Helper()
	s.stop()
	s.lasts = startCommand(s.t, s.dir, s.env, "sh", "-c", strings.Replace(command, "vera ", "exec vera ", 1))
	s.t.Cleanup(s.stop)
	s.lasts.waitFor(like(want).String())
}

func (s *session) stop() {
	if s.lasts == nil {
		return
	}
	if code := s.lasts.end(syscall.SIGINT); code != 0 {
		s.t.Errorf("exit code %d\n%s", code, s.lasts.text())
	}
	s.lasts = nil
}

// save writes a file of the project.
func (s *session) save(b block) {
	s.t.Helper()
	name := fileName.FindStringSubmatch(b.text)
	if name == nil {
		s.t.Fatalf("line %d: the block does not begin with its file", b.line)
	}
	writeAction(s.t, s.dir, filepath.Join(name[1], name[2]), b.text)
}

// shown waits until the first terminal shows a text.
func (s *session) shown(b block) {
	s.t.Helper()
	s.lasts.waitFor(regexp.QuoteMeta(strings.TrimSuffix(b.text, "\n")))
}

// configure puts settings into .env: of each, the one that is good here.
func (s *session) configure(b block) {
	s.t.Helper()
	here := map[string]string{
		"WEBSOCKET_URL": "ws://" + s.hub + "/websocket",
		"TOKEN":         s.token,
		"DATABASE_URL":  "'" + devdbtest.Database(s.t, migrateDSN, migrationsHash(s.t)) + "'",
	}
	file := filepath.Join(s.dir, ".env")
	content, err := os.ReadFile(file)
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(b.text) {
		name, _, _ := strings.Cut(line, "=")
		value, ok := here[name]
		if !ok {
			s.t.Fatalf("line %d: no value for %s", b.line, name)
		}
		content = fmt.Appendf(content, "%s=%s\n", name, value)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// served calls an action at the hub.
func (s *session) served(t *testing.T, action, fields string) {
	t.Helper()
	body := fmt.Sprintf(`{"service_id":1,"action":%q,"fields":%s}`, action, fields)
	response, err := http.Post("http://"+s.hub+"/", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("%s at the hub: %s\n%s", action, response.Status, s.lasts.text())
	}
}
