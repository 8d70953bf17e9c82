package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vera/host/devboard"
	"vera/host/devdb/devdbtest"
	"vera/migrations"
	"vera/stdlib/password"
)

// stackOptions configure a stack. The zero value is the shipped actions with
// development settings and cheap password digests.
type stackOptions struct {
	env             map[string]string
	actions         string // folder; default: the shipped ones
	privateDatabase bool   // on a server of its own, which the test may stop
	database        string // URL of one that exists; default: a new one
	bcryptCost      int    // default: the cheapest
	board           devboard.Options
	unattended      bool // no board is served; the test does it, on listener
}

// stack is the whole program in one test: a host on a database of its own,
// joined to a board, reached over HTTP.
type stack struct {
	config   Config
	service  *service
	board    *devboard.Board
	dsn      string
	address  string
	database *devdbtest.Server // only with privateDatabase
	logs     *logBuffer
	listener net.Listener
	stopHost func() // and waits until it has ended; called at the end of the test
}

func newStack(t *testing.T, o stackOptions) *stack {
	t.Helper()
	s := &stack{logs: &logBuffer{}}
	s.connectDatabase(t, o)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	s.config = testConfig(t, o, s.dsn, s.address)
	logger := newLogger(s.logs, slog.LevelDebug, "json")
	o.board.Token = s.config.Token.Reveal()
	if s.board, err = devboard.New(o.board); err != nil {
		t.Fatal(err)
	}
	if s.service, err = newService(t.Context(), s.config, logger, nil); err != nil {
		t.Fatal(err)
	}
	s.listener = listener
	if !o.unattended {
		t.Cleanup(serveBoard(t, s.board, listener))
	}
	s.startHost(t)
	if !o.unattended {
		s.waitJoined(t, 1)
	}
	return s
}

// startHost runs the host until stopHost is called, at the latest at the end
// of the test and before the board goes.
func (s *stack) startHost(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.service.run(ctx); err != nil {
			t.Errorf("host: %v", err)
		}
	})
	s.stopHost = sync.OnceFunc(func() {
		cancel()
		running.Wait()
		s.service.close()
	})
	t.Cleanup(s.stopHost)
}

// waitJoined waits until the host is joined, over its nth connection or a
// later one.
func (s *stack) waitJoined(t *testing.T, nth int64) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		if stats := s.service.client.Stats(); stats.Joined && stats.Sessions >= nth {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the host did not join:\n%s", s.logs)
		}
		time.Sleep(time.Millisecond)
	}
}

func (s *stack) connectDatabase(t *testing.T, o stackOptions) {
	t.Helper()
	if o.database != "" {
		s.dsn = o.database
		return
	}
	if !o.privateDatabase {
		s.dsn = devdbtest.Database(t, migrateDSN, migrationsHash(t))
		return
	}
	s.database = devdbtest.Private(t)
	s.dsn = s.database.DSN("postgres")
	if err := migrateDSN(t.Context(), s.dsn); err != nil {
		t.Fatal(err)
	}
}

func migrateDSN(ctx context.Context, dsn string) error {
	pool, err := openPool(ctx, PostgresConfig{URL: Secret(dsn), MaxConns: 2})
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = migrate(ctx, pool)
	return err
}

func migrationsHash(t testing.TB) string {
	t.Helper()
	sum := sha256.New()
	files, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := migrations.Files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(content)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16]
}

func testConfig(t *testing.T, o stackOptions, dsn, address string) Config {
	t.Helper()
	env := map[string]string{
		"WEBSOCKET_URL": "ws://" + address + "/websocket",
		"TOKEN":         rand.Text(),
		"DATABASE_URL":  dsn,
		"JWT_SECRET":    rand.Text() + rand.Text(),
		"ACTIONS_DIR":   "../../actions",
		"DRAIN_TIMEOUT": "5s",
	}
	if o.actions != "" {
		env["ACTIONS_DIR"] = o.actions
	}
	for name, value := range o.env {
		env[name] = value
	}
	config, err := loadConfig(func(name string) (string, bool) { value, ok := env[name]; return value, ok }, needNothing)
	if err != nil {
		t.Fatal(err)
	}
	config.BcryptCost = password.MinCost
	if o.bcryptCost != 0 {
		config.BcryptCost = o.bcryptCost
	}
	return config
}

// post calls an action as a service would.
func (s *stack) post(t *testing.T, action string, fields any) (status int, message, answer any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"service_id": 1, "action": action, "fields": fields})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post("http://"+s.address+"/", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var got struct{ Message, Fields any }
	decoder := json.NewDecoder(response.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&got); err != nil {
		t.Fatalf("%s: status %d: %v", action, response.StatusCode, err)
	}
	return response.StatusCode, got.Message, got.Fields
}

// count gives the single number that a query selects.
func (s *stack) count(t *testing.T, sql string, args ...any) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var n int
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
