package pg

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// minMajor is the oldest PostgreSQL that Vera's SQL and this launcher know.
const minMajor = 14

// Binaries are the programs of one installed PostgreSQL server.
type Binaries struct {
	Dir   string // holds initdb and postgres
	Major int    // 15 for PostgreSQL 15.18
}

// packaged are the places where packages put server binaries that are not on
// PATH, in order of preference; * stands for the version, and the highest wins.
var packaged = []string{
	"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                   // RHEL, Fedora
	"/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew on Apple silicon
	"/usr/local/opt/postgresql@*/bin",                    // Homebrew on Intel
	"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
}

// Installed lists the usable servers of this machine, the preferred first.
// VERA_PG_BIN, when set, is the only candidate. There is at least one, or an
// error that says how to install one.
func Installed() ([]Binaries, error) { return installed(packaged) }

func installed(patterns []string) ([]Binaries, error) {
	if dir := os.Getenv("VERA_PG_BIN"); dir != "" {
		bin, err := Inspect(dir)
		if err != nil {
			return nil, fmt.Errorf("use VERA_PG_BIN: %w", err)
		}
		return []Binaries{bin}, nil
	}
	var found []Binaries
	var unusable []error
	for _, dir := range candidates(patterns) {
		bin, err := Inspect(dir)
		if err != nil {
			unusable = append(unusable, err)
			continue
		}
		if !slices.Contains(found, bin) {
			found = append(found, bin)
		}
	}
	if len(found) == 0 {
		return nil, noServer(unusable)
	}
	return found, nil
}

func noServer(unusable []error) error {
	install := "apt-get install postgresql"
	if runtime.GOOS == "darwin" {
		install = "brew install postgresql@17"
	}
	state := "none installed"
	if len(unusable) > 0 {
		state = fmt.Sprintf("none usable %v", unusable)
	}
	return fmt.Errorf("find a PostgreSQL server: %s; run %q, or set VERA_PG_BIN to the directory of its initdb and postgres", state, install)
}

// candidates lists directories that may hold a server, without looking inside.
func candidates(patterns []string) []string {
	var dirs []string
	if initdb, err := exec.LookPath("initdb"); err == nil {
		// Postgres lies beside the real initdb, not beside a link to it.
		if initdb, err = filepath.EvalSymlinks(initdb); err == nil {
			dirs = append(dirs, filepath.Dir(initdb))
		}
	}
	for _, pattern := range patterns {
		matches, _ := filepath.Glob(pattern) // fails only on a malformed pattern
		version := func(path string) int {
			return leadingNumber(path[strings.Index(pattern, "*"):])
		}
		slices.SortFunc(matches, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
		dirs = append(dirs, matches...)
	}
	return dirs
}

var digits = regexp.MustCompile(`^\d+`)

func leadingNumber(s string) int {
	n, _ := strconv.Atoi(digits.FindString(s)) // none, as in "latest", sorts last
	return n
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// Inspect looks at the server in dir. It refuses a directory without initdb
// and postgres, and a version before 14.
func Inspect(dir string) (Binaries, error) {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return Binaries{}, fmt.Errorf("inspect PostgreSQL: %w", err)
		}
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return Binaries{}, fmt.Errorf("inspect PostgreSQL in %s: postgres --version: %w", dir, err)
	}
	match := versionLine.FindSubmatch(out)
	if match == nil {
		return Binaries{}, fmt.Errorf("inspect PostgreSQL in %s: unknown version %q", dir, strings.TrimSpace(string(out)))
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil || major < minMajor {
		return Binaries{}, fmt.Errorf("inspect PostgreSQL in %s: version %s is older than %d", dir, match[1], minMajor)
	}
	return Binaries{Dir: dir, Major: major}, nil
}
