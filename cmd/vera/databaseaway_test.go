package main

import (
	"fmt"
	"maps"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vera/host/devboard"
	"vera/host/devdb/devdbtest"
	"vera/host/devproxy"
)

const openTransactions = `select count(*) from pg_stat_activity
	where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null`

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	t.Run("while_serving", func(t *testing.T) {
		t.Parallel()
		// An acceptance case of the auth actions asks for the predecessor's 500
		// where the database is required.
		for required, status := range map[bool]int{true: 500, false: 503} {
			t.Run(fmt.Sprint("required_", required), func(t *testing.T) { databaseAwayWhileServing(t, required, status) })
		}
	})
	t.Run("out_of_time", func(t *testing.T) {
		t.Parallel()
		s := newStack(t, stackOptions{actions: writeActions(t, deliveryActions), env: map[string]string{"ACTION_TIMEOUT": "300ms"}})
		mustBe(t, callAll(t, s.board, 8, "Work", ms(5000))(), map[int]int{504: 8})
		until(t, "no transaction is open", func() bool { return s.count(t, openTransactions) == 0 })
	})
	t.Run("mute", func(t *testing.T) { // it takes connections, and says nothing
		t.Parallel()
		board, address := newHub(t, devboard.Options{})
		startVera(t, hostEnv(address, "postgres://u:p@"+listen(t).Addr().String()+"/vera", writeActions(t, deliveryActions),
			"DB_REQUIRED=false", "ACTION_TIMEOUT=2s"), "serve")
		until(t, "joined", func() bool { return board.Consumers() == 1 })
		mustBe(t, callAll(t, board, 4, "Work", ms(1))(), map[int]int{503: 4})
	})
	t.Run("frozen", databaseFrozen)
	t.Run("busy", func(t *testing.T) { // every connection is taken, by statements that go on
		t.Parallel()
		s := newStack(t, stackOptions{actions: writeActions(t, deliveryActions), env: map[string]string{"ACTION_TIMEOUT": "4s", "DB_MAX_CONNECTIONS": "2"}})
		mustBe(t, callAll(t, s.board, 4, "Work", ms(3600))(), map[int]int{200: 2, 503: 2})
		mustBe(t, callAll(t, s.board, 4, "Work", ms(1))(), map[int]int{200: 4})
	})
	t.Run("at_start", databaseAwayAtStart)
	t.Run("newer_than_the_binary", func(t *testing.T) {
		t.Parallel()
		dsn := devdbtest.Database(t, migrateDSN, migrationsHash(t))
		s := &stack{dsn: dsn}
		known := s.count(t, "select max(version_id) from goose_db_version")
		s.count(t, "with v as (insert into goose_db_version (version_id, is_applied) values (98765, true) returning 1) select count(*) from v")
		for _, missing := range []int{0, known} { // one of ours may be missing besides
			s.count(t, "with v as (delete from goose_db_version where version_id = $1 and $1 > 0 returning 1) select count(*) from v", missing)
			for _, required := range []bool{true, false} {
				board, address := newHub(t, devboard.Options{})
				host := startVera(t, hostEnv(address, dsn, "actions", fmt.Sprint("DB_REQUIRED=", required)), "serve")
				<-host.done
				if text := host.text(); host.code != exitFailed || !strings.Contains(text, "98765") || !strings.Contains(text, fmt.Sprintf("up to %d", known)) {
					t.Errorf("exit code %d, want %d with both versions:\n%s", host.code, exitFailed, text)
				}
				if strings.Contains(host.text(), `"msg":"joined"`) || board.Consumers() > 0 {
					t.Errorf("required %t: it served", required)
				}
			}
		}
	})
}

