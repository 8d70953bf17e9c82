package devdbtest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"vera/host/devdb/internal/pg"
)

// joinIn names the directory whose server this binary, run again by a test,
// uses like the tests of another package would.
const joinIn = "DEVDBTEST_JOIN_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(joinIn); dir != "" {
		if err := joinMain(dir); err != nil {
			fmt.Println("error:", err)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// joinMain makes a database, says which server it is on, and answers each line
// of standard input with the number of databases of tests.
func joinMain(dir string) error {
	ctx := context.Background()
	bin, err := pg.Installed()
	if err != nil {
		return err
	}
	s, err := join(ctx, dir, bin[0])
	if err != nil {
		return err
	}
	template, err := s.template(ctx, func(context.Context, string) error {
		file, err := os.OpenFile(filepath.Join(dir, "migrated"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = file.WriteString("once\n")
		return err
	}, "key")
	if err != nil {
		return err
	}
	if err := s.exec(ctx, s.createFrom(template, fmt.Sprintf("test_%d", os.Getpid()))); err != nil {
		return err
	}
	answer := func(sql string) error {
		conn, err := pgx.Connect(ctx, s.dsn(adminDatabase))
		if err != nil {
			return err
		}
		defer closeConn(conn)
		var text string
		if err := conn.QueryRow(ctx, sql).Scan(&text); err != nil {
			return err
		}
		fmt.Println(text)
		return nil
	}
	if err := answer("SELECT pg_postmaster_start_time()::text"); err != nil {
		return err
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if err := answer(`SELECT count(*)::text FROM pg_database WHERE datname LIKE 'test\_%'`); err != nil {
			return err
		}
	}
	return nil
}

// A process is another process that runs joinMain.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Scanner
}

func startProcess(t *testing.T, dir string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), joinIn+"="+dir)
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
	p := &process{cmd, stdin, bufio.NewScanner(stdout)}
	t.Cleanup(p.quit)
	return p
}

// line is the next line the process prints: first which server it uses, named
// by its start time, then an answer to each ask.
func (p *process) line() string {
	p.stdout.Scan()
	return p.stdout.Text()
}

// ask asks for the number of test databases.
func (p *process) ask() string {
	io.WriteString(p.stdin, "\n") // if it fails, so does reading the answer
	return p.line()
}

func (p *process) quit() {
	p.stdin.Close()
	p.cmd.Wait()
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	p.cmd.Wait()
}

// clusterDir is a directory for one cluster; by the end of the test its server
// must have ended by itself.
func clusterDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(pg.FastDir(room), "vera-devdbtest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		waitEnded(t, dir)
		data, _ := filepath.Glob(filepath.Join(dir, "pg[0-9][0-9]"))
		for _, data := range data {
			os.RemoveAll(pg.SocketDir(data))
		}
		os.RemoveAll(dir)
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func pidFile(dir string) string {
	files, _ := filepath.Glob(filepath.Join(dir, "pg[0-9][0-9]", "postmaster.pid"))
	return strings.Join(files, "")
}

// waitEnded waits until the server in dir has ended.
func waitEnded(t *testing.T, dir string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); pidFile(dir) != ""; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Errorf("the server in %s did not end by itself", dir)
			return
		}
	}
}

// admin connects to the server in dir behind everybody's back.
func admin(t *testing.T, dir string) *pgx.Conn {
	t.Helper()
	bin, err := pg.Installed()
	if err != nil {
		t.Fatal(err)
	}
	socket, err := pg.Serving(dir, bin[0].Major)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), pg.DSN(socket, adminDatabase))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeConn(conn) })
	return conn
}

