package declared

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The statements of a declaration file.
var (
	functionLine = regexp.MustCompile(`^function ([A-Za-z_]\w*(?:[.:][A-Za-z_]\w*)*)\(([^()]*)\) end$`)
	tableLine    = regexp.MustCompile(`^(?:local )?([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*) = \{\}$`)
	valueLine    = regexp.MustCompile(`^([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*) = nil$`)
	annotation   = regexp.MustCompile(`^@([a-z]+)(?:\s+(.*))?$`)
	named        = regexp.MustCompile(`^([A-Za-z_]\w*|\.\.\.)(\?)?(?:\s+(.*))?$`)
	fieldName    = regexp.MustCompile(`^([A-Za-z_]\w*|\[[^\]]*\])(\?)?\s+(.*)$`)
	className    = regexp.MustCompile(`^([A-Za-z_][\w.]*)(?::\s*([A-Za-z_][\w.]*))?(?:\s+(.*))?$`)
)

// Parse reads the declarations of the module of that name: the text of
// NAME.d.lua. A fault begins with "NAME.d.lua:LINE: ".
func Parse(name string, source []byte) (Module, error) {
	p := &parser{module: Module{Name: name}, meta: -1, objects: make(map[string]int)}
	if !utf8.Valid(source) {
		return Module{}, fmt.Errorf("%s.d.lua:1: is not UTF-8", name)
	}
	lines := strings.Split(string(source), "\n")
	for i, line := range lines {
		p.line = i + 1
		if err := p.read(strings.TrimRight(line, " \t\r")); err != nil {
			return Module{}, fmt.Errorf("%s.d.lua:%d: %w", name, p.line, err)
		}
	}
	if err := p.finish(); err != nil {
		return Module{}, fmt.Errorf("%s.d.lua:%d: %w", name, p.line, err)
	}
	return p.module, nil
}

// A parser reads one file, line by line.
type parser struct {
	module   Module
	line     int
	meta     int            // the line of ---@meta, -1 before it
	returned bool           // return NAME was read
	table    bool           // NAME = {} was read
	objects  map[string]int // from a local's name to its place in module.Classes
	block    block
}

// A block is the comment lines above a statement.
type block struct {
	doc     []string
	params  []Param
	returns []Return
	kind    string // of ---@type
	class   int    // 1 + its place in module.Classes; 0: none
	tagged  bool   // an annotation was read: text may only follow in a class
}

func (p *parser) read(line string) error {
	switch {
	case p.returned && line != "":
		return fmt.Errorf("nothing may stand behind return")
	case line == "":
		return p.end()
	case strings.HasPrefix(line, "---@"):
		return p.annotation(line[len("---"):])
	case strings.HasPrefix(line, "---"):
		if p.block.tagged && p.block.class == 0 {
			return fmt.Errorf("text stands above the annotations of a function, not below")
		}
		p.block.doc = append(p.block.doc, strings.TrimPrefix(line[len("---"):], " "))
		return nil
	case strings.HasPrefix(line, "--"):
		return nil
	}
	if p.meta < 0 {
		return fmt.Errorf("---@meta %s must come first", p.module.Name)
	}
	err := p.statement(line)
	p.block = block{}
	return err
}

// end is the end of a block that no statement follows.
func (p *parser) end() error {
	b := p.block
	p.block = block{}
	switch {
	case len(b.params)+len(b.returns) > 0 || b.kind != "":
		return fmt.Errorf("annotations of nothing: the statement must follow without an empty line")
	case len(b.doc) > 0 && b.class > 0:
		return fmt.Errorf("text below the last field of a class")
	case len(b.doc) == 0:
	case p.module.Doc != "" || p.table:
		return fmt.Errorf("text of nothing: the statement must follow without an empty line")
	default:
		p.module.Doc = prose(b.doc) // of a library that has no table
	}
	return nil
}

func (p *parser) finish() error {
	if err := p.end(); err != nil {
		return err
	}
	if p.meta < 0 {
		return fmt.Errorf("---@meta %s is missing", p.module.Name)
	}
	if !p.returned && p.module.Doc == "" {
		return fmt.Errorf("return %s is missing", p.module.Name)
	}
	p.module.Global = !p.returned
	return nil
}

