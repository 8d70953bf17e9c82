package log

import (
	"log/slog"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/json"
	"vera/stdlib/runinfo"
)

// Module pushes the table that scripts get from require("log").
func (l *Logger) Module(L *lua.LState) int {
	L.Push(L.SetFuncs(L.CreateTable(0, 4), map[string]lua.LGFunction{
		"debug": l.at(slog.LevelDebug, "log.debug"),
		"info":  l.at(slog.LevelInfo, "log.info"),
		"warn":  l.at(slog.LevelWarn, "log.warn"),
		"error": l.at(slog.LevelError, "log.error"),
	}))
	return 1
}

// log.info(message[, attributes])
func (l *Logger) at(level slog.Level, name string) lua.LGFunction {
	return func(L *lua.LState) int {
		runinfo.MustRun(L, name)
		message := L.CheckString(1)
		attributes, err := json.ToGo(runinfo.Context(L), L.OptTable(2, &lua.LTable{Metatable: lua.LNil}), json.Limits{})
		if err != nil {
			L.ArgError(2, err.Error())
		}
		named, ok := attributes.(map[string]any)
		if !ok {
			L.ArgError(2, "attributes need names")
		}
		l.Log(runinfo.Context(L), level, message, named)
		return 0
	}
}
