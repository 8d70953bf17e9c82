package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	neturl "net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"vera/stdlib/jwt"
	"vera/stdlib/password"
)

// Secret is text that must not be seen: it prints as ***.
type Secret string

func (Secret) String() string       { return "***" }
func (Secret) GoString() string     { return "***" }
func (Secret) LogValue() slog.Value { return slog.StringValue("***") }

// Reveal gives the text to the one that needs it.
func (s Secret) Reveal() string { return string(s) }

// Config is all that the environment says, read once and checked.
type Config struct {
	WebsocketURL string
	Token        Secret
	ResponseHold time.Duration
	DrainTimeout time.Duration
	RejoinIdle   time.Duration

	Postgres PostgresConfig
	JWT      JWTConfig
	Accounts AccountsConfig

	Passwords PasswordsConfig

	CleanupInterval time.Duration // zero: never
	AuditRetention  time.Duration // zero: for ever

	BcryptCost      int
	HashConcurrency int // zero: one for each core

	ActionsDir    string
	ActionTimeout time.Duration
	HotReload     bool
	Watch         string
	ScriptEnv     []string

	PoolSize         int
	MaxInFlight      int
	MaxRequestBytes  int
	MaxResponseBytes int
	MaxHeapBytes     int
	MaxStringBytes   int

	MaxPatternSteps     int
	MaxCallDepth        int
	MaxDepth            int
	MaxRequestElements  int
	MaxResponseElements int

	LogLevel      slog.Level
	LogFormat     string
	HealthAddress string // empty: no endpoint

	// WriteTypes tells to keep the declarations for editors up to date. No
	// setting does: vera dev is for authors, vera serve is not.
	WriteTypes bool

	// Script is what scripts may read with env, by name.
	Script map[string]string
}

// PostgresConfig says where the database is: by URL, or by its parts.
type PostgresConfig struct {
	URL      Secret
	User     string
	Password Secret
	Database string
	Host     string
	Port     int
	MaxConns int
	Required bool
	Patience time.Duration // with a server that does not answer a new connection; zero: 5 s
}

// given tells whether the environment names a database at all.
func (p PostgresConfig) given() bool { return p.URL != "" || p.User != "" || p.Database != "" }

// DSN is the database's address as a URL.
func (p PostgresConfig) DSN() Secret {
	if p.URL != "" {
		return p.URL
	}
	u := neturl.URL{
		Scheme: "postgres",
		User:   neturl.UserPassword(p.User, p.Password.Reveal()),
		Host:   net.JoinHostPort(p.Host, strconv.Itoa(p.Port)),
		Path:   "/" + p.Database,
	}
	return Secret(u.String())
}

// PasswordsConfig is how new passwords are hashed.
type PasswordsConfig struct {
	Scheme        string
	Pepper        Secret
	BlocklistFile string // empty: none
}

// JWTConfig is how tokens are signed and believed.
type JWTConfig struct {
	Secret     Secret
	PrivateKey Secret // in PEM
	KeyID      string
	VerifyKeys Secret // a JWK set
	Algorithm  string
	Issuer     string
	Audience   string
	Leeway     time.Duration
	MaxTTL     time.Duration
	DefaultTTL time.Duration
	Refresh    bool // refresh tokens are given
	RefreshTTL time.Duration
}

// AccountsConfig is the policy of accounts that the host itself must know.
type AccountsConfig struct {
	MinUsername, MaxUsername int
	MinPassword, MaxPassword int
	PhoneValidation          string
}

// need is what a command requires of the environment.
type need int

const (
	needAll      need = iota // serve: everything
	needDatabase             // migrate: only where the database is
	needNothing              // dev, check: a development value stands in for what is missing
)

// configError is a fault of the environment: exit code 2.
type configError struct{ error }

func (e *configError) Unwrap() error { return e.error }

// loadConfig reads the settings. All that is wrong is reported together, by
// the names of the variables; no value is repeated.
func loadConfig(lookup func(string) (string, bool), n need) (Config, error) {
	c := Config{Script: make(map[string]string)}
	var faults []error
	for _, s := range settings {
		text, err := s.read(lookup)
		if err == nil && text == "" {
			if text = s.value; n != needAll && text == "" {
				text = s.dev
			}
			if s.required && text == "" && n == needAll && (s.waived == nil || !s.waived(&c)) {
				err = errors.New("is required: " + s.about)
			}
		}
		if err == nil && text != "" && (n != needDatabase || s.group == "Database" || s.group == "Logs and health") {
			err = s.set(&c, text)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %w", s.name, err))
			continue
		}
		if s.script {
			c.Script[s.name] = scriptValue(s, text)
		}
	}
	faults = append(faults, c.inconsistencies(n)...)
	faults = append(faults, c.shareWithScripts(lookup)...)
	return c, errors.Join(faults...)
}

// read gives a setting's text: the variable's, or that of the file which
// NAME_FILE names, without the line's end.
func (s setting) read(lookup func(string) (string, bool)) (string, error) {
	text, _ := lookup(s.name)
	if !s.secret {
		return strings.TrimSpace(text), nil
	}
	file, _ := lookup(s.name + "_FILE")
	if file == "" {
		return text, nil
	}
	if text != "" {
		return "", fmt.Errorf("and %s_FILE are both set; keep one", s.name)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("cannot be read from the file that %s_FILE names: %w", s.name, errors.Unwrap(err))
	}
	return strings.TrimRight(string(content), "\r\n"), nil
}

