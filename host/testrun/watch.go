package testrun

import (
	"cmp"
	"context"
	"log/slog"

	"vera/host/registry"
	"vera/stdlib/db"
)

// Watch calls run, and again whenever a file of the folder has changed, until
// ctx ends or run fails. A change during a run is followed by another.
func Watch(ctx context.Context, o Options, mode registry.WatchMode, run func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	r := &runner{options: o}
	lookout := &stage{runner: r, world: &World{}, database: new(db.DB)}
	pool, err := lookout.pool(nil)
	if err != nil {
		stop()
		return err
	}
	changed := make(chan struct{}, 1)
	files, err := registry.Open(ctx, registry.Options{
		Dir: o.Dir, Pool: pool, Formats: o.Formats, Logger: slog.New(slog.DiscardHandler), Tests: true,
		Watch: cmp.Or(mode, registry.WatchAuto),
		OnReload: func(*registry.Set) {
			select {
			case changed <- struct{}{}:
			default: // one is waiting already
			}
		},
	})
	if err != nil {
		stop()
		return err
	}
	watching := make(chan error, 1)
	go func() { watching <- files.Watch(ctx) }()
	defer func() { stop(); <-watching }()
	for {
		if err := run(ctx); err != nil {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}
