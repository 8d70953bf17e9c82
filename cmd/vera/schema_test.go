package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"vera/host/devboard"
	"vera/host/luals"
)

func TestSchemaCommand(t *testing.T) {
	dir := writeActions(t, map[string]string{"live.lua": liveAction("old", 0), "greet.lua": liveAction("greets", 0)})
	broken := writeActions(t, map[string]string{"live.lua": liveAction("old", 0), "half.lua": "return {"})
	_, manifest, _ := command(t, nil, "check", "--manifest", dir)
	for _, tt := range []struct {
		args string
		code int
		out  string // a part
		err  string
	}{
		{"schema --dir " + dir, 0, manifest, ""},
		{"schema Live --dir " + dir, 0, `{"Live":{"description":"old","fields":{}}}` + "\n", ""},
		{"schema --format jsonschema --dir " + dir, 0, `"$defs": {`, ""},
		{"schema --format jsonschema Live --dir " + dir, 0, `"title": "Live"`, ""},
		{"schema --format openapi --server https://hub.example --dir " + dir, 0, `"url": "https://hub.example"`, ""},
		{"schema --format markdown --dir " + dir, 0, "## Greet\n", ""},
		{"schema --format luals --dir " + dir, 0, "---@class actions.Greet.Fields\n", ""},
		{"schema Gret --dir " + dir, exitFailed, "", `there is no action "Gret", did you mean "Greet"?`},
		{"schema --format yaml --dir " + dir, exitUsage, "", "must be one of"},
		{"schema --write --dir " + dir, exitUsage, "", "--write is for --format luals"},
		{"schema --dir " + broken, exitFailed, "", "1 file in " + broken + " cannot be loaded, and would be missing: see vera check"},
	} {
		code, out, err := command(t, nil, strings.Fields(tt.args)...)
		if code != tt.code || !strings.Contains(out, tt.out) || !strings.Contains(err, tt.err) {
			t.Errorf("%s: exit code %d, printed\n%s%s", tt.args, code, out, err)
		}
		if tt.code != 0 && out != "" {
			t.Errorf("%s: printed %s", tt.args, out)
		}
	}
}

// project is a folder with actions and the settings of an editor.
func project(t *testing.T, files map[string]string) (dir, actions string) {
	t.Helper()
	dir = t.TempDir()
	actions = filepath.Join(dir, "actions")
	for name, source := range files {
		writeAction(t, actions, name, source)
	}
	writeAction(t, dir, luals.SettingsFile, string(luals.Settings()))
	return dir, actions
}

// Whoever has set up an editor gets types from check, others are not littered;
// schema --write writes them anyway.
func TestTypesWritten(t *testing.T) {
	dir, actions := project(t, map[string]string{"live.lua": liveAction("old", 0)})
	types := filepath.Join(dir, "types", "actions.d.lua")
	if code, _, err := command(t, nil, "check", actions); code != 0 || err != "" {
		t.Fatalf("exit code %d, printed\n%s", code, err)
	}
	content, err := os.ReadFile(types)
	if err != nil || !strings.Contains(string(content), "---@class actions.Live: Action\n") {
		t.Errorf("%v, %s", err, content)
	}
	if err := os.RemoveAll(filepath.Dir(types)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, luals.SettingsFile)); err != nil {
		t.Fatal(err)
	}
	if code, _, _ := command(t, nil, "check", actions); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Stat(filepath.Dir(types)); err == nil {
		t.Error("types are written where no editor is set up")
	}
	code, out, stderr := command(t, nil, "schema", "--format", "luals", "--write", "--dir", actions)
	if code != 0 || !strings.Contains(out, count(len(luals.Files(nil)), "file")+" in "+filepath.Dir(types)) {
		t.Errorf("exit code %d, printed\n%s%s", code, out, stderr)
	}
	if _, err := os.Stat(types); err != nil {
		t.Error(err)
	}

	// What cannot be written is told, and is no fault of the actions.
	writeAction(t, dir, luals.SettingsFile, "{}")
	writeAction(t, dir, "types/db.d.lua", "---@meta db\n")
	if code, _, err := command(t, nil, "check", actions); code != 0 || !strings.Contains(err, "types/db.d.lua: is not vera's") {
		t.Errorf("exit code %d, printed\n%s", code, err)
	}
}

