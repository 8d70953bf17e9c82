package scaffold_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vera/host/scaffold"
)

func TestParseName(t *testing.T) {
	for _, tt := range []struct {
		text, action, file string
		explicit           bool
	}{
		{"SignUp", "SignUp", "sign_up", false},
		{"sign_up", "SignUp", "sign_up", false},
		{"sign_up.lua", "SignUp", "sign_up", false},
		{"greet", "Greet", "greet", false},
		{"Greet", "Greet", "greet", false},
		{"signUp", "signUp", "sign_up", true},
		{"HTTPProxy", "HTTPProxy", "http_proxy", true},
		{"Sign_Up", "Sign_Up", "sign_up", true},
		{"ShowV2", "ShowV2", "show_v2", false},
		{"X", "X", "x", false},
		{strings.Repeat("a", 64), "A" + strings.Repeat("a", 63), strings.Repeat("a", 64), false},
	} {
		name, err := scaffold.ParseName(tt.text)
		if err != nil || name.Action != tt.action || name.File != tt.file || name.Explicit() != tt.explicit {
			t.Errorf("ParseName(%q) = %+v, explicit %v, %v; want %s in %s, explicit %v",
				tt.text, name, name.Explicit(), err, tt.action, tt.file, tt.explicit)
		}
	}
	for _, text := range []string{"", "9lives", "_hidden", "a-b", "a b", "../up", "a/b", "grüße", strings.Repeat("a", 65)} {
		if name, err := scaffold.ParseName(text); err == nil || !strings.Contains(err.Error(), "1 to 64 letters, digits and underscores") {
			t.Errorf("ParseName(%q) = %+v, %v; want what is accepted", text, name, err)
		}
	}
	for _, text := range []string{"SignUpTest", "sign_up_test", "sign_up_test.lua"} {
		if name, err := scaffold.ParseName(text); err == nil || !strings.Contains(err.Error(), "is a test") {
			t.Errorf("ParseName(%q) = %+v, %v; want to hear of tests", text, name, err)
		}
	}
}

// Of two files of which one is there already, none is written, and the one
// that is there stays as it is.
func TestActionKeepsWhatIsThere(t *testing.T) {
	name, err := scaffold.ParseName("Greet")
	if err != nil {
		t.Fatal(err)
	}
	for _, there := range []string{"greet.lua", "greet_test.lua"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, there), []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := scaffold.Action(dir, name); !errors.Is(err, scaffold.ErrExists) {
			t.Errorf("with %s: %v", there, err)
		}
		entries, _ := os.ReadDir(dir)
		content, _ := os.ReadFile(filepath.Join(dir, there))
		if len(entries) != 1 || string(content) != "mine" {
			t.Errorf("with %s: %v is there, with %q in it", there, entries, content)
		}
	}
}

// What could not be written whole is taken away again.
func TestActionWritesAllOrNothing(t *testing.T) {
	dir := t.TempDir()
	long, err := scaffold.ParseName(strings.Repeat("a", 64))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := scaffold.Action(filepath.Join(dir, "nowhere"), long); err == nil {
		t.Error("an action was written into a folder that is not there")
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("left: %v", entries)
	}
}

func TestProject(t *testing.T) {
	for _, before := range []string{"none", "empty"} {
		dir := filepath.Join(t.TempDir(), "shop")
		if before == "empty" {
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		files, err := scaffold.Project(dir, "SECRET=1\n")
		if err != nil || len(files) != 6 {
			t.Fatalf("wrote %v, %v", files, err)
		}
		info, err := os.Stat(filepath.Join(dir, ".env"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf(".env: %v, %v; nobody else may read it", info, err)
		}
		if ignored, _ := os.ReadFile(filepath.Join(dir, ".gitignore")); !strings.Contains(string(ignored), ".env\n") {
			t.Errorf(".gitignore does not name .env: %s", ignored)
		}
		if readme, _ := os.ReadFile(filepath.Join(dir, "README.md")); !strings.HasPrefix(string(readme), "# shop\n") {
			t.Errorf("README.md begins with %.20s", readme)
		}
		if _, err := scaffold.Project(dir, ""); !errors.Is(err, scaffold.ErrExists) {
			t.Errorf("again: %v", err)
		}
	}
}

func ExampleParseName() {
	name, _ := scaffold.ParseName("SignUp")
	fmt.Println(name.Action, name.File)
	name, _ = scaffold.ParseName("sign_up")
	fmt.Println(name.Action, name.File)
	// Output:
	// SignUp sign_up
	// SignUp sign_up
}
