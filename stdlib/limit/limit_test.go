package limit_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"vera/stdlib/limit"
)

// Only limits are noted, also those that were wrapped, and errors come back
// as they are.
func TestNote(t *testing.T) {
	var noted []string
	limits := limit.Limits{Exceeded: func(name string) { noted = append(noted, name) }}
	for _, err := range []error{
		nil, errors.New("another"), limit.Strings(2, 1), fmt.Errorf("fields: %w", limit.Fixed("depth", 64, "nested deeper")),
	} {
		if got := limits.Note(err); got != err {
			t.Errorf("Note(%v) = %v", err, got)
		}
	}
	if want := []string{"MAX_STRING_BYTES", "depth"}; !slices.Equal(noted, want) {
		t.Errorf("noted %q, want %q", noted, want)
	}
	if err := limit.Strings(2, 1); (limit.Limits{}).Note(err) != error(err) {
		t.Error("without anybody to tell, an error changes")
	}
}

func ExampleSetting() {
	fmt.Println(limit.Strings(2_000_000, 1<<20))
	fmt.Println(limit.Fixed("parameters", 8<<20, "the parameters make %d bytes", 9<<20))
	// Output:
	// string too long: 2000000 bytes, the limit is 1048576 (MAX_STRING_BYTES)
	// the parameters make 9437184 bytes, the limit is 8388608 (fixed)
}