func (p *parser) annotation(text string) error {
	m := annotation.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is no annotation", text)
	}
	tag, rest := m[1], m[2]
	if tag != "meta" && p.meta < 0 {
		return fmt.Errorf("---@meta %s must come first", p.module.Name)
	}
	before := p.block.class > 0
	p.block.tagged = true
	switch tag {
	case "meta":
		return p.metaTag(rest)
	case "class":
		return p.classTag(rest)
	case "field":
		return p.fieldTag(rest)
	case "alias":
		return p.aliasTag(rest)
	}
	if before {
		return fmt.Errorf("@%s in a class; only @field may follow", tag)
	}
	switch tag {
	case "param":
		return p.paramTag(rest)
	case "return":
		return p.returnTag(rest)
	case "type":
		kind, _, err := cutType(rest)
		p.block.kind = kind
		return err
	case "generic":
		return nil
	}
	return fmt.Errorf("unknown annotation @%s (meta, class, field, alias, generic, type, param, return)", tag)
}

func (p *parser) metaTag(rest string) error {
	if p.meta >= 0 {
		return fmt.Errorf("a second ---@meta")
	}
	if rest != p.module.Name {
		return fmt.Errorf("---@meta %q, want %q", rest, p.module.Name)
	}
	p.meta = p.line
	p.block.tagged = false
	return nil
}

func (p *parser) classTag(rest string) error {
	m := className.FindStringSubmatch(rest)
	if m == nil || p.block.class > 0 {
		return fmt.Errorf("a class is ---@class NAME[: PARENT] [text], one in a block")
	}
	if _, twice := p.module.Class(m[1]); twice {
		return fmt.Errorf("class %s is declared twice", m[1])
	}
	p.module.Classes = append(p.module.Classes, Class{
		Name: m[1], Parent: m[2], Doc: prose(append(p.block.doc, m[3])), Line: p.line,
	})
	p.block.doc, p.block.class = nil, len(p.module.Classes)
	return nil
}

func (p *parser) fieldTag(rest string) error {
	m := fieldName.FindStringSubmatch(rest)
	if m == nil || p.block.class == 0 {
		return fmt.Errorf("a field is ---@field NAME[?] TYPE [text], below ---@class")
	}
	kind, doc, err := cutType(m[3])
	if err != nil {
		return err
	}
	class := &p.module.Classes[p.block.class-1]
	if slices.ContainsFunc(class.Fields, func(f Field) bool { return f.Name == m[1] }) {
		return fmt.Errorf("field %s is declared twice", m[1])
	}
	class.Fields = append(class.Fields, Field{
		Name: m[1], Type: kind, Doc: prose(append(p.block.doc, comment(doc))), Optional: m[2] != "",
	})
	p.block.doc = nil
	return nil
}

func (p *parser) aliasTag(rest string) error {
	name, kind, _ := strings.Cut(rest, " ")
	kind, doc, err := cutType(strings.TrimLeft(kind, " \t"))
	if err != nil || name == "" {
		return fmt.Errorf("an alias is ---@alias NAME TYPE [text]")
	}
	p.module.Aliases = append(p.module.Aliases, Alias{
		Name: name, Type: kind, Doc: prose(append(p.block.doc, comment(doc))), Line: p.line,
	})
	p.block = block{}
	return nil
}

func (p *parser) paramTag(rest string) error {
	m := named.FindStringSubmatch(rest)
	if m == nil || m[3] == "" {
		return fmt.Errorf("a parameter is ---@param NAME[?] TYPE [text]")
	}
	kind, doc, err := cutType(m[3])
	if err != nil {
		return err
	}
	p.block.params = append(p.block.params, Param{Name: m[1], Type: kind, Doc: comment(doc), Optional: m[2] != ""})
	return nil
}

func (p *parser) returnTag(rest string) error {
	kind, doc, err := cutType(rest)
	if err != nil {
		return err
	}
	returned := Return{Type: kind, Doc: comment(doc)}
	returned.Type, returned.Optional = strings.CutSuffix(kind, "?")
	if m := named.FindStringSubmatch(doc); m != nil && m[2] == "" {
		returned.Name, returned.Doc = m[1], comment(m[3])
	}
	p.block.returns = append(p.block.returns, returned)
	return nil
}

