package devdb_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"vera/host/devdb"
)

func Example() {
	dir, err := devdb.DefaultDir(".")
	if err != nil {
		log.Fatal(err)
	}
	db, err := devdb.Start(context.Background(), devdb.Options{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Stop()
	fmt.Println("psql", db.DSN(devdb.Name))
}

func TestKeepsData(t *testing.T) {
	t.Parallel()
	// Too long for the path of a socket.
	dir := filepath.Join(openDir(t), strings.Repeat("state", 30), "project")
	server := start(t, dir)
	execute(t, server, "CREATE TABLE notes AS SELECT 'kept' AS text")
	stop(t, server)
	stop(t, server) // no harm
	server = start(t, dir)
	if got := query(t, server, "SELECT text FROM notes"); got != "kept" {
		t.Errorf("after a restart: %q, want %q", got, "kept")
	}
	stop(t, server)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	server := start(t, dir)
	for sql, want := range map[string]string{
		"SHOW fsync":                                "on",
		"SHOW synchronous_commit":                   "on",
		"SHOW full_page_writes":                     "on",
		"SHOW listen_addresses":                     "",
		"SHOW server_encoding":                      "UTF8",
		"SELECT extract(timezone FROM now())::text": "0",
		"SELECT current_user":                       "vera",
		"SELECT current_database()":                 "vera",
		"SELECT lower('ПОЧТА')":                     "почта",
		"SELECT ('a' > 'B')::text":                  "true", // by code point
	} {
		if got := query(t, server, sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
	socket := query(t, server, "SHOW unix_socket_directories")
	for _, path := range []string{socket, dataIn(t, dir)} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v, want 0700", path, info.Mode().Perm())
		}
	}
	if pgid, err := syscall.Getpgid(serverPID(t, dir)); err != nil || pgid == syscall.Getpgrp() {
		t.Errorf("the server is in our process group: Ctrl-C would reach it (%v)", err)
	}
	stop(t, server)
	if _, err := os.Stat(socket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left behind: %v", socket, err)
	}
}

// TestForeignEnvironment: what a developer has set for other servers does not
// lead us astray.
func TestForeignEnvironment(t *testing.T) {
	for _, name := range []string{"PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGDATA"} {
		t.Setenv(name, "1")
	}
	t.Setenv("LC_ALL", "xx_XX")
	query(t, start(t, warmDir(t)), "SELECT 'connected'")
}

func TestEndsByItself(t *testing.T) {
	t.Parallel()
	dir := warmDir(t)
	server := start(t, dir)
	if err := syscall.Kill(serverPID(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-server.Done()
	if err := server.Stop(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Stop of a killed server: %v; want what happened", err)
	}
	start(t, dir)
}

func TestStartThatFails(t *testing.T) {
	t.Parallel()
	if _, err := devdb.Start(t.Context(), devdb.Options{}); err == nil {
		t.Error("Start without Dir gave no error")
	}
	dir := warmDir(t)
	stop(t, start(t, dir))
	conf := filepath.Join(dataIn(t, dir), "postgresql.conf")
	old, err := os.ReadFile(conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(conf, []byte("no_such_setting = 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = devdb.Start(t.Context(), devdb.Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "postgresql.conf") || !strings.Contains(err.Error(), ".log") {
		t.Errorf("Start with a broken postgresql.conf: %v; want the server's words and the log's name", err)
	}
	// The lock is free again.
	if err := os.WriteFile(conf, old, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
}

// TestInterruptedSetup: a first start that is cut off leaves nothing that the
// next one could take for a database.
func TestInterruptedSetup(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := devdb.Start(ctx, devdb.Options{Dir: dir})
		failed <- err
	}()
	go func() {
		defer cancel()
		for t.Context().Err() == nil { // until initdb is at work
			if begun, _ := filepath.Glob(filepath.Join(dir, "*.new-*", "base")); len(begun) > 0 {
				return
			}
		}
	}()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Fatalf("Start, cancelled during the setup: %v", err)
	}
	if half, _ := filepath.Glob(filepath.Join(dir, "pg*")); len(half) > 0 {
		t.Errorf("left behind: %q", half)
	}
	query(t, start(t, dir), "SELECT 'usable'")
}

// TestOtherVersion: data of a version that is not installed is said and kept.
func TestOtherVersion(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	kept := filepath.Join(dir, "pg99", "PG_VERSION")
	if err := os.Mkdir(filepath.Dir(kept), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(kept, []byte("99\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	server, err := devdb.Start(t.Context(), devdb.Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, server)
	if !strings.Contains(out.String(), "level=WARN") || !strings.Contains(out.String(), "pg99") {
		t.Errorf("log: %s; want a warning about pg99", out.String())
	}
	if _, err := os.Stat(kept); err != nil {
		t.Errorf("the other version's data: %v", err)
	}
}

func TestDefaultDir(t *testing.T) {
	project, state, home := t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	of := func(project string) string {
		t.Helper()
		dir, err := devdb.DefaultDir(project)
		if err != nil {
			t.Fatal(err)
		}
		return dir
	}
	t.Setenv("XDG_STATE_HOME", state)
	if dir := of(project); filepath.Dir(dir) != filepath.Join(state, "vera") {
		t.Errorf("DefaultDir = %s, want it below %s", dir, state)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(project, link); err != nil {
		t.Fatal(err)
	}
	if of(link) != of(project) {
		t.Error("a link to the project has another directory")
	}
	if of(state) == of(project) {
		t.Error("two projects have one directory")
	}
	want := filepath.Join(home, ".local", "state", "vera")
	if os.Geteuid() == 0 {
		want = "/var/lib/vera"
	}
	t.Setenv("XDG_STATE_HOME", "relative") // to be ignored, says its specification
	if dir := of(project); filepath.Dir(dir) != want {
		t.Errorf("DefaultDir = %s, want it in %s", dir, want)
	}
	if _, err := devdb.DefaultDir(filepath.Join(project, "missing")); err == nil {
		t.Error("DefaultDir of a missing project gave no error")
	}
}

func TestFind(t *testing.T) {
	bin, err := devdb.Find()
	if err != nil {
		t.Fatal(err)
	}
	server, err := devdb.Start(t.Context(), devdb.Options{Dir: warmDir(t), Bin: bin})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, server)
	t.Setenv("VERA_PG_BIN", t.TempDir())
	if _, err := devdb.Find(); err == nil {
		t.Error("Find with a VERA_PG_BIN that is empty gave no error")
	}
}
