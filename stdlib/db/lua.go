package db

import (
	"context"
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"vera/stdlib/limit"
	"vera/stdlib/lua51"
	"vera/stdlib/luaconv"
	"vera/stdlib/runinfo"
)

// attempts is how often a transaction is run that fails because of others.
const attempts = 4

// binding is the module in one VM.
type binding struct {
	db      *DB
	limits  limit.Limits
	open    *transaction // the outermost one that the script is in
	methods *lua.LTable  // of transaction handles
}

// Module pushes the module's table, with the default limits.
func (d *DB) Module(L *lua.LState) int { return d.Loader(limit.Limits{})(L) }

// Loader gives a function that pushes the module's table, for scripts that
// have to obey limits.
func (d *DB) Loader(limits limit.Limits) lua.LGFunction {
	return func(L *lua.LState) int { return d.push(L, limits.OrDefaults()) }
}

func (d *DB) push(L *lua.LState, limits limit.Limits) int {
	b := &binding{db: d, limits: limits}
	b.methods = L.SetFuncs(L.NewTable(), b.handleMethods())
	L.Push(L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{
		"one":         b.function("db.one", one),
		"query":       b.function("db.query", query),
		"exec":        b.function("db.exec", exec),
		"transaction": b.transaction,
	}))
	return 1
}

// handleMethods are those of a transaction's handle.
func (b *binding) handleMethods() map[string]lua.LGFunction {
	return map[string]lua.LGFunction{
		"one":         b.txMethod("tx:one", one),
		"query":       b.txMethod("tx:query", query),
		"exec":        b.txMethod("tx:exec", exec),
		"transaction": b.savepoint,
		"rollback":    b.rollback,
	}
}

// A shape pushes a result the way one function gives it.
type shape func(L *lua.LState, res result) (pushed int, err error)

// one(sql, …) -> row | nil
func one(L *lua.LState, res result) (int, error) {
	if len(res.rows) == 0 {
		L.Push(lua.LNil)
		return 1, nil
	}
	row, err := rowTable(L, res, res.rows[0])
	if err != nil {
		return 0, err
	}
	L.Push(row)
	return 1, nil
}

// query(sql, …) -> rows
func query(L *lua.LState, res result) (int, error) {
	list := luaconv.MarkArray(L, L.CreateTable(len(res.rows), 0))
	ctx := contextOf(L)
	for _, values := range res.rows {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		row, err := rowTable(L, res, values)
		if err != nil {
			return 0, err
		}
		list.Append(row)
	}
	L.Push(list)
	return 1, nil
}

// exec(sql, …) -> count
func exec(L *lua.LState, res result) (int, error) {
	L.Push(lua.LNumber(res.count))
	return 1, nil
}

func rowTable(L *lua.LState, res result, values []any) (*lua.LTable, error) {
	row := L.CreateTable(0, len(values))
	for i, value := range values {
		lv, err := luaconv.FromGo(L, value)
		if err != nil {
			return nil, fmt.Errorf("column %q: %w", res.columns[i], err)
		}
		row.RawSetString(res.columns[i], lv)
	}
	return row, nil
}

// function binds a statement that runs by itself.
func (b *binding) function(name string, push shape) lua.LGFunction {
	return func(L *lua.LState) int {
		runinfo.MustRun(L, name)
		b.mustBeOutside(L, name)
		return b.statement(L, b.db, 1, push)
	}
}

// txMethod binds a statement within a transaction.
func (b *binding) txMethod(name string, push shape) lua.LGFunction {
	return func(L *lua.LState) int {
		return b.statement(L, checkTransaction(L, name), 2, push)
	}
}

// mustBeOutside raises inside a transaction: a statement on another
// connection would neither see what the transaction did nor belong to it, and
// could wait for ever for its locks.
func (b *binding) mustBeOutside(L *lua.LState, name string) {
	if b.open != nil {
		L.RaiseError("%s cannot be called inside a transaction; use the handle that it was given", name)
	}
}

func checkTransaction(L *lua.LState, name string) *transaction {
	if ud, ok := L.Get(1).(*lua.LUserData); ok {
		if t, ok := ud.Value.(*transaction); ok {
			return t
		}
	}
	L.RaiseError("%s is a method of a transaction: write a colon before its name", name)
	return nil
}

// statement runs the statement whose text is argument at, and whose
// parameters follow.
func (b *binding) statement(L *lua.LState, q querier, at int, push shape) int {
	ctx := contextOf(L)
	sql := b.statementText(L, at)
	res, err := q.run(ctx, sql, b.parameters(ctx, L, at+1))
	if err == nil && res.read.longest > b.limits.StringBytes {
		err = fmt.Errorf("column %q: %w", res.read.column, limit.Strings(res.read.longest, b.limits.StringBytes))
	}
	if err != nil {
		_ = b.limits.Note(err)
		if code, constraint, ok := breach(err); ok {
			return luaconv.Fail(L, code, constraint)
		}
		luaconv.Raise(L, unexpected(ctx, err))
	}
	pushed, err := push(L, res)
	if err != nil {
		luaconv.Raise(L, err)
	}
	return pushed
}

