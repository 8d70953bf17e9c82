package devdbtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vera/host/devdb/internal/pg"
)

// adminDatabase is where databases are made and dropped from, and where the
// advisory locks live.
const adminDatabase = "postgres"

// room is what a cluster in memory should find free: 256 MB.
const room = 256 << 20

// Advisory locks in adminDatabase.
const (
	useLock       = 0x76657261 // shared: a process that uses the server; exclusive: nobody does, it ends
	guardLock     = useLock + 1
	templateLocks = useLock + 2 // first of two numbers; the second names the template
)

// A server is what the tests of this process use.
type server struct {
	dsn   func(database string) string
	major int
	held  []*pgx.Conn // say that this process uses the server; never closed
}

// theServer finds or starts the server, once in a process.
var theServer = sync.OnceValues(func() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if dsn := os.Getenv("VERA_TEST_DATABASE_URL"); dsn != "" {
		s, err := external(ctx, dsn)
		if err != nil {
			return nil, fmt.Errorf("use the server of VERA_TEST_DATABASE_URL: %w", err)
		}
		return s, nil
	}
	installed, err := pg.Installed()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(pg.FastDir(room), fmt.Sprintf("vera-test-%d-pg%d", os.Geteuid(), installed[0].Major))
	s, err := join(ctx, dir, installed[0])
	if err != nil {
		return nil, fmt.Errorf("start the test database in %s: %w", dir, err)
	}
	return s, nil
})

// external is a server that somebody else runs.
func external(ctx context.Context, dsn string) (*server, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	defer closeConn(conn)
	var version int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return nil, err
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Scheme == "" {
		return nil, errors.New("want a URL, as in postgres://postgres@127.0.0.1:5432/postgres")
	}
	named := func(database string) string {
		other := *u
		other.Path = "/" + database
		return other.String()
	}
	return &server{dsn: named, major: version / 10000}, nil
}

// join uses the server in dir that another process has started, or starts it.
// One process at a time does so.
//
// Who ends the server? Each process that uses it holds an advisory lock in
// shared mode on a connection. A guard, a session inside the server, waits
// until it gets that lock alone; then nobody uses the server and nobody can
// begin to, and the guard shuts it down. The locks fall with the connections,
// and those with the process, so this needs no code at the end of a test run
// and holds for one that is killed.
func join(ctx context.Context, dir string, bin pg.Binaries) (*server, error) {
	if err := ownDir(dir); err != nil {
		return nil, err
	}
	lock, err := pg.WaitLock(filepath.Join(dir, "start.lock"))
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	socket, err := pg.Serving(dir, bin.Major)
	if err != nil {
		return nil, err
	}
	if socket != "" {
		s, err := use(ctx, socket, bin.Major)
		if s != nil || err != nil {
			return s, err
		}
	}
	if socket, err = startShared(ctx, dir, bin); err != nil {
		return nil, err
	}
	s, err := use(ctx, socket, bin.Major)
	if err == nil && s == nil {
		err = errors.New("it ended at once")
	}
	if err != nil {
		return nil, err
	}
	return s, s.dropLeftovers(ctx)
}

// ownDir makes dir. Its name is no secret and its parent open to all, so it
// may already be there as somebody else's.
func ownDir(dir string) error {
	if err := pg.MakeDir(dir); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() || info.Sys().(*syscall.Stat_t).Uid != uint32(os.Geteuid()) {
		return errors.New("the directory is not ours")
	}
	return nil
}

// startShared starts a server that outlives this process.
func startShared(ctx context.Context, dir string, bin pg.Binaries) (socket string, err error) {
	attempt := func() (string, error) {
		cluster, err := pg.Open(ctx, dir, bin, nil)
		if err != nil {
			return "", err
		}
		return cluster.StartShared(ctx, pg.Volatile)
	}
	if socket, err = attempt(); err == nil || ctx.Err() != nil {
		return socket, err
	}
	// Without fsync a power failure can ruin the data. It is worth nothing.
	if removeErr := os.RemoveAll(pg.DataDir(dir, bin.Major)); removeErr != nil {
		return "", errors.Join(err, removeErr)
	}
	socket, again := attempt()
	if again != nil {
		return "", errors.Join(err, again)
	}
	return socket, nil
}

// use takes part in the server behind socket. It gives nil, without an error,
// if that server is ending or has ended.
func use(ctx context.Context, socket string, major int) (*server, error) {
	s := &server{dsn: func(database string) string { return pg.DSN(socket, database) }, major: major}
	conn, err := pgx.Connect(ctx, s.dsn(adminDatabase))
	if err != nil {
		if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == "53300" {
			return nil, err // it has too many clients: others use it, so it must not be ended
		}
		return nil, ctx.Err()
	}
	var got bool
	err = conn.QueryRow(ctx, "SELECT pg_try_advisory_lock_shared($1)", useLock).Scan(&got)
	if err != nil || !got {
		closeConn(conn)
		return nil, ctx.Err()
	}
	guard, err := startGuard(ctx, s.dsn(adminDatabase))
	if err != nil {
		closeConn(conn)
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	s.held = []*pgx.Conn{conn, guard}
	return s, nil
}

// guardSQL ends the server once nobody uses it, after at least one second:
// the next package of a test run finds it still running. While it waits it
// does not notice that the process which sent it has gone. A server has one
// guard; a second one ends at once.
var guardSQL = strings.NewReplacer("USE", fmt.Sprint(useLock), "GUARD", fmt.Sprint(guardLock)).Replace(`
DO $$
BEGIN
  IF NOT pg_try_advisory_lock(GUARD) THEN
    RETURN;
  END IF;
  LOOP
    PERFORM pg_sleep(1);
    EXIT WHEN pg_try_advisory_lock(USE);
  END LOOP;
  COPY (SELECT) TO PROGRAM 'kill -INT "$(head -n 1 postmaster.pid)"';
END
$$`)

// startGuard sends guardSQL and does not wait for an answer. The connection
// is given back because closing it here could overtake the statement.
func startGuard(ctx context.Context, dsn string) (*pgx.Conn, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	conn.PgConn().Exec(context.Background(), guardSQL)
	return conn, nil
}

// keptTemplates is how many template databases, of 8 MB each, outlive a server.
const keptTemplates = 8

// dropLeftovers drops what killed tests and former migrations have left. Only
// who has started the server calls it: nobody else uses it yet.
func (s *server) dropLeftovers(ctx context.Context) error {
	conn := s.held[0]
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE datname LIKE 'test\_%'
		UNION ALL (SELECT datname FROM pg_database WHERE datname LIKE 'template\_%' ORDER BY oid DESC OFFSET $1)`, keptTemplates)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := conn.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			return err
		}
	}
	return nil
}
