package password

import "golang.org/x/sys/unix"

// lowerPriority gives the calling thread the lowest priority; the goroutine
// must be locked to it. Linux keeps one for each thread and asks for no
// privilege to lower it.
func lowerPriority() bool {
	return unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), 19) == nil
}
