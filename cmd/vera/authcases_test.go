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

type expectation struct {
	Status             int            `json:"status_code"`
	Message            *string        `json:"message"`
	MessageNull        bool           `json:"message_null"`
	MessagePrefix      string         `json:"message_prefix"`
	MessageContains    []string       `json:"message_contains"`
	MessageNotContains []string       `json:"message_not_contains"`
	FieldsPresent      []string       `json:"fields_present"`
	FieldsNull         []string       `json:"fields_null"`
	FieldsAbsent       []string       `json:"fields_absent"`
	FieldsEqual        map[string]any `json:"fields_equal"`
	FieldsIsNull       bool           `json:"fields_is_null"`
	JWTClaims          map[string]any `json:"jwt_claims"`
	MaxMS              int            `json:"max_ms"`
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
	Timing       struct {
		Samples     int        `json:"samples"`
		CompareWith any        `json:"compare_with"`
		Between     [2]float64 `json:"median_ratio_between"`
	} `json:"timing"`
}

// limit is how long a call may take. The race detector makes everything
// several times slower; make test runs the cases without it as well.
func (e expectation) limit() time.Duration {
	limit := time.Duration(e.MaxMS) * time.Millisecond
	if raceEnabled {
		limit *= 10
	}
	return limit
}

func TestAuthCases(t *testing.T) {
	file := readCases(t, "testdata/auth-cases.json")
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			if c.Run.Timing.Samples == 0 && c.Expect.MaxMS == 0 { // what is timed has the machine to itself
				t.Parallel()
			}
			runCase(t, file, c)
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
	"login/too-many-failures":              {"LOGIN_THROTTLE": "true"},
	"register/username-cyrillic-homoglyph": {}, // the check is always on
}

func runCase(t *testing.T, file caseFile, c authCase) {
	env := map[string]string{"LOGIN_THROTTLE": "false"}
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
	r := &caseRunner{stack: newStack(t, options), file: file, jwts: map[string]string{}, ids: map[string]any{}, now: time.Now()}
	for _, name := range c.Given {
		r.give(t, name)
	}
	switch {
	case c.Run.Concurrent > 0:
		r.concurrent(t, c)
	case c.Run.Timing.Samples > 0:
		r.timing(t, c)
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
	stack *stack
	file  caseFile
	jwts  map[string]string
	ids   map[string]any
	now   time.Time // once a case
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
	var ratio float64
	for range 3 {
		var first, second []time.Duration
		for range c.Run.Timing.Samples {
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

func (r *caseRunner) check(t *testing.T, where string, got reply, want expectation) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s: %s (status %d, message %v, fields %s)", where, fmt.Sprintf(format, args...),
			got.status, got.message, asJSON(got.fields))
	}
	if want.Status != 0 && got.status != want.Status {
		fail("want status %d", want.Status)
	}
	message, isText := got.message.(string)
	if want.MessageNull && got.message != nil {
		fail("want no message")
	}
	if want.Message != nil && (!isText || message != *want.Message) {
		fail("want message %q", *want.Message)
	}
	if want.MessagePrefix != "" && !strings.HasPrefix(message, want.MessagePrefix) {
		fail("want a message that begins with %q", want.MessagePrefix)
	}
	for _, part := range want.MessageContains {
		if !strings.Contains(strings.ToLower(message), strings.ToLower(part)) {
			fail("want %q in the message", part)
		}
	}
	for _, part := range want.MessageNotContains {
		if strings.Contains(message, part) {
			fail("%q must not be in the message", part)
		}
	}
	if want.FieldsIsNull && got.fields != nil {
		fail("want no fields")
	}
	if want.MaxMS > 0 && got.took > want.limit() {
		fail("took %v, want at most %v", got.took, want.limit())
	}
	r.checkFields(t, got, want, fail)
}

func (r *caseRunner) checkFields(t *testing.T, got reply, want expectation, fail func(string, ...any)) {
	t.Helper()
	for _, path := range want.FieldsPresent {
		if _, ok := at(got.fields, path); !ok {
			fail("want field %s", path)
		}
	}
	for _, path := range want.FieldsNull {
		if value, ok := at(got.fields, path); !ok || value != nil {
			fail("want field %s with null", path)
		}
	}
	for _, path := range want.FieldsAbsent {
		if _, ok := at(got.fields, path); ok {
			fail("want no field %s", path)
		}
	}
	for path, wanted := range want.FieldsEqual {
		value, _ := at(got.fields, path)
		if asJSON(value) != asJSON(r.value(t, wanted)) {
			fail("want field %s = %s", path, asJSON(r.value(t, wanted)))
		}
	}
	if want.JWTClaims != nil {
		token, _ := at(got.fields, "jwt")
		r.checkClaims(t, token, want.JWTClaims, fail)
	}
}

// at follows a dotted path into decoded JSON.
func at(tree any, path string) (any, bool) {
	for name := range strings.SplitSeq(path, ".") {
		object, ok := tree.(map[string]any)
		if !ok {
			return nil, false
		}
		if tree, ok = object[name]; !ok {
			return nil, false
		}
	}
	return tree, true
}

// asJSON is a value as JSON, for comparing and showing.
func asJSON(v any) string {
	encoded, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(encoded)
}
