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
	Loading  bool   // found by whoever loads the folder, not by Check
}

// What loading a folder finds; whoever loads it reports these.
var (
	RuleSyntax      = &Rule{Name: "syntax", Severity: Error, About: "text that is not Lua", Loading: true}
	RuleDeclaration = &Rule{Name: "declaration", Severity: Error, About: "a file that cannot be loaded: its table, a field or a description is wrong or missing, or its code raises", Loading: true}
	RuleName        = &Rule{Name: "duplicate-name", Severity: Error, About: "two files with one action's name", Loading: true}
	RuleSize        = &Rule{Name: "contract-size", Severity: Error, About: "more names and descriptions than the hub takes; a warning where it comes near", Loading: true}
)

// What [Linter.Check] finds.
var (
	ruleGlobal      = &Rule{Name: "undeclared-global", Severity: Error, About: "a name that is neither a local nor one of Lua's own here"}
	ruleSetGlobal   = &Rule{Name: "set-global", Severity: Warning, About: "a global that the script sets"}
	ruleModule      = &Rule{Name: "unknown-module", Severity: Error, About: "`require` of a primitive or a file that is not there"}
	ruleFunction    = &Rule{Name: "unknown-function", Severity: Error, About: "a function that a primitive, a module below `lib`, Lua's library or a string does not have"}
	ruleMethod      = &Rule{Name: "method-call", Severity: Error, About: "a dot where a colon belongs (`tx.one(…)`), or a colon where a dot does (`db:one(…)`)"}
	ruleArguments   = &Rule{Name: "argument-count", Severity: Error, About: "too few or too many arguments for a primitive or a function of Lua's library"}
	ruleTransaction = &Rule{Name: "transaction", Severity: Error, About: "`db` inside of a transaction, which has a handle of its own"}
	ruleSQL         = &Rule{Name: "sql-concatenation", Severity: Warning, About: "SQL with an input written into it instead of `$1`"}
	ruleField       = &Rule{Name: "unknown-field", Severity: Error, About: "an input that is read but not declared, or a key that `context` does not have"}
	ruleUnused      = &Rule{Name: "unused-field", Severity: Warning, About: "an input that is declared but never read"}
	ruleStatus      = &Rule{Name: "status-code", Severity: Error, About: "an answer without a `status_code`, or with one that the hub does not take"}
	ruleAnswer      = &Rule{Name: "answer", Severity: Error, About: "an answer that is no table, or has a key that answers do not have"}
	ruleCycle       = &Rule{Name: "require-cycle", Severity: Error, About: "modules that require each other"}
	ruleIgnore      = &Rule{Name: "ignore", Severity: Warning, About: "a `check: ignore` of a rule that does not exist"}
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
var ignore = regexp.MustCompile(`^(?:\[=*\[)?\s*check:\s*ignore\s+([\w-]+(?:\s*,\s*[\w-]+)*)`)

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

// A silence is a rule that is ignored on a line.
type silence struct {
	line int
	rule string
}

// silences lists what comments ask to ignore, on their line, or on the next
// one where they stand alone.
func silences(comments []comment) map[silence]bool {
	list := make(map[silence]bool)
	for _, c := range comments {
		for _, rule := range c.ignored() {
			list[silence{c.line, rule}] = true
			if c.alone {
				list[silence{c.last + 1, rule}] = true
			}
		}
	}
	return list
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
