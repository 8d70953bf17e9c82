//go:build !linux

package pg

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// dieWithParent does nothing here: a server whose Vera was killed lives on
// until the next start finds it and shuts it down.
func dieWithParent(*syscall.SysProcAttr) {}

func mapRoot(*syscall.SysProcAttr) error {
	return errors.New("user namespace: linux only")
}

// processes lists the living server of data, which is the process named in its
// pid file if that one is a postgres at all. Its children are not listed.
func processes(data string) ([]int, error) {
	file, err := readPidFile(data)
	if err != nil || file.pid == 0 {
		return nil, err
	}
	out, err := exec.Command("ps", "-o", "state=,comm=", "-p", strconv.Itoa(file.pid)).Output()
	if err != nil {
		return nil, nil // ps answers 1 when there is no such process
	}
	state, name, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if strings.HasPrefix(state, "Z") || filepath.Base(strings.TrimSpace(name)) != "postgres" {
		return nil, nil
	}
	return []int{file.pid}, nil
}
