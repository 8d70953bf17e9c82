package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
)

// The security requirements that are no single call: races, faults inside, and
// what the log holds. docs/security.md tells which test proves which.

func person(username string, n int) map[string]any {
	return map[string]any{
		"username": username, "name": "Somebody", "email": username + "@example.com",
		"phone_number": fmt.Sprintf("+1212555%04d", n), "password": "password123",
	}
}

// signUp registers a person and gives the fields of the answer.
func (s *stack) signUp(t *testing.T, username string, n int) map[string]any {
	t.Helper()
	status, message, fields := s.post(t, "Register", person(username, n))
	if status != 201 {
		t.Fatalf("Register: %d %v\n%s", status, message, s.logs)
	}
	return fields.(map[string]any)
}

// Of eight that want one name at once, one gets it: requirement 6.
func TestEqualRegistrations(t *testing.T) {
	t.Parallel()
	for field, spellings := range map[string][2]string{
		"username":     {"alice", "ＡLICE"},
		"email":        {"alice@bücher.example", "Alice@xn--bcher-kva.example"},
		"phone_number": {"+12125551234", "+1 (212) 555-1234"},
	} {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			s := newStack(t, stackOptions{})
			var mu sync.Mutex
			counts := make(map[int]int)
			var running sync.WaitGroup
			for i := range 8 {
				fields := person(fmt.Sprintf("user%d", i), 1300+i)
				fields[field] = spellings[i%2]
				running.Go(func() {
					status, _, _ := s.post(t, "Register", fields)
					mu.Lock()
					defer mu.Unlock()
					counts[status]++
				})
			}
			running.Wait()
			if !maps.Equal(counts, map[int]int{201: 1, 409: 7}) || s.count(t, "select count(*) from users") != 1 {
				t.Errorf("statuses %v, %d users", counts, s.count(t, "select count(*) from users"))
			}
		})
	}
}

// changedActions is a folder with the shipped actions, one of them changed if
// it is named.
func changedActions(t *testing.T, name, old, new string) string {
	t.Helper()
	dir := writeActions(t, nil)
	if err := os.CopyFS(dir, os.DirFS("../../actions")); err != nil {
		t.Fatal(err)
	}
	if name != "" {
		changeAction(t, dir, name, old, new)
	}
	return dir
}

func changeAction(t *testing.T, dir, name, old, new string) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(source), old, new, 1)
	if changed == string(source) {
		t.Fatalf("%s has no %q", name, old)
	}
	writeAction(t, dir, name, changed)
}

// Where a token cannot be signed, nothing was done: requirement 18.
func TestSigningFails(t *testing.T) {
	t.Parallel()
	dir := changedActions(t, "", "", "")
	s := newStack(t, stackOptions{actions: dir, env: map[string]string{"REFRESH_TOKENS": "on", "JWT_DEFAULT_TTL": "15m"}})
	changeAction(t, dir, "lib/tokens.lua", "pcall(jwt.sign, {", "pcall(error, {")
	user := s.signUp(t, "alice", 1234)
	if _, err := s.service.actions.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	const rows = "select (select count(*) from users) + (select count(*) from refresh_tokens) + (select count(*) from audit) + (select count(*) from login_throttle)"
	before := s.count(t, rows)
	for action, fields := range map[string]any{
		"Register": person("bob", 1235),
		"Login":    map[string]any{"username": "alice", "password": "password123"},
		"Refresh":  map[string]any{"refresh_token": user["refresh_token"]},
	} {
		if status, message, fields := s.post(t, action, fields); status != 500 || message != "Internal server error" || fields != nil {
			t.Errorf("%s: %d %v %v", action, status, message, fields)
		}
	}
	// The try that Login counted stays counted.
	if after := s.count(t, rows); after != before+1 || s.count(t, "select count(*) from refresh_tokens where used_at is not null") != 0 {
		t.Errorf("%d rows, want %d", after, before+1)
	}
}

