package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"vera/stdlib/jwt"
	"vera/stdlib/password"
)

// A setting is one environment variable. This table is the only place that
// knows them: the program reads them by it, and the README's table and
// .env.example are made from it.
type setting struct {
	name     string
	about    string
	required bool                 // by serve
	waived   func(c *Config) bool // no longer required, given what stands before it; nil: never
	value    string               // the default
	dev      string               // what vera dev and vera check take where serve requires one
	secret   bool                 // may come from a file named by NAME_FILE; never shown
	script   bool                 // scripts may read it with env
	group    string
	set      func(c *Config, text string) error // its error names what is accepted, and never repeats the text
}

// settings in the order in which they are documented.
var settings = slices.Concat(coreSettings, databaseSettings, jwtSettings, accountSettings, actionSettings, limitSettings, logSettings)

var coreSettings = group("Plugboard",
	setting{name: "WEBSOCKET_URL", required: true, about: "The hub's address, ws:// or wss://",
		set: url(func(c *Config) *string { return &c.WebsocketURL })},
	setting{name: "TOKEN", required: true, secret: true, about: "The service's token at the hub",
		set: secret(func(c *Config) *Secret { return &c.Token })},
	setting{name: "RESPONSE_HOLD", value: "5ms", about: "No answer leaves sooner after its request; the hub loses faster ones",
		set: duration(func(c *Config) *time.Duration { return &c.ResponseHold }, 0, time.Second)},
	setting{name: "DRAIN_TIMEOUT", value: "25s", about: "How long a stopping host finishes what is in flight",
		set: duration(func(c *Config) *time.Duration { return &c.DrainTimeout }, 0, 10*time.Minute)},
	setting{name: "REJOIN_IDLE", value: "5m", about: "After so long without a sign from the service the host joins again; the hub can forget it without one",
		set: duration(func(c *Config) *time.Duration { return &c.RejoinIdle }, time.Second, 24*time.Hour)},
)

var databaseSettings = group("Database",
	setting{name: "DATABASE_URL", secret: true, about: "PostgreSQL URL, instead of the POSTGRES_ variables",
		set: secret(func(c *Config) *Secret { return &c.Postgres.URL })},
	setting{name: "POSTGRES_USER", about: "PostgreSQL user; required without DATABASE_URL",
		set: text(func(c *Config) *string { return &c.Postgres.User })},
	setting{name: "POSTGRES_PASSWORD", secret: true, about: "PostgreSQL password; required without DATABASE_URL",
		set: secret(func(c *Config) *Secret { return &c.Postgres.Password })},
	setting{name: "POSTGRES_DB", about: "PostgreSQL database; required without DATABASE_URL",
		set: text(func(c *Config) *string { return &c.Postgres.Database })},
	setting{name: "POSTGRES_HOST", value: "localhost", about: "PostgreSQL host",
		set: text(func(c *Config) *string { return &c.Postgres.Host })},
	setting{name: "POSTGRES_PORT", value: "5432", about: "PostgreSQL port",
		set: integer(func(c *Config) *int { return &c.Postgres.Port }, 1, 65535)},
	setting{name: "DB_MAX_CONNECTIONS", value: "10", about: "The most connections this host opens",
		set: integer(func(c *Config) *int { return &c.Postgres.MaxConns }, 1, 1000)},
	setting{name: "DB_REQUIRED", value: "true", about: "Wait for the database before serving; false: serve what needs none meanwhile, and answer what does 503 while it is away",
		set: boolean(func(c *Config) *bool { return &c.Postgres.Required })},
	setting{name: "CLEANUP_INTERVAL", value: "1h", about: "How often rows that have expired are deleted; 0: never",
		set: duration(func(c *Config) *time.Duration { return &c.CleanupInterval }, 0, 365*24*time.Hour)},
	setting{name: "AUDIT_RETENTION", value: "0", about: "How long rows of the table audit are kept; 0: for ever",
		set: duration(func(c *Config) *time.Duration { return &c.AuditRetention }, 0, 100*365*24*time.Hour)},
)

