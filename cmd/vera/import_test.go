package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/bcrypt"

	"vera/host/devdb/devdbtest"
)

// predecessor is the schema of vera-py-service, as its migrations leave it.
const predecessor = `
	create table users (
		id serial primary key, username varchar, email varchar, phone_number varchar,
		name varchar not null, password_digest varchar not null,
		created_at timestamptz default now(), updated_at timestamptz default now(), deleted_at timestamptz);
	create unique index ix_users_username on users (username);
	create unique index ix_users_email on users (email);
	create table revocations (jti uuid primary key, created_at timestamptz default now(), expires_at timestamptz);`

// oldDatabase makes a database of the predecessor with the given rows.
func oldDatabase(t *testing.T, rows string) string {
	t.Helper()
	dsn := devdbtest.Database(t, func(ctx context.Context, dsn string) error { return execute(ctx, dsn, predecessor) }, predecessor)
	if err := execute(t.Context(), dsn, rows); err != nil {
		t.Fatal(err)
	}
	return dsn
}

func execute(ctx context.Context, dsn, sql string) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	return err
}

// pythonDigest is what the predecessor stored for a password.
func pythonDigest(t *testing.T, password string) string {
	t.Helper()
	digest, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return "$2b" + string(digest[3:])
}

// importInto runs the command.
func importInto(t *testing.T, target string, args ...string) (code int, out string) {
	t.Helper()
	var text bytes.Buffer
	env := map[string]string{"DATABASE_URL": target}
	code = run(t.Context(), append([]string{"import"}, args...), console{&text, &text, lookupIn(env)})
	return code, text.String()
}

// After an import everything goes on: passwords, tokens, revocations, ids.
func TestImport(t *testing.T) {
	t.Parallel()
	const revoked = "6a6c9c4e-1b1c-4d2c-9d55-0a5b8b9b1c11"
	digest := pythonDigest(t, "password123")
	source := oldDatabase(t, fmt.Sprintf(`
		insert into users (id, username, email, phone_number, name, password_digest, updated_at, deleted_at) values
			(3, 'Alice', 'Alice@example.com', '+12125551234', 'Alice', '%[1]s', '2024-05-06 07:08:09Z', null),
			(5, null, 'bob@example.com', null, 'Bob', '%[1]s', '2024-05-06 07:08:09Z', null),
			(6, 'gone', null, null, 'Gone', '%[1]s', '2024-05-06 07:08:09Z', '2025-01-01');
		update users set created_at = updated_at;
		insert into revocations (jti, expires_at) values ('%[2]s', '2099-01-01'), (gen_random_uuid(), null);
		select setval('users_id_seq', 40)`, digest, revoked))
	s := newStack(t, stackOptions{})

	code, out := importInto(t, s.dsn, "--from", source, "--dry-run")
	if code != 0 || !strings.Contains(out, "3 users (1 deleted) and 2 revocations") || s.count(t, "select count(*) from users") != 0 {
		t.Fatalf("dry run: exit code %d\n%s", code, out)
	}
	if code, out := importInto(t, s.dsn, "--from", source); code != 0 || !strings.Contains(out, "imported 3 users and 2 revocations") {
		t.Fatalf("exit code %d\n%s", code, out)
	}

	status, _, fields := s.post(t, "Login", map[string]any{"username": "alice", "password": "password123"})
	if status != 200 {
		t.Fatalf("Login: %d", status)
	}
	token, _ := at(fields, "jwt")
	status, _, fields = s.post(t, "Show", map[string]any{"jwt": token})
	if want := `{"created_at":1714979289,"id":3,"updated_at":1714979289,"username":"Alice"}`; status != 200 || asJSON(fields.(map[string]any)["user"]) != want {
		t.Errorf("Show: %d %s, want %s", status, asJSON(fields), want)
	}
	r := &caseRunner{stack: s, ids: map[string]any{"bob": json.Number("5"), "alice": json.Number("3")}}
	old := func(of, jti string) int {
		claims := map[string]any{}
		if jti != "" {
			claims["jti"] = jti
		}
		status, _, _ := s.post(t, "Show", map[string]any{"jwt": r.forge(t, map[string]any{"of": of, "claims": claims})})
		return status
	}
	if got := [3]int{old("alice", ""), old("bob", ""), old("alice", revoked)}; got != [3]int{200, 200, 401} {
		t.Errorf("tokens of the predecessor, two good and one revoked: %v", got)
	}
	if status, _, _ := s.post(t, "Login", map[string]any{"username": "gone", "password": "password123"}); status != 404 {
		t.Errorf("Login of a deleted user: %d", status)
	}
	status, _, fields = s.post(t, "Register", map[string]any{
		"username": "carol", "name": "Carol", "email": "carol@example.com", "phone_number": "+12125551236", "password": "password123"})
	token, _ = at(fields, "jwt")
	if status != 201 || asText(subjectOf(t, token.(string))) != "41" {
		t.Errorf("the next user: %d %s, want id 41, as ids up to 40 were given to somebody", status, asJSON(fields))
	}

	if code, out := importInto(t, s.dsn, "--from", source); code != exitFailed || !strings.Contains(out, "has 4 users already") {
		t.Errorf("a second import: exit code %d\n%s", code, out)
	}
}

