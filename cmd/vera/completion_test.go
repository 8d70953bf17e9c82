package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestComplete(t *testing.T) {
	env := map[string]string{"ACTIONS_DIR": writeActions(t, callActions)}
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"ser"}, "serve"},
		{[]string{"serve"}, "serve"},
		{[]string{"mi"}, "migrate"},
		{[]string{"comple"}, "completion"}, // not complete, which is hidden
		{[]string{"migrate", ""}, "down status up"},
		{[]string{"migrate", "up", ""}, ""},
		{[]string{"completion", ""}, "bash fish zsh"},
		{[]string{"call", ""}, "Broken Greet Made Moved"},
		{[]string{"call", "M"}, "Made Moved"},
		{[]string{"bench", "G"}, "Greet"},
		{[]string{"call", "--ra"}, "--raw"},
		{[]string{"call", "--s"}, "--service"},
		{[]string{"call", "--service", ""}, ""},
		{[]string{"call", "--service", "1", "B"}, "Broken"},
		{[]string{"call", "--service", "=", "1", "B"}, "Broken"}, // as bash takes it apart
		{[]string{"call", "--raw", "B"}, "Broken"},
		{[]string{"call", "--url", "http", ":", "//127.0.0.1", ":", "4000", "B"}, "Broken"},
		{[]string{"call", "Greet", ""}, "address= name= times="},
		{[]string{"call", "Greet", "name", "=", "Ada", ""}, "address= times="},
		{[]string{"call", "Greet", "times:=1", "n"}, "name="},
		{[]string{"call", "Greet", "name", "="}, ""},
		{[]string{"call", "Greet", "name=A"}, ""},
		{[]string{"call", "Nothing", ""}, ""},
		{[]string{"new", "G"}, ""},
		{[]string{"nothing", ""}, ""},
		{[]string{"--he"}, "--help"},
		{nil, ""},
	} {
		code, out, stderr := command(t, env, append([]string{"complete", "--"}, tt.words...)...)
		if got := strings.Join(strings.Fields(out), " "); code != 0 || got != tt.want || stderr != "" {
			t.Errorf("%q may become %q, want %q; exit code %d, %s", tt.words, got, tt.want, code, stderr)
		}
	}
	// What cannot be read is not known, and nothing is said of it.
	for _, dir := range []string{"/nowhere", writeActions(t, map[string]string{"broken.lua": "return {"})} {
		code, out, stderr := command(t, map[string]string{"ACTIONS_DIR": dir}, "complete", "--", "call", "")
		if code != 0 || out+stderr != "" {
			t.Errorf("with actions in %s: exit code %d, %q", dir, code, out+stderr)
		}
	}
}

// Every shell named in the help has a script, and no other.
func TestCompletionScripts(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, out, stderr := command(t, nil, "completion", shell)
		if code != 0 || !strings.Contains(out, "# Completion of vera in "+shell+".") || !strings.Contains(out, "vera completion "+shell) {
			t.Errorf("completion %s: exit code %d, printed\n%s%s", shell, code, out, stderr)
		}
	}
	if code, _, stderr := command(t, nil, "completion", "tcsh"); code != exitUsage || !strings.Contains(stderr, `"bash","zsh","fish"`) {
		t.Errorf("completion tcsh: exit code %d, %s", code, stderr)
	}
}

// vera on the path is a folder for PATH in which vera is this program.
func veraOnPath(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\n%s=vera exec '%s' \"$@\"\n", roleEnv, os.Args[0])
	if err := os.WriteFile(filepath.Join(dir, "vera"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// bash itself, with its completion function called as the Tab key does.
func TestCompletionBash(t *testing.T) {
	t.Parallel()
	actions := writeActions(t, callActions)
	for _, tt := range []struct {
		words []string
		want  string
	}{
		{[]string{"ca"}, "call"},
		{[]string{"migrate", ""}, "down status up"},
		{[]string{"call", "Gr"}, "Greet"},
		{[]string{"call", "Greet", "na"}, "name="},
		{[]string{"bench", "--dur"}, "--duration"},
		{[]string{"call", "Greet", "nothing"}, ""},
		{[]string{"call", "$(touch surprise)"}, ""},
		{[]string{"call", "*", ""}, ""},
	} {
		bash := exec.Command("bash", append([]string{"--norc", "-c", `source <(vera completion bash)
			COMP_WORDS=(vera "$@"); COMP_CWORD=$#
			_vera vera "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
			echo "${COMPREPLY[@]}"`, "bash"}, tt.words...)...)
		bash.Dir = t.TempDir()
		bash.Env = append(os.Environ(), "PATH="+veraOnPath(t)+":"+os.Getenv("PATH"), "ACTIONS_DIR="+actions)
		out, err := bash.Output()
		if got := strings.TrimSpace(string(out)); err != nil || got != tt.want {
			t.Errorf("%q may become %q, want %q; %v", tt.words, got, tt.want, err)
		}
		if left, _ := os.ReadDir(bash.Dir); len(left) != 0 {
			t.Errorf("%q was run: %v", tt.words, left)
		}
	}
}
