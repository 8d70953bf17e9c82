package main

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// What a try at a password costs, and what it leaves behind.

// exhausted is how many tries are missing in the buckets of a kind, as an
// account's fill by one in 30 s and a source's in 3.
func (s *stack) exhausted(t *testing.T, kind string) int {
	t.Helper()
	return s.count(t, `select count(*) from login_throttle where account like $1 and exhausted_until > now()`, kind+"%")
}

// A right password is none of the tries, whatever becomes of the call. Without
// a try left, the next login is 429: here each of these is made at the tenth.
func TestRightPasswordCostsNoTry(t *testing.T) {
	t.Parallel()
	dir := brokenEdit(t)
	s := newStack(t, stackOptions{actions: dir, env: map[string]string{"EDIT_REQUIRES_PASSWORD": "on"}})
	token := s.signUp(t, "alice", 1234)["jwt"]
	s.signUp(t, "bobby", 1235)
	edit := func(change map[string]any) map[string]any {
		change["jwt"], change["current_password"] = token, "password123"
		return change
	}
	for range 9 {
		s.post(t, "Login", map[string]any{"username": "alice", "password": "wrongpass1"})
	}
	for range 3 { // thrice as many as there are tries left
		for _, tt := range []struct {
			want   int
			fields map[string]any
		}{
			{400, edit(map[string]any{"password": "pass\x00word123"})},
			{409, edit(map[string]any{"email": "bobby@example.com"})},
			{500, edit(map[string]any{"email": "fault@example.com"})},
		} {
			if status, message, _ := s.post(t, "Edit", tt.fields); status != tt.want {
				t.Errorf("Edit %v: %d %v, want %d", tt.fields, status, message, tt.want)
			}
		}
	}
	if status, message, _ := s.post(t, "Login", map[string]any{"username": "alice", "password": "password123"}); status != 200 {
		t.Errorf("Login: %d %v", status, message)
	}
	if n := s.exhausted(t, "user:"); n != 0 {
		t.Errorf("%d accounts have lost tries after a login", n)
	}
}

// brokenEdit is the shipped actions, where Edit fails inside for one address.
func brokenEdit(t *testing.T) string {
	t.Helper()
	return changedActions(t, "edit.lua", "  if conflict == \"unique\" then\n",
		"  if fields.email == \"fault@example.com\" then error(\"fault\") end\n  if conflict == \"unique\" then\n")
}

// A login whose digest is to be renewed while the lane is full goes through,
// and a later one renews it.
func TestRehashMayWait(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{bcryptCost: 6, env: map[string]string{"HASH_CONCURRENCY": "1"}})
	s.signUp(t, "alice", 1234)
	for waited := 0; waited < 3; {
		if status, message := s.logInBeforeCrowd(t); status != 200 {
			t.Fatalf("Login while the lane is full: %d %v", status, message)
		}
		waited += s.count(t, "select count(*) from users where password_digest = $1", cheapDigest)
	}
	s.post(t, "Login", map[string]any{"username": "alice", "password": "password123"})
	if n := s.count(t, "select count(*) from users where password_digest like '$2b$06$%'"); n != 1 {
		t.Error("the next login does not renew the digest")
	}
}

// logInBeforeCrowd logs alice in, whose digest is to be renewed. Her password
// has a place in the lane; when it asks for another, a crowd is after those.
func (s *stack) logInBeforeCrowd(t *testing.T) (status int, message any) {
	t.Helper()
	s.run(t, "update users set password_digest = $1", cheapDigest)
	h := s.service.hasher
	reached, release := holdWorkers(t, h, 1)
	reached()
	var login, crowd sync.WaitGroup
	login.Go(func() {
		status, message, _ = s.post(t, "Login", map[string]any{"username": "alice", "password": "password123"})
	})
	until(t, "the login waits", func() bool { return h.Stats().Waiting == 1 })
	over := make(chan struct{})
	for range 2 * stormPlaces {
		crowd.Go(func() {
			for {
				select {
				case <-over:
					return
				case <-time.After(200 * time.Microsecond):
					_, _ = h.Hash(t.Context(), "password123")
				}
			}
		})
	}
	until(t, "the lane is full", func() bool { return h.Stats().Waiting == stormPlaces-1 })
	release()
	login.Wait()
	close(over)
	crowd.Wait()
	return status, message
}