// transaction(fn[, options]) -> what fn(tx) returns
func (b *binding) transaction(L *lua.LState) int {
	runinfo.MustRun(L, "db.transaction")
	b.mustBeOutside(L, "db.transaction")
	fn := L.CheckFunction(1)
	o := checkOptions(L, 2)
	ctx := contextOf(L)
	for attempt := 1; ; attempt++ {
		results, err := b.try(L, ctx, fn, o)
		if err == nil {
			return pushAll(L, results)
		}
		if attempt == attempts || ctx.Err() != nil || !retryable(luaconv.Cause(err)) {
			raiseAgain(L, err)
		}
	}
}

// try runs fn once in a transaction of its own, which is over afterwards.
func (b *binding) try(L *lua.LState, ctx context.Context, fn *lua.LFunction, o options) ([]lua.LValue, error) {
	t, err := b.db.begin(ctx, o)
	if err != nil {
		return nil, unexpected(ctx, err)
	}
	b.open = t
	defer func() { b.open = nil }()
	return b.within(L, ctx, t, fn)
}

// savepoint: tx:transaction(fn) -> what fn(tx) returns
func (b *binding) savepoint(L *lua.LState) int {
	outer := checkTransaction(L, "tx:transaction")
	fn := L.CheckFunction(2)
	ctx := contextOf(L)
	t, err := outer.begin(ctx)
	if err != nil {
		luaconv.Raise(L, unexpected(ctx, err))
	}
	results, err := b.within(L, ctx, t, fn)
	if err != nil {
		raiseAgain(L, err)
	}
	return pushAll(L, results)
}

// within calls fn with a handle of t, commits when it returns and rolls back
// when it raises.
func (b *binding) within(L *lua.LState, ctx context.Context, t *transaction, fn *lua.LFunction) ([]lua.LValue, error) {
	finished := false
	defer func() {
		if !finished { // a Go panic, or the run's time is over
			_ = t.rollback(ctx)
		}
	}()
	results, err := lua51.PCall(L, fn, b.handle(L, t))
	if err == nil && ctx.Err() == nil {
		err = t.commit(ctx)
		finished = err == nil
		if err != nil {
			err = unexpected(ctx, err)
		}
		return results, err
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	finished = true
	_ = t.rollback(ctx) // the first error tells more; a connection that cannot roll back is thrown away
	return nil, err
}

// rollback: tx:rollback(); what fn returns afterwards is still returned.
func (b *binding) rollback(L *lua.LState) int {
	t := checkTransaction(L, "tx:rollback")
	ctx := contextOf(L)
	if err := t.usable(); err != nil {
		luaconv.Raise(L, err)
	}
	if err := t.rollback(ctx); err != nil {
		luaconv.Raise(L, unexpected(ctx, err))
	}
	return 0
}

func (b *binding) handle(L *lua.LState, t *transaction) *lua.LUserData {
	meta := L.CreateTable(0, 2)
	meta.RawSetString("__index", b.methods)
	meta.RawSetString("__metatable", lua.LString("transaction"))
	return &lua.LUserData{Value: t, Metatable: meta}
}

// checkOptions reads the options of a transaction from argument at.
func checkOptions(L *lua.LState, at int) options {
	var o options
	L.OptTable(at, L.NewTable()).ForEach(func(key, value lua.LValue) {
		switch key.String() {
		case "isolation":
			o.isolation = value.String()
			switch o.isolation {
			case "read committed", "repeatable read", "serializable":
			default:
				L.ArgError(at, `isolation is "read committed", "repeatable read" or "serializable"`)
			}
		case "read_only":
			o.readOnly = lua.LVAsBool(value)
		default:
			L.ArgError(at, fmt.Sprintf("unknown option %q; there are isolation and read_only", key.String()))
		}
	})
	return o
}

func raiseAgain(L *lua.LState, err error) {
	if _, fromLua := err.(*lua.ApiError); fromLua {
		lua51.Raise(L, err)
	}
	luaconv.Raise(L, err)
}

func pushAll(L *lua.LState, values []lua.LValue) int {
	for _, value := range values {
		L.Push(value)
	}
	return len(values)
}

func contextOf(L *lua.LState) context.Context {
	if ctx := L.Context(); ctx != nil {
		return ctx
	}
	return context.Background()
}
