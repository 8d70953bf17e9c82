package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// benchActions are what the tests of vera bench measure; Count leaves a row
// for each request.
var benchActions = map[string]string{
	"greet.lua":  callActions["greet.lua"],
	"broken.lua": action(`error("the cause")`),
	"count.lua": `local db = require("db")
return { description = "Counts", fields = {}, run = function()
  db.exec("INSERT INTO login_throttle VALUES (gen_random_uuid()::text, now() + interval '1 day')")
  return { status_code = 200, fields = { n = db.one("SELECT count(*) AS n FROM login_throttle").n } }
end }`,
}

func TestBench(t *testing.T) {
	dir := writeActions(t, benchActions)
	state := t.TempDir()
	env := map[string]string{"ACTIONS_DIR": dir}
	bench := func(args ...string) (int, string, string) {
		t.Helper()
		return command(t, env, append([]string{"bench", "--duration=100ms", "--state=" + state}, args...)...)
	}
	code, out, stderr := bench("Greet", "name=Ada", "--concurrency=3")
	if want := `^requests     [\d,]+ in 0\.\d s, 3 at once
rate         [\d,]+ requests/s
latency      p50 \S+s, p90 \S+s, p99 \S+s, max \S+s
CPU          \S+s a request
allocations  \d+ a request, \d+ bytes
answers      200: [\d,]+
$`; code != 0 || stderr != "" || !regexp.MustCompile(want).MatchString(out) {
		t.Errorf("exit code %d, printed\n%s%s\nwant\n%s", code, out, stderr, want)
	}
	if left, _ := filepath.Glob(filepath.Join(state, "pg*")); left != nil {
		t.Errorf("a database was started for an action that uses none: %v", left)
	}

	code, out, stderr = bench("Greet", "name=Ada", "--json")
	var figures struct {
		Requests int64            `json:"requests"`
		Rate     float64          `json:"requests_per_second"`
		Allocs   int              `json:"allocations_per_request"`
		Statuses map[string]int64 `json:"statuses"`
	}
	if err := json.Unmarshal([]byte(out), &figures); err != nil || code != 0 || figures.Rate <= 0 || figures.Allocs < 10 ||
		figures.Statuses["200"] != figures.Requests || figures.Requests == 0 {
		t.Errorf("--json: exit code %d, %v, printed\n%s%s", code, err, out, stderr)
	}

	code, out, stderr = bench("Greet", "nmae=Ada")
	if code != exitFailed || !strings.Contains(out, "answers      400: ") || !regexp.MustCompile(`hint: Greet has no field "nmae", did you mean "name"\?
hint: Greet needs name \(string\): Who <is> greeted
vera: (\d+) of (\d+) answers are not 2xx; the first was 400: Invalid input: name: is required\n$`).MatchString(stderr) {
		t.Errorf("with a wrong field: exit code %d, printed\n%s%s", code, out, stderr)
	}

	code, out, stderr = bench("Broken")
	if code != exitFailed || strings.Count(stderr, "broken.lua:2: the cause") == 0 || strings.Count(stderr, "action failed") != 1 ||
		!strings.Contains(stderr, "the first was 500: Internal server error") {
		t.Errorf("an action that raises: exit code %d, printed\n%s%s", code, out, stderr)
	}

	for _, tt := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"Gret"}, exitFailed, `there is no action "Gret", did you mean "Greet"?`},
		{[]string{"Greet", "name"}, exitUsage, `"name" is no field`},
		{[]string{"Greet", "--duration=0s"}, exitUsage, "--duration must be above 0 and at most 10m0s"},
		{[]string{"Greet", "--duration=soon"}, exitUsage, "duration"},
		{[]string{"Greet", "--concurrency=-1"}, exitUsage, "--concurrency must be from 1 to 1000"},
	} {
		if code, _, stderr := bench(tt.args...); code != tt.code || !strings.Contains(stderr, tt.want) {
			t.Errorf("bench %q: exit code %d, want %d; printed\n%s\nwant %s", tt.args, code, tt.code, stderr, tt.want)
		}
	}
}

// An action that uses the database gets the one of vera dev: one started for
// it, and also that of a vera dev which runs.
func TestBenchDatabase(t *testing.T) {
	t.Parallel()
	dir := writeActions(t, benchActions)
	state := shortTempDir(t)
	env := []string{"DATABASE_URL=", "POSTGRES_USER=", "POSTGRES_DB=", "ACTIONS_DIR=" + dir}
	bench := func(when string) {
		t.Helper()
		code, out, stderr := pipeVera(t, env, "", "bench", "Count", "--duration=200ms", "--concurrency=2", "--state", state)
		if code != 0 || !strings.Contains(out, "answers      200: ") {
			t.Errorf("%s: exit code %d, printed\n%s%s", when, code, out, stderr)
		}
	}
	bench("with nothing running")
	mustHaveNoServer(t, state)

	dev := startVera(t, env, "dev", "--listen", "127.0.0.1:0", "--state", state)
	address := dev.waitFor(`curl -s (\S+)/ -H`)[1]
	before := counted(t, address)
	bench("while vera dev runs")
	if after := counted(t, address); after < before+2 || before < 2 {
		t.Errorf("%d rows before the measuring and %d after it; they are one database", before, after)
	}
	if code := dev.end(syscall.SIGINT); code != 0 {
		t.Errorf("vera dev: exit code %d\n%s", code, dev.text())
	}
}

// counted calls Count and gives its number.
func counted(t *testing.T, address string) int {
	t.Helper()
	_, out, stderr := command(t, nil, "call", "Count", "--raw", "--url", address)
	var answer struct{ Fields struct{ N int } }
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		t.Fatalf("%v: %s%s", err, out, stderr)
	}
	return answer.Fields.N
}

func TestBenchInterrupted(t *testing.T) {
	dir := writeActions(t, benchActions)
	p := startVera(t, []string{"ACTIONS_DIR=" + dir}, "bench", "Greet", "nmae=x", "--duration=1m", "--state", t.TempDir())
	p.waitFor("hint: Greet needs name")
	if code := p.end(os.Interrupt.(syscall.Signal)); code != exitInterrupt {
		t.Errorf("Ctrl-C: exit code %d\n%s", code, p.text())
	}
}
