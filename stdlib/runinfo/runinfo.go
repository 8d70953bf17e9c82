// Package runinfo tells a primitive about the run it is called from.
//
// The script runtime hands every VM a context of its own type, whose Value
// answers for [Key] and [WaitKey] alone; nothing is allocated and no context is
// wrapped.
package runinfo

import (
	"context"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
)

// Info describes one run. It is immutable while the run lasts.
type Info struct {
	Action    string // the action's name on the hub
	RequestID string // the hub's response_ref
	Version   string // of the set of files that the run began on
	Loading   bool   // the file's declaration is being evaluated, no request is
}

// Key is the context key under which a run's *Info is found.
type Key struct{}

var none = &Info{}

// From returns the info of the run that ctx belongs to, and a zero Info when
// it belongs to none. It never returns nil.
func From(ctx context.Context) *Info {
	if ctx == nil {
		return none
	}
	if info, ok := ctx.Value(Key{}).(*Info); ok {
		return info
	}
	return none
}

// WaitKey is the context key under which a run's *Waits are found.
type WaitKey struct{}

// Waits counts what a run waits for outside of its VM: it uses no memory
// meanwhile. The zero value is ready, and so is a nil pointer.
type Waits struct{ n atomic.Int32 }

// WaitsOf returns the waits of the run that ctx belongs to, nil when it belongs
// to none.
func WaitsOf(ctx context.Context) *Waits {
	w, _ := ctx.Value(WaitKey{}).(*Waits)
	return w
}

// Begin and End enclose a wait.
func (w *Waits) Begin() {
	if w != nil {
		w.n.Add(1)
	}
}

// End ends what Begin began.
func (w *Waits) End() {
	if w != nil {
		w.n.Add(-1)
	}
}

// Waiting tells whether the run waits now.
func (w *Waits) Waiting() bool { return w != nil && w.n.Load() > 0 }

// Context gives the context of the run that L is in: what waits, or works for
// long, must end with it.
func Context(L *lua.LState) context.Context {
	if ctx := L.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}

// MustRun raises a Lua error when L is only evaluating a file's declaration:
// a primitive that reaches outside the VM calls it first, since files are
// evaluated on every reload and before every run.
func MustRun(L *lua.LState, name string) {
	if From(L.Context()).Loading {
		L.RaiseError("%s cannot be called while the file is loaded; call it inside run", name)
	}
}
