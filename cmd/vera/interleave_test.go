package main

import (
	"fmt"
	"sync"
	"testing"

	"vera/stdlib/jwt"
)

// Every change of a user is looked at as it is committed: if the session that
// made it had ended by then, it slipped through. The pause is where a change
// is between its checks and its commit.
const catchSlips = `
	create table races (user_id int primary key, jti uuid);
	create table slips (user_id int);
	create function pause() returns trigger language plpgsql as $$ begin
		perform pg_sleep(0.002);
		return new;
	end $$;
	create trigger pause before update of name, deleted_at on users for each row execute function pause();
	create function catch_slip() returns trigger language plpgsql as $$ begin
		if (new.name, new.deleted_at) is distinct from (old.name, old.deleted_at) and (old.session_epoch > 0
			or exists (select from races join revocations using (jti) where user_id = new.id)) then
			insert into slips values (new.id);
		end if;
		return null;
	end $$;
	create constraint trigger catch_slip after update on users deferrable initially deferred
		for each row execute function catch_slip();
	insert into users (username, username_key, name, password_digest)
		select 'user' || n, 'user' || n, 'before', '' from generate_series(1, 1000) n;`

// A session ends either before a change checks it or after the change: 1,000
// times, a logout and a change with the same token, or a logout everywhere and
// a change with another token, are sent at once.
func TestLogoutAgainstChanges(t *testing.T) {
	t.Parallel()
	const races, atOnce = 1000, 8
	s := newStack(t, stackOptions{env: map[string]string{"LOG_LEVEL": "info"}})
	s.run(t, catchSlips)
	pairs := s.pairs(t, races)
	numbers := make(chan int)
	var mu sync.Mutex
	outcomes := make(map[string]int)
	var running sync.WaitGroup
	for range atOnce {
		running.Go(func() {
			for n := range numbers {
				outcome := s.race(t, n, pairs[n])
				mu.Lock()
				outcomes[outcome]++
				mu.Unlock()
			}
		})
	}
	for n := range races {
		numbers <- n
	}
	close(numbers)
	running.Wait()

	t.Logf("%v", outcomes)
	for _, want := range raceOutcomes {
		if outcomes[want] == 0 {
			t.Errorf("%q has never happened: this says nothing", want)
		}
		delete(outcomes, want)
	}
	if len(outcomes) > 0 {
		t.Errorf("what must not happen: %v", outcomes)
	}
	if n := s.count(t, "select count(*) from slips"); n > 0 {
		t.Errorf("%d changes were committed after their session had ended", n)
	}
}

var raceOutcomes = []string{
	"Edit 200, Logout 200", "Edit 401, Logout 200", "Delete 200, Logout 200", "Delete 401, Logout 200",
	"Edit 200, Logout everywhere 200", "Edit 401, Logout everywhere 200", "Delete 200, Logout everywhere 200", "Delete 401, Logout everywhere 200",
}

// tokens signs as the stack's host does.
func (s *stack) tokens(t *testing.T) *jwt.Tokens {
	t.Helper()
	config := s.config.JWT
	tokens, err := jwt.New(jwt.Options{
		Secret: []byte(config.Secret.Reveal()), Algorithm: config.Algorithm, Issuer: config.Issuer, Audience: config.Audience,
	})
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// pairs signs two tokens of each user, and tells the database of the first.
func (s *stack) pairs(t *testing.T, users int) [][2]string {
	t.Helper()
	tokens := s.tokens(t)
	pairs := make([][2]string, users)
	ids, jtis := make([]int, users), make([]string, users)
	for i := range pairs {
		for k := range pairs[i] {
			token, claims, err := tokens.Sign(map[string]any{"sub": fmt.Sprint(i + 1)})
			if err != nil {
				t.Fatal(err)
			}
			if pairs[i][k] = token; k == 0 {
				ids[i], jtis[i] = i+1, claims["jti"].(string)
			}
		}
	}
	s.run(t, "insert into races select * from unnest($1::int[], $2::text[]::uuid[])", ids, jtis)
	return pairs
}

// race sends a change and a logout at once, and tells what was answered.
func (s *stack) race(t *testing.T, n int, pair [2]string) string {
	action, change := "Edit", map[string]any{"jwt": pair[0], "name": "after"}
	if n%2 == 0 {
		action, change = "Delete", map[string]any{"jwt": pair[0]}
	}
	end, logout := "Logout", map[string]any{"jwt": pair[0]}
	if n%4 >= 2 {
		end, logout = "Logout everywhere", map[string]any{"jwt": pair[1], "everywhere": true}
	}
	var changed, ended int
	calls := []func(){
		func() { changed, _, _ = s.post(t, action, change) },
		func() { ended, _, _ = s.post(t, "Logout", logout) },
	}
	if n%3 == 0 { // the one that is started last tends to be first
		calls[0], calls[1] = calls[1], calls[0]
	}
	var both sync.WaitGroup
	for _, call := range calls {
		both.Go(call)
	}
	both.Wait()
	return fmt.Sprintf("%s %d, %s %d", action, changed, end, ended)
}
