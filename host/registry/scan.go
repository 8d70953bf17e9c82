package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// maxSource bounds one file: more is no script but a mistake.
const maxSource = 256 << 10

// source is a file's content at one time.
type source struct {
	text []byte
	hash [sha256.Size]byte
	err  error // it could not be read
}

// scan is a folder's files at one time, by path below it, with slashes.
type scan map[string]source

func (s scan) equal(other scan) bool {
	return maps.EqualFunc(s, other, func(a, b source) bool {
		return a.hash == b.hash && (a.err == nil) == (b.err == nil)
	})
}

// files lists the paths in order.
func (s scan) files() []string { return slices.Sorted(maps.Keys(s)) }

// version is a short hash over all contents.
func (s scan) version() string {
	sum := sha256.New()
	for _, file := range s.files() {
		fmt.Fprintf(sum, "%d %s %x\n", len(file), file, s[file].hash)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// places are where a scan has been: what to watch.
type places struct {
	folders map[string]fs.FileInfo // by real path
	files   []string               // outside of these folders, that links lead to; real paths
}

// scanDir reads every script below dir. Links are followed, to files and to
// folders, as a mounted ConfigMap is made of them.
// With tests, so are files of tests.
func scanDir(dir string, tests bool) (scan, *places, error) {
	s := scanner{tests: tests, found: make(scan), places: &places{folders: make(map[string]fs.FileInfo)}}
	abs, err := filepath.Abs(dir)
	if err == nil {
		err = s.folder(abs, "", nil)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the actions' folder: %w", err)
	}
	return s.found, s.places, nil
}

type scanner struct {
	tests  bool
	found  scan
	places *places
}

// folder adds the files of dir, which is at below the actions' folder. above
// are the real paths of the folders around it, against links in a ring.
func (s *scanner) folder(dir, below string, above []string) error {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	if slices.Contains(above, real) {
		return nil
	}
	info, err := os.Stat(real)
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(real)
	if err != nil {
		return err
	}
	s.places.folders[real] = info
	for _, entry := range entries {
		if ignored(entry.Name()) {
			continue
		}
		file, at := path.Join(below, entry.Name()), filepath.Join(real, entry.Name())
		info, err := os.Stat(at)
		switch {
		case err != nil && !s.wants(entry.Name()):
			// A file that went away, or a link to nowhere, that is none of ours.
		case err != nil:
			if !os.IsNotExist(err) || entry.Type()&fs.ModeSymlink != 0 {
				s.found[file] = source{err: err}
			}
		case info.IsDir():
			if err := s.folder(at, file, append(above, real)); err != nil && !os.IsNotExist(err) {
				return err
			}
		case s.wants(entry.Name()):
			s.found[file] = read(at, info)
			if entry.Type()&fs.ModeSymlink != 0 {
				s.linked(at)
			}
		}
	}
	return nil
}

// linked notes where the file is that a link leads to.
func (s *scanner) linked(link string) {
	if real, err := filepath.EvalSymlinks(link); err == nil {
		s.places.files = append(s.places.files, real)
	}
}

func read(at string, info fs.FileInfo) source {
	if info.Size() > maxSource {
		return source{err: fmt.Errorf("the file has %d bytes; a script may have %d", info.Size(), maxSource)}
	}
	text, err := os.ReadFile(at)
	return source{text: text, hash: sha256.Sum256(text), err: err}
}

// ignored names are no scripts, nor folders of any: hidden ones, editors'
// swap files and locks, and what its owner set aside with an underscore.
func ignored(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") }

// wants tells the names of files that are read.
func (s *scanner) wants(name string) bool {
	return strings.HasSuffix(name, ".lua") && (s.tests || !isTest(name))
}

// isTest tells the names of files of tests, which are no actions.
func isTest(name string) bool { return strings.HasSuffix(name, "_test.lua") }

// moduleName is the name by which a file below a folder named lib is
// required, and empty for an action's file.
func moduleName(file string) string {
	folder, _ := path.Split(file)
	if !slices.Contains(strings.Split(folder, "/"), "lib") {
		return ""
	}
	return strings.ReplaceAll(strings.TrimSuffix(file, ".lua"), "/", ".")
}

// ActionName is the action's name that a file's name stands for:
// sign_up.lua is SignUp.
func ActionName(file string) string {
	base := strings.TrimSuffix(path.Base(file), ".lua")
	var name strings.Builder
	for _, word := range strings.FieldsFunc(base, func(r rune) bool { return r == '_' || r == '-' || r == '.' }) {
		name.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return name.String()
}
