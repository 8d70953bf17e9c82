package testrun_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"vera/host/testrun"
)

// A save of a test or an action is followed by another run.
func TestWatch(t *testing.T) {
	f := newFixture(t, 1, map[string]string{
		"one.lua":      action(`return { status_code = 200, fields = 1 }`),
		"one_test.lua": `test("one", function() expect(call("One").fields):equals(1) end)`,
	})
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan string)
	var watching sync.WaitGroup
	watching.Go(func() {
		if err := testrun.Watch(ctx, f.options, "", func(ctx context.Context) error {
			outcome, err := testrun.Run(ctx, f.options)
			if err != nil {
				return nil
			}
			select {
			case ran <- fmt.Sprintf("%d run, %d failed", len(outcome.Results), outcome.Failed()):
			case <-ctx.Done():
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	defer watching.Wait()
	defer cancel()
	within := func(want string) {
		t.Helper()
		deadline := time.After(20 * time.Second)
		for {
			select {
			case got := <-ran:
				if got == want {
					return
				}
			case <-deadline:
				t.Fatalf("never %s", want)
			}
		}
	}
	within("1 run, 0 failed")
	f.write(t, "one.lua", action(`return { status_code = 200, fields = 2 }`))
	within("1 run, 1 failed")
	f.write(t, "one_test.lua", `test("two", function() expect(call("One").fields):equals(2) end) test("three", function() end)`)
	within("2 run, 0 failed")
}