// While a password is checked, another session may change it. The session
// that would begin with the old one does not: requirements 19 and 30.
func TestLoginAgainstPasswordChange(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, change string
		status       int
		digest       string
	}{
		{"changed", "update users set password_digest = 'new', session_epoch = session_epoch + 1", 401, "new"},
		{"deleted", "update users set deleted_at = now(), session_epoch = session_epoch + 1", 404, "$2b$05$"},
		{"rehashed by another", "update users set password_digest = 'newer'", 200, "newer"},
	}
	s := newStack(t, stackOptions{env: map[string]string{"REFRESH_TOKENS": "on", "JWT_DEFAULT_TTL": "15m"}})
	for i, tt := range tests {
		username := fmt.Sprintf("user%d", i)
		s.signUp(t, username, 1300+i)
		where := fmt.Sprintf(" where username = '%s'", username)
		s.run(t, "delete from refresh_tokens")
		s.run(t, "update users set password_digest = '"+cheapDigest+"'"+where)

		conn, err := pgx.Connect(t.Context(), s.dsn)
		if err != nil {
			t.Fatal(err)
		}
		tx, err := conn.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(t.Context(), tt.change+where); err != nil {
			t.Fatal(err)
		}
		var running sync.WaitGroup
		running.Go(func() {
			status, message, _ := s.post(t, "Login", map[string]any{"username": username, "password": "password123"})
			if status != tt.status {
				t.Errorf("%s: Login: %d %v, want %d", tt.name, status, message, tt.status)
			}
		})
		until(t, "Login waits for the change", func() bool {
			return s.count(t, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 1
		})
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		running.Wait()
		conn.Close(context.Background())
		if s.count(t, "select count(*) from users"+where+" and starts_with(password_digest, $1)", tt.digest) != 1 {
			t.Errorf("%s: the digest is not %s", tt.name, tt.digest)
		}
		if begun := s.count(t, "select count(*) from refresh_tokens"); begun == 1 != (tt.status == 200) {
			t.Errorf("%s: %d sessions have begun", tt.name, begun)
		}
	}
}

// cheapDigest is one of password123 at a cost that no host uses.
const cheapDigest = "$2b$05$Z1yzphSmrh6ytxsa/eaTOuIjO83EQborRK6lGJkbuipc5syS32BSS"

// Tries are counted in the database: another host knows of them, requirement
// 14. The other host signs with a new key, and believes the old one as long as
// it is told to: requirement 36.
func TestSecondHost(t *testing.T) {
	t.Parallel()
	s := newStack(t, stackOptions{env: map[string]string{"JWT_KEY_ID": "old"}})
	token := s.signUp(t, "alice", 1234)["jwt"]
	for range 10 {
		s.post(t, "Login", map[string]any{"username": "alice", "password": "wrongpass1"})
	}
	old := base64.RawURLEncoding.EncodeToString([]byte(s.config.JWT.Secret.Reveal()))
	keys := `{"keys":[{"kty":"oct","alg":"HS256","kid":"old","k":"` + old + `"}]}`
	for verify, want := range map[string]int{keys: 200, `{"keys":[]}`: 401} {
		second := newStack(t, stackOptions{database: s.dsn, env: map[string]string{"JWT_KEY_ID": "new", "JWT_VERIFY_KEYS": verify}})
		if status, _, _ := second.post(t, "Login", map[string]any{"email": "alice@example.com", "password": "password123"}); status != 429 {
			t.Errorf("Login on another host: %d, want 429", status)
		}
		if status, message, _ := second.post(t, "Show", map[string]any{"jwt": token}); status != want {
			t.Errorf("a token of the old key, keys %.12s: %d %v, want %d", verify, status, message, want)
		}
	}
}

// With a private key, others can verify tokens themselves.
func TestKeys(t *testing.T) {
	t.Parallel()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	key := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	s := newStack(t, stackOptions{env: map[string]string{"JWT_ALGORITHM": "EdDSA", "JWT_PRIVATE_KEY": key, "JWT_SECRET": ""}})
	token := s.signUp(t, "alice", 1234)["jwt"].(string)
	status, _, fields := s.post(t, "Keys", map[string]any{})
	list, _ := at(fields, "keys")
	published, ok := list.([]any)
	if status != 200 || !ok || len(published) != 1 {
		t.Fatalf("Keys: %d %s", status, asJSON(fields))
	}
	x, _ := at(published[0], "x")
	public, err := base64.RawURLEncoding.DecodeString(x.(string))
	if err != nil {
		t.Fatal(err)
	}
	signed, signature, _ := strings.Cut(token[strings.Index(token, ".")+1:], ".")
	signed = token[:strings.Index(token, ".")+1] + signed
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !ed25519.Verify(public, []byte(signed), raw) {
		t.Errorf("the token is not signed with the key that is published: %v", err)
	}
	if strings.Contains(asJSON(fields), `"d"`) {
		t.Error("the private key is published")
	}
	if status, _, _ := s.post(t, "Show", map[string]any{"jwt": token}); status != 200 {
		t.Errorf("Show: %d", status)
	}
}

