// Package stdlib is what scripts may require: each primitive is a package of
// its own, named as Lua names it, plain Go first and a binding beside it.
package stdlib

import (
	"io"
	"log/slog"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/crypto"
	"vera/stdlib/db"
	"vera/stdlib/email"
	"vera/stdlib/env"
	"vera/stdlib/json"
	"vera/stdlib/jwt"
	"vera/stdlib/limit"
	"vera/stdlib/log"
	"vera/stdlib/password"
	"vera/stdlib/phone"
	"vera/stdlib/time"
	"vera/stdlib/username"
	"vera/stdlib/uuid"
)

// Holdings are what primitives hold on to, and the limits they obey. All but
// Limits and Random are required.
type Holdings struct {
	DB       *db.DB
	Password *password.Hasher
	JWT      *jwt.Tokens
	Phone    *phone.Numbers
	Env      *env.Env
	Clock    *time.Clock
	Logger   *slog.Logger
	Limits   limit.Limits
	Random   io.Reader // for tests alone: nil, as a host has it, means the system's
}

// Modules gives every primitive's loader under its Lua name. A loader pushes
// the module's table; each VM calls it once.
func Modules(h Holdings) map[string]lua.LGFunction {
	modules := map[string]lua.LGFunction{
		"crypto":   crypto.Loader(h.Limits, h.Random),
		"db":       h.DB.Loader(h.Limits),
		"email":    email.Module,
		"env":      h.Env.Module,
		"json":     json.Limits{Bytes: h.Limits.StringBytes, Exceeded: h.Limits.Exceeded}.Module,
		"jwt":      h.JWT.Module,
		"log":      log.New(h.Logger).Loader(h.Limits),
		"password": h.Password.Module,
		"phone":    h.Phone.Module,
		"time":     h.Clock.Module,
		"username": username.Module,
		"uuid":     uuid.Module,
	}
	if h.Random != nil {
		modules["uuid"] = uuid.NewSource(h.Clock.Time, h.Random).Module
	}
	return modules
}