func (p *parser) statement(line string) error {
	if line == "return "+p.module.Name {
		if !p.table {
			return fmt.Errorf("local %s = {} is missing", p.module.Name)
		}
		p.returned = true
		return nil
	}
	if m := tableLine.FindStringSubmatch(line); m != nil {
		return p.tableStatement(m[1])
	}
	if m := valueLine.FindStringSubmatch(line); m != nil {
		if p.block.kind == "" {
			return fmt.Errorf("%s has no ---@type", m[1])
		}
		return p.value(m[1], p.block.kind)
	}
	if m := functionLine.FindStringSubmatch(line); m != nil {
		return p.function(m[1], m[2])
	}
	return fmt.Errorf("%q declares nothing: function NAME(…) end, NAME = {} or NAME = nil, on one line", line)
}

// tableStatement is the module's own table, one in it, or that of a class.
func (p *parser) tableStatement(name string) error {
	switch {
	case p.block.class > 0:
		if _, twice := p.objects[name]; twice || name == p.module.Name {
			return fmt.Errorf("%s is declared twice", name)
		}
		p.objects[name] = p.block.class - 1
		return nil
	case name != p.module.Name:
		return p.value(name, "table")
	case p.table:
		return fmt.Errorf("%s is declared twice", name)
	}
	p.table = true
	p.module.Doc = prose(p.block.doc)
	return nil
}

func (p *parser) value(name, kind string) error {
	member, err := p.member(name)
	if err != nil {
		return err
	}
	p.module.Values = append(p.module.Values, Value{Name: member, Type: kind, Doc: prose(p.block.doc), Line: p.line})
	return nil
}

// member is a name below the module's table, or a global where there is none.
func (p *parser) member(name string) (string, error) {
	member, ok := strings.CutPrefix(name, p.module.Name+".")
	if !p.table && !strings.Contains(name, ".") {
		member, ok = name, true
	}
	if !ok || strings.Contains(member, ":") {
		return "", fmt.Errorf("%s does not belong to %s", name, p.module.Name)
	}
	_, function := p.module.Function(member)
	if _, value := p.module.Value(member); value || function {
		return "", fmt.Errorf("%s is declared twice", name)
	}
	return member, nil
}

func (p *parser) function(name, list string) error {
	f := Function{Name: name, Doc: prose(p.block.doc), Returns: p.block.returns, Line: p.line}
	if err := p.parameters(&f, list); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	object, method, colon := strings.Cut(name, ":")
	if !colon {
		member, err := p.member(name)
		f.Name = member
		p.module.Functions = append(p.module.Functions, f)
		return err
	}
	at, ok := p.objects[object]
	if !ok {
		return fmt.Errorf("%s has no ---@class", object)
	}
	f.Name, f.Method = method, true
	class := &p.module.Classes[at]
	if _, twice := class.Method(method); twice {
		return fmt.Errorf("%s is declared twice", name)
	}
	class.Methods = append(class.Methods, f)
	return nil
}

// parameters holds the list of a function against what is said of them.
func (p *parser) parameters(f *Function, list string) error {
	var names []string
	if strings.TrimSpace(list) != "" {
		for name := range strings.SplitSeq(list, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	var said []string
	for _, param := range p.block.params {
		said = append(said, param.Name)
	}
	if !slices.Equal(names, said) {
		return fmt.Errorf("takes (%s), but ---@param says (%s)", strings.Join(names, ", "), strings.Join(said, ", "))
	}
	f.Params = p.block.params
	if last := len(f.Params) - 1; last >= 0 && f.Params[last].Name == "..." {
		f.Variadic, f.Params = &p.block.params[last], f.Params[:last]
	}
	if slices.ContainsFunc(f.Params, func(param Param) bool { return param.Name == "..." }) {
		return fmt.Errorf("... is not the last parameter")
	}
	return nil
}

// prose joins the lines of a text; an empty one parts paragraphs.
func prose(lines []string) string {
	var b strings.Builder
	for _, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case line == "" && b.Len() > 0:
			b.WriteString("\n\n")
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "\n"):
			b.WriteString(" ")
		}
		b.WriteString(line)
	}
	return strings.TrimSpace(b.String())
}

// comment is a text behind a type; some put a # in front.
func comment(text string) string {
	return strings.TrimSpace(strings.TrimPrefix(text, "#"))
}
