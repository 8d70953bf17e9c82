package registry_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"vera/host/registry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func soon() time.Time { return time.Now().Add(5 * time.Second) }

// Each way in which editors and deployments save a file.
func TestWatch(t *testing.T) {
	for _, tt := range savePatterns {
		for _, mode := range []registry.WatchMode{registry.WatchNotify, registry.WatchPoll} {
			if mode == registry.WatchPoll && !tt.polled {
				continue
			}
			t.Run(string(mode)+"/"+tt.name, func(t *testing.T) {
				t.Parallel()
				f := openWith(t, map[string]string{"a.lua": version(1)}, func(o *registry.Options) { o.Watch = mode })
				stop := f.watch()
				tt.save(f)
				f.waitFor(tt.want)
				stop()
				if strings.Contains(f.logs.String(), "has a fault") {
					t.Errorf("a fault was reported on the way:\n%s", f.logs.String())
				}
			})
		}
	}
}

func version(n int) string { return fmt.Sprintf(good, n) }

var savePatterns = []struct {
	name string
	save func(f *folder)
	want string

	// Tried without notifications, too. There the way of saving makes no
	// difference: these are enough.
	polled bool
}{
	{"in place", func(f *folder) { f.write("a.lua", version(2)) }, "A=2", true},
	{"appended", func(f *folder) { f.append("a.lua", "\n-- more\n"); f.write("b.lua", version(2)) }, "A=1 B=2", false},
	{"rename over", func(f *folder) { // write-file-atomic, and VS Code when it is told to
		f.write("a.lua.tmp", version(2))
		f.rename("a.lua.tmp", "a.lua")
	}, "A=2", true},
	{"JetBrains", func(f *folder) {
		f.write("a.lua___jb_tmp___", version(2))
		f.rename("a.lua", "a.lua___jb_old___")
		f.rename("a.lua___jb_tmp___", "a.lua")
		f.remove("a.lua___jb_old___")
	}, "A=2", false},
	{"vim's backup", func(f *folder) {
		f.write("4913", "")
		f.remove("4913")
		f.write(".a.lua.swp", "swap")
		f.rename("a.lua", "a.lua~")
		f.write("a.lua", version(2))
		f.remove("a.lua~")
		f.remove(".a.lua.swp")
	}, "A=2", false},
	{"emacs", func(f *folder) {
		f.link("user@host.1234:1", ".#a.lua")
		f.write("#a.lua#", "auto-save")
		f.rename("a.lua", "a.lua~")
		f.write("a.lua", version(2))
		f.remove(".#a.lua")
		f.remove("#a.lua#")
	}, "A=2", false},
	{"sed -i", func(f *folder) {
		f.write("sedXyZ", version(2))
		f.must(os.Chmod(f.path("sedXyZ"), 0o600))
		f.rename("sedXyZ", "a.lua")
	}, "A=2", false},
	{"two halves", func(f *folder) {
		half := len(version(2)) / 2
		f.write("a.lua", version(2)[:half])
		f.append("a.lua", version(2)[half:])
	}, "A=2", false},
	{"a new folder", func(f *folder) { f.write("deep/er/b.lua", version(2)) }, "A=1 B=2", true},
	{"a file in a folder that is watched since", func(f *folder) {
		f.write("deep/b.lua", version(2))
		f.waitFor("A=1 B=2")
		f.write("deep/b.lua", version(3))
	}, "A=1 B=3", false},
	{"a folder renamed", func(f *folder) {
		f.write("deep/b.lua", version(2))
		f.waitFor("A=1 B=2")
		f.rename("deep", "deeper")
		f.waitForFile("deeper/b.lua")
		f.write("deeper/b.lua", version(3))
	}, "A=1 B=3", false},
	{"moved in", func(f *folder) { f.must(os.Rename(f.outside("b.lua", version(2)), f.path("b.lua"))) }, "A=1 B=2", false},
	{"moved out", func(f *folder) {
		f.write("b.lua", version(2))
		f.waitFor("A=1 B=2")
		f.must(os.Rename(f.path("b.lua"), filepath.Join(f.t.TempDir(), "b.lua")))
	}, "A=1", false},
	{"folder removed and made again", func(f *folder) {
		f.remove("")
		f.write("a.lua", version(2))
	}, "A=2", false},
	{"folder removed, and made again later", func(f *folder) {
		f.remove("")
		f.waitForLog("the old set stays")
		f.write("a.lua", version(2))
		f.waitFor("A=2")
		f.write("a.lua", version(3))
	}, "A=3", true},
	{"folder replaced", func(f *folder) {
		f.write("../next/a.lua", version(2))
		f.rename("", "../before")
		f.rename("../next", "")
		f.waitFor("A=2")
		f.write("a.lua", version(3))
	}, "A=3", false},
	{"a linked folder", func(f *folder) {
		file := f.outside("b.lua", version(2))
		f.link(filepath.Dir(file), "linked")
		f.waitFor("A=1 B=2")
		f.must(os.WriteFile(file, []byte(version(3)), 0o644))
	}, "A=1 B=3", false},
	{"a linked folder led elsewhere", func(f *folder) {
		f.link(filepath.Dir(f.outside("b.lua", version(2))), "linked")
		f.waitFor("A=1 B=2")
		f.link(filepath.Dir(f.outside("b.lua", version(3))), "linked.tmp")
		f.rename("linked.tmp", "linked")
	}, "A=1 B=3", false},
	{"a linked file", func(f *folder) {
		file := f.outside("elsewhere.lua", version(2))
		f.link(file, "b.lua")
		f.waitFor("A=1 B=2")
		f.must(os.WriteFile(file, []byte(version(3)), 0o644))
	}, "A=1 B=3", false},
	{"ConfigMap", func(f *folder) {
		f.write("..1/b.lua", version(2))
		f.link("..1", "..data")
		f.link("..data/b.lua", "b.lua")
		f.waitFor("A=1 B=2")
		for n := 3; n < 5; n++ {
			next := fmt.Sprint("..", n)
			f.write(next+"/b.lua", version(n))
			f.link(next, "..data_tmp")
			f.rename("..data_tmp", "..data")
			f.remove(fmt.Sprint("..", n-1))
			f.waitFor(fmt.Sprint("A=1 B=", n))
		}
	}, "A=1 B=4", false},
}