// secretive fails in every way it can while it holds what must not be seen.
const secretive = `return {
	description = "Fails",
	fields = {
		password = { type = "string", description = "Secret", secret = true, min_length = 40 },
		name = { type = "string", description = "Not secret" },
	},
	run = function(fields) error(fields.name) end,
}`

// The log of a host that has met every kind of fault holds no password, no
// digest, no token and no secret, and one line for each event: requirements 8
// and 40.
func TestLogHoldsNoSecret(t *testing.T) {
	t.Parallel()
	dir := changedActions(t, "", "", "")
	writeAction(t, dir, "fail.lua", secretive)
	s := newStack(t, stackOptions{actions: dir, privateDatabase: true, env: map[string]string{
		"REFRESH_TOKENS": "on", "JWT_DEFAULT_TTL": "15m", "EDIT_REQUIRES_PASSWORD": "on", "LOGIN_SOURCE": "on"}})
	user := s.signUp(t, "alice", 1234)
	token, refresh := user["jwt"].(string), user["refresh_token"].(string)
	story := func() {
		for _, call := range []struct {
			action string
			fields map[string]any
		}{
			{"Register", person("bob", 1235)},
			{"Register", map[string]any{"password": "password123", "username": []any{token}}},
			{"Login", map[string]any{"username": "password123", "password": "password123"}},
			{"Login", map[string]any{"username": token, "password": refresh}},
			{"Login", map[string]any{"email": "password123", "password": "password123", "source": token}},
			{"Login", map[string]any{"phone_number": "password123", "password": token}},
			{"Login", map[string]any{"username": "alice", "password": strings.Repeat("password123", 1000)}},
			{"Show", map[string]any{"jwt": token}},
			{"Show", map[string]any{"jwt": token + "\x00"}},
			{"Verify", map[string]any{"jwt": refresh}},
			{"Refresh", map[string]any{"refresh_token": refresh}},
			{"Refresh", map[string]any{"refresh_token": token}},
			{"Edit", map[string]any{"jwt": token, "password": "password123", "current_password": "wrongpass1"}},
			{"Edit", map[string]any{"jwt": token, "password": "password123", "current_password": "password123"}},
			{"Edit", map[string]any{"jwt": token, "name": "password123", "user_id": token}},
			{"Fail", map[string]any{"password": "password123", "name": "x"}},
			{"Fail", map[string]any{"password": token, "name": "<script>\n\u202elevel=ERROR\r\x1b[31m"}},
			{"Logout", map[string]any{"jwt": token, "everywhere": "password123"}},
		} {
			s.post(t, call.action, call.fields)
		}
	}
	story()
	s.database.Stop()
	story()

	logs := s.logs.String()
	if !strings.Contains(logs, "<script>") || !strings.Contains(logs, "the database is unavailable") {
		t.Errorf("the faults are not in the log:\n%s", logs)
	}
	secrets := []string{"password123", "wrongpass1", "$2", "eyJ", refresh, s.config.JWT.Secret.Reveal(), s.config.Token.Reveal()}
	for _, secret := range secrets {
		if at := strings.Index(logs, secret); at >= 0 {
			t.Errorf("%q is in the log: …%s", secret, logs[max(0, at-300):at+20])
		}
	}
	for line := range strings.Lines(logs) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not one event a line: %s", line)
		}
	}
	if i := strings.IndexFunc(logs, func(r rune) bool { return r < ' ' && r != '\n' || r == '\u202e' }); i >= 0 {
		t.Errorf("a character that changes how the log looks: %q", logs[i:i+10])
	}
}
