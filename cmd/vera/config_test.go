package main

import (
	"bytes"
	"maps"
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
		{"not a number", map[string]string{"POSTGRES_PORT": "s3cret"}, []string{"POSTGRES_PORT must be a whole number from 1 to 65535"}},
		{"address", map[string]string{"WEBSOCKET_URL": "http://s3cret"}, []string{"WEBSOCKET_URL must be a ws://"}},
		{"time", map[string]string{"ACTION_TIMEOUT": "30s"}, []string{"ACTION_TIMEOUT must be a time"}},
		{"cost", map[string]string{"BCRYPT_COST": "4"}, []string{"BCRYPT_COST must be a whole number from 10 to 15"}},
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