// TestProcesses: four processes start at once, use one server, one template,
// and are killed one by one; the last one out ends the server.
func TestProcesses(t *testing.T) {
	t.Parallel()
	dir := clusterDir(t)
	var all []*process
	for range 4 {
		all = append(all, startProcess(t, dir))
	}
	first := all[0].line()
	for _, p := range all[1:] {
		if got := p.line(); got != first {
			t.Fatalf("processes use servers %q and %q", first, got)
		}
	}
	for i, p := range all[:3] {
		p.kill()
		if got := all[3].ask(); got != "4" {
			t.Fatalf("after killing %d processes: %q, want 4 databases", i+1, got)
		}
	}
	all[3].quit()
	waitEnded(t, dir)

	again := startProcess(t, dir)
	if got := again.line(); got == first || strings.HasPrefix(got, "error") {
		t.Errorf("next run: server %q, want another than %q", got, first)
	}
	if got := again.ask(); got != "1" {
		t.Errorf("next run: %s databases, want its own 1 only", got)
	}
	migrated, err := os.ReadFile(filepath.Join(dir, "migrated"))
	if err != nil || string(migrated) != "once\n" {
		t.Errorf("migrated: %q, %v; want once in all", migrated, err)
	}
}

// TestAdoption: a server whose users and guard were all killed is used by the
// next run, and ends after it.
func TestAdoption(t *testing.T) {
	t.Parallel()
	dir := clusterDir(t)
	killed := startProcess(t, dir)
	server := killed.line()
	var ended bool
	err := admin(t, dir).QueryRow(t.Context(), `SELECT bool_and(pg_terminate_backend(pid)) FROM pg_locks
		WHERE locktype = 'advisory' AND objid = $1`, guardLock).Scan(&ended)
	if err != nil || !ended {
		t.Fatalf("end the guard: %v, %v", ended, err)
	}
	killed.kill()
	next := startProcess(t, dir)
	if got := next.line(); got != server {
		t.Errorf("next run uses server %q, want %q", got, server)
	}
}

// TestEndingServer: who comes while the guard has decided gets a new server.
func TestEndingServer(t *testing.T) {
	t.Parallel()
	dir := clusterDir(t)
	first := startProcess(t, dir)
	server := first.line()
	first.kill()
	conn := admin(t, dir)
	if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock($1)", useLock); err != nil {
		t.Fatal(err)
	}
	next := startProcess(t, dir)
	if got := next.line(); got == server || strings.HasPrefix(got, "error") {
		t.Errorf("next run uses server %q, want another than %q", got, server)
	}
}

// TestRuinedData: the data of tests is begun anew if no server can read it.
func TestRuinedData(t *testing.T) {
	t.Parallel()
	dir := clusterDir(t)
	first := startProcess(t, dir)
	server := first.line()
	first.quit()
	waitEnded(t, dir)
	control, _ := filepath.Glob(filepath.Join(dir, "pg[0-9][0-9]", "global", "pg_control"))
	if len(control) != 1 {
		t.Fatalf("no pg_control in %s", dir)
	}
	if err := os.Remove(control[0]); err != nil {
		t.Fatal(err)
	}
	if got := startProcess(t, dir).line(); got == server || strings.HasPrefix(got, "error") {
		t.Errorf("on ruined data: %q", got)
	}
}

// TestForeignDirectory: the directory's name can be guessed, so another user
// may have put something of his there.
func TestForeignDirectory(t *testing.T) {
	t.Parallel()
	link := filepath.Join(t.TempDir(), "vera-test")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	if _, err := join(t.Context(), link, pg.Binaries{}); err == nil || !strings.Contains(err.Error(), "not ours") {
		t.Errorf("join in a link: %v; want it refused", err)
	}
}

// TestSweep: the directories of killed tests go, those in use stay.
func TestSweep(t *testing.T) {
	t.Parallel()
	hourAgo := time.Now().Add(-time.Hour)
	made := func() string {
		dir, err := os.MkdirTemp(pg.FastDir(room), privatePrefix())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		return dir
	}
	left, used, fresh := made(), made(), made()
	lock, err := pg.TryLock(filepath.Join(used, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Unlock()
	for _, dir := range []string{left, used} {
		if err := os.Chtimes(dir, hourAgo, hourAgo); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	for dir, want := range map[string]bool{left: false, used: true, fresh: true} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: %v; want it to stay: %v", dir, err, want)
		}
	}
}
