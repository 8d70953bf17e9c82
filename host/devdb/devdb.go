// Package devdb runs a private PostgreSQL for one developer: `vera dev` needs
// no server, no account and no port.
//
//	dir, err := devdb.DefaultDir(".")
//	db, err := devdb.Start(ctx, devdb.Options{Dir: dir})
//	defer db.Stop()
//	pool, err := pgxpool.New(ctx, db.DSN(devdb.Name))
//
// The server listens on a unix socket in a directory closed to other users, and
// ends with this process, also when that is killed. The data stays: the first
// start takes half a second, later ones less than a tenth. Root may call it;
// PostgreSQL itself then runs under another number. Nothing here deletes data.
package devdb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"vera/host/devdb/internal/pg"
)

// Name is the database that Start makes sure of.
const Name = "vera"

// ErrInUse is in the chain of Start's error when another process runs the
// server of the same directory; the text says which.
var ErrInUse = errors.New("in use")

// Options configure Start. Dir is required.
type Options struct {
	Dir    string       // everything lies below it; the data in pg<major>, the server's log in pg<major>.log
	Bin    string       // directory of initdb and postgres; empty means the installed one that fits the data in Dir, else what Find gives
	Logger *slog.Logger // nil means silence
}

// A Server is a running private PostgreSQL. Its methods may be called from
// many goroutines.
type Server struct {
	server *pg.Server
	unlock func() error // gives the lock of the directory back, once
}

// Find names the directory of initdb and postgres on this machine: VERA_PG_BIN,
// else that of the initdb on PATH, else the newest of the system's packages.
// The error says how to install one. Versions before 14 are refused.
func Find() (bin string, err error) {
	installed, err := pg.Installed()
	if err != nil {
		return "", err
	}
	return installed[0].Dir, nil
}

// DefaultDir names the directory for the database of the project in
// projectDir, the same every time: below XDG_STATE_HOME if that is set, else
// below /var/lib for root, whose home other users cannot enter, and below
// ~/.local/state for everybody else. It makes nothing.
func DefaultDir(projectDir string) (string, error) {
	project, err := filepath.Abs(projectDir)
	if err != nil {
		return "", err
	}
	if project, err = filepath.EvalSymlinks(project); err != nil {
		return "", err
	}
	state, err := stateDir()
	if err != nil {
		return "", fmt.Errorf("choose a directory for the database: %w", err)
	}
	sum := sha256.Sum256([]byte(project))
	return filepath.Join(state, "vera", fmt.Sprintf("%x", sum[:6])), nil
}

func stateDir() (string, error) {
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return dir, nil
	}
	if os.Geteuid() == 0 {
		return "/var/lib", nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state"), err
}

// Start starts the server of a directory, which it sets up the first time, and
// returns when the server answers and has the database Name. It repairs what a
// killed process or server left. ctx bounds the start only; the caller ends
// the server with Stop.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Dir == "" {
		return nil, errors.New("start the database: Options.Dir is empty")
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	began := time.Now()
	lock, err := lockDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("start the database in %s: %w", o.Dir, err)
	}
	server, err := start(ctx, o, log)
	if err != nil {
		lock.Unlock()
		return nil, fmt.Errorf("start the database in %s: %w", o.Dir, err)
	}
	log.Info("database started", "dir", o.Dir, "duration", time.Since(began))
	return &Server{server: server, unlock: sync.OnceValue(lock.Unlock)}, nil
}

// Serving gives the URL of the database Name of the server that another
// process runs in a directory, for whoever got [ErrInUse] and can do with that
// one; ok is false if it does not answer yet.
func Serving(dir string) (dsn string, ok bool) {
	clusters, _ := filepath.Glob(filepath.Join(dir, "pg[0-9][0-9]")) // fails only on a malformed pattern
	for _, data := range clusters {
		major, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(data), "pg"))
		if err != nil {
			continue
		}
		if socket, err := pg.Serving(dir, major); err == nil && socket != "" {
			return pg.DSN(socket, Name), true
		}
	}
	return "", false
}

// lockDir makes the directory and lets nobody else start a server in it.
func lockDir(dir string) (*pg.Lock, error) {
	if err := pg.MakeDir(dir); err != nil {
		return nil, err
	}
	lock, err := pg.TryLock(filepath.Join(dir, "lock"))
	if locked, ok := errors.AsType[*pg.LockedError](err); ok {
		if locked.PID == 0 {
			return nil, fmt.Errorf("%w by another process", ErrInUse)
		}
		return nil, fmt.Errorf("%w by process %d", ErrInUse, locked.PID)
	}
	return lock, err
}

func start(ctx context.Context, o Options, log *slog.Logger) (*pg.Server, error) {
	bin, err := chooseBinaries(o, log)
	if err != nil {
		return nil, err
	}
	cluster, err := pg.Open(ctx, o.Dir, bin, log)
	if err != nil {
		return nil, err
	}
	server, err := cluster.Start(ctx, pg.Durable)
	if err != nil {
		return nil, err
	}
	if err := createDatabase(ctx, server); err != nil {
		server.Stop()
		return nil, err
	}
	return server, nil
}

// chooseBinaries prefers the version that the data in the directory has: no
// other server can read it.
func chooseBinaries(o Options, log *slog.Logger) (pg.Binaries, error) {
	bin, err := wantedBinaries(o)
	if err != nil {
		return pg.Binaries{}, err
	}
	others, _ := filepath.Glob(filepath.Join(o.Dir, "pg[0-9][0-9]")) // fails only on a malformed pattern
	if len(others) > 0 && !hasData(o.Dir, bin) {
		log.Warn("starting an empty database: the data of another version stays unused",
			"version", bin.Major, "unused", others)
	}
	return bin, nil
}

func wantedBinaries(o Options) (pg.Binaries, error) {
	if o.Bin != "" {
		return pg.Inspect(o.Bin)
	}
	installed, err := pg.Installed()
	if err != nil {
		return pg.Binaries{}, err
	}
	for _, bin := range installed {
		if hasData(o.Dir, bin) {
			return bin, nil
		}
	}
	return installed[0], nil
}

func hasData(dir string, bin pg.Binaries) bool {
	_, err := os.Stat(pg.DataDir(dir, bin.Major))
	return err == nil
}

// createDatabase makes the database Name if it is not there.
func createDatabase(ctx context.Context, server *pg.Server) error {
	conn, err := pgx.Connect(ctx, server.DSN("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var exists bool
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", Name).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+Name)
	}
	if err != nil {
		return fmt.Errorf("create database %s: %w", Name, err)
	}
	return nil
}

// DSN is the URL of a database of this server, for its superuser.
func (s *Server) DSN(database string) string { return s.server.DSN(database) }

// Done is closed when the server has ended, by Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.server.Done() }

// Stop shuts the server down in good order: clients are disconnected, data is
// written out. It returns when the server has ended, with an error if that was
// not in good order; the next start repairs it. Later calls change nothing.
func (s *Server) Stop() error {
	return errors.Join(s.server.Stop(), s.unlock())
}
