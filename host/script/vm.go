package script

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"vera/host/script/lualib"
	"vera/host/spell"
	"vera/stdlib/lua51"
	"vera/stdlib/luaconv"
)

// Sizes of a VM. The registry, Lua's value stack, grows in large steps, as
// each one copies it whole.
const (
	registrySize     = 1024
	registryMaxSize  = 64 * 1024
	registryGrowStep = 4096
)

// A vm is one Lua state. One goroutine uses it at a time, for one run.
type vm struct {
	L        *lua.LState
	ctx      *runContext
	modules  map[string]lua.LValue // primitives, sealed
	exceeded func(limit string)    // told of MAX_CALL_DEPTH; may be nil
	fallback *lua.LTable           // metatable of environments: what they do not hold is looked up in the base library

	// Of the current run.
	library Library
	loaded  map[string]lua.LValue // modules that the run required
	loading []string              // modules that are being loaded, outermost first
}

func newVM(options Options) *vm {
	L := lua.NewState(lua.Options{
		SkipOpenLibs:     true,
		CallStackSize:    options.CallDepth,
		RegistrySize:     registrySize,
		RegistryMaxSize:  registryMaxSize,
		RegistryGrowStep: registryGrowStep,
	})
	v := &vm{L: L, ctx: newRunContext(), modules: make(map[string]lua.LValue, len(options.Modules)), exceeded: options.Strings.Exceeded}
	base := lualib.Open(L, options.Strings)
	base.RawSetString("require", L.NewFunction(v.require))
	base.RawSetString(spreadName, spreadMark)
	if options.Coverage != nil {
		base.RawSetString(coverName, L.NewFunction(options.Coverage.count))
	}
	if options.Globals != nil {
		for name, value := range options.Globals(L) {
			base.RawSetString(name, value)
		}
	}
	v.fallback = L.NewTable()
	v.fallback.RawSetString("__index", base)
	for name, loader := range options.Modules {
		L.Push(L.NewFunction(loader))
		L.Call(0, 1)
		module := L.Get(-1)
		L.Pop(1)
		if table, ok := module.(*lua.LTable); ok {
			module = lualib.Seal(L, table)
		}
		v.modules[name] = module
	}
	L.SetContext(v.ctx)
	return v
}

// declare evaluates the file and reads what it says of itself.
func (v *vm) declare(call *Call) (Declaration, error) {
	if err := v.call(v.chunk(call.Program.whole)); err != nil {
		return Declaration{}, err
	}
	return declaration(v.ctx, v.L.Get(1))
}

// run evaluates the file and calls the run of the table that it returns.
func (v *vm) run(call *Call, limits AnswerLimits) (Answer, error) {
	if err := v.call(v.chunk(call.Program.run)); err != nil {
		return Answer{}, err
	}
	run := v.L.Get(1)
	if table, ok := run.(*lua.LTable); ok {
		run = table.RawGetString("run")
	}
	v.L.SetTop(0)
	fields, err := luaconv.FromGo(v.L, call.fields)
	if err != nil {
		return Answer{}, fmt.Errorf("hand over the fields: %w", err)
	}
	if takesContext(run) {
		err = v.call(run, fields, v.contextTable(call))
	} else {
		err = v.call(run, fields)
	}
	if err != nil {
		return Answer{}, err
	}
	a, err := v.answer(limits)
	if fault, ok := err.(*Error); ok {
		fault.Message = definedAt(run) + fault.Message
	}
	return a, err
}

func (v *vm) answer(limits AnswerLimits) (Answer, error) {
	if v.L.Get(spreadResults) == spreadMark {
		return answer(v.ctx, v.L.Get(1), v.L.Get(2), v.L.Get(3), limits)
	}
	return answerTable(v.ctx, v.L.Get(1), limits)
}

// definedAt is the place of a function, for what is wrong with its results.
func definedAt(run lua.LValue) string {
	if fn, ok := run.(*lua.LFunction); ok && !fn.IsG {
		return fmt.Sprintf("%s:%d: ", fn.Proto.SourceName, fn.Proto.LineDefined)
	}
	return ""
}

// takesContext tells whether run declares its second parameter: most do not,
// and building a table costs more than to ask.
func takesContext(run lua.LValue) bool {
	fn, ok := run.(*lua.LFunction)
	return !ok || fn.IsG || fn.Proto.NumParameters > 1 || fn.Proto.IsVarArg != 0
}

