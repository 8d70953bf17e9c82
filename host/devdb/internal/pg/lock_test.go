package pg_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"vera/host/devdb/internal/pg"
)

func TestLock(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := pg.TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = pg.TryLock(path)
	locked, ok := errors.AsType[*pg.LockedError](err)
	if !ok || locked.PID != os.Getpid() {
		t.Fatalf("second TryLock: %v; want a LockedError with PID %d", err, os.Getpid())
	}
	waited := make(chan error)
	go func() {
		second, err := pg.WaitLock(path)
		if err == nil {
			err = second.Unlock()
		}
		waited <- err
	}()
	select {
	case err := <-waited:
		t.Fatalf("WaitLock did not wait: %v", err)
	default:
	}
	if err := first.Unlock(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; err != nil {
		t.Errorf("WaitLock: %v", err)
	}
}
