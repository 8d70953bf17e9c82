package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// goodEnv is what the predecessor's README shows, with a secret that is long
// enough.
func goodEnv() map[string]string {
	return map[string]string{
		"WEBSOCKET_URL": "ws://localhost:4000/websocket", "TOKEN": "hub-token-value",
		"POSTGRES_USER": "auth", "POSTGRES_PASSWORD": "db-password-value", "POSTGRES_DB": "auth",
		"JWT_SECRET": "jwt-secret-value-of-more-than-32-bytes", "JWT_ISSUER": "vera-py-service", "JWT_AUDIENCE": "vera-clients",
		"MIN_USERNAME_LENGTH": "3", "MAX_USERNAME_LENGTH": "50", "MIN_PASSWORD_LENGTH": "8", "MAX_PASSWORD_LENGTH": "128",
	}
}

func lookupIn(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) { value, ok := env[name]; return value, ok }
}

func TestConfigDefaults(t *testing.T) {
	c, err := loadConfig(lookupIn(goodEnv()), needAll)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Postgres.DSN().Reveal(); got != "postgres://auth:db-password-value@localhost:5432/auth" {
		t.Errorf("DSN = %s", got)
	}
	if c.JWT.Algorithm != "HS256" || c.ActionTimeout != 10*time.Second || c.ActionsDir != "./actions" || c.HotReload || c.BcryptCost != 12 {
		t.Errorf("defaults: %+v", c)
	}
	if got := c.Script["JWT_MAX_TTL"]; got != "315360000" {
		t.Errorf("JWT_MAX_TTL for scripts = %s, want seconds", got)
	}
	for name := range c.Script {
		if forbidden(name) {
			t.Errorf("scripts may read %s", name)
		}
	}
}

func TestConfigFaults(t *testing.T) {
	tests := []struct {
		name   string
		change map[string]string
		want   []string // each a variable and a word of what is said of it
	}{
		{"nothing set", unset(goodEnv()), []string{"WEBSOCKET_URL is required", "TOKEN is required", "POSTGRES_USER is required",
			"POSTGRES_PASSWORD is required", "POSTGRES_DB is required", "JWT_SECRET is required", "JWT_ISSUER is required",
			"JWT_AUDIENCE is required", "MIN_USERNAME_LENGTH is required", "MAX_PASSWORD_LENGTH is required"}},
		{"short secret", map[string]string{"JWT_SECRET": "x"}, []string{"JWT_SECRET must have at least 32 bytes"}},
		{"blank secret", map[string]string{"JWT_SECRET": strings.Repeat(" ", 40)}, []string{"JWT_SECRET must have"}},
		{"algorithm none", map[string]string{"JWT_ALGORITHM": "none"}, []string{"JWT_ALGORITHM must be one of HS256"}},
		{"no private key", map[string]string{"JWT_ALGORITHM": "ES256", "JWT_SECRET": ""}, []string{"JWT_PRIVATE_KEY is required with JWT_ALGORITHM=ES256"}},
		{"private key is none", map[string]string{"JWT_ALGORITHM": "ES256", "JWT_PRIVATE_KEY": "s3cret"}, []string{"JWT_PRIVATE_KEY must be a private key in PEM"}},
		{"key of another algorithm", map[string]string{"JWT_PRIVATE_KEY": ed25519PEM(t)}, []string{"JWT_ALGORITHM must be EdDSA"}},
		{"key set", map[string]string{"JWT_VERIFY_KEYS": "s3cret"}, []string{"JWT_VERIFY_KEYS must be a JWK set"}},
		{"key set without its file", map[string]string{"JWT_VERIFY_KEYS_FILE": "/nowhere/keys"}, []string{"JWT_VERIFY_KEYS cannot be read"}},
		{"pepper", map[string]string{"PASSWORD_PEPPER": "s3cret"}, []string{"PASSWORD_PEPPER must have at least 32 bytes"}},
		{"scheme", map[string]string{"PASSWORD_SCHEME": "md5"}, []string{"PASSWORD_SCHEME must be one of bcrypt, argon2id"}},
		{"pepper for scripts", map[string]string{"SCRIPT_ENV": "PASSWORD_PEPPER_FILE"}, []string{"SCRIPT_ENV must not name PASSWORD_PEPPER_FILE"}},
		{"not a number", map[string]string{"POSTGRES_PORT": "s3cret"}, []string{"POSTGRES_PORT must be a whole number from 1 to 65535"}},
		{"address", map[string]string{"WEBSOCKET_URL": "http://s3cret"}, []string{"WEBSOCKET_URL must be a ws://"}},
		{"time", map[string]string{"ACTION_TIMEOUT": "30s"}, []string{"ACTION_TIMEOUT must be a time"}},
		{"cost", map[string]string{"BCRYPT_COST": "4"}, []string{"BCRYPT_COST must be a whole number from 10 to 15"}},
		{"session shorter than its token", map[string]string{"REFRESH_TOKENS": "on", "JWT_DEFAULT_TTL": "2h", "REFRESH_TTL": "1h"}, []string{"REFRESH_TTL must not be below JWT_DEFAULT_TTL"}},
		{"more hashing than there is room for", map[string]string{"POOL_SIZE": "8", "HASH_CONCURRENCY": "3"}, []string{"HASH_CONCURRENCY must not be above 2, a quarter of POOL_SIZE"}},
		{"least above most", map[string]string{"MIN_PASSWORD_LENGTH": "200"}, []string{"MIN_PASSWORD_LENGTH must not be above"}},
		{"list", map[string]string{"REGISTER_REQUIRED": "s3cret"}, []string{"REGISTER_REQUIRED must be a list out of"}},
		{"secret for scripts", map[string]string{"SCRIPT_ENV": "GREETING, JWT_SECRET"}, []string{"SCRIPT_ENV must not name JWT_SECRET"}},
		{"file that is not there", map[string]string{"TOKEN": "", "TOKEN_FILE": "/nowhere/token"}, []string{"TOKEN cannot be read from the file"}},
		{"value and file", map[string]string{"TOKEN_FILE": "/nowhere/token"}, []string{"TOKEN and TOKEN_FILE are both set"}},
		{"many at once", map[string]string{"JWT_SECRET": "x", "BCRYPT_COST": "99", "HOT_RELOAD": "maybe"},
			[]string{"JWT_SECRET", "BCRYPT_COST", "HOT_RELOAD must be true or false"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := goodEnv()
			maps.Copy(env, tt.change)
			_, err := loadConfig(lookupIn(env), needAll)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in\n%v", want, err)
				}
			}
			for _, secret := range []string{"s3cret", "hub-token", "db-password", "jwt-secret-value"} {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error repeats a value:\n%v", err)
				}
			}
			if lines := strings.Count(err.Error(), "\n") + 1; lines != len(tt.want) && tt.name != "nothing set" {
				t.Errorf("%d faults, want %d:\n%v", lines, len(tt.want), err)
			}
		})
	}
}