var jwtSettings = group("Tokens",
	setting{name: "JWT_ALGORITHM", value: "HS256", about: "HS256, HS384 or HS512, with JWT_SECRET; EdDSA, ES256 or RS256, with JWT_PRIVATE_KEY_FILE",
		set: oneOf(func(c *Config) *string { return &c.JWT.Algorithm }, "HS256", "HS384", "HS512", "EdDSA", "ES256", "RS256")},
	setting{name: "JWT_SECRET", required: true, waived: func(c *Config) bool { return !jwt.Symmetric(c.JWT.Algorithm) }, secret: true,
		about: "Key that signs tokens, at least 32 bytes; not used with EdDSA, ES256 and RS256",
		set:   jwtSecret},
	setting{name: "JWT_PRIVATE_KEY", secret: true, about: "Private key in PEM; rather name its file in JWT_PRIVATE_KEY_FILE",
		set: jwtPrivateKey},
	setting{name: "JWT_KEY_ID", about: "Name of the signing key in a token's header; default: a private key's thumbprint, none for a secret",
		set: text(func(c *Config) *string { return &c.JWT.KeyID })},
	setting{name: "JWT_VERIFY_KEYS", secret: true, about: "Further keys that verify, as a JWK set; rather name its file in JWT_VERIFY_KEYS_FILE",
		set: jwtVerifyKeys},
	setting{name: "JWT_ISSUER", required: true, dev: "vera-dev", about: "Issuer claim",
		set: text(func(c *Config) *string { return &c.JWT.Issuer })},
	setting{name: "JWT_AUDIENCE", required: true, dev: "vera-clients", about: "Audience claim",
		set: text(func(c *Config) *string { return &c.JWT.Audience })},
	setting{name: "JWT_LEEWAY", value: "30s", about: "How far clocks may differ when a token's times are checked",
		set: duration(func(c *Config) *time.Duration { return &c.JWT.Leeway }, 0, time.Minute)},
	setting{name: "JWT_MAX_TTL", value: "87600h", script: true, about: "The longest life that a caller may ask for a token",
		set: duration(func(c *Config) *time.Duration { return &c.JWT.MaxTTL }, time.Second, 100*365*24*time.Hour)},
	setting{name: "JWT_DEFAULT_TTL", value: "0", script: true, about: "Life of a token for which none was asked; 0: no end",
		set: duration(func(c *Config) *time.Duration { return &c.JWT.DefaultTTL }, 0, 100*365*24*time.Hour)},
	setting{name: "REFRESH_TOKENS", value: "false", script: true,
		about: "Register and Login give a refresh token too, and Refresh and Verify are served; needs JWT_DEFAULT_TTL",
		set:   boolean(func(c *Config) *bool { return &c.JWT.Refresh })},
	setting{name: "REFRESH_TTL", value: "720h", script: true, about: "How long a refresh token may stay unused",
		set: duration(func(c *Config) *time.Duration { return &c.JWT.RefreshTTL }, time.Minute, 10*365*24*time.Hour)},
)

