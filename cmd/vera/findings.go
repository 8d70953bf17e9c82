package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"vera/host/frame"
	"vera/host/lint"
	"vera/host/plugboard"
	"vera/host/registry"
	"vera/stdlib/lua51"
)

// findings are all that check has to say of a folder.
type findings struct {
	list    []lint.Finding
	sources map[string][]byte
	summary summary
}

// A summary is the end of check's report.
type summary struct {
	Files         int    `json:"files"`
	Actions       int    `json:"actions"`
	Version       string `json:"version"`
	ContractBytes int    `json:"contract_bytes"` // what the hub is told of the actions takes
	ContractLimit int    `json:"contract_limit"`
	Errors        int    `json:"errors"`
	Warnings      int    `json:"warnings"`
}

// inspect gives what is wrong with the files that a registry has loaded.
func inspect(actions *registry.Registry) (*findings, error) {
	set := actions.Set()
	schemas := make(map[string]*registry.Action)
	for _, action := range set.Actions {
		schemas[action.File] = action
	}
	found := &findings{sources: make(map[string][]byte)}
	var files []lint.File
	for _, source := range actions.Sources() {
		file := lint.File{Path: source.File, Module: source.Module, Source: source.Text}
		if action := schemas[source.File]; action != nil {
			file.Schema = action.Schema
		}
		files = append(files, file)
		found.sources[source.File] = source.Text
	}
	linter, err := lint.NewLinter()
	if err != nil {
		return nil, err
	}
	read := linter.Check(files)
	found.list = slices.Concat(contractFindings(set), faultFindings(set.Faults, read), read)
	slices.SortStableFunc(found.list, lint.Compare)
	found.summary = summary{
		Files: len(files), Actions: len(set.Actions), Version: set.Version,
		ContractBytes: checkedSize(set.Manifest), ContractLimit: plugboard.MaxRequestLine,
	}
	for _, f := range found.list {
		if f.Severity == lint.Error {
			found.summary.Errors++
		} else {
			found.summary.Warnings++
		}
	}
	return found, nil
}

// faultFindings are the registry's faults as findings, but those that reading
// the file has told better: code that raised at a line which is wrong.
func faultFindings(faults []registry.Fault, read []lint.Finding) []lint.Finding {
	var list []lint.Finding
	for _, fault := range faults {
		rule, hint := lint.RuleDeclaration, ""
		if _, ok := errors.AsType[*lua51.SyntaxError](fault.Err); ok {
			rule = lint.RuleSyntax
		} else if errors.Is(fault.Err, registry.ErrTwice) {
			rule, hint = lint.RuleName, "give one of them another name, or the file another one"
		}
		for _, p := range fault.Points {
			told := slices.ContainsFunc(read, func(f lint.Finding) bool {
				return f.File == p.File && f.Line == p.Line && f.Severity == lint.Error
			})
			if told && rule == lint.RuleDeclaration {
				continue
			}
			list = append(list, lint.Finding{
				File: p.File, Line: p.Line, Column: p.Column, EndColumn: p.End,
				Rule: rule.Name, Severity: rule.Severity, Message: p.Message, Hint: hint,
			})
		}
	}
	return list
}

// contractFindings tell when the hub takes no more, or soon will not. They are
// about the folder, not about a file.
func contractFindings(set *registry.Set) []lint.Finding {
	size := checkedSize(set.Manifest)
	if size < warnRequestLine {
		return nil
	}
	severity := lint.Warning
	if size > plugboard.MaxRequestLine {
		severity = lint.Error
	}
	return []lint.Finding{{
		Rule: lint.RuleSize.Name, Severity: severity,
		Message: fmt.Sprintf("the hub is told of the actions in %d bytes, the hub takes %d; the largest are %s",
			size, plugboard.MaxRequestLine, registry.Largest(set, checkedSize)),
		Hint: "shorten or remove descriptions",
	}}
}

// failed tells whether the exit code is to say so.
func (f *findings) failed(strict bool) bool {
	return f.summary.Errors > 0 || strict && f.summary.Warnings > 0
}

// print shows each finding with its place in the source, for a person.
func (f *findings) print(out io.Writer) {
	paint := painter(out)
	for _, finding := range f.list {
		colour := boldYellow
		if finding.Severity == lint.Error {
			colour = boldRed
		}
		if place := finding.Place(); place != "" {
			fmt.Fprintf(out, "%s: ", paint(bold, place))
		}
		fmt.Fprintf(out, "%s: %s (%s)\n", paint(colour, string(finding.Severity)), plainText(finding.Message), finding.Rule)
		fmt.Fprint(out, frame.At(f.sources[finding.File], finding.Line, finding.Column, finding.EndColumn))
		if finding.Hint != "" {
			fmt.Fprintf(out, "  hint: %s\n", plainText(finding.Hint))
		}
		fmt.Fprintln(out)
	}
}

// plainText takes out of a text what a terminal would obey.
func plainText(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// json writes the one document of check --json.
func (f *findings) json(out io.Writer) error {
	list := f.list
	if list == nil {
		list = []lint.Finding{}
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		Findings []lint.Finding `json:"findings"`
		Summary  summary        `json:"summary"`
	}{list, f.summary})
}

// counts is "2 errors, 1 warning"; empty if there is neither.
func (s summary) counts() string {
	var parts []string
	if s.Errors > 0 {
		parts = append(parts, count(s.Errors, "error"))
	}
	if s.Warnings > 0 {
		parts = append(parts, count(s.Warnings, "warning"))
	}
	return strings.Join(parts, ", ")
}

// How a terminal is told to show text.
const (
	bold       = "1"
	boldRed    = "1;31"
	boldYellow = "1;33"
)

// painter gives a function that colours text, where out is a terminal and
// NO_COLOR is not set.
func painter(out io.Writer) func(style, text string) string {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || os.Getenv("NO_COLOR") != "" {
		return func(_, text string) string { return text }
	}
	return func(style, text string) string { return "\x1b[" + style + "m" + text + "\x1b[0m" }
}
