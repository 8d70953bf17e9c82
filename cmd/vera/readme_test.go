package main

import (
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The README's example, as a newcomer would follow it: the file saved while
// vera dev runs, its calls sent, what comes back compared.
func TestReadme(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(content)
	calls := regexp.MustCompile(`(?m)^curl -s 127\.0\.0\.1:4000/ -H 'content-type: application/json' -d '(.*)'$`).FindAllStringSubmatch(readme, -1)
	var scripts, answers []string
	for _, b := range fenced(readme) {
		switch b.language {
		case "lua":
			scripts = append(scripts, b.text)
		case "json":
			answers = append(answers, strings.TrimSuffix(b.text, "\n"))
		}
	}
	if len(scripts) != 1 || len(calls) != 3 || len(answers) != len(calls) {
		t.Fatalf("the README has %d scripts, %d calls and %d answers", len(scripts), len(calls), len(answers))
	}
	actions := writeActions(t, nil)
	if err := os.CopyFS(actions, os.DirFS("../../actions")); err != nil {
		t.Fatal(err)
	}
	p := startVera(t, []string{"DATABASE_URL=", "POSTGRES_USER=", "POSTGRES_DB=", "ACTIONS_DIR=" + actions, "BCRYPT_COST=10", "ACTION_TIMEOUT=29s"},
		"dev", "--listen", "127.0.0.1:0", "--state", shortTempDir(t))
	address := p.waitFor(`curl -s (\S+)/ -H`)[1]
	writeAction(t, actions, "greet.lua", scripts[0])
	for i, call := range calls {
		got := postUntilKnown(t, "http://"+address+"/", call[1])
		got = regexp.MustCompile(`"jwt":"eyJhbGciOi[^"]*"`).ReplaceAllString(got, `"jwt":"eyJhbGciOi…"`)
		if got != answers[i] {
			t.Errorf("%s\ngives %s\nthe README says %s", call[1], got, answers[i])
		}
	}
	if code := p.end(syscall.SIGINT); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
}

// postUntilKnown sends a body until the action is there, and gives the answer.
func postUntilKnown(t *testing.T, url, body string) string {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		response, err := http.Post(url, "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var answer json.RawMessage
		err = json.NewDecoder(response.Body).Decode(&answer)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		known := response.StatusCode != http.StatusNotFound && response.StatusCode != http.StatusUnprocessableEntity
		if known || time.Now().After(deadline) {
			return string(answer)
		}
		time.Sleep(10 * time.Millisecond)
	}
}