var accountSettings = group("Accounts",
	setting{name: "MIN_USERNAME_LENGTH", required: true, dev: "3", script: true, about: "Shortest username",
		set: integer(func(c *Config) *int { return &c.Accounts.MinUsername }, 1, 255)},
	setting{name: "MAX_USERNAME_LENGTH", required: true, dev: "50", script: true, about: "Longest username",
		set: integer(func(c *Config) *int { return &c.Accounts.MaxUsername }, 1, 255)},
	setting{name: "MIN_PASSWORD_LENGTH", required: true, dev: "8", script: true, about: "Shortest password",
		set: integer(func(c *Config) *int { return &c.Accounts.MinPassword }, 1, 1024)},
	setting{name: "MAX_PASSWORD_LENGTH", required: true, dev: "128", script: true, about: "Longest password",
		set: integer(func(c *Config) *int { return &c.Accounts.MaxPassword }, 1, 1024)},
	setting{name: "BCRYPT_COST", value: "12", about: "Cost of a password's digest, 10 to 15",
		set: integer(func(c *Config) *int { return &c.BcryptCost }, 10, 15)},
	setting{name: "PASSWORD_SCHEME", value: "bcrypt", about: "How new passwords are hashed, bcrypt or argon2id; both verify",
		set: oneOf(func(c *Config) *string { return &c.Passwords.Scheme }, password.Bcrypt, password.Argon2id)},
	setting{name: "PASSWORD_PEPPER", secret: true, about: "Key mixed into passwords, at least 32 bytes; rather name its file in PASSWORD_PEPPER_FILE, and never lose it",
		set: passwordPepper},
	setting{name: "PASSWORD_BLOCKLIST_FILE", about: "File of passwords that nobody may choose, one a line",
		set: text(func(c *Config) *string { return &c.Passwords.BlocklistFile })},
	setting{name: "REGISTER_REQUIRED", value: "username,name,email,phone_number,password", script: true,
		about: "Which of Register's fields a caller must give",
		set:   listOf("username", "name", "email", "phone_number", "password")},
	setting{name: "PHONE_VALIDATION", value: "possible", about: "possible: a number of the right length; valid: one that is in use",
		set: oneOf(func(c *Config) *string { return &c.Accounts.PhoneValidation }, "possible", "valid")},
	setting{name: "LOGIN_THROTTLE", value: "true", script: true, about: "Slow down who guesses passwords",
		set: boolean(nil)},
	setting{name: "LOGIN_RETRY_AFTER", value: "false", script: true,
		about: "The 429 of Login and Edit says in fields.retry_after how many seconds to wait, as its message does",
		set:   boolean(nil)},
	setting{name: "LOGIN_SOURCE", value: "false", script: true,
		about: "Login takes a field source, such as the client's address, and slows sources down, too; only if its callers can be trusted with it",
		set:   boolean(nil)},
	setting{name: "EDIT_REQUIRES_PASSWORD", value: "false", script: true,
		about: "Edit asks for current_password to change the email or the password",
		set:   boolean(nil)},
	setting{name: "HIDE_USER_EXISTENCE", value: "false", script: true, about: "Login answers 401 also for a user that does not exist",
		set: boolean(nil)},
	setting{name: "RELEASE_DELETED", value: "false", script: true, about: "Names of a user who is deleted may be taken again",
		set: boolean(nil)},
)

var actionSettings = group("Actions",
	setting{name: "ACTIONS_DIR", value: "./actions", about: "Folder of the scripts",
		set: text(func(c *Config) *string { return &c.ActionsDir })},
	setting{name: "ACTION_TIMEOUT", value: "10s", about: "How long an action may run that sets no timeout of its own, at most 29s",
		set: duration(func(c *Config) *time.Duration { return &c.ActionTimeout }, time.Millisecond, 29*time.Second)},
	setting{name: "HOT_RELOAD", value: "false", about: "Serve a changed file at once",
		set: boolean(func(c *Config) *bool { return &c.HotReload })},
	setting{name: "WATCH", value: "auto", about: "How HOT_RELOAD notices a change: notify, poll (every second; for network and container mounts), or auto: both",
		set: oneOf(func(c *Config) *string { return &c.Watch }, "auto", "notify", "poll")},
	setting{name: "SCRIPT_ENV", about: "Names of further variables that scripts may read with env, separated by commas",
		set: names(func(c *Config) *[]string { return &c.ScriptEnv })},
)

var limitSettings = group("Limits",
	setting{name: "POOL_SIZE", value: "64", about: "Actions that run at once",
		set: integer(func(c *Config) *int { return &c.PoolSize }, 1, 10_000)},
	setting{name: "HASH_CONCURRENCY", value: "0", about: "Passwords hashed at once, at most a quarter of POOL_SIZE; 0: one for each core, as far as that allows",
		set: integer(func(c *Config) *int { return &c.HashConcurrency }, 0, 1024)},
	setting{name: "MAX_IN_FLIGHT", value: "1024", about: "Requests taken at once; those beyond are answered 503",
		set: integer(func(c *Config) *int { return &c.MaxInFlight }, 1, 1_000_000)},
	setting{name: "MAX_REQUEST_BYTES", value: "2097152", about: "Size of a request's fields",
		set: integer(func(c *Config) *int { return &c.MaxRequestBytes }, 1024, 8_000_000)},
	setting{name: "MAX_RESPONSE_BYTES", value: "8388608", about: "Size of an answer's fields",
		set: integer(func(c *Config) *int { return &c.MaxResponseBytes }, 1024, 64<<20)},
	setting{name: "MAX_HEAP_BYTES", value: "268435456", about: "Size of the whole heap, above which long runs are cancelled",
		set: integer(func(c *Config) *int { return &c.MaxHeapBytes }, 64<<20, 1<<40)},
	setting{name: "MAX_STRING_BYTES", value: "1048576", about: "Size of a string that a script builds",
		set: integer(func(c *Config) *int { return &c.MaxStringBytes }, 1024, 64<<20)},
	setting{name: "MAX_PATTERN_STEPS", value: "1000000", about: "Steps of matching that one call of find, match, gmatch or gsub may take, beside four for each byte of its subject",
		set: integer(func(c *Config) *int { return &c.MaxPatternSteps }, 1000, 1_000_000_000)},
	setting{name: "MAX_CALL_DEPTH", value: "200", about: "Calls of Lua functions within each other",
		set: integer(func(c *Config) *int { return &c.MaxCallDepth }, 50, 5000)},
	setting{name: "MAX_DEPTH", value: "64", about: "How deep a request's and an answer's fields may nest",
		set: integer(func(c *Config) *int { return &c.MaxDepth }, 4, 1000)},
	setting{name: "MAX_REQUEST_ELEMENTS", value: "100000", about: "Values in a request's fields, however deep",
		set: integer(func(c *Config) *int { return &c.MaxRequestElements }, 100, 10_000_000)},
	setting{name: "MAX_RESPONSE_ELEMENTS", value: "1000000", about: "Values in an answer's fields, however deep",
		set: integer(func(c *Config) *int { return &c.MaxResponseElements }, 100, 10_000_000)},
)

