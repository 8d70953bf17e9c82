package testrun

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"vera/host"
	"vera/host/plugboard"
	"vera/host/registry"
	"vera/host/script"
	"vera/host/spell"
	"vera/stdlib/db"
	"vera/stdlib/json"
	"vera/stdlib/luaconv"
	"vera/stdlib/runinfo"
)

// A stage is where one file is evaluated, to find its tests or to run one.
type stage struct {
	runner   *runner
	world    *World
	database *db.DB
	suite    *suite
	calls    int
	host     *host.Host         // nil: not needed yet, or made for other settings
	actions  *registry.Registry // the host's
}

// pool makes a pool for one VM of the stage's world.
func (s *stage) pool(change func(*script.Options)) (*script.Pool, error) {
	o := s.runner.scriptOptions(s.world)
	var err error
	if o.Modules, err = s.runner.options.Modules(s.world, s.database); err != nil {
		return nil, err
	}
	if change != nil {
		change(&o)
	}
	return script.NewPool(o), nil
}

// evaluate evaluates a file of tests, and then has use call their functions.
func (s *stage) evaluate(ctx context.Context, program *script.Program, use func(call func(lua.LValue, ...lua.LValue) error) error) error {
	pool, err := s.pool(func(o *script.Options) { o.Globals = s.globals })
	if err != nil {
		return err
	}
	return pool.Evaluate(ctx, script.Call{
		Program:  program,
		Library:  s.runner.set.Library(),
		Info:     runinfo.Info{Action: program.File()},
		Deadline: time.Now().Add(s.runner.options.Timeout),
	}, use)
}

// Globals lists the names that files of tests find besides those of actions.
func Globals() []string {
	return []string{"before_each", "call", "describe", "expect", "it", "test"}
}

// globals are the names that files of tests find.
func (s *stage) globals(L *lua.LState) map[string]lua.LValue {
	return map[string]lua.LValue{
		"describe":    L.NewFunction(s.suite.describe),
		"it":          L.NewFunction(s.suite.test),
		"before_each": L.NewFunction(s.suite.beforeEach),
		"test":        s.testTable(L),
		"call":        L.NewFunction(s.call),
		"expect":      expectations(L),
	}
}

// call(action[, fields]) -> { status_code, message, fields }
func (s *stage) call(L *lua.LState) int {
	mustBeTest(L, "call")
	name := L.CheckString(1)
	fields := []byte("{}")
	if given := L.Get(2); given != lua.LNil {
		var err error
		if fields, err = json.AppendJSON(L.Context(), nil, given, json.Limits{Bytes: 64 << 20, Elements: 10_000_000}); err != nil {
			L.ArgError(2, err.Error())
		}
	}
	if err := s.prepare(L.Context()); err != nil {
		luaconv.Raise(L, err)
	}
	set := s.actions.Set()
	if _, ok := set.Lookup(name); !ok {
		L.RaiseError("%s", unknownAction(set, name))
	}
	s.calls++
	response := s.host.Handle(L.Context(), plugboard.Request{
		Ref: fmt.Sprintf("test-%d", s.calls), Action: name, Fields: fields, Received: time.Now(),
	})
	answer, err := s.answer(L, response)
	if err != nil {
		L.RaiseError("the answer of %s has no Lua value: %v", name, err)
	}
	L.Push(answer)
	return 1
}

// answer is a response as a test sees it.
func (s *stage) answer(L *lua.LState, response plugboard.Response) (*lua.LTable, error) {
	answer := L.CreateTable(0, 3)
	answer.RawSetString("status_code", lua.LNumber(response.Status))
	if response.Message != nil {
		answer.RawSetString("message", lua.LString(*response.Message))
	}
	if response.Fields == nil {
		return answer, nil
	}
	fields, err := json.Decode(L, string(response.Fields), json.Limits{Bytes: len(response.Fields), Elements: 10_000_000})
	if err == nil && !luaconv.IsNull(fields) {
		answer.RawSetString("fields", fields)
	}
	return answer, err
}

// prepare makes the host that answers, with the settings as they are now.
func (s *stage) prepare(ctx context.Context) error {
	if s.host != nil {
		return nil
	}
	actions, err := s.runner.registryFor(ctx, s.world)
	if err != nil {
		return err
	}
	if faults := actions.Set().Faults; len(faults) > 0 && len(s.world.settings) > 0 {
		return fmt.Errorf("with the settings of test.env, actions do not load: %w", faults[0].Err)
	}
	pool, err := s.pool(nil)
	if err != nil {
		return err
	}
	o := s.runner.options.Host
	o.Actions, o.Pool, o.Logger = actions, pool, s.world.Logger()
	s.host, s.actions = host.New(o), actions
	return nil
}

func unknownAction(set *registry.Set, name string) string {
	var names []string
	for _, action := range set.Actions {
		names = append(names, action.Name)
	}
	return fmt.Sprintf("there is no action %q%s", name, spell.Hint(name, names))
}

// registries are the actions as they load with different settings: what an
// action declares may depend on them.
type registries struct {
	mu   sync.Mutex
	open map[string]*registry.Registry // by World.key
}

// registryFor gives the actions as they load with a world's settings.
func (r *runner) registryFor(ctx context.Context, w *World) (*registry.Registry, error) {
	r.registries.mu.Lock()
	defer r.registries.mu.Unlock()
	key := w.key()
	if actions, ok := r.registries.open[key]; ok {
		return actions, nil
	}
	loading := stage{runner: r, world: &World{settings: w.settings}, database: db.NewRehearsal(r.options.Databases[0]).DB()}
	pool, err := loading.pool(nil)
	if err != nil {
		return nil, err
	}
	o := registry.Options{
		Dir: r.options.Dir, Pool: pool, Formats: r.options.Formats, Logger: slog.New(slog.DiscardHandler), Tests: true,
	}
	if r.cover != nil {
		o.Compile = r.cover.Compile
	}
	actions, err := registry.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if r.registries.open == nil {
		r.registries.open = make(map[string]*registry.Registry)
	}
	r.registries.open[key] = actions
	return actions, nil
}

// run runs one test. An error is of the machinery, not of the test.
func (r *runner) run(ctx context.Context, rehearsal *db.Rehearsal, t *testCase) (Result, error) {
	start := time.Now()
	result := Result{File: t.file, Name: t.name, Line: t.line, Failure: t.broken}
	if t.broken != nil {
		return result, nil
	}
	w := &World{}
	if err := rehearsal.Begin(ctx, w.clock); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return result, err
	}
	defer rehearsal.Rollback()
	s := &stage{runner: r, world: w, database: rehearsal.DB(), suite: &suite{file: t.file}}
	err := s.evaluate(ctx, t.program, func(call func(lua.LValue, ...lua.LValue) error) error {
		again, err := s.suite.find(t)
		if err != nil {
			return err
		}
		for _, setup := range again.setups() {
			if err := call(setup); err != nil {
				return err
			}
		}
		return call(again.fn)
	})
	if ctx.Err() != nil {
		return result, context.Cause(ctx)
	}
	if err != nil {
		result.Failure = r.failure(t.file, err, w)
	}
	result.Log = w.logged()
	result.Elapsed = time.Since(start)
	return result, nil
}

var errChanged = errors.New("the file has other tests each time it is evaluated: do not let them depend on chance or time")