func unset(env map[string]string) map[string]string {
	for name := range env {
		env[name] = ""
	}
	return env
}

func TestSecretsFromFiles(t *testing.T) {
	env := goodEnv()
	for _, name := range []string{"TOKEN", "JWT_SECRET", "POSTGRES_PASSWORD"} {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, []byte(env[name]+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		env[name+"_FILE"], env[name] = file, ""
	}
	c, err := loadConfig(lookupIn(env), needAll)
	if err != nil {
		t.Fatal(err)
	}
	want := goodEnv()
	if c.Token.Reveal() != want["TOKEN"] || c.JWT.Secret.Reveal() != want["JWT_SECRET"] || c.Postgres.Password.Reveal() != want["POSTGRES_PASSWORD"] {
		t.Error("a secret from a file is not the file's first line")
	}
}

func TestCommandLine(t *testing.T) {
	tests := []struct {
		args []string
		code int
		want string
	}{
		{nil, 0, "migrate status"},
		{[]string{"--help"}, 0, "Serve the actions"},
		{[]string{"serve", "--help"}, 0, "Usage: vera serve"},
		{[]string{"dv"}, exitUsage, `did you mean "dev"`},
		{[]string{"serve"}, exitUsage, "JWT_SECRET is required"},
		{[]string{"check", "../../actions"}, 0, "6 actions"},
		{[]string{"check", "/nowhere"}, exitFailed, "read the actions' folder"},
		{[]string{"version"}, 0, "vera "},
		{[]string{"health"}, exitUsage, "HEALTH_ADDRESS"},
	}
	for _, tt := range tests {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var out bytes.Buffer
			code := run(t.Context(), tt.args, console{&out, &out, lookupIn(nil)})
			if code != tt.code || !strings.Contains(out.String(), tt.want) {
				t.Errorf("exit code %d, want %d, with %q in\n%s", code, tt.code, tt.want, out.String())
			}
		})
	}
}