// contextTable is run's second argument.
func (v *vm) contextTable(call *Call) *lua.LTable {
	t := v.L.CreateTable(0, 4)
	t.RawSetString("action", lua.LString(call.Info.Action))
	t.RawSetString("request_id", lua.LString(call.Info.RequestID))
	t.RawSetString("version", lua.LString(call.Info.Version))
	t.RawSetString("deadline", lua.LNumber(float64(call.Deadline.UnixMilli())/1000))
	return t
}

// begin prepares the VM for a run, end clears away what it left. End is false
// if the VM cannot be lent again.
func (v *vm) begin(call *Call) {
	v.library = call.Library
	v.ctx.begin(&call.Info, call.Deadline)
}

func (v *vm) end() bool {
	v.library, v.loaded, v.loading = nil, nil, nil
	v.L.SetTop(0)
	return v.ctx.end()
}

// chunk is a file's code in a fresh environment.
func (v *vm) chunk(proto *lua.FunctionProto) *lua.LFunction {
	env := v.L.CreateTable(0, 0)
	env.Metatable = v.fallback
	fn := v.L.NewFunctionFromProto(proto)
	fn.Env = env
	return fn
}

// call calls fn protected. Its results are the whole stack then.
func (v *vm) call(fn lua.LValue, args ...lua.LValue) error {
	if _, err := lua51.Call(v.L, fn, args...); err != nil {
		return v.fault(err)
	}
	// What was cancelled must not count, even if nothing noticed.
	return v.ctx.Err()
}

// fault turns gopher-lua's error into ours. It turns the end of the run's time
// into text at whichever instruction noticed; here it becomes an error again.
func (v *vm) fault(err error) error {
	if ctxErr := v.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	apiErr, ok := errors.AsType[*lua.ApiError](err)
	if !ok {
		return err
	}
	fault := &Error{Traceback: lua51.Traceback(err)}
	if cause := luaconv.Cause(err); cause != err {
		fault.cause = cause
		fault.Message = cut(cause.Error())
		fault.place()
		return fault
	}
	switch object := apiErr.Object.(type) {
	case *lua.LTable:
		fault.Message = "a table was raised"
		if text, ok := object.RawGetString("message").(lua.LString); ok {
			fault.Message += ": " + string(text)
		}
	case nil:
		fault.Message = apiErr.Error()
	default:
		fault.Message = object.String()
	}
	fault.Message = cut(fault.Message)
	if strings.HasSuffix(fault.Message, "stack overflow") {
		fault.Message += " (MAX_CALL_DEPTH)"
		if v.exceeded != nil {
			v.exceeded("MAX_CALL_DEPTH")
		}
	}
	fault.place()
	return fault
}

// require(name) -> module. A name with a dot is a file below lib/, another
// one a primitive. A file's module lives as long as the run.
func (v *vm) require(L *lua.LState) int {
	name := L.CheckString(1)
	if module, ok := v.modules[name]; ok {
		L.Push(module)
		return 1
	}
	if module, ok := v.loaded[name]; ok {
		L.Push(module)
		return 1
	}
	program, ok := v.library[name]
	if !ok {
		L.RaiseError("%s", v.unknownModule(cut(name)))
	}
	if slices.Contains(v.loading, name) {
		L.RaiseError("modules require each other: %s -> %s", strings.Join(v.loading, " -> "), name)
	}
	before := v.loading
	v.loading = append(v.loading, name)
	defer func() { v.loading = before }()
	L.Push(v.chunk(program.whole))
	L.Call(0, 1)
	module := L.Get(-1)
	if module == lua.LNil {
		L.RaiseError("module %s returns nothing; end its file with return and a table", name)
	}
	if v.loaded == nil {
		v.loaded = make(map[string]lua.LValue)
	}
	v.loaded[name] = module
	return 1
}

func (v *vm) unknownModule(name string) string {
	if strings.Contains(name, ".") {
		return fmt.Sprintf("module %q: there is no file %s.lua that works, below a folder named lib%s",
			name, strings.ReplaceAll(name, ".", "/"), spell.Hint(name, slices.Sorted(maps.Keys(v.library))))
	}
	names := make([]string, 0, len(v.modules))
	for known := range v.modules {
		names = append(names, known)
	}
	slices.Sort(names)
	return fmt.Sprintf("there is no module %q%s (the primitives are %s; your own modules begin with lib.)",
		name, spell.Hint(name, names), strings.Join(names, ", "))
}
