package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vera/host/devboard"
	"vera/host/devdb/devdbtest"
)

// roleEnv makes the test binary another program than a test.
const roleEnv = "VERA_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "vera":
		main()
	case "naive":
		naiveConsumer(os.Getenv("WEBSOCKET_URL"))
		os.Exit(0)
	}
	// The HTTP client of the tests keeps connections open for the next call.
	http.DefaultTransport.(*http.Transport).DisableKeepAlives = true
	goleak.VerifyTestMain(m)
}

// process is vera as a process of its own.
type process struct {
	t       *testing.T
	command *exec.Cmd
	done    chan struct{} // closed when it has ended
	code    int

	mu     sync.Mutex
	output bytes.Buffer
}

// startVera runs the program with args, in the project's folder.
func startVera(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return startIn(t, "../..", env, args...)
}

// startIn runs the program with args in a folder.
func startIn(t *testing.T, dir string, env []string, args ...string) *process {
	t.Helper()
	return startCommand(t, dir, append(os.Environ(), append(env, roleEnv+"=vera")...), os.Args[0], args...)
}

// startCommand runs a program in a folder.
func startCommand(t *testing.T, dir string, env []string, name string, args ...string) *process {
	t.Helper()
	p := &process{t: t, command: exec.Command(name, args...), done: make(chan struct{})}
	p.command.Dir, p.command.Env = dir, env
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	reader, writer := io.Pipe()
	p.command.Stdout, p.command.Stderr = writer, writer
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		lines := bufio.NewScanner(reader)
		for lines.Scan() {
			p.mu.Lock()
			fmt.Fprintln(&p.output, lines.Text())
			p.mu.Unlock()
		}
	})
	go func() {
		_ = p.command.Wait() // the exit code says it
		writer.Close()
		reading.Wait()
		p.code = p.command.ProcessState.ExitCode()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill()
		<-p.done
	})
	return p
}

func (p *process) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// waitFor waits until the output matches, and gives the match's groups.
func (p *process) waitFor(pattern string) []string {
	p.t.Helper()
	expression := regexp.MustCompile(pattern)
	deadline := time.Now().Add(30 * time.Second)
	for {
		if match := expression.FindStringSubmatch(p.text()); match != nil {
			return match
		}
		select {
		case <-p.done:
			if expression.MatchString(p.text()) {
				continue
			}
			p.t.Fatalf("ended with %d before it printed %s:\n%s", p.code, pattern, p.text())
		case <-time.After(10 * time.Millisecond):
			if time.Now().After(deadline) {
				p.t.Fatalf("did not print %s:\n%s", pattern, p.text())
			}
		}
	}
}

// end sends a signal and waits for the exit code.
func (p *process) end(signal syscall.Signal) int {
	p.t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.done:
	case <-time.After(30 * time.Second):
		p.t.Fatalf("does not end on %v:\n%s", signal, p.text())
	}
	return p.code
}

// register sends the curl line that dev prints, and gives the status.
func register(t *testing.T, address string) int {
	t.Helper()
	body := `{"service_id":1,"action":"Register","fields":{"username":"johndoe","name":"John Doe","email":"john@example.com","phone_number":"+1-555-123-4567","password":"securepassword123"}}`
	response, err := http.Post("http://"+address+"/", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// vera dev: from nothing to an answer, again with the same data, and again
// after a kill that nothing could prepare for.
func TestDev(t *testing.T) {
	state := shortTempDir(t)
	env := []string{"DATABASE_URL=", "POSTGRES_USER=", "POSTGRES_DB=", "BCRYPT_COST=10", "ACTION_TIMEOUT=29s"}
	const line = `curl -s (\S+)/ -H`

	first := startVera(t, env, "dev", "--listen", "127.0.0.1:0", "--state", state)
	address := first.waitFor(line)[1]
	if status := register(t, address); status != http.StatusCreated {
		t.Fatalf("Register: %d\n%s", status, first.text())
	}
	taken := startVera(t, env, "dev", "--listen", address, "--state", shortTempDir(t))
	taken.waitFor("is taken: stop what listens there")
	<-taken.done
	if taken.code != exitFailed {
		t.Errorf("on a port that is taken: exit code %d", taken.code)
	}
	if code := first.end(syscall.SIGINT); code != 0 {
		t.Errorf("Ctrl-C: exit code %d\n%s", code, first.text())
	}
	mustHaveNoServer(t, state)

	second := startVera(t, env, "dev", "--listen", "127.0.0.1:0", "--state", state)
	if status := register(t, second.waitFor(line)[1]); status != http.StatusConflict {
		t.Errorf("Register on a warm start: %d, want 409", status)
	}
	second.end(syscall.SIGKILL)

	third := startVera(t, env, "dev", "--listen", "127.0.0.1:0", "--state", state)
	if status := register(t, third.waitFor(line)[1]); status != http.StatusConflict {
		t.Errorf("Register after a kill: %d, want 409", status)
	}
	if code := third.end(syscall.SIGTERM); code != 0 {
		t.Errorf("SIGTERM: exit code %d\n%s", code, third.text())
	}
	mustHaveNoServer(t, state)
}

// shortTempDir is a folder that another user may pass through, and whose path
// leaves room for a socket's name.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vera-dev-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// mustHaveNoServer fails if a PostgreSQL server still lives in dir.
func mustHaveNoServer(t *testing.T, dir string) {
	t.Helper()
	if left, _ := filepath.Glob(filepath.Join(dir, "pg*", "postmaster.pid")); left != nil {
		t.Errorf("the database still runs: %v", left)
	}
}

// Hosts that start together on an empty database: one migrates it, all serve.
func TestServeTogether(t *testing.T) {
	t.Parallel()
	const hosts = 3
	dsn := devdbtest.Database(t, func(context.Context, string) error { return nil }, "empty")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	board, err := devboard.New(devboard.Options{Token: "hub-token-value"})
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: board}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	defer serving.Wait()
	defer server.Close()

	env := []string{"DATABASE_URL=" + dsn, "WEBSOCKET_URL=ws://" + listener.Addr().String() + "/websocket"}
	for name, value := range goodEnv() {
		if !strings.HasPrefix(name, "POSTGRES") && name != "WEBSOCKET_URL" {
			env = append(env, name+"="+value)
		}
	}
	var running []*process
	for range hosts {
		running = append(running, startVera(t, env, "serve"))
	}
	for _, p := range running {
		p.waitFor(`"msg":"joined"`)
	}
	if n := board.Consumers(); n != hosts {
		t.Errorf("%d consumers, want %d", n, hosts)
	}
	for _, p := range running {
		if code := p.end(syscall.SIGTERM); code != 0 {
			t.Errorf("exit code %d\n%s", code, p.text())
		}
		for _, secret := range []string{"hub-token-value", "jwt-secret-value"} {
			if strings.Contains(p.text(), secret) {
				t.Errorf("the log holds a secret:\n%s", p.text())
			}
		}
	}
}
