package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"vera/host/devdb/devdbtest"
	"vera/migrations"
)

// The guides: pages of which every block of ours runs.
var guides = []string{"cookbook.md", "migrating-from-vera-py-service.md"}

// What a guide shows is done: its files are served beside the shipped ones, on
// a database with its migrations, its rows are inserted and its calls sent in
// the order of the page, and what comes back is compared.
func TestGuides(t *testing.T) {
	for _, name := range guides {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			runGuide(t, readGuide(t, "../../docs/"+name))
		})
	}
}

// A guide is a page taken apart.
type guide struct {
	files      map[string]string // below actions
	migrations fstest.MapFS      // besides the shipped ones
	env        map[string]string
	steps      []block // statements and calls, in order
}

// A block is one that a page fences.
type block struct {
	language string
	text     string
	line     int // of its fence
}

var (
	fence    = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	fileName = regexp.MustCompile(`^-- (actions|migrations)/(\S+)\n`)
)

// fenced gives the blocks of a page, in order.
func fenced(page string) []block {
	var blocks []block
	for _, at := range fence.FindAllStringSubmatchIndex(page, -1) {
		blocks = append(blocks, block{
			language: page[at[2]:at[3]], text: page[at[4]:at[5]], line: 1 + strings.Count(page[:at[0]], "\n"),
		})
	}
	return blocks
}

func readGuide(t *testing.T, page string) guide {
	t.Helper()
	content, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	g := guide{files: make(map[string]string), migrations: make(fstest.MapFS), env: make(map[string]string)}
	for _, b := range fenced(string(content)) {
		g.add(t, b)
	}
	if len(g.files) == 0 || !slices.ContainsFunc(g.steps, func(b block) bool { return b.language == "call" }) {
		t.Fatalf("%s has %d files and %d steps", page, len(g.files), len(g.steps))
	}
	return g
}

// add puts a block where it belongs. One that would not be run is a fault,
// but for what is not Vera's.
func (g *guide) add(t *testing.T, b block) {
	t.Helper()
	name := fileName.FindStringSubmatch(b.text)
	switch {
	case b.language == "lua" && name != nil && name[1] == "actions":
		if _, ok := g.files[name[2]]; ok {
			t.Fatalf("line %d: %s is there twice", b.line, name[2])
		}
		g.files[name[2]] = b.text
	case b.language == "sql" && name != nil && name[1] == "migrations":
		g.migrations[name[2]] = &fstest.MapFile{Data: []byte(b.text)}
	case b.language == "sql" && name == nil, b.language == "call":
		g.steps = append(g.steps, b)
	case b.language == "ini":
		for line := range strings.Lines(b.text) {
			key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			g.env[key] = value
		}
	case b.language == "python", b.language == "sh", b.language == "text":
	default:
		t.Fatalf("line %d: nobody runs this block of %q; its first line may be to name a file below actions or migrations", b.line, b.language)
	}
}

func runGuide(t *testing.T, g guide) {
	t.Helper()
	actions := writeActions(t, g.files)
	if err := os.CopyFS(actions, os.DirFS("../../actions")); err != nil {
		t.Fatal(err) // also where the guide would replace a shipped file
	}
	mustCheck(t, actions, g.env)
	s := newStack(t, stackOptions{actions: actions, env: g.env, database: g.database(t)})
	play := player{t: t, stack: s, bound: make(map[string]any)}
	for _, step := range g.steps {
		if step.language == "sql" {
			s.run(t, step.text)
			continue
		}
		play.calls(step)
	}
	if n := strings.Count(s.logs.String(), `"level":"ERROR"`); n != play.failures {
		t.Errorf("%d errors in the log, of %d calls that are answered 500:\n%s", n, play.failures, s.logs)
	}
}

// mustCheck has vera check look at the files, and find nothing.
func mustCheck(t *testing.T, actions string, env map[string]string) {
	t.Helper()
	var out, errs bytes.Buffer
	lookup := func(name string) (string, bool) { value, ok := env[name]; return value, ok }
	code := run(t.Context(), []string{"check", actions}, console{&out, &errs, lookup})
	if code != 0 || strings.Contains(out.String(), "warning:") {
		t.Fatalf("vera check: exit code %d\n%s%s", code, &out, &errs)
	}
}

// database gives one with the shipped migrations and the guide's. These go
// down and up again, too.
func (g *guide) database(t *testing.T) string {
	t.Helper()
	all := make(fstest.MapFS)
	key := sha256.New()
	for _, source := range []fs.FS{migrations.Files, g.migrations} {
		names, err := fs.Glob(source, "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := fs.ReadFile(source, name)
			if err != nil {
				t.Fatal(err)
			}
			if all[name] != nil {
				t.Fatalf("migration %s is there twice", name)
			}
			all[name] = &fstest.MapFile{Data: content}
			key.Write(content)
		}
	}
	return devdbtest.Database(t, func(ctx context.Context, dsn string) error {
		pool, err := openPool(ctx, PostgresConfig{URL: Secret(dsn), MaxConns: 2})
		if err != nil {
			return err
		}
		defer pool.Close()
		sqlDB := stdlib.OpenDBFromPool(pool)
		defer sqlDB.Close()
		provider, err := goose.NewProvider(goose.DialectPostgres, sqlDB, all)
		if err != nil {
			return err
		}
		if _, err := provider.Up(ctx); err != nil {
			return err
		}
		for range g.migrations {
			if _, err := provider.Down(ctx); err != nil {
				return err
			}
		}
		_, err = provider.Up(ctx)
		return err
	}, hex.EncodeToString(key.Sum(nil)))
}
