package pg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Patience with a server that was told to stop, before it is told harder.
const (
	fastPatience      = 30 * time.Second
	immediatePatience = 5 * time.Second
)

// maxLog is the size in bytes from which a log is begun anew.
const maxLog = 8 << 20

// A Server is a running postgres that ends with this process, even if this
// process is killed (on linux at once, elsewhere at the next start). Its
// methods may be called from many goroutines.
type Server struct {
	cluster *Cluster
	socket  string
	cmd     *exec.Cmd
	done    chan struct{} // closed when the process has ended, after err is set
	err     error
}

// Start starts the server and returns once it answers. ctx bounds the start
// only. It is called once between two Opens of the cluster.
func (c *Cluster) Start(ctx context.Context, mode Mode) (*Server, error) {
	cmd, socket, err := c.prepare(mode)
	if err != nil {
		return nil, err
	}
	logged := cmd.Stderr.(*os.File)
	defer logged.Close()
	dieWithParent(cmd.SysProcAttr)
	s := &Server{cluster: c, socket: socket, cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The kernel ties the child's life to this thread, not to the process:
		// it must be locked, and wait here, until the child has ended.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		s.err = cmd.Wait()
		close(s.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start PostgreSQL %d: %w", c.bin.Major, err)
	}
	if err := c.waitReady(ctx, cmd.Process.Pid, s.ended); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// StartShared starts a server that does not end with this process: whoever
// starts it arranges for its end. It gives the directory of the socket.
func (c *Cluster) StartShared(ctx context.Context, mode Mode) (socketDir string, err error) {
	cmd, socket, err := c.prepare(mode)
	if err != nil {
		return "", err
	}
	defer cmd.Stderr.(*os.File).Close()
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Setsid = false, true // a terminal that closes takes its session along
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start PostgreSQL %d: %w", c.bin.Major, err)
	}
	pid := cmd.Process.Pid
	ended := func() bool {
		// Nobody waits for it in a goroutine: that would look like a leak in
		// the tests of every package.
		got, err := syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		return got == pid || errors.Is(err, syscall.ECHILD) // the second: it was collected before
	}
	if err := c.waitReady(ctx, pid, ended); err != nil {
		if !ended() {
			syscall.Kill(pid, syscall.SIGQUIT) // the error says more than one of this would
		}
		return "", err
	}
	return socket, cmd.Process.Release()
}

// Serving gives the socket directory of the server that answers in this
// cluster's data now, or "" when there is none.
func Serving(dir string, major int) (socketDir string, err error) {
	file, err := readPidFile(DataDir(dir, major))
	if err != nil || !file.ready {
		return "", err
	}
	return file.socket, nil
}

// prepare makes the server's command, with its log as standard error.
func (c *Cluster) prepare(mode Mode) (cmd *exec.Cmd, socketDir string, err error) {
	if socketDir, err = c.makeSocketDir(); err != nil {
		return nil, "", fmt.Errorf("make the socket's directory: %w", err)
	}
	if cmd, err = c.command(context.Background(), "postgres", c.args(socketDir, mode)...); err != nil {
		return nil, "", err
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_APPEND
	if info, err := os.Stat(c.LogFile()); err == nil && info.Size() > maxLog {
		flags |= os.O_TRUNC
	}
	log, err := os.OpenFile(c.LogFile(), flags, 0o600)
	if err != nil {
		return nil, "", err
	}
	cmd.Stdout, cmd.Stderr = log, log
	return cmd, socketDir, nil
}

// waitReady returns when the server says in its pid file that it answers.
func (c *Cluster) waitReady(ctx context.Context, pid int, ended func() bool) error {
	for {
		file, err := readPidFile(c.Data())
		if err != nil {
			return err
		}
		if file.ready && file.pid == pid {
			return nil
		}
		if ended() {
			return fmt.Errorf("start PostgreSQL %d: it ended at once: %s (see %s)", c.bin.Major, c.lastLogLine(), c.LogFile())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("start PostgreSQL %d: %w (see %s)", c.bin.Major, context.Cause(ctx), c.LogFile())
		case <-time.After(poll):
		}
	}
}

func (c *Cluster) lastLogLine() string {
	file, err := os.Open(c.LogFile())
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil {
		file.Seek(max(0, info.Size()-2048), io.SeekStart) // best effort: it only illustrates an error
	}
	tail, err := io.ReadAll(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(tail)), "\n")
	return lines[len(lines)-1]
}

// DSN is the connection URL of a database of this server, for its superuser.
func (s *Server) DSN(database string) string { return DSN(s.socket, database) }

// Done is closed when the server has ended, stopped or not.
func (s *Server) Done() <-chan struct{} { return s.done }

func (s *Server) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// Stop shuts the server down: clients are disconnected, data is written out.
// It returns when the process has ended, with an error if that was not in
// good order, which the next start repairs. Again, it returns the same.
func (s *Server) Stop() error {
	s.end(syscall.SIGINT, fastPatience)
	s.end(syscall.SIGQUIT, immediatePatience)
	s.end(syscall.SIGKILL, 0)
	<-s.done
	if err := os.RemoveAll(s.socket); err != nil {
		return fmt.Errorf("remove the socket's directory: %w", err)
	}
	if s.err != nil {
		return fmt.Errorf("stop PostgreSQL %d: %w (see %s)", s.cluster.bin.Major, s.err, s.cluster.LogFile())
	}
	return nil
}

// end signals the server, if it lives, and waits for its end.
func (s *Server) end(sig os.Signal, patience time.Duration) {
	// An error means that it has ended just now.
	if s.ended() || s.cmd.Process.Signal(sig) != nil {
		return
	}
	select {
	case <-s.done:
	case <-time.After(patience):
	}
}

// Kill ends the server and its children with SIGKILL, as a crash would, and
// returns when they are gone. The next start of the cluster recovers.
func (s *Server) Kill() error {
	live, err := processes(s.cluster.Data())
	if err != nil {
		return err
	}
	s.end(syscall.SIGKILL, immediatePatience) // first: it would restart its children
	for _, pid := range live {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("kill PostgreSQL's child %d: %w", pid, err)
		}
	}
	<-s.done
	return nil
}
