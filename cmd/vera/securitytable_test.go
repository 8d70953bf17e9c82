package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	securityRow  = regexp.MustCompile(`(?m)^\| (\d+) \| [^|]+ \| ([^|]+) \|`)
	securityTest = regexp.MustCompile(`\b(?:Test|Fuzz|Benchmark)\w+`)
	securityCase = regexp.MustCompile(`\b([a-z]+|\d\d)/([a-z0-9-]*)`)
)

// Every requirement has a row in docs/security.md, and what is named there as
// its proof exists: tests, and cases of either file, by their name or how it
// begins. Every case of security-cases.json is of a requirement that names its
// group.
func TestSecurityTable(t *testing.T) {
	content, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	source, groups := allTests(t), make(map[string]bool)
	cases := slices.Concat(readCases(t, "testdata/auth-cases.json").Cases, readCases(t, "testdata/security-cases.json").Cases)
	rows := securityRow.FindAllStringSubmatch(string(content), -1)
	for i, row := range rows {
		number, proof := row[1], row[2]
		if number != fmt.Sprint(i+1) {
			t.Errorf("row %d is of requirement %s", i+1, number)
		}
		names := securityTest.FindAllString(proof, -1)
		if len(names) == 0 {
			t.Errorf("requirement %s has no test", number)
		}
		for _, name := range slices.Compact(names) {
			if !strings.Contains(source, "func "+name+"(") {
				t.Errorf("requirement %s: there is no test %s", number, name)
			}
		}
		for _, name := range securityCase.FindAllStringSubmatch(proof, -1) {
			if !slices.ContainsFunc(cases, func(c authCase) bool { return strings.HasPrefix(c.Name, name[0]) }) {
				t.Errorf("requirement %s: there is no case %s", number, name[0])
			}
			groups[name[1]] = groups[name[1]] || strings.TrimLeft(name[1], "0") == number
		}
	}
	if len(rows) != 40 {
		t.Errorf("%d requirements, want 40", len(rows))
	}
	for _, c := range readCases(t, "testdata/security-cases.json").Cases {
		if group, _, _ := strings.Cut(c.Name, "/"); !groups[group] {
			t.Errorf("no requirement names the cases %s/", group)
		}
	}
}

// allTests is the source of all tests.
func allTests(t *testing.T) string {
	t.Helper()
	var source strings.Builder
	for _, pattern := range []string{"*_test.go", "../../*/*_test.go", "../../*/*/*_test.go", "../../*/*/*/*_test.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	return source.String()
}
