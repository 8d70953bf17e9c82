package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// An example is a command line of a document and what it says it prints.
type example struct{ command, output string }

// examples are those in a document's blocks of console.
func examples(t *testing.T, document string) []example {
	t.Helper()
	content, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	var found []example
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(content), -1) {
		input := false // of the command
		for line := range strings.Lines(block[1]) {
			last := len(found) - 1
			command, isCommand := strings.CutPrefix(line, "$ ")
			switch {
			case input:
				found[last].command += line
				input = line != "EOF\n"
			case isCommand:
				found = append(found, example{command: command})
				input = strings.HasSuffix(line, "<<'EOF'\n")
			default:
				found[last].output += line
			}
		}
	}
	return found
}

// The commands of docs/commands.md, as an author would type them, in a folder
// of his own, with vera dev running from when there is a project.
func TestCommandsDocument(t *testing.T) {
	t.Parallel()
	found := examples(t, "../../docs/commands.md")
	if len(found) < 14 {
		t.Fatalf("the document has %d examples", len(found))
	}
	dir := shortTempDir(t)
	env := []string{"XDG_STATE_HOME=" + shortTempDir(t), "PATH=" + veraOnPath(t) + ":" + os.Getenv("PATH"),
		"ACTIONS_DIR=", "DATABASE_URL=", "POSTGRES_USER=", "POSTGRES_DB="}
	var dev *process
	for _, e := range found {
		if folder, ok := strings.CutPrefix(e.command, "cd "); ok {
			dir = filepath.Join(dir, strings.TrimSpace(folder))
			dev = startIn(t, dir, env, "dev", "--listen", "127.0.0.1:0")
			env = append(env, "VERA_URL="+dev.waitFor(`curl -s (\S+)/ -H`)[1])
			continue
		}
		bash := exec.CommandContext(t.Context(), "bash", "--norc", "-c", e.command)
		bash.Dir = dir
		bash.Env = append(os.Environ(), env...)
		out, _ := bash.CombinedOutput() // an example of a failure prints the exit code itself
		if got, want := masked(e.command, string(out)), masked(e.command, e.output); got != want {
			t.Errorf("%sprints\n%s\nthe document says\n%s", e.command, got, want)
		}
	}
	if code := dev.end(syscall.SIGINT); code != 0 {
		t.Errorf("vera dev: exit code %d\n%s", code, dev.text())
	}
}

// masked is what a command printed without what differs each time: how long
// something took, and the figures of a measurement.
func masked(command, output string) string {
	output = untimed(output)
	if strings.HasPrefix(command, "vera bench") {
		output = regexp.MustCompile(`\d[\d,.]*(?:[µmn]?s)?`).ReplaceAllString(output, "N")
	}
	return output
}
