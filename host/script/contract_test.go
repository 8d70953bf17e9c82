package script_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vera/host/script"
)

// What is told of scripts' contract is what runs are held to.
func TestContract(t *testing.T) {
	pool := script.NewPool(script.Options{})
	answer, err := run(t, pool, body(`return { status_code = 200, fields = context }`), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var context map[string]any
	if err := json.Unmarshal(answer.Fields, &context); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(context)), script.ContextKeys()); diff != "" {
		t.Errorf("context (-run +told):\n%s", diff)
	}
	for _, status := range []string{"200", "226", "299", "428", "430", "600"} {
		_, err := run(t, pool, body(`return { status_code = `+status+` }`), time.Second)
		var code int
		if err := json.Unmarshal([]byte(status), &code); err != nil {
			t.Fatal(err)
		}
		if taken := err == nil; taken != script.Sendable(code) {
			t.Errorf("Sendable(%s) = %v, a run says %v", status, script.Sendable(code), err)
		}
	}
	_, err = run(t, pool, body(`return { status_code = 200, x = 1 }`), time.Second)
	if err == nil || !strings.Contains(err.Error(), strings.Join(script.AnswerKeys(), ", ")) {
		t.Errorf("AnswerKeys() = %v, a run says %v", script.AnswerKeys(), err)
	}
	const statuses = "200 to 208, 226, 300 to 308, 400 to 418, 421 to 426, 428, 429, 431, 451, 500 to 508, 510, 511"
	if got := script.SendableStatuses(); got != statuses {
		t.Errorf("SendableStatuses() = %q", got)
	}
}
