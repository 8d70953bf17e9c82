package script

import (
	"fmt"
	"slices"
	"strings"
)

// What this package holds scripts to, for who tells it before a run does.

// AnswerKeys lists all that an answer's table may hold.
func AnswerKeys() []string { return slices.Clone(answerKeys) }

// ContextKeys lists what run's second argument holds.
func ContextKeys() []string { return []string{"action", "deadline", "request_id", "version"} }

// Sendable tells whether the hub passes an answer's status on to the caller.
func Sendable(status int) bool { return sendable(status) }

// SendableStatuses lists them for a person: "200 to 208, 226, …".
func SendableStatuses() string {
	var ranges []string
	for status := 100; status < 600; status++ {
		if !sendable(status) {
			continue
		}
		first := status
		for sendable(status + 1) {
			status++
		}
		switch status - first {
		case 0:
			ranges = append(ranges, fmt.Sprint(first))
		case 1:
			ranges = append(ranges, fmt.Sprint(first), fmt.Sprint(status))
		default:
			ranges = append(ranges, fmt.Sprintf("%d to %d", first, status))
		}
	}
	return strings.Join(ranges, ", ")
}
