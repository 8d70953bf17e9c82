package pg

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent asks the kernel for a fast shutdown of the child when the
// thread that started it ends, as it does when Vera is killed.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// mapRoot runs the child in a user namespace where our root is nobody, number
// 65534: enough for PostgreSQL, and on the disk everything stays root's.
func mapRoot(attr *syscall.SysProcAttr) error {
	ids := []syscall.SysProcIDMap{{ContainerID: 65534, HostID: 0, Size: 1}}
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings, attr.GidMappings = ids, ids
	return nil
}

// processes lists the living postgres processes that work in data: a server
// and its children always do. A zombie has no directory, so it does not count.
func processes(data string) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		dir := filepath.Join("/proc", entry.Name())
		// Errors: it has just ended, or it is somebody else's.
		if cwd, err := os.Readlink(filepath.Join(dir, "cwd")); err != nil || cwd != data {
			continue
		}
		if name, err := os.ReadFile(filepath.Join(dir, "comm")); err == nil && strings.TrimSpace(string(name)) == "postgres" {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}
