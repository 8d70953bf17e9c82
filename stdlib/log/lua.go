package log

import (
	"log/slog"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/json"
	"vera/stdlib/limit"
	"vera/stdlib/runinfo"
)

// Module pushes the table that scripts get from require("log"), and tells
// nobody of limits.
func (l *Logger) Module(L *lua.LState) int { return l.Loader(limit.Limits{})(L) }

// Loader gives a function that pushes that table. limits are told of lines
// beyond MaxLines as "log lines".
func (l *Logger) Loader(limits limit.Limits) lua.LGFunction {
	return func(L *lua.LState) int {
		b := &binding{logger: l, limits: limits}
		L.Push(L.SetFuncs(L.CreateTable(0, 4), map[string]lua.LGFunction{
			"debug": b.at(slog.LevelDebug, "log.debug"),
			"info":  b.at(slog.LevelInfo, "log.info"),
			"warn":  b.at(slog.LevelWarn, "log.warn"),
			"error": b.at(slog.LevelError, "log.error"),
		}))
		return 1
	}
}

// binding is the module in one VM.
type binding struct {
	logger *Logger
	limits limit.Limits
	lines  lines
}

// log.info(message[, attributes])
func (b *binding) at(level slog.Level, name string) lua.LGFunction {
	return func(L *lua.LState) int {
		runinfo.MustRun(L, name)
		ctx := runinfo.Context(L)
		message := L.CheckString(1)
		attributes, err := json.ToGo(ctx, L.OptTable(2, &lua.LTable{Metatable: lua.LNil}), json.Limits{Exceeded: b.limits.Exceeded})
		if err != nil {
			L.ArgError(2, err.Error())
		}
		named, ok := attributes.(map[string]any)
		if !ok {
			L.ArgError(2, "attributes need names")
		}
		if !b.logger.to.Enabled(ctx, level) {
			return 0
		}
		switch n := b.lines.next(ctx); {
		case n <= MaxLines:
			b.logger.Log(ctx, level, message, named)
		case n == MaxLines+1:
			_ = b.limits.Note(limit.Fixed("log lines", MaxLines, "too many lines"))
			b.logger.full(ctx)
		}
		return 0
	}
}
