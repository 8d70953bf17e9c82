package testrun_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	lua "github.com/yuin/gopher-lua"
	"go.uber.org/goleak"

	"vera/host/devdb/devdbtest"
	"vera/host/testrun"
	"vera/stdlib/crypto"
	"vera/stdlib/db"
	"vera/stdlib/env"
	"vera/stdlib/json"
	"vera/stdlib/limit"
	"vera/stdlib/log"
	"vera/stdlib/time"
	"vera/stdlib/uuid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fixture is a folder of actions and tests, and a database.
type fixture struct {
	options testrun.Options
	pool    *pgxpool.Pool
	more    map[string]lua.LGFunction // primitives besides
}

// settings are what actions can read, with the values of the environment.
var settings = map[string]string{"GREETING": "Hello", "LOUD": "false"}

func newFixture(t *testing.T, workers int, files map[string]string) *fixture {
	t.Helper()
	dsn := devdbtest.Database(t, func(ctx context.Context, dsn string) error {
		conn, err := pgx.Connect(ctx, dsn)
		if err != nil {
			return err
		}
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, "CREATE TABLE notes (id int GENERATED ALWAYS AS IDENTITY, text text UNIQUE)")
		return err
	}, "host-testrun-1")
	config, err := db.Config(dsn)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{}
	if f.pool, err = pgxpool.NewWithConfig(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.pool.Close)
	f.options = testrun.Options{
		Dir: t.TempDir(), Databases: slices.Repeat([]*pgxpool.Config{config}, workers), Modules: f.modules,
		Settings: []string{"GREETING", "LOUD"},
	}
	for name, source := range files {
		f.write(t, name, source)
	}
	return f
}

func (f *fixture) write(t *testing.T, name, source string) {
	t.Helper()
	file := filepath.Join(f.options.Dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (f *fixture) modules(w *testrun.World, database *db.DB) (map[string]lua.LGFunction, error) {
	variables, err := env.New([]string{"GREETING", "LOUD"}, func(name string) (string, bool) {
		if value, changed := w.Setting(name); changed {
			return value, true
		}
		return settings[name], true
	})
	modules := map[string]lua.LGFunction{
		"crypto": crypto.Loader(limit.Limits{}, w), "db": database.Module, "env": variables.Module, "json": json.Limits{}.Module,
		"log": log.New(w.Logger()).Module, "time": time.New(w.Now).Module, "uuid": uuid.NewSource(w.Now, w).Module,
	}
	for name, module := range f.more {
		modules[name] = module
	}
	return modules, err
}

func (f *fixture) run(t *testing.T) *testrun.Outcome {
	t.Helper()
	outcome, err := testrun.Run(t.Context(), f.options)
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

// mustPass runs the tests and shows those that fail.
func (f *fixture) mustPass(t *testing.T) *testrun.Outcome {
	t.Helper()
	outcome := f.run(t)
	if len(outcome.Results) == 0 {
		t.Fatal("there was no test")
	}
	var text strings.Builder
	report := &testrun.Text{Out: &text}
	for _, fault := range outcome.Faults {
		report.Fault(fault)
	}
	for _, result := range outcome.Results {
		report.Result(result)
	}
	if text.Len() > 0 {
		t.Errorf("\n%s", text.String())
	}
	return outcome
}

// action is a script whose run is body.
func action(body string) string {
	return "return { description = 'Test', fields = { text = { type = 'string', description = 'Text', optional = true, max_length = 20 } }, " +
		"run = function(fields, context)\n" + body + "\nend }\n"
}

const addNote = `
local row, conflict = require("db").one("INSERT INTO notes (text) VALUES ($1) RETURNING text", fields.text)
if conflict then return { status_code = 409, message = "It is there" } end
return { status_code = 201, fields = row }`
