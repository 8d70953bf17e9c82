package pg

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// An account is the identity a server runs under. PostgreSQL refuses to run
// as root, so root lends it another: an unprivileged user, or, where that user
// cannot reach the data, root itself under a different number in a user
// namespace. The zero account is the user who runs Vera.
type account struct {
	uid, gid uint32 // owner of the data; zero: whoever runs Vera
	mapped   bool   // in a user namespace; the files stay root's
}

// chooseAccount picks the first account under which the server's programs run
// in the directory dir. Data that exists already is run by its owner.
func chooseAccount(dir, data string, bin Binaries) (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	var causes []error
	for _, a := range accounts(data) {
		err := a.probe(dir, bin)
		if err == nil {
			return a, nil
		}
		causes = append(causes, err)
	}
	return account{}, fmt.Errorf("run PostgreSQL as root in %s: no other user can: %w", dir, errors.Join(causes...))
}

func accounts(data string) []account {
	if info, err := os.Stat(data); err == nil {
		owner := info.Sys().(*syscall.Stat_t)
		return []account{{uid: owner.Uid, gid: owner.Gid, mapped: owner.Uid == 0}}
	}
	var all []account
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if uidErr == nil && gidErr == nil && uid != 0 {
			all = append(all, account{uid: uint32(uid), gid: uint32(gid)})
		}
	}
	return append(all, account{mapped: true})
}

// probe tries whether the account may enter dir and run the programs there,
// which is surer than reading permissions.
func (a account) probe(dir string, bin Binaries) error {
	attr, err := a.attr()
	if err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(bin.Dir, "postgres"), "--version")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = dir, environment(dir), attr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", a, err)
	}
	return nil
}

// attr makes a child run under the account, in a process group of its own:
// Ctrl-C on the terminal is for Vera, which then shuts the server down.
func (a account) attr() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Setpgid: true}
	switch {
	case a.mapped:
		if err := mapRoot(attr); err != nil {
			return nil, err
		}
	case a.uid != 0:
		attr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid, Groups: []uint32{a.gid}}
	}
	return attr, nil
}

// mkdirPrivate makes a directory that only the account may enter.
func (a account) mkdirPrivate(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return a.own(dir)
}

// own gives path to the account.
func (a account) own(path string) error {
	if a.uid == 0 {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

func (a account) String() string {
	if a.mapped {
		return "user namespace"
	}
	return fmt.Sprintf("uid %d", a.uid)
}

// environment is all that the server and initdb see of ours: no PG* variable,
// no locale and no time zone of the developer changes what they do.
func environment(home string) []string {
	path := os.Getenv("PATH")
	if path == "" {
		path = "/usr/bin:/bin"
	}
	return []string{"PATH=" + path, "LC_ALL=C", "TZ=UTC", "HOME=" + home}
}
