package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"vera/stdlib/password"
)

// What hashing takes and holds, told without a clock.

// gate is a context that keeps the worker which asks whether it has ended, as
// each does before it begins, until it is opened.
type gate struct {
	context.Context
	asked   atomic.Int32
	reached chan struct{}
	open    <-chan struct{}
}

func (g *gate) Err() error {
	if g.asked.Add(1) == 2 { // the first to ask is the caller
		close(g.reached)
		<-g.open
	}
	return g.Context.Err()
}

// holdWorkers queues work that keeps so many of the hasher's workers until
// release is called, at the latest at the end of the test. reached waits until
// it has all of them.
func holdWorkers(t *testing.T, h *password.Hasher, workers int) (reached, release func()) {
	t.Helper()
	open := make(chan struct{})
	gates := make([]*gate, workers)
	var held sync.WaitGroup
	for i := range gates {
		g := &gate{Context: context.Background(), reached: make(chan struct{}), open: open}
		gates[i] = g
		held.Go(func() {
			if _, err := h.Hash(g, "password123"); err != nil {
				t.Errorf("a worker cannot be held: %v", err)
				close(g.reached)
			}
		})
	}
	release = sync.OnceFunc(func() { close(open); held.Wait() })
	t.Cleanup(release)
	return func() {
		for _, g := range gates {
			<-g.reached
		}
	}, release
}

// fillLane takes so many places, of one worker and those who wait for it,
// until release is called.
func fillLane(t *testing.T, h *password.Hasher, places int) (release func()) {
	t.Helper()
	reached, open := holdWorkers(t, h, 1)
	reached()
	var waiting sync.WaitGroup
	for range places - 1 {
		waiting.Go(func() {
			if _, err := h.Hash(context.Background(), "password123"); err != nil {
				t.Error(err)
			}
		})
	}
	until(t, "the lane is full", func() bool { return h.Stats().Waiting == places-1 })
	release = func() { open(); waiting.Wait() }
	t.Cleanup(release)
	return release
}

func TestHashingLeavesRoom(t *testing.T) {
	for _, tt := range []struct{ pool, concurrency, cores, workers, queue int }{
		{64, 0, 2, 2, 30}, {64, 4, 2, 4, 28}, {64, 0, 64, 16, 16}, {64, 16, 2, 16, 16}, {8, 0, 4, 2, 2}, {4, 0, 4, 1, 1}, {1, 0, 4, 1, 1}, {1000, 0, 8, 8, 492},
	} {
		c := Config{PoolSize: tt.pool, HashConcurrency: tt.concurrency}
		if workers, queue := c.hashing(tt.cores); workers != tt.workers || queue != tt.queue || c.hashingFault() != nil {
			t.Errorf("%+v: %d workers, a queue of %d, %v", tt, workers, queue, c.hashingFault())
		}
	}
	c := Config{PoolSize: 64, MaxHeapBytes: 256 << 20, Passwords: PasswordsConfig{Scheme: password.Argon2id}}
	if workers, _ := c.hashing(64); workers*password.Argon2idBytes > c.MaxHeapBytes/2 || workers < 6 {
		t.Errorf("%d workers that take 19 MiB each, with a heap of 256 MiB", workers)
	}
}

// A storm of logins takes at most half of the VMs: while every worker is busy
// and every place taken, the rest is refused and a cheap action goes on.
// Requirement 16.
func TestStormLeavesRoom(t *testing.T) {
	t.Parallel()
	const workers, places = 4, 28
	s := newStack(t, stackOptions{env: map[string]string{"HASH_CONCURRENCY": fmt.Sprint(workers), "LOGIN_THROTTLE": "off", "ACTION_TIMEOUT": "29s"}})
	token := s.signUp(t, "alice", 1234)["jwt"]
	reached, release := holdWorkers(t, s.service.hasher, workers)
	reached()
	storm := s.logInAtOnce(t)
	until(t, "the surplus is refused", func() bool { return storm.count(503) == stormClients-places })
	for range 10 {
		if status, message, _ := s.post(t, "Show", map[string]any{"jwt": token}); status != 200 {
			t.Errorf("Show: %d %v", status, message)
		}
	}
	if waiting := s.service.hasher.Stats().Waiting; waiting != places {
		t.Errorf("%d logins wait, want %d", waiting, places)
	}
	release()
	<-storm.over
	if storm.count(200) != places {
		t.Errorf("statuses %v, want %d times 200", storm.counts, places)
	}
}