var logSettings = group("Logs and health",
	setting{name: "LOG_LEVEL", value: "info", about: "debug, info, warn or error",
		set: logLevel},
	setting{name: "LOG_FORMAT", value: "auto", about: "json, text, or auto: text on a terminal",
		set: oneOf(func(c *Config) *string { return &c.LogFormat }, "auto", "json", "text")},
	setting{name: "HEALTH_ADDRESS", about: "HOST:PORT where GET /live, GET /ready and GET /metrics are answered; empty: nowhere",
		set: text(func(c *Config) *string { return &c.HealthAddress })},
)

func group(name string, members ...setting) []setting {
	for i := range members {
		members[i].group = name
	}
	return members
}

// The kinds of settings: each returns the function that reads one into its
// place in a Config. A nil place checks the text only.

func text(place func(*Config) *string) func(*Config, string) error {
	return func(c *Config, text string) error {
		*place(c) = text
		return nil
	}
}

func secret(place func(*Config) *Secret) func(*Config, string) error {
	return func(c *Config, text string) error {
		*place(c) = Secret(text)
		return nil
	}
}

func integer(place func(*Config) *int, least, most int) func(*Config, string) error {
	return func(c *Config, text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return fmt.Errorf("must be a whole number from %d to %d", least, most)
		}
		*place(c) = n
		return nil
	}
}

func boolean(place func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, text string) error {
		value, ok := parseBool(text)
		if !ok {
			return fmt.Errorf("must be true or false")
		}
		if place != nil {
			*place(c) = value
		}
		return nil
	}
}

func parseBool(text string) (value, ok bool) {
	switch strings.ToLower(text) {
	case "true", "1", "on", "yes":
		return true, true
	case "false", "0", "off", "no":
		return false, true
	}
	return false, false
}

func duration(place func(*Config) *time.Duration, least, most time.Duration) func(*Config, string) error {
	return func(c *Config, text string) error {
		d, ok := parseDuration(text)
		if !ok || d < least || d > most {
			return fmt.Errorf("must be a time such as 500ms, 10s or 2h, from %v to %v; a bare number means seconds", least, most)
		}
		if place != nil {
			*place(c) = d
		}
		return nil
	}
}

func parseDuration(text string) (time.Duration, bool) {
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(seconds) * time.Second, seconds < 1<<31
	}
	d, err := time.ParseDuration(text)
	return d, err == nil
}

func oneOf(place func(*Config) *string, choices ...string) func(*Config, string) error {
	return func(c *Config, text string) error {
		if !slices.Contains(choices, text) {
			return fmt.Errorf("must be one of %s", strings.Join(choices, ", "))
		}
		*place(c) = text
		return nil
	}
}

func listOf(choices ...string) func(*Config, string) error {
	return func(_ *Config, text string) error {
		for _, item := range splitList(text) {
			if !slices.Contains(choices, item) {
				return fmt.Errorf("must be a list out of %s, separated by commas", strings.Join(choices, ","))
			}
		}
		return nil
	}
}

func names(place func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, text string) error {
		*place(c) = splitList(text)
		return nil
	}
}

func splitList(text string) []string {
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}
