package devdb_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"vera/host/devdb"
	"vera/host/devdb/internal/pg"
)

// launchIn names the directory in which this binary, run again by a test,
// starts a server instead of running tests.
const launchIn = "DEVDB_TEST_LAUNCH_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(launchIn); dir != "" {
		launchMain(dir)
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if dir, err := setUp(); err == nil {
			os.RemoveAll(dir)
		}
		os.Exit(code)
	}))
}

// launchMain is `vera dev` in small: it says how the start went and ends with
// its standard input.
func launchMain(dir string) {
	server, err := devdb.Start(context.Background(), devdb.Options{Dir: dir})
	if err != nil {
		fmt.Println("error:", err)
		io.Copy(io.Discard, os.Stdin)
		return
	}
	fmt.Println("started")
	io.Copy(io.Discard, os.Stdin)
	if err := server.Stop(); err != nil {
		fmt.Println("error:", err)
	}
}

// A launcher is another process that runs launchMain.
type launcher struct {
	cmd   *exec.Cmd
	stdin io.Closer
	lines *bufio.Scanner
}

func launch(t *testing.T, dir string) *launcher {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), launchIn+"="+dir)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l := &launcher{cmd, stdin, bufio.NewScanner(stdout)}
	t.Cleanup(l.quit)
	return l
}

// report waits for what the launcher says about its start.
func (l *launcher) report() string {
	l.lines.Scan()
	return l.lines.Text()
}

// quit ends the launcher in good order.
func (l *launcher) quit() {
	l.stdin.Close()
	l.cmd.Wait()
}

// kill ends it with SIGKILL.
func (l *launcher) kill(t *testing.T) {
	t.Helper()
	if err := l.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	l.cmd.Wait()
}

// start starts a server in dir for the length of the test.
func start(t *testing.T, dir string) *devdb.Server {
	t.Helper()
	began := time.Now()
	server, err := devdb.Start(t.Context(), devdb.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("started in %v", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() { server.Stop() }) // tests that care have looked at its error
	return server
}

func stop(t *testing.T, server *devdb.Server) {
	t.Helper()
	if err := server.Stop(); err != nil {
		t.Fatal(err)
	}
}

// openDir is a temporary directory that other users may enter, unlike those
// of t.TempDir.
func openDir(t *testing.T) string {
	t.Helper()
	dir := tempDir()
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func tempDir() string {
	dir, err := os.MkdirTemp(pg.FastDir(1<<30), "devdb-test-") // with fsync on, a busy disk takes seconds
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		panic(err)
	}
	return dir
}

// setUp is a directory in which a server has been set up and stopped; TestMain
// removes it.
var setUp = sync.OnceValues(func() (string, error) {
	dir := tempDir()
	server, err := devdb.Start(context.Background(), devdb.Options{Dir: dir})
	if err != nil {
		return dir, err
	}
	return dir, server.Stop()
})

// warmDir is a copy of setUp, for tests that are not about the first start.
func warmDir(t *testing.T) string {
	t.Helper()
	from, err := setUp()
	if err != nil {
		t.Fatal(err)
	}
	dir := openDir(t)
	if out, err := exec.Command("cp", "-Rp", from+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v: %s", from, err, out)
	}
	return dir
}

// execute runs SQL.
func execute(t *testing.T, server *devdb.Server, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.DSN(devdb.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// query runs SQL and gives its one value as text.
func query(t *testing.T, server *devdb.Server, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.DSN(devdb.Name))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var value string
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// dataIn gives the data directory below dir.
func dataIn(t *testing.T, dir string) string {
	t.Helper()
	matches, err := filepath.Glob(filepath.Join(dir, "pg[0-9][0-9]"))
	if err != nil || len(matches) != 1 {
		t.Fatalf("data below %s: %q, %v; want one directory", dir, matches, err)
	}
	return matches[0]
}

// serverPID reads the pid file of the server in dir.
func serverPID(t *testing.T, dir string) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dataIn(t, dir), "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// owner is the user number that the server in dir runs under.
func owner(t *testing.T, dir string) uint32 {
	t.Helper()
	info, err := os.Stat(dataIn(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	return info.Sys().(*syscall.Stat_t).Uid
}

// waitGone waits until no server runs in dir. A look at its number would not
// do: whoever adopts orphans may take a second to collect a dead one.
func waitGone(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dataIn(t, dir), "postmaster.pid")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if _, err := os.Stat(file); err != nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the server in %s lives on", dir)
		}
	}
}
