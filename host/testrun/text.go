package testrun

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"vera/host/registry"
	"vera/host/script"
)

// A Text writes what came of a run for a person.
type Text struct {
	Out     io.Writer
	Verbose bool // tests that passed are named too
	Color   bool
}

const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
	faint = "\x1b[2m"
	plain = "\x1b[0m"
)

func (t *Text) paint(color, text string) string {
	if !t.Color {
		return text
	}
	return color + text + plain
}

// Fault tells of a file that is no action as it stands.
func (t *Text) Fault(fault registry.Fault) {
	fmt.Fprintf(t.Out, "%s  %v\n", t.paint(red, "FAIL"), fault.Err)
	t.indented(fault.Frame, "      ")
	fmt.Fprintln(t.Out)
}

// Result tells of one test.
func (t *Text) Result(r Result) {
	if r.Failure == nil {
		if t.Verbose {
			fmt.Fprintf(t.Out, "%s    %s %s\n", t.paint(green, "ok"), title(r), t.paint(faint, took(r.Elapsed)))
		}
		return
	}
	fmt.Fprintf(t.Out, "%s  %s %s\n", t.paint(red, "FAIL"), title(r), t.paint(faint, took(r.Elapsed)))
	t.failure(r.Failure)
	for i, line := range r.Log {
		if i == 0 {
			fmt.Fprintln(t.Out, "      logged meanwhile:")
		}
		fmt.Fprintln(t.Out, "        "+printable(line))
	}
	fmt.Fprintln(t.Out)
}

func title(r Result) string {
	if r.Name == "" {
		return r.File
	}
	return r.File + " > " + r.Name
}

func took(d time.Duration) string { return fmt.Sprintf("(%v)", d.Round(time.Millisecond)) }

func (t *Text) failure(f *Failure) {
	const indent = "      "
	fmt.Fprintln(t.Out, indent+at(f.Place)+printable(f.Message))
	t.indented(f.Frame, indent)
	t.value("expected", f.Expected, green)
	t.value("got", f.Got, red)
	for _, difference := range f.Differences {
		fmt.Fprintln(t.Out, indent+"- "+difference)
	}
	t.indented(f.Traceback, indent)
	for _, crash := range f.Crashes {
		fmt.Fprintf(t.Out, "%s%s ended with an error, its caller got 500 or the like:\n", indent, crash.Action)
		t.indented(crash.Message, indent+"  ")
		t.indented(crash.Frame, indent+"  ")
		t.indented(crash.Traceback, indent+"  ")
	}
}

func at(p Place) string {
	if p.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", p.File, p.Line)
}

// value shows an expected or unexpected value, which may have many lines.
func (t *Text) value(name, value, color string) {
	if value == "" {
		return
	}
	const width = len("      expected  ")
	value = strings.ReplaceAll(value, "\n", "\n"+strings.Repeat(" ", width))
	fmt.Fprintf(t.Out, "      %-8s  %s\n", name, t.paint(color, value))
}

func (t *Text) indented(text, indent string) {
	for line := range strings.Lines(text) {
		fmt.Fprintln(t.Out, indent+printable(strings.TrimRight(line, "\n")))
	}
}

// printable is text with nothing in it that a terminal would obey.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.IsControl(r) {
			return utf8.RuneError
		}
		return r
	}, text)
}

// Summary tells of the whole run.
func (t *Text) Summary(o *Outcome) {
	t.coverage(o.Coverage)
	failed := o.Failed()
	passed := len(o.Results) + len(o.Faults) - failed
	text := fmt.Sprintf("%d passed, %d failed", passed, failed)
	color := green
	if failed > 0 {
		color = red
	}
	fmt.Fprintf(t.Out, "%s %s\n", t.paint(color, text), t.paint(faint, took(o.Elapsed)))
}

func (t *Text) coverage(files []script.Lines) {
	if len(files) == 0 {
		return
	}
	table := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "FILE\tLINES\tCOVERED\tNOT EXECUTED")
	all := script.Lines{File: "all"}
	for _, file := range files {
		all.Total += file.Total
		all.Executed += file.Executed
	}
	for _, file := range append(files, all) {
		fmt.Fprintf(table, "%s\t%d\t%.1f%%\t%s\n", file.File, file.Total, file.Percent(), Ranges(file.Missed))
	}
	_ = table.Flush()
	fmt.Fprintln(t.Out)
}

// Ranges writes ascending numbers briefly: "3, 7-9".
func Ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		last := i
		for last+1 < len(numbers) && numbers[last+1] == numbers[last]+1 {
			last++
		}
		if last == i {
			parts = append(parts, fmt.Sprint(numbers[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", numbers[i], numbers[last]))
		}
		i = last + 1
	}
	return strings.Join(parts, ", ")
}
