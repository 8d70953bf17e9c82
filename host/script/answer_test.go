package script

import (
	"regexp"
	"strconv"
	"testing"
)

// What is said of statuses is what is taken.
func TestSendableText(t *testing.T) {
	said := make(map[int]bool)
	for _, span := range regexp.MustCompile(`(\d+)(?: to (\d+))?`).FindAllStringSubmatch(sendableText, -1) {
		first, _ := strconv.Atoi(span[1])
		last, err := strconv.Atoi(span[2])
		if err != nil {
			last = first
		}
		for status := first; status <= last; status++ {
			said[status] = true
		}
	}
	for status := range 1000 {
		if sendable(status) != said[status] {
			t.Errorf("%d: taken %v, said %v", status, sendable(status), said[status])
		}
	}
}
