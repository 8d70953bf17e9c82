package pg_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vera/host/devdb/internal/pg"
)

// install makes a directory that looks like the server programs of a version.
func install(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %s'\n", version)
	for _, name := range []string{"initdb", "postgres"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestInspect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		version string
		major   int
		err     string
	}{
		{"15.18 (Debian 15.18-0+deb12u1)", 15, ""},
		{"18beta1", 18, ""},
		{"14.0", 14, ""},
		{"13.22", 0, "version 13 is older than 14"},
		{"9.6.24", 0, "version 9 is older than 14"},
		{"devel", 0, `unknown version "postgres (PostgreSQL) devel"`},
	} {
		bin, err := pg.Inspect(install(t, tt.version))
		if bin.Major != tt.major || (err == nil) != (tt.err == "") {
			t.Errorf("Inspect(%s) = %d, %v; want %d", tt.version, bin.Major, err, tt.major)
		}
		if err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("Inspect(%s): %v; want %s", tt.version, err, tt.err)
		}
	}
}

func TestInspectWantsBothPrograms(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"initdb", "postgres"} {
		dir := install(t, "15.1")
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := pg.Inspect(dir); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, name)) {
			t.Errorf("Inspect without %s: %v", name, err)
		}
	}
}

func TestInstalledOrder(t *testing.T) {
	packages := t.TempDir()
	for _, version := range []string{"9", "13", "14", "16"} {
		if err := os.MkdirAll(filepath.Join(packages, version), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(install(t, version+".1"), filepath.Join(packages, version, "bin")); err != nil {
			t.Fatal(err)
		}
	}
	inPackages := func(version string) string { return filepath.Join(packages, version, "bin") }
	onPath := t.TempDir()
	real := install(t, "15.1")
	if err := os.Symlink(filepath.Join(real, "initdb"), filepath.Join(onPath, "initdb")); err != nil {
		t.Fatal(err)
	}
	patterns := []string{filepath.Join(packages, "*", "bin")}
	check := func(name string, want ...string) {
		t.Helper()
		found, err := pg.InstalledIn(patterns)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, bin := range found {
			got = append(got, bin.Dir)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: found %q, want %q", name, got, want)
		}
	}

	t.Setenv("VERA_PG_BIN", "")
	t.Setenv("PATH", "/bin")
	check("packages only", inPackages("16"), inPackages("14"))
	t.Setenv("PATH", onPath+":/bin")
	check("initdb on PATH through a link", real, inPackages("16"), inPackages("14"))
	t.Setenv("VERA_PG_BIN", inPackages("14"))
	check("VERA_PG_BIN", inPackages("14"))
	t.Setenv("VERA_PG_BIN", inPackages("13"))
	if _, err := pg.InstalledIn(patterns); err == nil || !strings.Contains(err.Error(), "VERA_PG_BIN") {
		t.Errorf("VERA_PG_BIN of version 13: %v; want an error that names it", err)
	}
}

func TestNothingInstalled(t *testing.T) {
	t.Setenv("VERA_PG_BIN", "")
	t.Setenv("PATH", t.TempDir())
	_, err := pg.InstalledIn([]string{filepath.Join(t.TempDir(), "*")})
	if err == nil || !strings.Contains(err.Error(), "install postgresql") || !strings.Contains(err.Error(), "VERA_PG_BIN") {
		t.Errorf("Installed() = %v; want the remedy", err)
	}
	_, err = pg.InstalledIn([]string{install(t, "9.6") + "*"})
	if err == nil || !strings.Contains(err.Error(), "install postgresql") || !strings.Contains(err.Error(), "version 9 is older") {
		t.Errorf("Installed() with 9.6 only = %v; want what is wrong with it and the remedy", err)
	}
	if err != nil && strings.Contains(err.Error(), "\n") {
		t.Errorf("Installed() = %q; want one line", err)
	}
}