func ed25519PEM(t *testing.T) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// What is wrong only with both, or only in a file, is said before anything is
// connected, by the variable's name.
func TestKeysThatDoNotFit(t *testing.T) {
	empty := writeFile(t, "\n\n")
	for name, tt := range map[string]struct {
		change map[string]string
		want   string
	}{
		"two keys without a name": {map[string]string{"JWT_VERIFY_KEYS": `{"keys":[{"kty":"oct","alg":"HS256","k":"czNjcmV0LXMzY3JldC1zM2NyZXQtczNjcmV0LXMzY3JldA"}]}`}, "JWT_VERIFY_KEYS"},
		"name of a key":           {map[string]string{"JWT_KEY_ID": "a b"}, "JWT_KEY_ID"},
		"secret of one letter":    {map[string]string{"JWT_SECRET": strings.Repeat("s3cret"[:1], 40)}, "JWT_SECRET"},
		"blocklist not there":     {map[string]string{"PASSWORD_BLOCKLIST_FILE": "/nowhere/list"}, "PASSWORD_BLOCKLIST_FILE"},
		"blocklist empty":         {map[string]string{"PASSWORD_BLOCKLIST_FILE": empty}, "PASSWORD_BLOCKLIST_FILE"},
	} {
		env := goodEnv()
		maps.Copy(env, tt.change)
		var out bytes.Buffer
		code := run(t.Context(), []string{"serve"}, console{&out, &out, lookupIn(env)})
		if code != exitUsage || !strings.Contains(out.String(), tt.want) || strings.Contains(out.String(), "s3cret") {
			t.Errorf("%s: exit code %d, want %d, with %s in\n%s", name, code, exitUsage, tt.want, out.String())
		}
	}
}

func writeFile(t *testing.T, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Keys, pepper, scheme and blocklist out of files reach the actions, and a
// service that was started without them goes on with them.
func TestKeysAndPasswordsOutOfFiles(t *testing.T) {
	const secret = "jwt-secret-value-of-more-than-32-bytes"
	before := newStack(t, stackOptions{env: map[string]string{"JWT_SECRET": secret}})
	status, _, answer := before.post(t, "Register", map[string]any{
		"username": "johndoe", "name": "John Doe", "email": "john@example.com", "phone_number": "+1-555-123-4567", "password": "securepassword123",
	})
	if status != http.StatusCreated {
		t.Fatalf("Register answers %d", status)
	}
	oldToken := answer.(map[string]any)["jwt"].(string)
	before.stopHost()

	with := map[string]string{
		"JWT_ALGORITHM": "EdDSA", "JWT_SECRET": "", "JWT_PRIVATE_KEY_FILE": writeFile(t, ed25519PEM(t)), "JWT_KEY_ID": "2026-11",
		"PASSWORD_SCHEME": "argon2id", "PASSWORD_PEPPER_FILE": writeFile(t, strings.Repeat("pepper ", 6)+"\n"),
		"PASSWORD_BLOCKLIST_FILE": writeFile(t, "Password123\n"), "DATABASE_URL": before.dsn,
	}
	after := newStack(t, stackOptions{env: with})
	if status, message, _ := after.post(t, "Show", map[string]any{"jwt": oldToken}); status != http.StatusUnauthorized {
		t.Errorf("a token of the key that is gone: %d %v", status, message)
	}
	after.stopHost()

	with["JWT_VERIFY_KEYS_FILE"] = writeFile(t, `{"keys":[{"kty":"oct","alg":"HS256","k":"`+base64.RawURLEncoding.EncodeToString([]byte(secret))+`"}]}`)
	after = newStack(t, stackOptions{env: with})
	if status, message, _ := after.post(t, "Show", map[string]any{"jwt": oldToken}); status != http.StatusOK {
		t.Errorf("a token of the key that is kept: %d %v", status, message)
	}
	const digests = `SELECT count(*) FROM users WHERE password_digest LIKE $1`
	if n := before.count(t, digests, "$2b$04$%"); n != 1 {
		t.Errorf("%d plain digests before the login", n)
	}
	status, message, answer := after.post(t, "Login", map[string]any{"username": "johndoe", "password": "securepassword123"})
	if status != http.StatusOK {
		t.Fatalf("Login answers %d %v", status, message)
	}
	if n := before.count(t, digests, "$pepper-________$argon2id$v=19$m=19456,t=2,p=1$%"); n != 1 {
		t.Errorf("%d peppered digests of argon2id after the login", n)
	}
	token := answer.(map[string]any)["jwt"].(string)
	header, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[0])
	if want := `{"alg":"EdDSA","kid":"2026-11","typ":"JWT"}`; err != nil || string(header) != want {
		t.Errorf("header of the new token: %s, want %s", header, want)
	}
	if status, message, _ := after.post(t, "Show", map[string]any{"jwt": token}); status != http.StatusOK {
		t.Errorf("the new token: %d %v", status, message)
	}
	status, _, answer = after.post(t, "Register", map[string]any{
		"username": "another", "name": "A", "email": "another@example.com", "phone_number": "+1-555-123-4568", "password": "pAssword123",
	})
	if text := fmt.Sprint(answer); status != http.StatusBadRequest || strings.Contains(strings.ToLower(text), "password123") {
		t.Errorf("Register with a blocked password: %d %s", status, text)
	}
}