// Digests that no password opens are told by the ids of their users, and taken
// over: those could not log in before, either.
func TestImportTellsOfLockedUsers(t *testing.T) {
	t.Parallel()
	source := oldDatabase(t, fmt.Sprintf(`
		insert into users (id, username, name, password_digest, deleted_at) values
			(3, 'alice', 'A', '%[1]s', null), (5, 'bob', 'B', 'pbkdf2:secret', null), (6, 'carol', 'C', '', '2025-01-01'),
			(8, 'dave', 'D', '$2b$31$%[2]s', null), (9, 'erin', 'E', '$2a$10$%[2]s', null)`, pythonDigest(t, "password123"), strings.Repeat("a", 53)))
	s := newStack(t, stackOptions{})
	for _, args := range [][]string{{"--from", source, "--dry-run"}, {"--from", source}} {
		code, out := importInto(t, s.dsn, args...)
		var want strings.Builder
		for _, id := range []int{5, 6, 8} {
			fmt.Fprintf(&want, "user %d: password_digest: no password opens it; the user is taken over all the same\n", id)
		}
		if code != 0 || !strings.Contains(out, want.String()) || strings.Count(out, "password_digest") != 3 || strings.Contains(out, "secret") {
			t.Errorf("exit code %d, want 0, with\n%s in\n%s", code, want.String(), out)
		}
	}
	if n := s.count(t, "select count(*) from users"); n != 5 {
		t.Errorf("%d users were taken over, want 5", n)
	}
	if status, _, _ := s.post(t, "Login", map[string]any{"username": "bob", "password": "secret"}); status != 401 {
		t.Errorf("Login with a digest that nothing opens: %d, want 401", status)
	}
}

// All that stands in the way is told at once, without a value, and nothing is
// written.
func TestImportReport(t *testing.T) {
	t.Parallel()
	source := oldDatabase(t, `
		insert into users (username, email, phone_number, name, password_digest, deleted_at) values
			('Alice', 'secret.one@example.com', '+12125551234', 'A', 'x', null),
			('alice', 'Secret.One@Example.com', '+1 212 555 1234', 'B', 'x', null),
			('carol', 'carol@example.com', '+12125551234', 'C', 'x', '2025-01-01'),
			('two words', 'dave@example.com', null, 'D', 'x', null),
			(null, 'no address', null, 'E', 'x', null),
			(null, null, null, 'F', 'x', null);
		insert into revocations (jti) values (gen_random_uuid())`)
	s := newStack(t, stackOptions{})
	for _, args := range [][]string{{"--from", source, "--dry-run"}, {"--from", source}} {
		code, out := importInto(t, s.dsn, args...)
		if code != exitFailed {
			t.Errorf("exit code %d", code)
		}
		for _, want := range []string{
			"6 users (1 deleted) and 1 revocation\n",
			"the same username: users 1, 2\n", "the same email: users 1, 2\n", "the same phone_number: users 1, 2, 3 (deleted)\n",
			"user 4: username: Invalid username", "user 5: email: ", "user 6: has neither username, email nor phone_number\n",
			"nothing was written",
		} {
			if !strings.Contains(out, want) {
				t.Errorf("%q is missing in\n%s", want, out)
			}
		}
		for _, value := range []string{"lice", "ecret", "two words", "no address", "555"} {
			if strings.Contains(out, value) {
				t.Errorf("the report holds %q:\n%s", value, out)
			}
		}
		if n := s.count(t, "select (select count(*) from users) + (select count(*) from revocations)"); n != 0 {
			t.Errorf("%d rows were written", n)
		}
	}
}

func TestImportFaults(t *testing.T) {
	t.Parallel()
	target := devdbtest.Database(t, migrateDSN, migrationsHash(t))
	notOne := devdbtest.Database(t, func(context.Context, string) error { return nil }, "empty")
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"no source", nil, exitUsage, "missing flags: --from"},
		{"no address", []string{"--from", "postgres://user:s3cret@:port/"}, exitUsage, "--from: parse the database's address"},
		{"nobody there", []string{"--from", "postgres://user:s3cret@127.0.0.1:1/db?connect_timeout=2"}, exitFailed, "--from names"},
		{"another database", []string{"--from", notOne}, exitFailed, "read the source"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, out := importInto(t, target, tt.args...)
			if code != tt.code || !strings.Contains(out, tt.want) || strings.Contains(out, "s3cret") {
				t.Errorf("exit code %d, want %d, with %q in\n%s", code, tt.code, tt.want, out)
			}
		})
	}
}
