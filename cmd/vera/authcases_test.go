package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vera/stdlib/password"
)

// The acceptance cases of the auth actions, run from outside: over HTTP
// through a devboard, to a host on a database of the case's own.

type caseFile struct {
	Env      map[string]any     `json:"env"`
	Fixtures map[string]fixture `json:"fixtures"`
	Cases    []authCase         `json:"cases"`
}

type fixture struct {
	Call   string         `json:"call"`
	Fields map[string]any `json:"fields"`
	Repeat int            `json:"repeat"`
	Do     string         `json:"do"`
	SQL    string         `json:"sql"` // executed instead of a call
}

type authCase struct {
	Name     string         `json:"name"`
	Given    []string       `json:"given"`
	Env      map[string]any `json:"env"` // settings of this case alone
	Action   string         `json:"action"`
	Fields   any            `json:"fields"`
	Expect   expectation    `json:"expect"`
	Then     []step         `json:"then"`
	Run      runMode        `json:"run"`
	Optional string         `json:"optional"`
}

type step struct {
	Action string      `json:"action"`
	Fields any         `json:"fields"`
	Expect expectation `json:"expect"`
	SQL    string      `json:"sql"`
	Rows   [][]any     `json:"rows"`
}

type runMode struct {
	Concurrent   int            `json:"concurrent"`
	ExpectCounts map[string]int `json:"expect_counts"`
	EqualWork    any            `json:"equal_work"` // fields of a call that hashes as much
	Timing       struct {
		Samples     int        `json:"samples"`
		CompareWith any        `json:"compare_with"`
		Between     [2]float64 `json:"median_ratio_between"`
	} `json:"timing"`
}

func TestAuthCases(t *testing.T) { runCases(t, "testdata/auth-cases.json") }

// The same for the security requirements, one by one: see docs/security.md.
func TestAuthCasesSecurity(t *testing.T) { runCases(t, "testdata/security-cases.json") }

func runCases(t *testing.T, name string) {
	file := readCases(t, name)
	stacks := &stackPool{t: t, idle: make(map[string][]*stack)}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			if c.Run.Timing.Samples == 0 && c.Expect.MaxMS == 0 { // what is timed has the machine to itself
				t.Parallel()
			}
			runCase(t, stacks, file, c)
		})
	}
}

func readCases(t *testing.T, name string) caseFile {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var file caseFile
	decoder := json.NewDecoder(strings.NewReader(string(content)))
	decoder.UseNumber()
	if err := decoder.Decode(&file); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return file
}

// optional cases and the settings that switch on what they ask for.
var optionalEnv = map[string]map[string]any{
	"login/too-many-failures":              {},
	"register/password-blocklist":          {"PASSWORD_BLOCKLIST_FILE": "testdata/blocklist.txt"},
	"register/username-cyrillic-homoglyph": {}, // the check is always on
}

func runCase(t *testing.T, stacks *stackPool, file caseFile, c authCase) {
	env := make(map[string]string)
	if c.Optional != "" {
		extra, ok := optionalEnv[c.Name]
		if !ok {
			t.Skip("optional: " + c.Optional)
		}
		for name, value := range extra {
			env[name] = fmt.Sprint(value)
		}
	}
	for _, source := range []map[string]any{file.Env, c.Env} {
		for name, value := range source {
			if name != "JWT_SECRET" { // the file describes it
				env[name] = fmt.Sprint(value)
			}
		}
	}
	options := stackOptions{env: env, privateDatabase: slices.Contains(c.Given, "database_stopped")}
	if c.Run.Timing.Samples > 0 {
		options.bcryptCost = 10 // enough for hashing to dominate
	}
	stack, giveBack := stacks.lend(t, options)
	defer giveBack()
	r := &caseRunner{stack: stack, file: file, jwts: map[string]string{}, refreshes: map[string]string{}, ids: map[string]any{}, now: time.Now()}
	defer r.searchLog(t)
	for _, name := range c.Given {
		r.give(t, name)
	}
	switch {
	case c.Run.Concurrent > 0:
		r.concurrent(t, c)
	case c.Run.Timing.Samples > 0:
		r.timing(t, c)
	case c.Run.EqualWork != nil:
		r.equalWork(t, c)
	default:
		r.check(t, "the call", r.fastest(t, c), c.Expect)
	}
	for i, s := range c.Then {
		where := fmt.Sprintf("then[%d]", i)
		if s.SQL != "" {
			r.query(t, where, s)
			continue
		}
		r.check(t, where, r.call(t, s.Action, r.value(t, s.Fields)), s.Expect)
	}
}

// caseRunner runs one case: its stack, and what fixtures saved.
type caseRunner struct {
	stack     *stack
	file      caseFile
	jwts      map[string]string
	refreshes map[string]string
	ids       map[string]any
	now       time.Time // once a case
}

// reply is what the HTTP caller got.
type reply struct {
	status  int
	message any
	fields  any
	took    time.Duration
}

