package registry_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func soon() time.Time { return time.Now().Add(5 * time.Second) }

// Each way in which editors and deployments save a file.
func TestWatch(t *testing.T) {
	version := func(n int) string { return fmt.Sprintf(good, n) }
	must := func(t *testing.T, errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	tests := []struct {
		name string
		save func(t *testing.T, f *folder)
		want string
	}{
		{"in place", func(t *testing.T, f *folder) { f.write("a.lua", version(2)) }, "A=2"},
		{"rename over", func(t *testing.T, f *folder) {
			f.write("a.lua.tmp", version(2))
			must(t, os.Rename(filepath.Join(f.dir, "a.lua.tmp"), filepath.Join(f.dir, "a.lua")))
		}, "A=2"},
		{"vim's backup", func(t *testing.T, f *folder) {
			f.write("4913", "")
			f.remove("4913")
			f.write(".a.lua.swp", "swap")
			must(t, os.Rename(filepath.Join(f.dir, "a.lua"), filepath.Join(f.dir, "a.lua~")))
			f.write("a.lua", version(2))
			f.remove("a.lua~")
			f.remove(".a.lua.swp")
		}, "A=2"},
		{"two halves", func(t *testing.T, f *folder) {
			half := len(version(2)) / 2
			f.write("a.lua", version(2)[:half])
			file, err := os.OpenFile(filepath.Join(f.dir, "a.lua"), os.O_APPEND|os.O_WRONLY, 0)
			must(t, err)
			_, err = file.WriteString(version(2)[half:])
			must(t, err, file.Close())
		}, "A=2"},
		{"a new folder", func(t *testing.T, f *folder) { f.write("deep/er/b.lua", version(2)) }, "A=1 B=2"},
		{"a file in a folder that is watched since", func(t *testing.T, f *folder) {
			f.write("deep/b.lua", version(2))
			f.waitFor("A=1 B=2")
			f.write("deep/b.lua", version(3))
		}, "A=1 B=3"},
		{"moved in", func(t *testing.T, f *folder) {
			outside := filepath.Join(t.TempDir(), "b.lua")
			must(t, os.WriteFile(outside, []byte(version(2)), 0o644), os.Rename(outside, filepath.Join(f.dir, "b.lua")))
		}, "A=1 B=2"},
		{"moved out", func(t *testing.T, f *folder) {
			f.write("b.lua", version(2))
			f.waitFor("A=1 B=2")
			must(t, os.Rename(filepath.Join(f.dir, "b.lua"), filepath.Join(t.TempDir(), "b.lua")))
		}, "A=1"},
		{"folder removed and made again", func(t *testing.T, f *folder) {
			f.remove("")
			f.write("a.lua", version(2))
		}, "A=2"},
		{"a linked folder", func(t *testing.T, f *folder) {
			outside := t.TempDir()
			must(t, os.WriteFile(filepath.Join(outside, "b.lua"), []byte(version(2)), 0o644),
				os.Symlink(outside, filepath.Join(f.dir, "linked")))
		}, "A=1 B=2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := open(t, map[string]string{"a.lua": version(1)})
			stop := f.watch()
			tt.save(t, f)
			f.waitFor(tt.want)
			stop()
			if strings.Contains(f.logs.String(), "has a fault") {
				t.Errorf("a fault was reported on the way:\n%s", f.logs.String())
			}
		})
	}
}

// watch runs Watch until stop is called, at the latest at the test's end.
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