// While passwords wait to be hashed no connection is held: not for a login,
// known or not, a registration or an edit, nor for their second hash.
// Requirement 17.
func TestHashesHoldNoConnection(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{bcryptCost: 6, env: map[string]string{
		"DB_MAX_CONNECTIONS": "2", "HASH_CONCURRENCY": "1", "EDIT_REQUIRES_PASSWORD": "on", "ACTION_TIMEOUT": "29s"}})
	s.signUp(t, "alice", 1234)
	const kinds, each = 5, 3
	var tokens [each]any
	for i := range each {
		s.signUp(t, fmt.Sprintf("rehashed%d", i), 1240+i)
		tokens[i] = s.signUp(t, fmt.Sprintf("edited%d", i), 1250+i)["jwt"]
	}
	s.run(t, "update users set password_digest = $1 where username like 'rehashed%'", cheapDigest)
	h := s.service.hasher
	reached, release := holdWorkers(t, h, 1)
	reached()
	var running sync.WaitGroup
	call := func(want int, action string, fields map[string]any) {
		running.Go(func() {
			if status, message, _ := s.post(t, action, fields); status != want {
				t.Errorf("%s: %d %v, want %d", action, status, message, want)
			}
		})
	}
	for i := range each {
		call(404, "Login", map[string]any{"username": fmt.Sprintf("nobody%d", i), "password": "password123"})
		call(200, "Login", map[string]any{"username": "alice", "password": "password123"})
		call(200, "Login", map[string]any{"username": fmt.Sprintf("rehashed%d", i), "password": "password123"})
		call(201, "Register", person(fmt.Sprintf("user%d", i), 1300+i))
		call(200, "Edit", map[string]any{"jwt": tokens[i], "password": "password456", "current_password": "password123"})
	}
	noneHeld := func(waiting int) {
		t.Helper()
		until(t, fmt.Sprintf("%d wait to be hashed and hold no connection", waiting), func() bool {
			return h.Stats().Waiting == waiting && s.service.database.Stat().AcquiredConns() == 0
		})
	}
	noneHeld(kinds * each)
	// Behind them another gate, so that those who hash twice wait once more.
	again, releaseAgain := holdWorkers(t, h, 1)
	noneHeld(kinds*each + 1)
	release()
	again()
	noneHeld(2 * each)
	releaseAgain()
	running.Wait()
}

// However a login fails, it is one job of the lane, and as many rounds: those
// of a new digest. Requirement 7.
func TestLoginWork(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{bcryptCost: 6, env: map[string]string{"LOGIN_THROTTLE": "off"}})
	s.signUpForTiming(t)
	for i, digest := range []string{cheapDigest, "", "$2b$12$x", "$2b$31$" + strings.Repeat("a", 53), "password123", "$pepper-01234567" + cheapDigest[:60]} {
		name := fmt.Sprintf("odd%d", i)
		s.signUp(t, name, 1240+i)
		s.run(t, "update users set password_digest = $2 where username = $1", name, digest)
	}
	for _, password := range []string{"wrongpass1", "", strings.Repeat("x", 1024), "pass\x00word", "\x00", "tab\there", "cafe\u0301cafe\u0301"} {
		rounds := int64(1 << 6)
		if strings.HasPrefix(password, "cafe") {
			rounds *= 2 // an unusual spelling, and that for everybody
		}
		for _, who := range []map[string]any{
			{"username": "alice"}, {"email": "alice@example.com"}, {"phone_number": "+12125551234"},
			{"username": "nobody"}, {"email": "nobody@example.com"}, {"phone_number": "+12125551299"},
			{"username": "deleted"}, {"username": "a b"}, {"username": "odd0"}, {"username": "odd1"}, {"username": "odd2"}, {"username": "odd3"}, {"username": "odd4"},
		} {
			fields := map[string]any{"password": password}
			for name, value := range who {
				fields[name] = value
			}
			before := s.service.hasher.Stats()
			status, message, _ := s.post(t, "Login", fields)
			after := s.service.hasher.Stats()
			if status != 401 && status != 404 {
				t.Errorf("%v with %.10q: %d %v", who, password, status, message)
			}
			if jobs, spent := after.Jobs-before.Jobs, after.Rounds-before.Rounds; jobs != 1 || spent != rounds {
				t.Errorf("%v with %.10q: %d jobs and %d rounds, want 1 and %d", who, password, jobs, spent, rounds)
			}
		}
	}
}

