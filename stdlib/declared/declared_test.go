package declared_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"vera/stdlib"
	"vera/stdlib/declared"
)

const shelf = `---@meta shelf

--- Books on a shelf,
--- in their order.
---
--- Nobody else's.
local shelf = {}

---@alias Side "left"|"right" where

--- What is asked for.
---@class shelf.Query
--- part of the title
---@field title? string
---@field tags ("new"|"old")[] each of them
---@field [string] any

--- How many there are.
---@type fun(): integer
shelf.count = nil

--- By their numbers.
shelf.by = {}

--- Finds books.
---@generic T
---@param query shelf.Query
---@param side? Side from where
---@param ... fun(a: T, b: { c: T }): T, boolean
---@return table<string, string[]>? books sorted
---@return "none"|"many"? code why not
---@return string # fit for the caller
function shelf.find(query, side, ...) end

function shelf.by.clear() end

--- A book in hand.
---@class Book: Paper bound
local Book = {}

---@param page integer
---@return string?
function Book:read(page) end

return shelf
`

func TestParse(t *testing.T) {
	got, err := declared.Parse("shelf", []byte(shelf))
	if err != nil {
		t.Fatal(err)
	}
	want := declared.Module{
		Name: "shelf", Doc: "Books on a shelf, in their order.\n\nNobody else's.",
		Functions: []declared.Function{
			{
				Name: "find", Doc: "Finds books.", Line: 33,
				Params: []declared.Param{
					{Name: "query", Type: "shelf.Query"},
					{Name: "side", Type: "Side", Doc: "from where", Optional: true},
				},
				Variadic: &declared.Param{Name: "...", Type: "fun(a: T, b: { c: T }): T, boolean"},
				Returns: []declared.Return{
					{Type: "table<string, string[]>", Name: "books", Doc: "sorted", Optional: true},
					{Type: `"none"|"many"`, Name: "code", Doc: "why not", Optional: true},
					{Type: "string", Doc: "fit for the caller"},
				},
			},
			{Name: "by.clear", Line: 35},
		},
		Values: []declared.Value{
			{Name: "count", Type: "fun(): integer", Doc: "How many there are.", Line: 20},
			{Name: "by", Type: "table", Doc: "By their numbers.", Line: 23},
		},
		Classes: []declared.Class{
			{Name: "shelf.Query", Doc: "What is asked for.", Line: 12, Fields: []declared.Field{
				{Name: "title", Type: "string", Doc: "part of the title", Optional: true},
				{Name: "tags", Type: `("new"|"old")[]`, Doc: "each of them"},
				{Name: "[string]", Type: "any"},
			}},
			{Name: "Book", Parent: "Paper", Doc: "A book in hand. bound", Line: 38, Methods: []declared.Function{{
				Name: "read", Method: true, Line: 43,
				Params:  []declared.Param{{Name: "page", Type: "integer"}},
				Returns: []declared.Return{{Type: "string", Optional: true}},
			}}},
		},
		Aliases: []declared.Alias{{Name: "Side", Type: `"left"|"right"`, Doc: "where", Line: 9}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A library of Lua's own has no local table: scripts find it without require.
func TestParseGlobal(t *testing.T) {
	text, err := declared.Parse("text", []byte("---@meta text\n\n--- Texts.\ntext = {}\n\nfunction text.cut() end\n"))
	if err != nil || !text.Global || text.Doc != "Texts." || text.Functions[0].Name != "cut" {
		t.Errorf("with a table: %+v, %v", text, err)
	}
	bare, err := declared.Parse("base", []byte("---@meta base\n\n--- All.\n\nfunction cut() end\n"))
	if err != nil || !bare.Global || bare.Doc != "All." || bare.Functions[0].Name != "cut" {
		t.Errorf("without a table: %+v, %v", bare, err)
	}
}

func TestParseFaults(t *testing.T) {
	const head, tail = "---@meta m\n\nlocal m = {}\n\n", "\nreturn m\n"
	tests := []struct{ name, body, want string }{
		{"unknown annotation", "---@retrun string\nfunction m.f() end", "m.d.lua:5: unknown annotation @retrun (meta, class,"},
		{"parameter not said", "function m.f(a) end", "m.d.lua:5: m.f: takes (a), but ---@param says ()"},
		{"parameter misspelt", "---@param b string\nfunction m.f(a) end", "m.d.lua:6: m.f: takes (a), but ---@param says (b)"},
		{"variadic in front", "---@param ... any\n---@param a any\nfunction m.f(..., a) end", "... is not the last parameter"},
		{"no type", "---@param a\nfunction m.f(a) end", "m.d.lua:5: a parameter is ---@param NAME[?] TYPE [text]"},
		{"open bracket", "---@param a table<string\nfunction m.f(a) end", `m.d.lua:5: the type has no ">" at ""`},
		{"open quote", "---@return \"a\nfunction m.f() end", "m.d.lua:5: the type has a quote that is not closed"},
		{"type too deep", "---@return " + strings.Repeat("(", 30) + "a" + strings.Repeat(")", 30) + "\nfunction m.f() end", "nested deeper than 16"},
		{"twice", "function m.f() end\nfunction m.f() end", "m.d.lua:6: m.f is declared twice"},
		{"function and value", "m.f = {}\nfunction m.f() end", "m.d.lua:6: m.f is declared twice"},
		{"another's", "function n.f() end", "m.d.lua:5: n.f does not belong to m"},
		{"method of no class", "function n:f() end", "m.d.lua:5: n has no ---@class"},
		{"value without type", "m.f = nil", "m.d.lua:5: m.f has no ---@type"},
		{"code", "print(1)", `m.d.lua:5: "print(1)" declares nothing`},
		{"annotations of nothing", "---@param a any\n\nfunction m.f(a) end", "m.d.lua:6: annotations of nothing"},
		{"text of nothing", "--- text\n\nfunction m.f() end", "m.d.lua:6: text of nothing"},
		{"text below", "---@return string\n--- text\nfunction m.f() end", "m.d.lua:6: text stands above the annotations"},
		{"field of nothing", "---@field a string", "m.d.lua:5: a field is ---@field NAME[?] TYPE [text], below ---@class"},
		{"field twice", "---@class C\n---@field a string\n---@field a string", "m.d.lua:7: field a is declared twice"},
		{"class twice", "---@class C\n\n---@class C", "m.d.lua:7: class C is declared twice"},
		{"method twice", "---@class C\nlocal C = {}\nfunction C:f() end\nfunction C:f() end", "m.d.lua:8: C:f is declared twice"},
		{"param in a class", "---@class C\n---@param a any", "m.d.lua:6: @param in a class; only @field may follow"},
		{"alias of nothing", "---@alias A", "m.d.lua:5: an alias is ---@alias NAME TYPE [text]"},
		{"second meta", "---@meta m", "m.d.lua:5: a second ---@meta"},
		{"behind the end", "return m\nfunction m.f() end", "m.d.lua:6: nothing may stand behind return"},
		{"not UTF-8", "--- \xff", "is not UTF-8"},
	}
	for _, tt := range tests {
		_, err := declared.Parse("m", []byte(head+tt.body+tail))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.name, err, tt.want)
		}
	}
	for source, want := range map[string]string{
		"":                             "m.d.lua:1: ---@meta m is missing",
		"---@meta n\n":                 `m.d.lua:1: ---@meta "n", want "m"`,
		"local m = {}\n":               "m.d.lua:1: ---@meta m must come first",
		"---@meta m\n\nreturn m\n":     "m.d.lua:3: local m = {} is missing",
		"---@meta m\nlocal m = {}\n":   "return m is missing",
		"---@param a any\n":            "m.d.lua:1: ---@meta m must come first",
		head + "---@class C\n--- text": "m.d.lua:6: text below the last field",
	} {
		if _, err := declared.Parse("m", []byte(source)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", source, err, want)
		}
	}
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		list        []declared.Param
		variadic    bool
		least, most int
		signature   string
	}{
		{nil, false, 0, 0, "f()"},
		{nil, true, 0, -1, "f(…)"},
		{[]declared.Param{{Name: "a"}, {Name: "b", Optional: true}, {Name: "c", Optional: true}}, false, 1, 3, "f(a[, b[, c]])"},
		{[]declared.Param{{Name: "a", Optional: true}, {Name: "b"}}, true, 2, -1, "f(a, b, …)"},
		{[]declared.Param{{Name: "a", Optional: true}}, false, 0, 1, "f([a])"},
	} {
		f := declared.Function{Name: "f", Params: tt.list}
		if tt.variadic {
			f.Variadic = &declared.Param{Name: "..."}
		}
		if f.Least() != tt.least || f.Most() != tt.most || f.Signature() != tt.signature {
			t.Errorf("%d to %d, %s; want %d to %d, %s", f.Least(), f.Most(), f.Signature(), tt.least, tt.most, tt.signature)
		}
	}
}

// Whatever the text: a module whose names are its own, or a fault with its place.
func FuzzParse(f *testing.F) {
	f.Add([]byte(shelf))
	f.Add([]byte("---@meta shelf\n\n--- All.\n\nfunction cut() end\n"))
	for _, source := range stdlib.Sources() {
		f.Add(source)
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		module, err := declared.Parse("shelf", source)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "shelf.d.lua:") {
				t.Errorf("the fault has no place: %v", err)
			}
			return
		}
		names := make(map[string]bool)
		for _, fn := range module.Functions {
			if names[fn.Name] || fn.Line < 1 || fn.Least() > len(fn.Params) {
				t.Errorf("%+v", fn)
			}
			names[fn.Name] = true
		}
	})
}

func Example() {
	module, err := declared.Parse("phone", []byte(`---@meta phone

--- Phone numbers.
local phone = {}

--- Brings a number to its canonical form.
---@param text string
---@param region? string two letters
---@return string? number
function phone.normalize(text, region) end

return phone
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	normalize, _ := module.Function("normalize")
	fmt.Println(normalize.Signature(), normalize.Least(), normalize.Most())
	// Output: normalize(text[, region]) 1 2
}
