package registry

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fsnotify/fsnotify"
)

// A WatchMode is how changes of the folder are noticed.
type WatchMode string

// The modes. Network and container mounts notify nothing, or not everything.
const (
	WatchOff    WatchMode = ""       // nobody calls Watch
	WatchAuto   WatchMode = "auto"   // notifications, and polling as a safety net
	WatchNotify WatchMode = "notify" // notifications only
	WatchPoll   WatchMode = "poll"   // polling only
)

// How long a burst of changes must be over before the folder is read again,
// how long it may hold the reading up, and the time between two polls.
const (
	settleTime   = 100 * time.Millisecond
	longestBurst = time.Second
	pollInterval = time.Second
)

// Watch reloads whenever the folder's content changes, until ctx ends. Events
// only say that something did: what is loaded is decided by comparing content,
// so a save without change, or an editor's swap file, reloads nothing.
func (r *Registry) Watch(ctx context.Context) error {
	w := &watcher{registry: r}
	events, errs := w.open()
	defer w.close()
	var poll <-chan time.Time
	if r.options.Watch != WatchNotify || w.notify == nil {
		ticker := time.NewTicker(pollInterval)
		defer ticker.Stop()
		poll = ticker.C
	}
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

	w.update()
	if r.stale() { // by what changed before there was a watch
		touched()
	}
	r.options.Logger.Info("watching the actions", "notified", w.notify != nil, "polled", poll != nil)
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-events:
			if w.matters(event) {
				touched()
			}
		case err := <-errs:
			r.options.Logger.Warn("watch lost events, reading the folder again", "error", err)
			touched()
		case <-settled.C:
			burst = time.Time{}
			failure = r.tryReload(ctx, failure)
			if w.update() { // which may have come too late for what is in there
				touched()
			}
		case <-poll:
			if burst.IsZero() && r.stale() {
				touched()
			}
		}
	}
}

// stale tells whether the folder holds something else than what was built
// last. A folder that cannot be read is left to the next reload to complain of.
func (r *Registry) stale() bool {
	found, err := r.scan()
	r.mu.Lock()
	defer r.mu.Unlock()
	return err != nil || !found.equal(r.looked)
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

// A watcher watches the folders where the last scan has been. Watching files
// would not do: a watch on a file dies when an editor renames over it.
type watcher struct {
	registry *Registry
	notify   *fsnotify.Watcher      // nil: nothing is notified
	folders  map[string]fs.FileInfo // in which everything matters
	paths    map[string]bool        // that matter, in whatever folder
	deaf     map[string]bool        // folders that could not be watched
}

// open gives the channels of what is notified, nil if nothing is.
func (w *watcher) open() (<-chan fsnotify.Event, <-chan error) {
	if w.registry.options.Watch == WatchPoll {
		return nil, nil
	}
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		w.registry.options.Logger.Warn("changes are not notified, polling instead", "error", err)
		return nil, nil
	}
	w.notify, w.deaf = notify, make(map[string]bool)
	return notify.Events, notify.Errors
}

func (w *watcher) close() {
	if w.notify != nil {
		w.notify.Close()
	}
}

// update watches where the last scan has been, and nowhere else. It reports
// whether there are folders that it did not watch before, or that have changed
// since: what came into one before it was watched again was not notified.
func (w *watcher) update() (fresh bool) {
	if w.notify == nil {
		return false
	}
	places := w.registry.places.Load()
	w.paths = make(map[string]bool)
	wanted := make(map[string]bool)
	for folder, info := range places.folders {
		wanted[folder] = true
		if before, ok := w.folders[folder]; !ok || !before.ModTime().Equal(info.ModTime()) || !os.SameFile(before, info) {
			fresh = true
		}
	}
	for _, path := range slices.Concat(places.files, leadingTo(w.registry.options.Dir)) {
		w.paths[path] = true
		wanted[filepath.Dir(path)] = true
	}
	w.folders = maps.Clone(places.folders)
	for folder := range wanted {
		w.add(folder) // also if it was there before: a watch dies with its folder
	}
	for _, folder := range w.notify.WatchList() {
		if !wanted[folder] {
			_ = w.notify.Remove(folder) // it may have gone by itself
		}
	}
	return fresh
}

// add watches a folder. One that has just gone is noticed by its parent.
func (w *watcher) add(folder string) {
	err := w.notify.Add(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !w.deaf[folder] {
		w.deaf[folder] = true
		w.registry.options.Logger.Warn("changes in a folder are not notified", "folder", folder, "error", err)
	}
}

// matters tells whether an event may be about what a scan would find.
func (w *watcher) matters(event fsnotify.Event) bool {
	if event.Op == fsnotify.Chmod {
		return false
	}
	if _, itself := w.folders[event.Name]; itself || w.paths[event.Name] {
		return true
	}
	_, within := w.folders[filepath.Dir(event.Name)]
	name := filepath.Base(event.Name)
	return within && (!ignored(name) || name == "..data") // the link that Kubernetes swaps
}

// leadingTo gives the paths by which a folder is reached and that may be
// replaced without any event in the folder itself: its own, and each link on
// the way.
func leadingTo(dir string) []string {
	at, err := filepath.Abs(dir)
	if err != nil {
		return nil
	}
	paths := []string{at}
	for ; at != filepath.Dir(at); at = filepath.Dir(at) {
		if info, err := os.Lstat(at); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			paths = append(paths, at)
		}
	}
	return paths
}
