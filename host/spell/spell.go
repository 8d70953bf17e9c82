// Package spell guesses what a misspelt name was meant to be.
//
//	fmt.Errorf("unknown type %q%s", name, spell.Hint(name, types)) // …, did you mean "string"?
package spell

import (
	"fmt"
	"math"
	"strings"
)

// maxLength bounds the words that are compared, in bytes: longer ones are no
// slips of anything.
const maxLength = 64

// Hint is what to add to a message about an unknown word: `, did you mean
// "email"?`, or nothing where no candidate is near.
func Hint(word string, candidates []string) string {
	meant := Meant(word, candidates)
	if meant == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean %q?", meant)
}

// Meant gives the candidate that is one or two typing errors away from word,
// or else the only one that begins with it; empty if there is none. Of several
// that are as near, the first counts.
func Meant(word string, candidates []string) string {
	best, fewest := "", math.MaxInt
	for _, candidate := range candidates {
		if n := slips(word, candidate); n < fewest {
			best, fewest = candidate, n
		}
	}
	if best == "" {
		best = completed(word, candidates)
	}
	return best
}

// slips counts the typing errors that make word of candidate, capitals and
// underscores aside. More than one or two make it another word: MaxInt.
func slips(word, candidate string) int {
	if len(word) > maxLength || word == candidate {
		return math.MaxInt
	}
	bare := func(text string) string { return strings.ToLower(strings.ReplaceAll(text, "_", "")) }
	a, b := bare(word), bare(candidate)
	allowed := 1
	switch {
	case len(b) <= 2:
		allowed = 0 // id and ip are different words
	case len(b) > 5:
		allowed = 2
	}
	if n := distance(a, b); n <= allowed {
		return n
	}
	return math.MaxInt
}

// completed returns the one candidate that begins with word, if it is one.
func completed(word string, candidates []string) string {
	found := ""
	for _, candidate := range candidates {
		if len(word) < 3 || word == candidate || !strings.HasPrefix(candidate, strings.ToLower(word)) {
			continue
		}
		if found != "" {
			return ""
		}
		found = candidate
	}
	return found
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that lead from a to b.
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
