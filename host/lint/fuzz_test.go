package lint

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"vera/stdlib/lua51"
)

// sources are all scripts of this project.
func sources(f *testing.F) {
	f.Helper()
	for _, pattern := range []string{
		"testdata/*/*.lua", "testdata/*/lib/*.lua", "../../actions/*.lua", "../../actions/lib/*.lua",
		"../../cmd/vera/testdata/hostile/*.lua", "../../cmd/vera/testdata/hostile/lib/*.lua",
	} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(source)
		}
	}
	for _, odd := range []string{
		"", "--", "--[", "--[[", "--[==[ x\n]]\r\n]==] return 1", "a = \"\\\r\nx\\\"\" b = 1", "a\n\r=\r1 b = [[\r\n]]", "x = '\\065\\'' y = 0x1F .. 3. .. .5e+1",
		"a = [=[ ]==] ]=] b()", "::a:: goto a", "f{g'x', [[y]]}:h{...}", "local function a(b, ...) return -b^-#b, not b end", "--\rx = 1", "a.b.c['d']:e()",
	} {
		f.Add([]byte(odd))
	}
}

// What parses is cut into the names, numbers and strings that the parser saw,
// where it saw them, and each gets a place.
func FuzzScan(f *testing.F) {
	sources(f)
	f.Fuzz(func(t *testing.T, source []byte) {
		tokens, comments := scan(string(source))
		for _, c := range comments {
			if c.line < 1 || c.last < c.line {
				t.Errorf("a comment from line %d to %d", c.line, c.last)
			}
		}
		if _, err := lua51.Parse("f", source); err != nil {
			return
		}
		words := tokens[:0:0]
		for _, token := range tokens {
			if token.kind != aSign {
				words = append(words, token)
			}
		}
		for i, want := range parsed(t, source) {
			if i >= len(words) {
				t.Fatalf("%d words, the parser has more: %q in line %d", len(words), want.Str, want.Pos.Line)
			}
			got := words[i]
			if got.line != want.Pos.Line || got.column != want.Pos.Column || got.kind == aName && got.text != want.Str {
				t.Fatalf("word %d is %q at %d:%d, the parser has %q at %d:%d", i,
					got.text, got.line, got.column, want.Str, want.Pos.Line, want.Pos.Column)
			}
			if got.end <= got.column {
				t.Errorf("%q at %d:%d ends at %d", want.Str, got.line, got.column, got.end)
			}
		}
		given := reparse(t, source)
		for _, e := range given.exprs {
			switch e.(type) {
			case *ast.IdentExpr, *ast.StringExpr, *ast.NumberExpr, *ast.TableExpr:
				if given.places[e].line == 0 {
					t.Errorf("no place for a %T in line %d", e, e.Line())
				}
			}
		}
	})
}

// parsed are the words as the parser's own scanner cuts them.
func parsed(t *testing.T, source []byte) []ast.Token {
	scanner := parse.NewScanner(bytes.NewReader(source), "f")
	var words []ast.Token
	for {
		token, err := scanner.Scan(&parse.Lexer{})
		if err != nil {
			t.Fatal(err)
		}
		switch token.Type {
		case parse.EOF:
			return words
		case parse.TIdent, parse.TNumber, parse.TString:
			words = append(words, token)
		}
	}
}

func reparse(t *testing.T, source []byte) *file {
	given := parseFile(File{Path: "f.lua", Source: source}, func(string) bool { return false })
	if given == nil {
		t.Fatal("does not parse a second time")
	}
	return given
}

// Whatever the files, Check ends, and what it finds is in them.
func FuzzCheck(f *testing.F) {
	sources(f)
	linter, err := NewLinter()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		files := []File{
			{Path: "a.lua", Source: source},
			{Path: "b.lua", Source: []byte(`return require("lib.c")`)},
			{Path: "lib/c.lua", Module: "lib.c", Source: source},
		}
		lines := bytes.Count(source, []byte("\n")) + bytes.Count(source, []byte("\r")) + 1
		first := linter.Check(files)
		for _, finding := range first {
			if finding.Line < 1 || finding.Line > lines || finding.Rule == "" || finding.Message == "" || finding.Column < 0 {
				t.Errorf("odd finding %+v", finding)
			}
		}
		second := linter.Check(files)
		if len(first) != len(second) {
			t.Fatalf("%d findings, then %d", len(first), len(second))
		}
		for i := range first {
			if first[i] != second[i] {
				t.Errorf("first %+v, then %+v", first[i], second[i])
			}
		}
	})
}
