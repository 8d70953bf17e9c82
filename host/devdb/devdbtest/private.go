package devdbtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vera/host/devdb/internal/pg"
)

// A Server is a PostgreSQL of one test, for tests that take it away. It is
// used by one goroutine; each method fails the test if it cannot do its part.
type Server struct {
	tb     testing.TB
	dir    string
	bin    pg.Binaries
	server *pg.Server
}

// Private starts a server for this test alone, in about 0.6 s, with the empty
// database "vera". It ends with the test, and its data is removed. It needs
// PostgreSQL on this machine, also where VERA_TEST_DATABASE_URL is set.
func Private(tb testing.TB) *Server {
	tb.Helper()
	installed, err := pg.Installed()
	if err != nil {
		tb.Fatal(err)
	}
	sweep()
	dir, err := os.MkdirTemp(pg.FastDir(room), privatePrefix())
	if err != nil {
		tb.Fatal(err)
	}
	lock, err := pg.TryLock(filepath.Join(dir, "lock"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
		lock.Unlock()
	})
	if err := os.Chmod(dir, 0o711); err != nil { // MkdirTemp closes it to the account that root gives the server
		tb.Fatal(err)
	}
	s := &Server{tb: tb, dir: dir, bin: installed[0]}
	s.Start()
	tb.Cleanup(func() { s.server.Stop() }) // ended before, it may have been killed: either is well
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	defer cancel()
	if err := (&server{dsn: s.DSN}).exec(ctx, "CREATE DATABASE vera"); err != nil {
		tb.Fatal(err)
	}
	return s
}

// DSN is the URL of a database, the same after each Start.
func (s *Server) DSN(database string) string { return s.server.DSN(database) }

// Start starts the server after Stop or Kill and returns when it answers.
func (s *Server) Start() {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(s.tb.Context(), patience)
	defer cancel()
	cluster, err := pg.Open(ctx, s.dir, s.bin, nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	server, err := cluster.Start(ctx, pg.Volatile)
	if err != nil {
		s.tb.Fatal(err)
	}
	s.server = server
}

// Stop shuts the server down as an operator would: clients are told.
func (s *Server) Stop() {
	s.tb.Helper()
	if err := s.server.Stop(); err != nil {
		s.tb.Fatal(err)
	}
}

// Kill ends the server as a crash would: connections just break.
func (s *Server) Kill() {
	s.tb.Helper()
	if err := s.server.Kill(); err != nil {
		s.tb.Fatal(err)
	}
}

func privatePrefix() string { return fmt.Sprintf("vera-private-%d-", os.Geteuid()) }

// sweep removes the directories of tests that were killed. Those that have
// just been made, and may not be locked yet, are left alone.
func sweep() {
	dirs, _ := filepath.Glob(filepath.Join(pg.FastDir(room), privatePrefix()+"*")) // fails only on a malformed pattern
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute {
			continue
		}
		lock, err := pg.TryLock(filepath.Join(dir, "lock"))
		if err != nil {
			continue // in use, or not ours
		}
		data, _ := filepath.Glob(filepath.Join(dir, "pg[0-9][0-9]"))
		for _, data := range data {
			os.RemoveAll(pg.SocketDir(data))
		}
		os.RemoveAll(dir) // what stays is tried again by the next test
		lock.Unlock()
	}
}
