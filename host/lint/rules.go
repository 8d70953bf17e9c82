package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"vera/host/spell"
)

// A Rule is one kind of finding.
type Rule struct {
	Name     string
	Severity Severity
	About    string // what it finds, for the reference
}

// What loading a folder finds; whoever loads it reports these.
var (
	RuleSyntax      = &Rule{"syntax", Error, "text that is not Lua"}
	RuleDeclaration = &Rule{"declaration", Error, "a file that cannot be loaded: its table, a field or a description is wrong or missing, or its code raises"}
	RuleName        = &Rule{"duplicate-name", Error, "two files with one action's name"}
	RuleSize        = &Rule{"contract-size", Error, "more names and descriptions than the hub takes; a warning where it comes near"}
)

// What [Linter.Check] finds.
var (
	ruleGlobal      = &Rule{"undeclared-name", Error, "a name that is neither a local nor one of Lua's own here"}
	ruleSetGlobal   = &Rule{"global", Warning, "a global that the script sets"}
	ruleModule      = &Rule{"unknown-module", Error, "`require` of a primitive or a file that is not there"}
	ruleFunction    = &Rule{"unknown-function", Error, "a function that a primitive, a module below `lib`, Lua's library or a string does not have"}
	ruleMethod      = &Rule{"method-call", Error, "a dot where a colon belongs (`tx.one(…)`), or a colon where a dot does (`db:one(…)`)"}
	ruleArguments   = &Rule{"argument-count", Error, "too few or too many arguments for a primitive or a function of Lua's library"}
	ruleTransaction = &Rule{"transaction", Error, "`db` inside of a transaction, which has a handle of its own"}
	ruleSQL         = &Rule{"sql-concatenation", Warning, "SQL with an input written into it instead of `$1`"}
	ruleField       = &Rule{"unknown-field", Error, "an input that is read but not declared, or a key that `context` does not have"}
	ruleUnused      = &Rule{"unused-field", Warning, "an input that is declared but never read"}
	ruleStatus      = &Rule{"status-code", Error, "an answer without a `status_code`, or with one that the hub does not take"}
	ruleAnswer      = &Rule{"answer", Error, "an answer that is no table, or has a key that answers do not have"}
	ruleCycle       = &Rule{"require-cycle", Error, "modules that require each other"}
	ruleIgnore      = &Rule{"ignore", Warning, "a `check: ignore` of a rule that does not exist"}
)

var rules = []*Rule{
	RuleSyntax, RuleDeclaration, RuleName, RuleSize,
	ruleGlobal, ruleSetGlobal, ruleModule, ruleFunction, ruleMethod, ruleArguments, ruleTransaction, ruleSQL,
	ruleField, ruleUnused, ruleStatus, ruleAnswer, ruleCycle, ruleIgnore,
}

// Rules lists all of them, in the order of the reference.
func Rules() []Rule {
	list := make([]Rule, len(rules))
	for i, r := range rules {
		list[i] = *r
	}
	return list
}

// ignore is a comment that asks to ignore rules on its line.
var ignore = regexp.MustCompile(`^\s*check:\s*ignore\s+([\w-]+(?:\s*,\s*[\w-]+)*)`)

// ignored lists the rules that a comment asks to ignore.
func (c comment) ignored() []string {
	if !strings.Contains(c.text, "check") {
		return nil
	}
	match := ignore.FindStringSubmatch(c.text)
	if match == nil {
		return nil
	}
	var names []string
	for word := range strings.SplitSeq(match[1], ",") {
		names = append(names, strings.TrimSpace(word))
	}
	return names
}

// ignores tells whether a comment on a line, or alone on the one above, asks
// to ignore a rule.
func (f *file) ignores(line int, rule string) bool {
	return slices.ContainsFunc(f.comments, func(c comment) bool {
		return (c.line == line || c.alone && c.last == line-1) && slices.Contains(c.ignored(), rule)
	})
}

// suppressions looks for such comments that are misspelt.
func (c *checker) suppressions(f *file) {
	var known []string
	for _, r := range rules {
		known = append(known, r.Name)
	}
	for _, comment := range f.comments {
		for _, asked := range comment.ignored() {
			if !slices.Contains(known, asked) {
				c.report(f, token{line: comment.line}, ruleIgnore,
					fmt.Sprintf("there is no rule %q to ignore%s", asked, spell.Hint(asked, known)), "the rules are "+strings.Join(known, ", "))
			}
		}
	}
}
