package script

import (
	"cmp"
	"slices"
	"strconv"
	"sync"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"

	"vera/stdlib/lua51"
)

// coverName is the function that a covered program calls before each of its
// statements. No script can write it, and a VM has it only in a pool with a
// Coverage.
const coverName = "(cover)"

// Coverage knows which lines of the programs it compiled were executed. The
// library has no hooks, so the programs say it themselves. Many goroutines may
// use it; the zero value is ready.
type Coverage struct {
	mu       sync.Mutex
	ids      map[place]int
	executed []bool // by id
}

type place struct {
	file string
	line int
}

// Lines tells of one file. A line counts if a statement begins there.
type Lines struct {
	File     string
	Total    int   // lines that could be executed
	Executed int   // those that were
	Missed   []int // the others, in order
}

// Percent is the part that was executed; all of nothing is 100.
func (l Lines) Percent() float64 {
	if l.Total == 0 {
		return 100
	}
	return 100 * float64(l.Executed) / float64(l.Total)
}

// Compile is the function Compile for a program that is covered. It runs in
// pools with this Coverage only.
func (c *Coverage) Compile(file string, source []byte) (*Program, error) {
	p, err := Compile(file, source)
	if err != nil {
		return nil, err
	}
	whole, err := lua51.Parse(file, source)
	if err != nil {
		return nil, err
	}
	run, err := lua51.Parse(file, source)
	if err != nil {
		return nil, err
	}
	if p.whole, err = lua51.CompileTree(file, c.block(file, whole)); err != nil {
		return nil, err
	}
	if p.run, err = lua51.CompileTree(file, c.block(file, forRuns(run))); err != nil {
		return nil, err
	}
	return p, nil
}

// Files tells of every file that was compiled and has a statement, by name.
func (c *Coverage) Files() []Lines {
	c.mu.Lock()
	defer c.mu.Unlock()
	byFile := make(map[string]*Lines)
	var files []*Lines
	for at, id := range c.ids {
		lines := byFile[at.file]
		if lines == nil {
			lines = &Lines{File: at.file}
			byFile[at.file] = lines
			files = append(files, lines)
		}
		lines.Total++
		if c.executed[id] {
			lines.Executed++
		} else {
			lines.Missed = append(lines.Missed, at.line)
		}
	}
	slices.SortFunc(files, func(a, b *Lines) int { return cmp.Compare(a.File, b.File) })
	sorted := make([]Lines, len(files))
	for i, lines := range files {
		slices.Sort(lines.Missed)
		sorted[i] = *lines
	}
	return sorted
}

// count is the function that programs call.
func (c *Coverage) count(L *lua.LState) int {
	id := L.CheckInt(1)
	c.mu.Lock()
	c.executed[id] = true
	c.mu.Unlock()
	return 0
}

// id is a line's number in c.
func (c *Coverage) id(at place) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	id, ok := c.ids[at]
	if ok {
		return id
	}
	if c.ids == nil {
		c.ids = make(map[place]int)
	}
	id = len(c.executed)
	c.ids[at] = id
	c.executed = append(c.executed, false)
	return id
}

// block puts a call before each statement of a block, and of those within.
func (c *Coverage) block(file string, block []ast.Stmt) []ast.Stmt {
	covered := make([]ast.Stmt, 0, 2*len(block))
	for _, stmt := range block {
		c.stmt(file, stmt)
		if _, label := stmt.(*ast.LabelStmt); !label && stmt.Line() > 0 {
			covered = append(covered, c.call(file, stmt.Line()))
		}
		covered = append(covered, stmt)
	}
	return covered
}

func (c *Coverage) call(file string, line int) ast.Stmt {
	name := &ast.IdentExpr{Value: coverName}
	id := &ast.NumberExpr{Value: strconv.Itoa(c.id(place{file, line}))}
	call := &ast.FuncCallExpr{Func: name, Args: []ast.Expr{id}}
	stmt := &ast.FuncCallStmt{Expr: call}
	for _, node := range []ast.PositionHolder{name, id, call, stmt} {
		node.SetLine(line)
		node.SetLastLine(line)
	}
	return stmt
}

func (c *Coverage) stmt(file string, stmt ast.Stmt) {
	exprs := func(exprs ...ast.Expr) { c.exprs(file, exprs) }
	switch s := stmt.(type) {
	case *ast.AssignStmt:
		exprs(s.Lhs...)
		exprs(s.Rhs...)
	case *ast.LocalAssignStmt:
		exprs(s.Exprs...)
	case *ast.FuncCallStmt:
		exprs(s.Expr)
	case *ast.FuncDefStmt:
		s.Func.Stmts = c.block(file, s.Func.Stmts)
	case *ast.ReturnStmt:
		exprs(s.Exprs...)
	case *ast.DoBlockStmt:
		s.Stmts = c.block(file, s.Stmts)
	case *ast.IfStmt:
		exprs(s.Condition)
		s.Then = c.block(file, s.Then)
		s.Else = c.block(file, s.Else)
	case *ast.WhileStmt:
		exprs(s.Condition)
		s.Stmts = c.block(file, s.Stmts)
	case *ast.RepeatStmt:
		s.Stmts = c.block(file, s.Stmts)
		exprs(s.Condition)
	case *ast.NumberForStmt:
		exprs(s.Init, s.Limit, s.Step)
		s.Stmts = c.block(file, s.Stmts)
	case *ast.GenericForStmt:
		exprs(s.Exprs...)
		s.Stmts = c.block(file, s.Stmts)
	}
}

// exprs finds the functions in expressions.
func (c *Coverage) exprs(file string, exprs []ast.Expr) {
	within := func(exprs ...ast.Expr) { c.exprs(file, exprs) }
	for _, expr := range exprs {
		switch e := expr.(type) {
		case *ast.FunctionExpr:
			e.Stmts = c.block(file, e.Stmts)
		case *ast.TableExpr:
			for _, field := range e.Fields {
				within(field.Key, field.Value)
			}
		case *ast.FuncCallExpr:
			within(e.Func, e.Receiver)
			within(e.Args...)
		case *ast.AttrGetExpr:
			within(e.Object, e.Key)
		case *ast.LogicalOpExpr:
			within(e.Lhs, e.Rhs)
		case *ast.StringConcatOpExpr:
			within(e.Lhs, e.Rhs)
		case *ast.RelationalOpExpr:
			within(e.Lhs, e.Rhs)
		case *ast.ArithmeticOpExpr:
			within(e.Lhs, e.Rhs)
		case *ast.UnaryMinusOpExpr:
			within(e.Expr)
		case *ast.UnaryNotOpExpr:
			within(e.Expr)
		case *ast.UnaryLenOpExpr:
			within(e.Expr)
		}
	}
}
