package repl

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// Lines reads the lines of a file or a pipe, without a prompt.
type Lines struct{ reader *bufio.Reader }

// NewLines returns a reader of the lines of r.
func NewLines(r io.Reader) *Lines { return &Lines{bufio.NewReader(r)} }

// ReadLine reads one line, however long.
func (l *Lines) ReadLine(string) (string, error) {
	line, err := l.reader.ReadString('\n')
	if errors.Is(err, io.EOF) && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

// A Terminal reads the lines of a person, who can edit them and go back to
// earlier ones. Ctrl-C gives a line up, Ctrl-D on an empty one is the end.
// Between two lines the terminal is as it was: there Ctrl-C is a signal.
type Terminal struct {
	in       *os.File
	terminal *term.Terminal
	keys     *keys
}

// NewTerminal returns a reader of the terminal behind in and out.
func NewTerminal(in, out *os.File) *Terminal {
	k := &keys{in: in}
	return &Terminal{in: in, keys: k, terminal: term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{k, out}, "")}
}

// ReadLine shows the prompt and reads one line.
func (t *Terminal) ReadLine(prompt string) (string, error) {
	before, err := term.MakeRaw(int(t.in.Fd()))
	if err != nil {
		return "", err
	}
	defer term.Restore(int(t.in.Fd()), before)
	if width, height, err := term.GetSize(int(t.in.Fd())); err == nil && width > 0 && height > 0 {
		_ = t.terminal.SetSize(width, height) // the lines only wrap elsewhere
	}
	t.terminal.SetPrompt(prompt)
	t.keys.interrupted = false
	line, err := t.terminal.ReadLine()
	if t.keys.interrupted && err == nil {
		return "", ErrInterrupted
	}
	return line, err
}

// keys passes keys on to the line's editor, which takes Ctrl-C for the end of
// the input: it becomes the keys that empty the line and end it.
type keys struct {
	in          io.Reader
	interrupted bool
	rest        []byte // translated and not passed on yet
}

const (
	ctrlC     = "\x03"
	emptyLine = "\x05\x15\r" // to the end, erase to the beginning, return
)

func (k *keys) Read(p []byte) (int, error) {
	if len(k.rest) == 0 {
		buffer := make([]byte, 256)
		n, err := k.in.Read(buffer)
		if n == 0 {
			return 0, err
		}
		if bytes.Contains(buffer[:n], []byte(ctrlC)) {
			k.interrupted = true
		}
		k.rest = bytes.ReplaceAll(buffer[:n], []byte(ctrlC), []byte(emptyLine))
	}
	n := copy(p, k.rest)
	k.rest = k.rest[n:]
	return n, nil
}
