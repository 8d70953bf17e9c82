package luals

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Project is the folder around the actions' folder.
func Project(actionsDir string) (string, error) {
	dir, err := filepath.Abs(actionsDir)
	return filepath.Dir(dir), err
}

// Wanted tells whether an editor would find declarations in this project: it
// has the language server's settings. Others are not littered.
func Wanted(project string) bool {
	_, err := os.Stat(filepath.Join(project, SettingsFile))
	return err == nil
}

// Write makes the folder of declarations in project hold these files, whatever
// vera has written there before. Each is replaced at once, and only if it says
// something else. Nothing outside the project is touched, not through links
// either, and no file that vera has not written.
func Write(project string, files map[string][]byte) error {
	root, err := os.OpenRoot(project)
	if err != nil {
		return fmt.Errorf("write the editor's types: %w", err)
	}
	defer root.Close()
	if err := root.Mkdir(Folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write the editor's types: %w", err)
	}
	types, err := root.OpenRoot(Folder)
	if err != nil {
		return fmt.Errorf("write the editor's types: %w", err)
	}
	defer types.Close()
	var faults []error
	for _, name := range names(files) {
		if err := replace(types, name, files[name]); err != nil {
			faults = append(faults, fmt.Errorf("write the editor's types: %s: %w", filepath.Join(Folder, name), err))
		}
	}
	return errors.Join(append(faults, removeOthers(types, files))...)
}

// replace gives a file this content.
func replace(dir *os.Root, name string, content []byte) error {
	old, err := dir.ReadFile(name)
	switch {
	case err == nil && bytes.Equal(old, content):
		return nil
	case err == nil && !bytes.HasPrefix(old, []byte(header)):
		return errors.New("is not vera's; give it another name, or remove it")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	next := "." + name + "." + rand.Text()[:8]
	err = dir.WriteFile(next, content, 0o644)
	if err == nil {
		err = dir.Rename(next, name)
	}
	if err != nil {
		_ = dir.Remove(next) // which may never have been there
	}
	return err
}

// removeOthers removes what vera wrote when there was more to declare.
func removeOthers(dir *os.Root, files map[string][]byte) error {
	entries, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return fmt.Errorf("remove old types of the editor: %w", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if _, current := files[name]; current || !strings.HasSuffix(name, ".d.lua") || !entry.Type().IsRegular() {
			continue
		}
		if old, err := dir.ReadFile(name); err != nil || !bytes.HasPrefix(old, []byte(header)) {
			continue
		}
		if err := dir.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove old types of the editor: %w", err)
		}
	}
	return nil
}
