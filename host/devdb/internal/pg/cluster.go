// Package pg starts PostgreSQL servers on data directories of our own. It is
// what devdb (one developer) and devdbtest (tests) share:
//
//	bins, err := pg.Installed()
//	cluster, err := pg.Open(ctx, dir, bins[0], log) // initdb on first use
//	server, err := cluster.Start(ctx, pg.Durable)
//	defer server.Stop()
//	conn, err := pgx.Connect(ctx, server.DSN("postgres"))
//
// A server listens on a unix socket in a directory that only its account may
// enter, and on nothing else; inside, everybody is trusted.
package pg

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

// User is the superuser of every cluster.
const User = "vera"

// Port only names the socket file; it is said everywhere because PGPORT could
// change the default.
const port = "5432"

// Mode says what a server is for.
type Mode int

const (
	Durable  Mode = iota // a developer's data: as safe as in production
	Volatile             // tests: fast, and lost with the machine's power
)

// A Cluster is a data directory, ready to be served.
type Cluster struct {
	dir     string // below it: pg<major>, its log
	bin     Binaries
	account account
}

// MakeDir makes the directory of a cluster, and what is missing above it. The
// one that root makes can be entered by the account that the server gets.
func MakeDir(dir string) error {
	if os.Geteuid() == 0 {
		return os.MkdirAll(dir, 0o755)
	}
	return os.MkdirAll(dir, 0o700)
}

// DataDir is where the data of a major version lies below dir.
func DataDir(dir string, major int) string {
	return filepath.Join(dir, "pg"+strconv.Itoa(major))
}

// Open makes the directory ready for its server: the first time it runs
// initdb, later it ends what was left running. The caller holds a lock on dir.
// A nil log is silent.
func Open(ctx context.Context, dir string, bin Binaries, log *slog.Logger) (*Cluster, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if err := MakeDir(dir); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	// The kernel names working directories without symbolic links.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, bin: bin}
	if c.account, err = chooseAccount(dir, c.Data(), bin); err != nil {
		return nil, err
	}
	_, err = os.Stat(c.Data())
	if errors.Is(err, fs.ErrNotExist) {
		return c, c.init(ctx)
	}
	if err != nil {
		return nil, err
	}
	return c, endLeftover(ctx, c.Data(), log)
}

// Data is the data directory.
func (c *Cluster) Data() string { return DataDir(c.dir, c.bin.Major) }

// LogFile is where the server writes its log.
func (c *Cluster) LogFile() string { return c.Data() + ".log" }

// init runs initdb beside the data directory and renames the result, so that
// a data directory is always complete, whenever this is interrupted.
func (c *Cluster) init(ctx context.Context) error {
	unfinished, _ := filepath.Glob(c.Data() + ".new-*") // fails only on a malformed pattern
	for _, dir := range unfinished {
		// Nothing was ever stored there. An initdb that outlived its Vera may
		// still write; then the next start removes it.
		os.RemoveAll(dir)
	}
	fresh, err := os.MkdirTemp(c.dir, filepath.Base(c.Data())+".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(fresh)
	if err := c.account.own(fresh); err != nil {
		return err
	}
	args := []string{"-D", fresh, "-U", User, "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions"}
	cmd, err := c.command(ctx, "initdb", append(args, localeArgs(c.bin.Major)...)...)
	if err != nil {
		return err
	}
	cmd.Dir = fresh
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with the postgres it runs
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("initdb for PostgreSQL %d: %w %q", c.bin.Major, err, strings.TrimSpace(said.String()))
	}
	return os.Rename(fresh, c.Data())
}

// localeArgs choose a locale that orders by code point and still knows the
// letters of all languages: under plain C, lower('ПОЧТА') changes nothing.
func localeArgs(major int) []string {
	switch {
	case major >= 17:
		return []string{"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}
	case runtime.GOOS != "darwin":
		return []string{"--locale=C.UTF-8"}
	case major >= 15: // macOS has no C.UTF-8
		return []string{"--locale=C", "--locale-provider=icu", "--icu-locale=und"}
	default:
		return []string{"--locale=en_US.UTF-8"}
	}
}

// command is one of the server's programs, run under the cluster's account in
// the data directory: root's own directory may be closed to the account.
func (c *Cluster) command(ctx context.Context, name string, args ...string) (*exec.Cmd, error) {
	attr, err := c.account.attr()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin.Dir, name), args...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = c.Data(), environment(c.dir), attr
	return cmd, nil
}

// SocketDir is where the server of a data directory has its socket. That is
// not beside the data: the path of a socket is limited to about 100 bytes, and
// some shared file systems have no sockets.
func SocketDir(data string) string {
	sum := sha256.Sum256([]byte(data))
	return fmt.Sprintf("/tmp/vera-%d-%x", os.Geteuid(), sum[:6])
}

// makeSocketDir makes the directory of the socket anew. Nobody else can have
// put something there: what we may not remove we do not use.
func (c *Cluster) makeSocketDir() (string, error) {
	dir := SocketDir(c.Data())
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	return dir, c.account.mkdirPrivate(dir)
}

// args are the server's settings. Nothing of them is written to the data
// directory, so they can change from one version of Vera to the next.
func (c *Cluster) args(socketDir string, mode Mode) []string {
	settings := []string{
		"listen_addresses=", "port=" + port, "jit=off",
		"unix_socket_directories=" + socketDir, "unix_socket_permissions=0700",
	}
	switch mode {
	case Durable:
		settings = append(settings, "max_connections=50")
	case Volatile:
		settings = append(settings, "max_connections=300", "fsync=off", "synchronous_commit=off",
			"full_page_writes=off", "autovacuum=off", "wal_level=minimal", "max_wal_senders=0",
			"shared_buffers=32MB", "log_checkpoints=off")
	}
	args := []string{"-D", c.Data()}
	for _, setting := range settings {
		args = append(args, "-c", setting)
	}
	return args
}

// DSN is the URL of a database behind a socket. What it does not say, the
// environment of the process that connects may.
func DSN(socketDir, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(User), Path: "/" + database,
		RawQuery: url.Values{"host": {socketDir}, "port": {port}}.Encode()}
	return u.String()
}
