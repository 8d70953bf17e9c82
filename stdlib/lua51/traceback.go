package lua51

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

const (
	maxTraceLines = 40
	maxTailCalls  = 3 // lines in a row
)

// Traceback gives the Lua functions that were active when err was raised, the
// innermost first, and after a Go panic the Go stack as well: at most 40
// lines, for the log, as it names files. It is empty for an error without one.
func Traceback(err error) string {
	apiErr, ok := errors.AsType[*lua.ApiError](err)
	if !ok {
		return ""
	}
	text := strings.TrimSpace(apiErr.StackTrace)
	if cause, ok := errors.AsType[*PanicError](apiErr.Cause); ok {
		text = strings.TrimSpace(text + "\n" + cause.Stack)
	}
	lines := strings.SplitN(text, "\n", maxTraceLines)
	if last := len(lines) - 1; strings.Contains(lines[last], "\n") {
		lines[last] = "\t..."
	}
	return strings.Join(lines, "\n")
}

// trace writes down the active functions of L, below those of the protected
// call that the error comes from, if it comes from one.
func trace(L *lua.LState, inner string) string {
	lines := []string{"stack traceback:"}
	if inner = strings.TrimSpace(inner); inner != "" {
		lines = strings.Split(inner, "\n")
	}
	p := poolOf(L)
	tailCalls := 0
	for level := 0; len(lines) < maxTraceLines; level++ {
		frame, ok := L.GetStack(level)
		if !ok {
			break
		}
		fn, _ := L.GetInfo("fnS", frame, lua.LNil)
		if !p.isGuard(fn) {
			tailCalls = 0
			lines = append(lines, fmt.Sprintf("\t%s in %s", L.Where(level), functionName(frame)))
			continue
		}
		// A guard is the lowest frame. The library gives the lowest also for
		// each that a tail call replaced, and there may be a million of them.
		if _, more := L.GetStack(level + 1); !more {
			break
		}
		if tailCalls++; tailCalls > maxTailCalls {
			lines = append(lines, "\t...")
			break
		}
		lines = append(lines, "\t(tail call)")
	}
	return strings.Join(lines, "\n")
}

func functionName(frame *lua.Debug) string {
	switch {
	case frame.Source != "" && frame.LineDefined == 0:
		return "main chunk"
	case strings.HasPrefix(frame.Name, "<"), strings.HasPrefix(frame.Name, "("):
		return "function " + frame.Name
	}
	return "function '" + frame.Name + "'"
}
