package devdb_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"vera/host/devdb"
	"vera/host/devdb/internal/pg"
)

// TestKilledParent: when Vera is killed its server goes, and the next start
// has what was committed.
func TestKilledParent(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	other := launch(t, dir)
	if got := other.report(); got != "started" {
		t.Fatal(got)
	}
	pid := serverPID(t, dir)
	other.kill(t)
	server := start(t, dir)
	if now := serverPID(t, dir); now == pid {
		t.Errorf("server %d outlived its parent", pid)
	}
	execute(t, server, "CREATE TABLE notes ()")
}

func TestKilledParentAndServer(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	server := start(t, dir)
	execute(t, server, "CREATE TABLE notes AS SELECT 'kept' AS text")
	stop(t, server)
	other := launch(t, dir)
	if got := other.report(); got != "started" {
		t.Fatal(got)
	}
	if err := syscall.Kill(serverPID(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	other.kill(t)
	server = start(t, dir)
	if got := query(t, server, "SELECT text FROM notes"); got != "kept" {
		t.Errorf("after the crash: %q, want %q", got, "kept")
	}
}

// TestStalePID: the number in the pid file of a killed server belongs to
// something else by now. PostgreSQL alone would refuse to start.
func TestStalePID(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	for name, takePID := range map[string]func(t *testing.T, attr *syscall.SysProcAttr) int{
		"zombie": func(t *testing.T, attr *syscall.SysProcAttr) int {
			cmd := exec.Command("true")
			cmd.SysProcAttr = attr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { cmd.Wait() })
			out.Read(make([]byte, 1)) // ends when the process does, which nobody has waited for
			return cmd.Process.Pid
		},
		"reused": func(t *testing.T, attr *syscall.SysProcAttr) int {
			cmd := exec.Command("cat")
			cmd.SysProcAttr = attr
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { stdin.Close(); cmd.Wait() })
			return cmd.Process.Pid
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := start(t, dir)
			pid := serverPID(t, dir)
			file := filepath.Join(dataIn(t, dir), "postmaster.pid")
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			server.Stop() // it reports the kill
			attr := &syscall.SysProcAttr{}
			if uid := owner(t, dir); int(uid) != os.Geteuid() {
				// PostgreSQL takes only processes of its own user for servers.
				attr.Credential = &syscall.Credential{Uid: uid, Gid: uid}
			}
			taken := strings.Replace(string(text), fmt.Sprint(pid), fmt.Sprint(takePID(t, attr)), 1)
			if err := os.WriteFile(file, []byte(taken), 0o600); err != nil {
				t.Fatal(err)
			}
			query(t, start(t, dir), "SELECT 'usable'")
		})
	}
}

// TestLivingLeftover: a server that outlived its Vera, as one does where the
// kernel cannot tie the two, is shut down and replaced.
func TestLivingLeftover(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	installed, err := pg.Installed()
	if err != nil {
		t.Fatal(err)
	}
	cluster, err := pg.Open(t.Context(), dir, installed[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cluster.StartShared(t.Context(), pg.Durable); err != nil {
		t.Fatal(err)
	}
	left := serverPID(t, dir)
	query(t, start(t, dir), "SELECT 'usable'")
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(left, &status, 0, nil); err != nil || status.ExitStatus() != 0 {
		t.Errorf("the server left behind ended with status %v, %v; want a shutdown in good order", status, err)
	}
}

func TestInUse(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	other := launch(t, dir)
	if got := other.report(); got != "started" {
		t.Fatal(got)
	}
	_, err := devdb.Start(t.Context(), devdb.Options{Dir: dir})
	if !errors.Is(err, devdb.ErrInUse) || !strings.Contains(err.Error(), fmt.Sprintf("process %d", other.cmd.Process.Pid)) {
		t.Errorf("second Start: %v; want ErrInUse and the number %d", err, other.cmd.Process.Pid)
	}
	other.quit()
	start(t, dir)
}

// TestFourAtOnce: of four first starts one sets up the directory.
func TestFourAtOnce(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	var all []*launcher
	for range 4 {
		all = append(all, launch(t, dir))
	}
	started := 0
	for _, l := range all {
		switch got := l.report(); {
		case got == "started":
			started++
		case !strings.Contains(got, devdb.ErrInUse.Error()):
			t.Errorf("a launcher says %q, want started or in use", got)
		}
	}
	if started != 1 {
		t.Errorf("%d of 4 launchers started a server, want 1", started)
	}
}

// TestAsOrdinaryUser runs the tests that matter most once more, as nobody.
// When the tests are run by an ordinary user they have been run so already.
func TestAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return
	}
	const nobody = 65534
	home, err := os.MkdirTemp("", "devdb-nobody-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(home, "devdb.test") // the original lies where only root may go
	if err := errors.Join(os.WriteFile(binary, program, 0o755), os.Chown(home, nobody, nobody)); err != nil {
		t.Fatal(err)
	}
	tests := []string{"TestKeepsData", "TestKilledParent", "TestStalePID", "TestDefaultDir"}
	cmd := exec.Command(binary, "-test.v", "-test.run=^("+strings.Join(tests, "|")+")$")
	cmd.Dir = home
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + home}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range tests {
		if !strings.Contains(string(out), "--- PASS: "+name) {
			t.Errorf("%s did not run as nobody:\n%s", name, out)
		}
	}
}

// TestRootOwnership: root lends the server an unprivileged user, and a user
// namespace where that one cannot go.
func TestRootOwnership(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // nothing to lend
	}
	for _, tt := range []struct {
		name   string
		mode   os.FileMode
		asRoot bool
	}{
		{"open", 0o755, false},
		{"closed", 0o700, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			home := openDir(t)
			if err := os.Chmod(home, tt.mode); err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(home, "state")
			stop(t, start(t, dir))
			if uid := owner(t, dir); (uid == 0) != tt.asRoot {
				t.Errorf("the data below a directory of mode %v belongs to user %d", tt.mode, uid)
			}
			other := launch(t, dir)
			if got := other.report(); got != "started" {
				t.Fatal(got)
			}
			began := time.Now()
			other.kill(t)
			waitGone(t, dir)
			t.Logf("the server followed its parent after %v", time.Since(began).Round(time.Millisecond))
			query(t, start(t, dir), "SELECT 'usable'")
		})
	}
}