// vera dev writes the types when it starts, and again when a file says
// something else, also if the hub would not notice.
func TestDevWritesTypes(t *testing.T) {
	t.Parallel()
	choice := func(values string) string {
		return `return { description = "x", fields = { size = { type = "string", description = "x", enum = { ` + values + ` } } },
			run = function(fields) return { status_code = 200, fields = fields.size } end }`
	}
	dir, actions := project(t, map[string]string{"pick.lua": choice(`"s"`)})
	p := startVera(t, []string{"DATABASE_URL=", "POSTGRES_USER=", "POSTGRES_DB=", "ACTIONS_DIR=" + actions},
		"dev", "--listen", "127.0.0.1:0", "--state", shortTempDir(t))
	p.waitFor(`curl -s (\S+)/ -H`)
	waitForText(t, filepath.Join(dir, "types", "actions.d.lua"), `---@field size "s" #`)
	writeAction(t, actions, "pick.lua", choice(`"s", "m"`))
	waitForText(t, filepath.Join(dir, "types", "actions.d.lua"), `---@field size "s"|"m" #`)
	if code := p.end(syscall.SIGINT); code != 0 {
		t.Errorf("exit code %d\n%s", code, p.text())
	}
	if n := strings.Count(p.text(), "change=body"); n != 1 {
		t.Errorf("%d reloads: the types are read as actions\n%s", n, p.text())
	}
}

func waitForText(t *testing.T, file, text string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		content, err := os.ReadFile(file)
		if strings.Contains(string(content), text) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not say %s: %v\n%s", file, text, err, content)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// What callers get is what the OpenAPI document says they do.
func TestOpenAPIAnswers(t *testing.T) {
	const token = "account-token"
	s := newStack(t, stackOptions{board: devboard.Options{AccountToken: token}})
	code, text, stderr := command(t, nil, "schema", "--format", "openapi", "--dir", "../../actions")
	if code != 0 {
		t.Fatalf("exit code %d, printed\n%s", code, stderr)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	body, err := compiler.Compile("openapi.json#/paths/~1/post/requestBody/content/application~1json/schema")
	if err != nil {
		t.Fatal(err)
	}
	const ada = `{"username":"ada","name":"Ada","email":"ada@example.com","phone_number":"+12125551234","password":"correct horse"}`
	for _, tt := range []struct {
		token, body string
		fits        bool // the body's schema
		status      int
		response    string // its key in the document
	}{
		{token, `{"service_id":1,"action":"Register","fields":` + ada + `}`, true, 201, "default"},
		{token, `{"service_id":1,"action":"Login","fields":{"username":"ada","password":"correct horse"}}`, true, 200, "200"},
		{token, `{"service_id":1,"action":"Login","fields":{"username":"ada","password":"wrong horse"}}`, true, 401, "401"},
		{token, `{"service_id":1,"action":"Login","fields":{"password":7}}`, false, 400, "400"},
		{token, `{"service_id":1,"action":"Lgin","fields":{}}`, false, 404, "default"},
		{token, `{"service_id":1,"action":"Login"}`, false, 400, "400"},
		{token, `{"service_id":2,"action":"Login","fields":{"password":"correct horse"}}`, true, 422, "422"},
		{"other", `{"service_id":1,"action":"Login","fields":{"password":"correct horse"}}`, true, 401, "401"},
		{token, `{`, false, 400, "400"},
	} {
		status, kind, answer := post(t, s.address, tt.token, tt.body)
		if status != tt.status {
			t.Errorf("%s: status %d, want %d: %s", tt.body, status, tt.status, answer)
		}
		place := "#/paths/~1/post/responses/" + tt.response + "/content/" + strings.ReplaceAll(kind, "/", "~1") + "/schema"
		response, err := compiler.Compile("openapi.json" + place)
		if err != nil {
			t.Errorf("%s: the document says nothing of %d with %s: %v", tt.body, status, kind, err)
			continue
		}
		var value any = string(answer)
		if kind == "application/json" {
			if value, err = jsonschema.UnmarshalJSON(bytes.NewReader(answer)); err != nil {
				t.Fatal(err)
			}
		}
		if err := response.Validate(value); err != nil {
			t.Errorf("%s is answered with\n%s\n%v", tt.body, answer, err)
		}
		if !json.Valid([]byte(tt.body)) {
			continue
		}
		sent, err := jsonschema.UnmarshalJSON(strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if err := body.Validate(sent); (err == nil) != tt.fits {
			t.Errorf("%s fits the document: %v", tt.body, err)
		}
	}
}

// post calls the hub and gives the answer's status, media type and body.
func post(t *testing.T, address, token, body string) (status int, kind string, answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	kind, _, _ = strings.Cut(response.Header.Get("Content-Type"), ";")
	return response.StatusCode, kind, answer
}
