package caller

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// pause is how often a watched Plugboard is asked for the version it serves.
const pause = 200 * time.Millisecond

// ErrNoReloads is why some Plugboards cannot be watched.
var ErrNoReloads = errors.New("does not tell of reloads, only vera dev does")

// Watch calls each with what a local Plugboard serves, now and again whenever
// that has changed, until ctx ends, which is no error, or each fails. away is
// called when nobody answers any more; it goes on once somebody does.
func (c *Client) Watch(ctx context.Context, each func(Status) error, away func(error)) error {
	last, gone := "", false
	for {
		status, ok, err := c.Status(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil && last == "":
			return err
		case err != nil && !gone:
			gone = true
			away(err)
		case err == nil && (!ok || status.Version == ""):
			return fmt.Errorf("%s %w", c.URL, ErrNoReloads)
		case err == nil && status.Consumers > 0 && (gone || status.Version != last):
			last, gone = status.Version, false
			if err := each(status); err != nil && ctx.Err() == nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}
