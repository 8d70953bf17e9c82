package pg

import (
	"os"
	"syscall"
)

// FastDir is the directory for data that nobody will miss: in memory where the
// system has such a directory with room for so many bytes.
func FastDir(room uint64) string {
	const memory = "/dev/shm"
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err != nil || fs.Bavail*uint64(fs.Bsize) < room {
		return os.TempDir()
	}
	return memory
}