// A database that stops talking, connections open: whoever needs it is told so
// within his time, however many they are and however short that is.
func databaseFrozen(t *testing.T) {
	t.Parallel()
	server := devdbtest.Private(t)
	at, err := pgx.ParseConfig(server.DSN("vera"))
	if err != nil {
		t.Fatal(err)
	}
	listener := listen(t)
	network, address := pgconn.NetworkAddress(at.Host, at.Port)
	proxy := serveProxy(t, devproxy.Options{Network: network, Target: address}, listener)
	files := maps.Clone(deliveryActions)
	files["short.lua"] = strings.Replace(deliveryActions["work.lua"], "run =", "timeout = 1, run =", 1)
	s := newStack(t, stackOptions{actions: writeActions(t, files), database: fmt.Sprintf("postgres://%s:%s@%s/vera?sslmode=disable", at.User, at.Password, listener.Addr()),
		env: map[string]string{"DB_REQUIRED": "false", "ACTION_TIMEOUT": "3s", "DB_MAX_CONNECTIONS": "4"}})
	mustBe(t, callAll(t, s.board, 8, "Work", ms(1))(), map[int]int{200: 8})
	until(t, "no connection has just been used, so that each is looked at first", func() bool {
		before := s.service.database.Stat().AcquireCount()
		time.Sleep(1200 * time.Millisecond)
		return s.service.database.Stat().AcquireCount() == before
	})
	proxy.Stall(true)
	wait := callAll(t, s.board, 20, "Short", ms(1))
	mustBe(t, callAll(t, s.board, 20, "Work", ms(1))(), map[int]int{503: 20})
	mustBe(t, wait(), map[int]int{503: 20})
	proxy.Stall(false)
	until(t, "it recovers", func() bool { return callAll(t, s.board, 1, "Work", ms(1))()[200] == 1 })
	until(t, "no connection is in use", func() bool { return s.service.database.Stat().AcquiredConns() == 0 })
}

func databaseAwayWhileServing(t *testing.T, required bool, status int) {
	t.Parallel()
	message := map[int]string{500: "Internal server error", 503: "Database unavailable"}[status]
	s := newStack(t, stackOptions{actions: writeActions(t, deliveryActions), privateDatabase: true,
		env: map[string]string{"DB_REQUIRED": fmt.Sprint(required)}})
	for _, away := range []func(){s.database.Kill, s.database.Stop} {
		mustBe(t, callAll(t, s.board, 20, "Work", ms(1))(), map[int]int{200: 20})
		before := strings.Count(s.logs.String(), `"msg":"begun"`)
		inTransaction := callAll(t, s.board, 5, "Work", ms(5000))
		until(t, "they have begun", func() bool { return strings.Count(s.logs.String(), `"msg":"begun"`) == before+5 })
		away()
		mustBe(t, inTransaction(), map[int]int{status: 5})
		mustBe(t, callAll(t, s.board, 20, "Echo", none)(), map[int]int{200: 20})
		start := time.Now()
		answer, err := s.board.Call(t.Context(), "Work", map[string]any{"ms": 1})
		if err != nil || answer.Status != status || answer.Message != message || string(answer.Fields) != "null" {
			t.Errorf("%d %q %s, %v; want %d %q and no more", answer.Status, answer.Message, answer.Fields, err, status, message)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("it took %v", took)
		}
		s.database.Start()
		until(t, "it recovers", func() bool { return callAll(t, s.board, 1, "Work", ms(1))()[200] == 1 })
	}
	until(t, "no transaction is open", func() bool { return s.count(t, openTransactions) == 0 })
	if n := s.count(t, "select count(*) from pg_stat_activity where application_name = 'vera'"); n > s.config.Postgres.MaxConns {
		t.Errorf("%d connections, want at most %d", n, s.config.Postgres.MaxConns)
	}
	if n := s.service.database.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections are in use with nothing in flight", n)
	}
	if stats := s.service.client.Stats(); stats.Sessions != 1 {
		t.Errorf("%d sessions: the database is no reason to leave the hub", stats.Sessions)
	}
}

func databaseAwayAtStart(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{true, false} {
		t.Run(fmt.Sprint("required_", required), func(t *testing.T) {
			t.Parallel()
			server := devdbtest.Private(t)
			server.Stop()
			board, address := newHub(t, devboard.Options{})
			host := startVera(t, hostEnv(address, server.DSN("vera"), writeActions(t, deliveryActions), fmt.Sprint("DB_REQUIRED=", required)), "serve")
			host.waitFor("database is not reachable, trying again")
			if !required {
				until(t, "joined", func() bool { return board.Consumers() == 1 })
				mustBe(t, callAll(t, board, 1, "Echo", none)(), map[int]int{200: 1})
				mustBe(t, callAll(t, board, 1, "Work", ms(1))(), map[int]int{503: 1})
			}
			server.Start()
			host.waitFor(`"msg":"migrated"`)
			until(t, "joined", func() bool { return board.Consumers() == 1 })
			until(t, "served", func() bool { return callAll(t, board, 1, "Work", ms(1))()[200] == 1 })
			if code := host.end(syscall.SIGTERM); code != 0 {
				t.Errorf("exit code %d", code)
			}
		})
	}
}
