package main

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// At a terminal a line can be edited, given up and fetched back.
func TestReplTerminal(t *testing.T) {
	terminal := newTerminal(t)
	command := exec.Command(os.Args[0], "repl", "--state", t.TempDir())
	command.Env = append(os.Environ(), append(replEnv(t), roleEnv+"=vera", "TERM=xterm")...)
	command.Stdin, command.Stdout, command.Stderr = terminal.user, terminal.user, terminal.user
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Process.Kill()
	terminal.user.Close()

	terminal.waitFor("Ctrl-D ends.")
	terminal.waitFor("> ")
	terminal.send("40 + 3\x7f2\r") // corrects the last digit
	terminal.waitFor("42\r\n")
	terminal.send("\x1b[A + 1\r") // the line before, and more
	terminal.waitFor("43\r\n")
	terminal.send("if true then\r")
	terminal.waitFor(">> ")
	terminal.send("no lua at all\x03") // Ctrl-C gives all of it up
	terminal.waitFor("\r\n> ")
	terminal.send("'still ' .. 'here'\r")
	terminal.waitFor(`"still here"`)
	terminal.send("\x04") // Ctrl-D
	terminal.waitFor("nothing was kept")
	if err := command.Wait(); err != nil {
		t.Errorf("ends with %v:\n%s", err, terminal.text())
	}
}

// terminal is a pseudo terminal: what a person sees and types.
type terminal struct {
	t      *testing.T
	person *os.File
	user   *os.File // the program's end

	mu   sync.Mutex
	seen string
	at   int // what waitFor has found ends there
}

func newTerminal(t *testing.T) *terminal {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	user, err := os.OpenFile("/dev/pts/"+strconv.Itoa(n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{t: t, person: person, user: user}
	var reading sync.WaitGroup
	reading.Go(func() {
		buffer := make([]byte, 1024)
		for {
			n, err := person.Read(buffer)
			x.mu.Lock()
			x.seen += string(buffer[:n])
			x.mu.Unlock()
			if err != nil {
				return // the program has ended
			}
		}
	})
	t.Cleanup(func() {
		user.Close()
		reading.Wait()
		person.Close()
	})
	return x
}

func (x *terminal) send(keys string) {
	x.t.Helper()
	if _, err := x.person.WriteString(keys); err != nil {
		x.t.Fatal(err)
	}
}

func (x *terminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.seen
}

// waitFor waits until text is seen, behind what was waited for before.
func (x *terminal) waitFor(text string) {
	x.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		seen := x.text()
		if i := strings.Index(seen[x.at:], text); i >= 0 {
			x.at += i + len(text)
			return
		}
	}
	x.t.Fatalf("not seen: %q in %q", text, x.text()[x.at:])
}

// The Tab key at a prompt of bash.
func TestCompletionTab(t *testing.T) {
	t.Parallel()
	terminal := newTerminal(t)
	bash := exec.Command("bash", "--norc", "-i")
	bash.Env = append(os.Environ(), "PATH="+veraOnPath(t)+":"+os.Getenv("PATH"),
		"ACTIONS_DIR="+writeActions(t, callActions), "TERM=dumb", "PS1=ready> ", "HISTFILE=", "INPUTRC=/dev/null")
	bash.Stdin, bash.Stdout, bash.Stderr = terminal.user, terminal.user, terminal.user
	bash.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := bash.Start(); err != nil {
		t.Fatal(err)
	}
	defer bash.Process.Kill()
	terminal.user.Close()
	terminal.waitFor("ready> ")
	terminal.send("source <(vera completion bash)\r")
	terminal.waitFor("ready> ")
	terminal.send("vera ca\t")
	terminal.waitFor("vera call ")
	terminal.send("Gr\t")
	terminal.waitFor("Greet ")
	terminal.send("na\t")
	terminal.waitFor("name=")
	terminal.send("Ada --ra\t")
	terminal.waitFor("Ada --raw ") // no blank before Ada
	terminal.send("\x15exit\r")
	if err := bash.Wait(); err != nil {
		t.Errorf("bash ends with %v:\n%s", err, terminal.text())
	}
}
