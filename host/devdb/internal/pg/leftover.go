package pg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// poll is the pause between two looks at something that takes milliseconds.
const poll = 3 * time.Millisecond

// leftoverPatience bounds the wait for a server that somebody left behind.
const leftoverPatience = 30 * time.Second

// A pidFile is what matters of the postmaster.pid that a server keeps.
type pidFile struct {
	pid    int // 0: no file, or none that can be read yet
	socket string
	ready  bool // the server answers
}

// readPidFile reads data/postmaster.pid. A missing or half-written file is no
// error: what is not there yet is zero.
func readPidFile(data string) (pidFile, error) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return pidFile{}, nil
	}
	if err != nil {
		return pidFile{}, fmt.Errorf("read pid file: %w", err)
	}
	return parsePidFile(string(text)), nil
}

// parsePidFile takes the lines pid, data, start time, port, socket directory,
// address, shared memory, status.
func parsePidFile(text string) pidFile {
	lines := strings.Split(text, "\n")
	lines = append(lines, make([]string, 8)...) // a file still being written
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid < 1 {
		return pidFile{} // signals to pid 0 or less would reach whole groups
	}
	return pidFile{pid: pid, socket: strings.TrimSpace(lines[4]), ready: strings.TrimSpace(lines[7]) == "ready"}
}

// endLeftover makes room for a new server in data: it shuts down one that
// outlived its Vera, waits for the children of one that was killed, and
// removes a pid file that PostgreSQL would misread. The caller holds the lock
// of the directory, so nobody starts another meanwhile.
func endLeftover(ctx context.Context, data string, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, leftoverPatience)
	defer cancel()
	signalled := false
	for {
		file, err := readPidFile(data)
		if err != nil {
			return err
		}
		live, err := processes(data)
		if err != nil {
			return fmt.Errorf("look for servers in %s: %w", data, err)
		}
		if len(live) == 0 {
			return removeStale(data, file.pid)
		}
		if !signalled && slices.Contains(live, file.pid) {
			signalled = true
			log.Info("shutting down a database server left behind", "pid", file.pid)
			// Gone in the meantime is as good.
			if err := syscall.Kill(file.pid, syscall.SIGINT); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("shut down the server left in %s, pid %d: %w", data, file.pid, err)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the server left in %s, processes %v: %w", data, live, context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}

// removeStale removes the pid file of a dead server whose number is taken: by
// the dead server itself, a zombie nobody has collected, or by an unrelated
// process. PostgreSQL asks only whether the number exists and would refuse to
// start. A file whose number is free stays: PostgreSQL removes it after a
// check of its own, that no child of the dead server uses the shared memory.
func removeStale(data string, pid int) error {
	if pid == 0 || errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return nil
	}
	if err := os.Remove(filepath.Join(data, "postmaster.pid")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove the pid file of a dead server: %w", err)
	}
	return nil
}
