package password

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestWorkersYield(t *testing.T) {
	l := newLane(2, 2, 1<<40)
	defer l.close()
	if !canYield() {
		t.Log("this machine forbids to lower a priority")
		return
	}
	var nice int
	var err error
	if doErr := l.do(t.Context(), 1, func() { nice, err = unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid()) }); doErr != nil {
		t.Fatal(doErr)
	}
	// The system call answers 20 - nice.
	if err != nil || 20-nice != 19 {
		t.Errorf("a worker's priority = nice %d, %v, want 19", 20-nice, err)
	}
	own, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil || 20-own == 19 {
		t.Errorf("another goroutine's thread has nice %d, %v: it must keep its own", 20-own, err)
	}
}