// The folder is below a link that a deployment leads to the next release.
func TestWatchReleases(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	release := func(n int) {
		dir := filepath.Join(root, fmt.Sprint("release", n))
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "actions"), 0o755),
			os.WriteFile(filepath.Join(dir, "actions", "a.lua"), []byte(version(n)), 0o644),
			os.Symlink(dir, filepath.Join(root, "next")),
			os.Rename(filepath.Join(root, "next"), filepath.Join(root, "current"))); err != nil {
			t.Fatal(err)
		}
	}
	release(1)
	f := openWith(t, nil, func(o *registry.Options) {
		o.Dir, o.Watch = filepath.Join(root, "current", "actions"), registry.WatchNotify
	})
	f.watch()
	for n := 2; n < 4; n++ {
		release(n)
		f.waitFor(fmt.Sprint("A=", n))
	}
}

// What is no change of a script reloads nothing.
func TestWatchIgnores(t *testing.T) {
	t.Parallel()
	f := openWith(t, map[string]string{"a.lua": version(1)}, func(o *registry.Options) { o.Watch = registry.WatchNotify })
	f.watch()
	before := f.actions.Set()
	f.write("a.lua", version(1))
	f.must(os.Chmod(f.path("a.lua"), 0o600))
	f.write(".a.lua.swp", "swap")
	f.write("_draft.lua", "oops oops")
	f.write("a.lua~", "oops oops")
	f.write("notes.txt", "x")
	f.write("../beside.lua", version(9))
	f.must(os.Symlink("nowhere", f.path("dangling")))
	f.must(os.Symlink(f.dir, f.path("ring")))
	time.Sleep(400 * time.Millisecond) // what must not happen has no other sign
	if f.actions.Set() != before || strings.Contains(f.logs.String(), "reload") {
		t.Errorf("reloaded:\n%s", f.logs.String())
	}
	f.write("a.lua", version(2))
	f.waitFor("A=2")
}

// A file that stays half written for a while has a fault, and none afterwards.
func TestWatchSlowWriter(t *testing.T) {
	t.Parallel()
	f := openWith(t, map[string]string{"a.lua": version(1)}, func(o *registry.Options) { o.Watch = registry.WatchNotify })
	f.watch()
	half := len(version(2)) / 2
	f.write("a.lua", version(2)[:half])
	f.waitForLog("has a fault")
	f.want("A=1", "a.lua stale=true")
	f.append("a.lua", version(2)[half:])
	f.waitFor("A=2")
	f.want("A=2")
}

