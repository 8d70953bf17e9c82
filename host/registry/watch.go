package registry

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// How long a burst of changes must be over before the folder is read again,
// how long it may hold the reading up, and how often the folder is read though
// nothing was notified: network and container mounts notify nothing.
const (
	settleTime   = 100 * time.Millisecond
	longestBurst = time.Second
	pollInterval = 2 * time.Second
)

// Watch reloads whenever the folder's content changes, until ctx ends. Events
// only say that something did: what is loaded is decided by comparing content,
// so a save without change, or an editor's swap file, reloads nothing.
func (r *Registry) Watch(ctx context.Context) error {
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch the actions' folder: %w", err)
	}
	defer watcher.Close()
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	settled := time.NewTimer(time.Hour)
	settled.Stop()
	defer settled.Stop()
	var burst time.Time // when the changes began that were not read yet
	var failure string  // of the last reload, which is told once
	touched := func() {
		if burst.IsZero() {
			burst = time.Now()
		}
		settled.Reset(min(settleTime, max(0, longestBurst-time.Since(burst))))
	}

	r.watchFolders(watcher)
	if r.stale() { // by what changed before there was a watch
		touched()
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-watcher.Events:
			if event.Op != fsnotify.Chmod {
				touched()
			}
		case err := <-watcher.Errors:
			r.options.Logger.Warn("watch lost events, reading the folder again", "error", err)
			touched()
		case <-settled.C:
			burst = time.Time{}
			failure = r.tryReload(ctx, failure)
			r.watchFolders(watcher)
		case <-poll.C:
			if burst.IsZero() && r.stale() {
				touched()
			}
		}
	}
}

// stale tells whether the folder holds something else than what is served. A
// folder that cannot be read is left to the next reload to complain of.
func (r *Registry) stale() bool {
	found, err := scanDir(r.options.Dir)
	return err != nil || !found.equal(r.Set().scan)
}

// tryReload gives the text of its failure, and logs it unless it is that of the
// time before.
func (r *Registry) tryReload(ctx context.Context, before string) string {
	_, err := r.Reload(ctx)
	if err == nil || errors.Is(err, context.Canceled) {
		return ""
	}
	if err.Error() != before {
		r.options.Logger.Error("reload failed, the old set stays", "error", err)
	}
	return err.Error()
}

// watchFolders adds a watch for each folder that has none. Watching files
// would not do: a watch on a file dies when an editor renames over it.
func (r *Registry) watchFolders(watcher *fsnotify.Watcher) {
	_ = filepath.WalkDir(r.options.Dir, func(at string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return nil
		}
		if at != r.options.Dir && ignored(entry.Name()) {
			return fs.SkipDir
		}
		_ = watcher.Add(at) // polling serves a folder that cannot be watched
		return nil
	})
}