func (r *caseRunner) call(t *testing.T, action string, fields any) reply {
	t.Helper()
	start := time.Now()
	status, message, fields := r.stack.post(t, action, fields)
	return reply{status, message, fields, time.Since(start)}
}

// fastest makes a case's call. Where its time is limited it is made up to five
// times, as other packages' tests use the machine too; a call that really is
// slow is slow each time.
func (r *caseRunner) fastest(t *testing.T, c authCase) reply {
	t.Helper()
	fields := r.value(t, c.Fields)
	best := r.call(t, c.Action, fields)
	for range 4 {
		if c.Expect.MaxMS == 0 || best.took <= c.Expect.limit() {
			break
		}
		if again := r.call(t, c.Action, fields); again.took < best.took {
			best = again
		}
	}
	return best
}

// give makes one fixture.
func (r *caseRunner) give(t *testing.T, name string) {
	t.Helper()
	if name == "database_stopped" {
		r.stack.database.Stop()
		return
	}
	f, ok := r.file.Fixtures[name]
	if f.SQL != "" {
		r.stack.run(t, f.SQL)
		return
	}
	if !ok || f.Call == "" {
		t.Fatalf("there is no fixture %q to call", name)
	}
	for range max(1, f.Repeat) {
		got := r.call(t, f.Call, r.value(t, f.Fields))
		if f.Repeat == 0 && got.status >= 300 {
			t.Fatalf("fixture %s: status %d, message %v", name, got.status, got.message)
		}
		if token, ok := at(got.fields, "jwt"); ok {
			r.jwts[name] = token.(string)
			r.ids[name] = subjectOf(t, token.(string))
		}
		if token, ok := at(got.fields, "refresh_token"); ok {
			r.refreshes[name] = token.(string)
		}
	}
}

// searchLog looks in all that the host has logged for what must not be there.
func (r *caseRunner) searchLog(t *testing.T) {
	t.Helper()
	secrets := []string{"password123", "wrongpass", "$2", "$argon2", "eyJ", r.stack.config.JWT.Secret.Reveal(), r.stack.config.Token.Reveal()}
	for _, secret := range slices.AppendSeq(secrets, maps.Values(r.refreshes)) {
		if strings.Contains(r.stack.logs.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
}

func (r *caseRunner) concurrent(t *testing.T, c authCase) {
	fields := r.value(t, c.Fields)
	counts := make(map[string]int)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range c.Run.Concurrent {
		wg.Go(func() {
			got := r.call(t, c.Action, fields)
			mu.Lock()
			defer mu.Unlock()
			counts[fmt.Sprint(got.status)]++
		})
	}
	wg.Wait()
	if !maps.Equal(counts, c.Run.ExpectCounts) {
		t.Errorf("statuses of %d calls at once: %v, want %v", c.Run.Concurrent, counts, c.Run.ExpectCounts)
	}
}

// timing compares medians of calls made in turn, so that both meet the same
// weather. A busy machine gets a second and third chance; a real difference
// shows in all three.
func (r *caseRunner) timing(t *testing.T, c authCase) {
	ours, other := r.value(t, c.Fields), r.value(t, c.Run.Timing.CompareWith)
	samples := c.Run.Timing.Samples
	if raceEnabled {
		samples = min(samples, 5) // make test runs the cases again, faster
	}
	var ratio float64
	for range 3 {
		var first, second []time.Duration
		for range samples {
			r.stack.run(t, "truncate login_throttle") // as if the tries had come back: these are more than there are
			got := r.call(t, c.Action, ours)
			r.check(t, "the call", got, c.Expect)
			first = append(first, got.took)
			second = append(second, r.call(t, c.Action, other).took)
		}
		ratio = float64(median(first)) / float64(median(second))
		if between := c.Run.Timing.Between; between[0] <= ratio && ratio <= between[1] {
			return
		}
	}
	t.Errorf("ratio of the medians is %.2f, want it within %v", ratio, c.Run.Timing.Between)
}

// equalWork makes the case's call and another, and compares what they hash.
func (r *caseRunner) equalWork(t *testing.T, c authCase) {
	work := func(fields any) (reply, password.Stats) {
		before := r.stack.service.hasher.Stats()
		got := r.call(t, c.Action, r.value(t, fields))
		after := r.stack.service.hasher.Stats()
		return got, password.Stats{Jobs: after.Jobs - before.Jobs, Rounds: after.Rounds - before.Rounds}
	}
	got, ours := work(c.Fields)
	r.check(t, "the call", got, c.Expect)
	if _, other := work(c.Run.EqualWork); ours != other || ours.Rounds == 0 {
		t.Errorf("the call hashes %+v, the other %+v", ours, other)
	}
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func (r *caseRunner) query(t *testing.T, where string, s step) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), r.stack.dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(context.Background(), s.SQL)
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	got, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	if asJSON(got) != asJSON(s.Rows) {
		t.Errorf("%s: %s gives %s, want %s", where, s.SQL, asJSON(got), asJSON(s.Rows))
	}
}
