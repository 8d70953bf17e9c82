package pg

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// A Lock is a file that only one process at a time has locked. However the
// process ends, the kernel takes the lock back.
type Lock struct{ file *os.File }

// A LockedError says that another process holds a lock.
type LockedError struct {
	Path string
	PID  int // 0 when the holder has not said it yet
}

func (e *LockedError) Error() string {
	if e.PID == 0 {
		return "lock " + e.Path + ": held by another process"
	}
	return fmt.Sprintf("lock %s: held by process %d", e.Path, e.PID)
}

// TryLock locks the file at path, which it makes, or gives a *LockedError.
func TryLock(path string) (*Lock, error) { return lock(path, syscall.LOCK_EX|syscall.LOCK_NB) }

// WaitLock locks the file at path, which it makes, as soon as nobody else does.
func WaitLock(path string) (*Lock, error) { return lock(path, syscall.LOCK_EX) }

func lock(path string, how int) (*Lock, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(file, how); err != nil {
		defer file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			text, _ := io.ReadAll(file) // the number is only for the reader of the message
			pid, _ := strconv.Atoi(strings.TrimSpace(string(text)))
			return nil, &LockedError{Path: path, PID: pid}
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := errors.Join(file.Truncate(0), writePID(file)); err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Lock{file}, nil
}

// flock is syscall.Flock, again after every signal that interrupts it: the Go
// runtime sends itself some.
func flock(file *os.File, how int) error {
	for {
		err := syscall.Flock(int(file.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func writePID(file *os.File) error {
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// Unlock gives the lock back. The file stays: removing it would let two
// processes lock two files of the same name.
func (l *Lock) Unlock() error { return l.file.Close() }
