// Package completion completes command lines of this program in a shell.
//
//	script, err := completion.Script("bash") // asks the program itself for every word
//	words := completion.Words(parser.Model, []string{"call", "Gr"}, actions)
//
// The scripts know nothing of commands and flags, so they never lag behind.
package completion

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

//go:embed scripts
var scripts embed.FS

// Shells are those that there is a script for.
var Shells = []string{"bash", "zsh", "fish"}

// Script is what a shell reads to complete command lines.
func Script(shell string) (string, error) {
	text, err := scripts.ReadFile("scripts/" + shell)
	if err != nil || !slices.Contains(Shells, shell) {
		return "", fmt.Errorf("there is no completion for %q; the shells are %s", shell, strings.Join(Shells, ", "))
	}
	return string(text), nil
}

// Actions gives the actions' names, each with its fields'. It is asked only
// when they matter.
type Actions func() map[string][]string

// withActions are the commands whose first argument is an action, and those
// whose further ones are its fields.
var (
	withActions = []string{"call", "bench", "test"}
	withFields  = []string{"call", "bench"}
)

// Words gives what the last of a command line's words may become, sorted. The
// words before it are whole; the program's own name is not among them.
func Words(model *kong.Application, words []string, actions Actions) []string {
	words = joined(words)
	if len(words) == 0 {
		return nil
	}
	last := words[len(words)-1]
	if strings.Contains(last, "=") {
		return nil // a value, which nobody knows
	}
	place := find(model.Node, words[:len(words)-1])
	var found []string
	for _, word := range place.words(last, actions) {
		if strings.HasPrefix(word, last) {
			found = append(found, word)
		}
	}
	slices.Sort(found)
	return found
}

// joined puts words together that bash takes apart at = and :, as a=b and
// http://host.
func joined(words []string) []string {
	var whole []string
	glue := false
	for _, word := range words {
		sign := word == "=" || word == ":" || word == ":="
		if n := len(whole); n > 0 && (sign || glue) {
			whole[n-1] += word
		} else {
			whole = append(whole, word)
		}
		glue = sign
	}
	return whole
}

// place is where a command line's last word stands.
type place struct {
	node  *kong.Node
	flag  *kong.Flag // whose value it is; nil if it is none
	args  []string   // of the command, before it
	plain bool       // behind --: no flag any more
}

// find goes along the words before the last.
func find(root *kong.Node, words []string) place {
	p := place{node: root}
	for _, word := range words {
		switch {
		case p.flag != nil:
			p.flag = nil
		case word == "--":
			p.plain = true
		case strings.HasPrefix(word, "-") && word != "-" && !p.plain:
			p.flag = p.wanting(word)
		default:
			p.arg(word)
		}
	}
	return p
}

// wanting gives the flag that a word names if its value is the next word.
func (p *place) wanting(word string) *kong.Flag {
	for _, group := range p.node.AllFlags(true) {
		for _, flag := range group {
			if (word == "--"+flag.Name || flag.Short != 0 && word == "-"+string(flag.Short)) && !flag.IsBool() && !flag.IsCounter() {
				return flag
			}
		}
	}
	return nil
}

func (p *place) arg(word string) {
	for _, child := range p.node.Children {
		if child.Type == kong.CommandNode && (child.Name == word || slices.Contains(child.Aliases, word)) && len(p.args) == 0 {
			p.node = child
			return
		}
	}
	p.args = append(p.args, word)
}

// words are all that may stand here.
func (p *place) words(last string, actions Actions) []string {
	switch {
	case p.flag != nil:
		return choices(p.flag.Value)
	case strings.HasPrefix(last, "-") && !p.plain:
		return p.flags()
	case len(p.args) == 0 && len(p.node.Children) > 0:
		return p.commands()
	case len(p.args) == 0 && slices.Contains(withActions, p.node.Name):
		return slices.Collect(maps.Keys(actions()))
	case len(p.args) > 0 && slices.Contains(withFields, p.node.Name):
		return p.fields(actions()[p.args[0]])
	case len(p.args) < len(p.node.Positional):
		return choices(p.node.Positional[len(p.args)])
	}
	return nil
}

func choices(value *kong.Value) []string {
	if value.Enum == "" {
		return nil
	}
	return value.EnumSlice()
}

func (p *place) flags() (names []string) {
	for _, group := range p.node.AllFlags(true) {
		for _, flag := range group {
			names = append(names, "--"+flag.Name)
		}
	}
	return names
}

func (p *place) commands() (names []string) {
	for _, child := range p.node.Children {
		if child.Type == kong.CommandNode && !child.Hidden {
			names = append(names, child.Name)
		}
	}
	return names
}

// fields are those that were not given yet.
func (p *place) fields(names []string) (words []string) {
	for _, name := range names {
		given := slices.ContainsFunc(p.args[1:], func(arg string) bool {
			return strings.HasPrefix(arg, name+"=") || strings.HasPrefix(arg, name+":=")
		})
		if !given {
			words = append(words, name+"=")
		}
	}
	return words
}