// A checkout that touches 300 files is one reload.
func TestWatchCheckout(t *testing.T) {
	t.Parallel()
	f := openWith(t, map[string]string{"a.lua": version(1)}, func(o *registry.Options) { o.Watch = registry.WatchNotify })
	git := func(args ...string) {
		t.Helper()
		command := exec.Command("git", append([]string{"-C", f.dir, "-c", "user.name=t", "-c", "user.email=t@example.org",
			"-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null"}, args...)...)
		command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	const files = 300
	commit := func(n int) {
		for i := range files {
			f.write(fmt.Sprintf("group%d/a%d.lua", i%7, i), version(n))
		}
		git("add", "-A")
		git("commit", "-qm", fmt.Sprint(n))
	}
	git("init", "-q", "-b", "one")
	commit(1)
	git("checkout", "-qb", "two")
	commit(2)
	f.reload()
	two := f.actions.Set().Version
	reloads := func() int { return len(f.logged("msg=reloaded")) }
	before := reloads()
	f.watch()

	git("checkout", "-q", "one")
	deadline := time.Now().Add(20 * time.Second)
	for f.actions.Set().Version == two {
		if time.Now().After(deadline) {
			t.Fatal("not reloaded")
		}
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(300 * time.Millisecond) // for a second reload, which must not come
	if n := reloads() - before; n != 1 {
		t.Errorf("%d reloads:\n%s", n, f.logs.String())
	}
	for _, action := range f.actions.Set().Actions {
		if got := f.answer(action); got != "1" {
			t.Errorf("%s answers %s", action.File, got)
		}
	}
}

// How long it takes from a save until the change is served.
func TestSaveToLive(t *testing.T) {
	f := openWith(t, map[string]string{"a.lua": version(0)}, func(o *registry.Options) { o.Watch = registry.WatchAuto })
	f.watch()
	var took []time.Duration
	for n := 1; n <= 15; n++ {
		before := f.actions.Set()
		start := time.Now()
		f.write("a.lua", version(n))
		for f.actions.Set() == before {
			if time.Since(start) > 10*time.Second {
				t.Fatal("not reloaded")
			}
			time.Sleep(time.Millisecond)
		}
		took = append(took, time.Since(start))
	}
	slices.Sort(took)
	t.Logf("save to live: median %v, longest %v", took[len(took)/2], took[len(took)-1])
	if median := took[len(took)/2]; median > 150*time.Millisecond {
		t.Errorf("median %v, want less than 150 ms", median)
	}
}

// watch runs Watch until stop is called, at the latest at the test's end. It
// returns when Watch is at work.
func (f *folder) watch() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.actions.Watch(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Error(err)
		}
	})
	f.t.Cleanup(stop)
	f.waitForLog("watching the actions") // from now on, a change must be noticed
	return stop
}

func (f *folder) waitFor(served string) {
	f.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for f.served() != served {
		if time.Now().After(deadline) {
			f.t.Fatalf("serves %s, want %s", f.served(), served)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (f *folder) waitForLog(text string) {
	f.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !strings.Contains(f.logs.String(), text) {
		if time.Now().After(deadline) {
			f.t.Fatalf("the log lacks %q:\n%s", text, f.logs.String())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// waitForFile waits until an action is served out of this file.
func (f *folder) waitForFile(file string) {
	f.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !slices.ContainsFunc(f.actions.Set().Actions, func(a *registry.Action) bool { return a.File == file }) {
		if time.Now().After(deadline) {
			f.t.Fatalf("%s is not served", file)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (f *folder) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) rename(from, to string) {
	f.t.Helper()
	f.must(os.Rename(f.path(from), f.path(to)))
}

func (f *folder) link(to, name string) {
	f.t.Helper()
	f.must(os.Symlink(to, f.path(name)))
}

func (f *folder) append(name, text string) {
	f.t.Helper()
	file, err := os.OpenFile(f.path(name), os.O_APPEND|os.O_WRONLY, 0)
	f.must(err)
	_, err = file.WriteString(text)
	f.must(errors.Join(err, file.Close()))
}

// outside makes a file in a folder of its own.
func (f *folder) outside(name, text string) string {
	f.t.Helper()
	file := filepath.Join(f.t.TempDir(), name)
	f.must(os.WriteFile(file, []byte(text), 0o644))
	return file
}