// inconsistencies are the faults that no variable has alone.
func (c *Config) inconsistencies(n need) (faults []error) {
	if n != needNothing && c.Postgres.URL == "" {
		for _, part := range [][2]string{
			{"POSTGRES_USER", c.Postgres.User}, {"POSTGRES_PASSWORD", c.Postgres.Password.Reveal()}, {"POSTGRES_DB", c.Postgres.Database},
		} {
			if part[1] == "" {
				faults = append(faults, fmt.Errorf("%s is required, or DATABASE_URL instead of all POSTGRES_ variables", part[0]))
			}
		}
	}
	if c.Accounts.MinUsername > c.Accounts.MaxUsername {
		faults = append(faults, errors.New("MIN_USERNAME_LENGTH must not be above MAX_USERNAME_LENGTH"))
	}
	if c.Accounts.MinPassword > c.Accounts.MaxPassword {
		faults = append(faults, errors.New("MIN_PASSWORD_LENGTH must not be above MAX_PASSWORD_LENGTH"))
	}
	if n != needDatabase {
		faults = append(faults, c.JWT.mismatch(n)...)
		faults = append(faults, c.hashingFault()...)
	}
	if c.JWT.DefaultTTL > c.JWT.MaxTTL {
		faults = append(faults, errors.New("JWT_DEFAULT_TTL must not be above JWT_MAX_TTL"))
	}
	if c.JWT.Refresh && c.JWT.DefaultTTL == 0 {
		faults = append(faults, errors.New("JWT_DEFAULT_TTL must be set with REFRESH_TOKENS: 15m, for instance; a token without end needs no other"))
	}
	if c.JWT.Refresh && c.JWT.RefreshTTL < c.JWT.DefaultTTL {
		faults = append(faults, errors.New("REFRESH_TTL must not be below JWT_DEFAULT_TTL: a session would end before its token"))
	}
	return faults
}

// mismatch is a private key that is not the algorithm's.
func (c *JWTConfig) mismatch(n need) []error {
	switch {
	case c.PrivateKey != "":
		if algorithm, err := jwt.KeyAlgorithm([]byte(c.PrivateKey.Reveal())); err == nil && algorithm != c.Algorithm {
			return []error{fmt.Errorf("JWT_ALGORITHM must be %s: that is what JWT_PRIVATE_KEY is a key for", algorithm)}
		}
	case c.Algorithm == "" || jwt.Symmetric(c.Algorithm): // empty: refused already
	case n == needNothing:
		c.Algorithm = "HS256" // development has a secret, and needs no more
	default:
		return []error{fmt.Errorf("JWT_PRIVATE_KEY is required with JWT_ALGORITHM=%s", c.Algorithm)}
	}
	return nil
}

// shareWithScripts adds the variables named by SCRIPT_ENV, but never one that
// holds a secret of the host.
func (c *Config) shareWithScripts(lookup func(string) (string, bool)) (faults []error) {
	for _, name := range c.ScriptEnv {
		if forbidden(name) {
			faults = append(faults, fmt.Errorf("SCRIPT_ENV must not name %s: it holds a secret of the host", name))
			continue
		}
		c.Script[name], _ = lookup(name)
	}
	return faults
}

func forbidden(name string) bool {
	for _, s := range settings {
		if s.secret && (name == s.name || name == s.name+"_FILE") {
			return true
		}
	}
	return strings.HasPrefix(name, "PG")
}

// scriptValue is how a script sees a setting: times as whole seconds, truth as
// true or false.
func scriptValue(s setting, text string) string {
	if d, ok := parseDuration(text); ok && strings.Contains(s.name, "TTL") {
		return strconv.Itoa(int(d / time.Second))
	}
	if value, ok := parseBool(text); ok && (s.value == "true" || s.value == "false") {
		return strconv.FormatBool(value)
	}
	return text
}

func url(place func(*Config) *string) func(*Config, string) error {
	return func(c *Config, text string) error {
		u, err := neturl.Parse(text)
		if err != nil || (u.Scheme != "ws" && u.Scheme != "wss") || u.Host == "" || u.RawQuery != "" || u.User != nil {
			return errors.New("must be a ws:// or wss:// address with a host, and without user or query")
		}
		*place(c) = text
		return nil
	}
}

// minSecretBytes is what RFC 7518, 3.2 asks of a key for HS256.
const minSecretBytes = 32

func jwtSecret(c *Config, text string) error {
	if len(strings.TrimSpace(text)) < minSecretBytes {
		return fmt.Errorf("must have at least %d bytes; openssl rand -base64 48 makes one", minSecretBytes)
	}
	c.JWT.Secret = Secret(text)
	return nil
}

func jwtPrivateKey(c *Config, text string) error {
	c.JWT.PrivateKey = Secret(text)
	if _, err := jwt.KeyAlgorithm([]byte(text)); err != nil {
		return fmt.Errorf("must be a private key in PEM, of Ed25519, EC P-256 or RSA: %w", err)
	}
	return nil
}

func jwtVerifyKeys(c *Config, text string) error {
	c.JWT.VerifyKeys = Secret(text)
	if err := jwt.CheckKeySet([]byte(text)); err != nil {
		return fmt.Errorf("must be a JWK set: %w", err)
	}
	return nil
}

func passwordPepper(c *Config, text string) error {
	if len(strings.TrimSpace(text)) < password.MinPepper {
		return fmt.Errorf("must have at least %d bytes; openssl rand -base64 48 makes one", password.MinPepper)
	}
	c.Passwords.Pepper = Secret(text)
	return nil
}

func logLevel(c *Config, text string) error {
	if c.LogLevel.UnmarshalText([]byte(text)) != nil {
		return errors.New("must be one of debug, info, warn, error")
	}
	return nil
}