// Who goes on while there are no tries left leaves one row in the audit for
// each bucket and interval, whoever he says he is.
func TestRefusalsDoNotFillTheAudit(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{env: map[string]string{"LOGIN_SOURCE": "on", "EDIT_REQUIRES_PASSWORD": "on"}})
	token := s.signUp(t, "alice", 1234)["jwt"]
	login := func(fields map[string]any) {
		fields["password"] = "wrongpass1"
		s.post(t, "Login", fields)
	}
	rows := func(where string) int { return s.count(t, "select count(*) from audit where "+where) }
	for range 40 {
		login(map[string]any{"username": "alice"})
		login(map[string]any{"username": "nobody"})
		s.post(t, "Edit", map[string]any{"jwt": token, "email": "new@example.com", "current_password": "wrongpass1"})
	}
	if n := rows("reason = 'throttled'"); n < 2 || n > 4 { // an interval may have passed
		t.Errorf("%d rows of refusals by two buckets", n)
	}
	if n := rows("reason = 'unknown_user'"); n > 11 {
		t.Errorf("%d rows of a name that does not exist", n)
	}
	s.run(t, "update login_throttle set noted_until = now() - interval '1 second'")
	before := rows("reason = 'throttled'")
	login(map[string]any{"username": "alice"})
	login(map[string]any{"username": "alice"})
	if n := rows("reason = 'throttled'"); n != before+1 {
		t.Errorf("%d rows more after the interval, want 1", n-before)
	}
}

// The end that was asked for comes while the password waits to be hashed: that
// is as if it had been past, and nothing is done.
func TestEndComesWhileWaiting(t *testing.T) {
	t.Parallel()
	for _, refresh := range []string{"off", "on"} {
		s := newStack(t, stackOptions{env: map[string]string{"HASH_CONCURRENCY": "1", "REFRESH_TOKENS": refresh, "JWT_DEFAULT_TTL": "15m"}})
		s.signUp(t, "alice", 1234)
		const rows = "select (select count(*) from users) + (select count(*) from refresh_tokens) + (select count(*) from audit)"
		before := s.count(t, rows)
		reached, release := holdWorkers(t, s.service.hasher, 1)
		reached()
		end := time.Now().Unix() + 2
		carol := person("carol", 1235)
		carol["expires_at"] = end
		var running sync.WaitGroup
		for action, fields := range map[string]any{
			"Register": carol, "Login": map[string]any{"username": "alice", "password": "password123", "expires_at": end},
		} {
			running.Go(func() {
				status, message, _ := s.post(t, action, fields)
				if want := "Invalid input: expires_at: must be in the future"; status != 400 || message != want {
					t.Errorf("%s: %d %v, want 400 %s", action, status, message, want)
				}
			})
		}
		until(t, "both wait", func() bool { return s.service.hasher.Stats().Waiting == 2 })
		time.Sleep(time.Until(time.Unix(end, 0)) + 100*time.Millisecond)
		release()
		running.Wait()
		if after := s.count(t, rows); after != before || s.exhausted(t, "") != 0 {
			t.Errorf("refresh tokens %s: %d rows were written, and %d buckets have lost tries", refresh, after-before, s.exhausted(t, ""))
		}
	}
}

// Where the audit cannot be written, nothing is done: requirement 32.
func TestNoChangeWithoutItsAudit(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{env: map[string]string{"REFRESH_TOKENS": "on", "JWT_DEFAULT_TTL": "15m"}})
	user := s.signUp(t, "alice", 1234)
	s.run(t, `create function refuse() returns trigger language plpgsql as $$ begin raise 'no room'; end $$;
		create trigger refuse before insert on audit for each row execute function refuse()`)
	state := fmt.Sprintf("select hashtext(concat_ws('|', %s))", `(select string_agg(users::text, ',' order by id) from users),
		(select string_agg(revocations::text, ',') from revocations), (select string_agg(r::text, ',' order by hash) from refresh_tokens r)`)
	before := s.count(t, state)
	for _, call := range []struct {
		action string
		fields map[string]any
	}{
		{"Edit", map[string]any{"jwt": user["jwt"], "name": "New", "password": "password456"}},
		{"Delete", map[string]any{"jwt": user["jwt"]}},
		{"Logout", map[string]any{"jwt": user["jwt"]}},
		{"Logout", map[string]any{"jwt": user["jwt"], "everywhere": true}},
		{"Refresh", map[string]any{"refresh_token": user["refresh_token"]}},
		{"Register", person("bobby", 1235)},
		{"Login", map[string]any{"username": "alice", "password": "password123"}},
	} {
		if status, message, _ := s.post(t, call.action, call.fields); status != 500 || message != "Internal server error" {
			t.Errorf("%s: %d %v, want 500", call.action, status, message)
		}
		if s.count(t, state) != before {
			t.Errorf("%s has changed a row, and its audit has none", call.action)
		}
	}
	s.run(t, "drop trigger refuse on audit")
	if status, _, _ := s.post(t, "Edit", map[string]any{"jwt": user["jwt"], "name": "New"}); status != 200 || s.count(t, state) == before {
		t.Errorf("Edit with an audit: %d; nothing changed: this says nothing", status)
	}
}