// failedRounds is the work of a login of who is unknown.
func (s *stack) failedRounds(t *testing.T) int64 {
	t.Helper()
	before := s.service.hasher.Stats().Rounds
	s.post(t, "Login", map[string]any{"username": "nobody", "password": "wrongpass1"})
	return s.service.hasher.Stats().Rounds - before
}

// From the start a failure takes as long as the costliest digest that is
// stored and can be run, however it compares with others as text.
func TestStoredCosts(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{env: map[string]string{"LOGIN_THROTTLE": "off", "CLEANUP_INTERVAL": "0"}})
	at := func(cost string) string { return strings.Replace(cheapDigest, "$05$", "$"+cost+"$", 1) }
	for _, tt := range []struct {
		digests []string
		rounds  int64
	}{
		{nil, 1 << 4},
		{[]string{at("05"), at("07"), at("06")}, 1 << 7},
		{[]string{"$2b$07$", "$2b$07$!", at("07"), "$2b$09$x", "$hmac-sha384$2b$09$"}, 1 << 7},
		{[]string{"$hmac-sha384" + at("08"), at("07")}, 1 << 8},
		{[]string{"$pepper-01234567" + at("09"), at("06")}, 1 << 6},
		{[]string{at("31"), at("06"), "password123", ""}, 1 << 6},
		{[]string{at("05")}, 1 << 5},
	} {
		s.run(t, "truncate users cascade")
		for i, digest := range tt.digests {
			s.run(t, "insert into users (name, email, password_digest) values ('A', $1, $2)", fmt.Sprintf("a%d@example.com", i), digest)
		}
		s.run(t, "insert into users (name, email, password_digest, deleted_at) values ('A', 'gone@example.com', $1, now())", at("10"))
		s.takeLog()
		if err := s.service.prepareDatabase(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.failedRounds(t); got != tt.rounds {
			t.Errorf("%q: a failure takes %d rounds, want %d", tt.digests, got, tt.rounds)
		}
		if warned := strings.Contains(s.logs.String(), "stored passwords cost more than new ones"); warned != (tt.rounds > 1<<4) {
			t.Errorf("%q: warned %v\n%s", tt.digests, warned, s.logs)
		}
	}
}

// When the costliest are gone, a failure takes no longer what they did.
func TestStoredCostsAreForgotten(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{env: map[string]string{"LOGIN_THROTTLE": "off", "CLEANUP_INTERVAL": "20ms"}})
	costly := strings.Replace(cheapDigest, "$05$", "$07$", 1)
	s.run(t, "insert into users (name, email, password_digest) values ('A', 'a@example.com', $1)", costly)
	until(t, "the costly digest is known", func() bool { return s.failedRounds(t) == 1<<7 })
	s.run(t, "delete from users")
	until(t, "it is forgotten", func() bool { return s.failedRounds(t) == 1<<4 })
}

// A host that cannot tell what is stored starts all the same, and says so.
func TestStoredCostsUnknown(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{env: map[string]string{"CLEANUP_INTERVAL": "0"}})
	conn, err := pgx.Connect(t.Context(), s.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	prepare := func(because string) {
		t.Helper()
		s.takeLog()
		s.service.database.Reset()
		if err := s.service.prepareDatabase(t.Context()); err != nil {
			t.Errorf("%s: %v", because, err)
		}
		if !strings.Contains(s.logs.String(), "cannot tell what stored passwords cost") {
			t.Errorf("%s: nothing is said of it\n%s", because, s.logs)
		}
	}
	s.run(t, "do $$ begin execute format('alter database %I set statement_timeout = 300', current_database()); end $$")
	if _, err := conn.Exec(t.Context(), "begin; lock table users in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	prepare("statement timeout")
	if _, err := conn.Exec(t.Context(), "rollback; alter table users rename to elsewhere"); err != nil {
		t.Fatal(err)
	}
	prepare("no table")
}
