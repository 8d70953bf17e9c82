// Package scaffold writes what somebody begins with: an action with its test,
// or the folder of a project.
//
//	name, err := scaffold.ParseName("SignUp")
//	files, err := scaffold.Action("actions", name) // actions/sign_up.lua and actions/sign_up_test.lua
//
// Nothing that is there already is written over.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"text/template"

	"vera/host/luals"
)

//go:embed templates
var templates embed.FS

// ErrExists is in the chain of an error about what is there already.
var ErrExists = errors.New("is there already")

// A file is one to be written.
type file struct {
	path     string
	template string // below templates; else text is the content
	text     string
	mode     fs.FileMode // zero: 0644
}

// Action writes the action and its test into dir, which exists, and gives
// their paths.
func Action(dir string, name Name) ([]string, error) {
	return write([]file{
		{path: filepath.Join(dir, name.File+".lua"), template: "action.lua"},
		{path: filepath.Join(dir, name.File+"_test.lua"), template: "action_test.lua"},
	}, name)
}

// Project writes a project's folder, which it makes; one that holds anything
// is refused. env is the content of .env, which nobody else may read. It gives
// the paths of the files.
func Project(dir, env string) ([]string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := mustBeEmpty(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "actions"), 0o755); err != nil {
		return nil, err
	}
	return write([]file{
		{path: filepath.Join(dir, "actions", "greet.lua"), template: "project/actions/greet.lua"},
		{path: filepath.Join(dir, "actions", "greet_test.lua"), template: "project/actions/greet_test.lua"},
		{path: filepath.Join(dir, luals.SettingsFile), text: string(luals.Settings())},
		{path: filepath.Join(dir, ".gitignore"), template: "project/gitignore"},
		{path: filepath.Join(dir, ".env"), text: env, mode: 0o600},
		{path: filepath.Join(dir, "README.md"), template: "project/README.md"},
	}, struct{ Name string }{filepath.Base(abs)})
}

func mustBeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s %w and holds %s; a project wants a folder that is new or empty", dir, ErrExists, entries[0].Name())
	}
	return nil
}

// write writes all files, or none.
func write(files []file, data any) (paths []string, err error) {
	for _, f := range files { // before anything is written
		if _, err := os.Lstat(f.path); err == nil {
			return nil, fmt.Errorf("%s %w", f.path, ErrExists)
		}
	}
	defer func() {
		if err != nil {
			for _, path := range paths {
				os.Remove(path)
			}
			paths = nil
		}
	}()
	for _, f := range files {
		content := []byte(f.text)
		if f.template != "" {
			if content, err = filled(f.template, data); err != nil {
				return paths, err
			}
		}
		if err = create(f, content); err != nil {
			return paths, err
		}
		paths = append(paths, f.path)
	}
	return paths, nil
}

// create writes a file that is not there.
func create(f file, content []byte) error {
	if f.mode == 0 {
		f.mode = 0o644
	}
	out, err := os.OpenFile(f.path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, f.mode)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s %w", f.path, ErrExists)
	}
	if err != nil {
		return err
	}
	_, err = out.Write(content)
	if err = errors.Join(err, out.Close()); err != nil {
		os.Remove(f.path)
	}
	return err
}

func filled(name string, data any) ([]byte, error) {
	t, err := template.ParseFS(templates, "templates/"+name)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, data)
	return b.Bytes(), err
}
