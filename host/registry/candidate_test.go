package registry_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vera/host/registry"
)

// contract is an action whose description, and so the manifest, is what.
func contract(what string, n int) string {
	return strings.Replace(fmt.Sprintf(good, n), `"Test"`, `"`+what+`"`, 1)
}

// openAsking is a folder whose registry waits to be told what the hub accepts.
func openAsking(t *testing.T, files map[string]string) (f *folder, asked *int) {
	asked = new(int)
	f = openWith(t, files, func(o *registry.Options) { o.OnCandidate = func() { *asked++ } })
	f.actions.Accepted(f.actions.Manifest()) // at the first join
	return f, asked
}

func (f *folder) wantSets(served, candidate string) {
	f.t.Helper()
	if got := f.served(); got != served {
		f.t.Errorf("served: %s, want %s", got, served)
	}
	got := ""
	if set := f.actions.Status().Candidate; set != nil {
		got = f.answers(set)
	}
	if got != candidate {
		f.t.Errorf("candidate: %s, want %s", got, candidate)
	}
}

func TestCandidate(t *testing.T) {
	f, asked := openAsking(t, map[string]string{"a.lua": contract("old", 1)})
	old := f.actions.Manifest()

	f.write("a.lua", contract("old", 2)) // a body is nobody's business
	f.reload()
	f.wantSets("A=2", "")

	f.write("a.lua", contract("new", 3))
	f.reload()
	f.wantSets("A=2", "A=3")
	next := f.actions.Manifest()
	for manifest, want := range map[string]string{string(old): "A=2", string(next): "A=3", "other": "A=2"} {
		if got := f.answers(f.actions.For([]byte(manifest))); got != want {
			t.Errorf("For(%s) answers %s, want %s", manifest, got, want)
		}
	}
	f.actions.Refused(next, registry.Refusal{Reason: "others", Tries: 1, Again: time.Now().Add(time.Second)})
	if r := f.actions.Status().Refusal; r == nil || r.Tries != 1 {
		t.Errorf("refusal %+v", r)
	}

	f.write("a.lua", contract("new", 4)) // a body beside the contract waits with it
	f.reload()
	f.wantSets("A=2", "A=4")
	if f.actions.Status().Refusal == nil {
		t.Error("the refusal of the same contract is forgotten")
	}
	f.actions.Accepted(next)
	f.wantSets("A=4", "")
	f.actions.Accepted(next)
	if got, want := f.logged("msg=reloaded .*change=[a-z]+"), 2; len(got) != want {
		t.Errorf("announced %d times, want %d: %q", len(got), want, got)
	}
	if *asked != 1 {
		t.Errorf("asked %d times to publish, want once", *asked)
	}
}

func TestCandidateIsReplacedAndWithdrawn(t *testing.T) {
	f, asked := openAsking(t, map[string]string{"a.lua": contract("old", 1)})
	f.write("a.lua", contract("new", 2))
	f.reload()
	f.write("a.lua", contract("newer", 3))
	f.reload()
	f.wantSets("A=1", "A=3")
	f.write("a.lua", contract("newer", 3)+" oops") // the last good version is the candidate's
	f.reload()
	f.wantSets("A=1", "A=3")
	if faults := f.actions.Status().Faults; len(faults) != 1 || !faults[0].Stale {
		t.Errorf("faults %v", faults)
	}
	f.write("a.lua", contract("old", 4))
	f.reload()
	f.wantSets("A=4", "")
	if *asked != 3 {
		t.Errorf("asked %d times to publish, want 3", *asked)
	}
	if len(f.logged("contract change withdrawn")) != 1 || len(f.logged("msg=reloaded .*change=body")) != 1 {
		t.Errorf("the log lacks the withdrawal:\n%s", f.logs.String())
	}
}

// A contract that is accepted when the files already say something else is
// served, because it is published; what the files say comes next.
func TestCandidateIsAcceptedLate(t *testing.T) {
	for _, test := range []struct{ name, files, served, candidate string }{
		{"withdrawn", contract("old", 3), "A=2", "A=3"},
		{"replaced", contract("newer", 3), "A=2", "A=3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, _ := openAsking(t, map[string]string{"a.lua": contract("old", 1)})
			f.write("a.lua", contract("new", 2))
			f.reload()
			offered := f.actions.Manifest()
			f.write("a.lua", test.files)
			f.reload()
			f.actions.Accepted(offered)
			f.wantSets(test.served, test.candidate)
			f.actions.Accepted(f.actions.Manifest())
			f.wantSets("A=3", "")
		})
	}
}

// Reloads and answers of the hub cross each other; in the end what the files
// say is served.
func TestCandidateRace(t *testing.T) {
	f, _ := openAsking(t, map[string]string{"a.lua": contract("0", 0)})
	stop := make(chan struct{})
	var hub sync.WaitGroup
	hub.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			manifest := f.actions.Manifest()
			f.actions.Refused(manifest, registry.Refusal{})
			f.actions.For(manifest)
			f.actions.Accepted(manifest)
		}
	})
	for i := range 100 {
		f.write("a.lua", contract(fmt.Sprint(i%3), i))
		f.reload()
	}
	close(stop)
	hub.Wait()
	f.actions.Accepted(f.actions.Manifest())
	f.wantSets("A=99", "")
}

func TestTooLarge(t *testing.T) {
	limit := func(o *registry.Options) {
		o.Size = func(manifest []byte) int { return len(manifest) + 100 }
		o.MaxSize = 1000
	}
	f := openWith(t, map[string]string{"a.lua": contract("old", 1), "b.lua": contract("old", 1)}, limit)
	f.write("a.lua", contract(strings.Repeat("long ", 170), 2))
	f.write("b.lua", contract("old", 2))
	for range 2 {
		changed, err := f.actions.Reload(t.Context())
		if changed || err == nil {
			t.Fatal("the set is taken")
		}
		// 850 bytes of text, the rest of two actions, and 100.
		for _, want := range []string{"1024 bytes", "takes 1000", "A with 884, B with 37"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v: lacks %q", err, want)
			}
		}
		if got := f.actions.Status().Trouble; got != err.Error() {
			t.Errorf("trouble: %q", got)
		}
	}
	f.want("A=1 B=1") // as a whole
	f.write("a.lua", contract("short", 3))
	f.reload()
	f.want("A=3 B=2")
	if got := f.actions.Status().Trouble; got != "" {
		t.Errorf("trouble: %q", got)
	}

	options := registry.Options{Dir: f.dir, Pool: f.pool, Logger: f.logger()}
	limit(&options)
	options.MaxSize = 150
	if _, err := registry.Open(t.Context(), options); err == nil || !strings.Contains(err.Error(), "the largest are") {
		t.Errorf("Open = %v", err)
	}
}

// A folder that is suddenly empty is a mount that went away.
func TestEmptyFolder(t *testing.T) {
	f := open(t, map[string]string{"a.lua": fmt.Sprintf(good, 1)})
	f.remove("a.lua")
	if _, err := f.actions.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "no action in") {
		t.Errorf("Reload = %v", err)
	}
	f.want("A=1")
	f.remove("")
	if _, err := f.actions.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "read the actions' folder") {
		t.Errorf("Reload = %v", err)
	}
	f.write("a.lua", fmt.Sprintf(good, 2))
	f.reload()
	f.want("A=2")
}

func TestCompare(t *testing.T) {
	const old = `{
		"Gone":{"description":"d","fields":{}},
		"Same":{"description":"d","fields":{"a":{"type":"string","description":"d"}}},
		"X":{"description":"d","fields":{
			"gone":{"type":"string","description":"d"},
			"kept":{"type":"object","description":"d","fields":{"in":{"type":"string","description":"d"}}},
			"list":{"type":"array","description":"d","items":{"type":"string","description":"d"}},
			"must":{"type":"string","description":"d"},
			"open":{"type":"object","description":"d"},
			"opt":{"type":"string","description":"d","default":null},
			"preset":{"type":"integer","description":"d","default":1}}}}`
	const next = `{
		"New":{"description":"d","fields":{}},
		"Same":{"fields":{"a":{"description":"d","type":"string"}},"description":"d"},
		"X":{"description":"e","fields":{
			"also":{"type":"string","description":"d","default":null},
			"kept":{"type":"object","description":"d","fields":{"in":{"type":"number","description":"d"}}},
			"list":{"type":"array","description":"d","items":{"type":"integer","description":"d"}},
			"must":{"type":"string","description":"d","default":null},
			"needed":{"type":"string","description":"d"},
			"open":{"type":"object","description":"d","fields":{}},
			"opt":{"type":"string","description":"d"},
			"preset":{"type":"integer","description":"d","default":2}}}}`
	want := []string{
		"- Gone: action removed (breaking)",
		"+ New: action added (compatible)",
		"~ X: description changed (compatible)",
		"+ X.also: optional field added (compatible)",
		"- X.gone: field removed (breaking)",
		"~ X.kept.in: type string became number (breaking)",
		"~ X.list[]: type string became integer (breaking)",
		"~ X.must: became optional (compatible)",
		"+ X.needed: required field added (breaking)",
		"~ X.open: its own fields are declared now (breaking)",
		"~ X.opt: became required (breaking)",
		"~ X.preset: default 1 became 2 (compatible)",
	}
	changes, err := registry.Compare([]byte(old), []byte(next))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, change := range changes {
		got = append(got, change.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("changes:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if same, err := registry.Compare([]byte(old), []byte(old)); len(same) > 0 || err != nil {
		t.Errorf("a manifest differs from itself: %v, %v", same, err)
	}
	if _, err := registry.Compare([]byte(old), []byte("[]")); err == nil || !strings.Contains(err.Error(), "new manifest") {
		t.Errorf("Compare with a list: %v", err)
	}
}

func FuzzCompare(f *testing.F) {
	f.Add([]byte(`{"A":{"fields":{"a":{"type":"array","items":{"type":"string"}}}}}`), []byte(`{}`))
	f.Add([]byte(`null`), []byte(`{"A":{"fields":{"a":{"default":null}}}}`))
	f.Fuzz(func(t *testing.T, old, next []byte) {
		there, err := registry.Compare(old, next)
		if err != nil {
			return
		}
		back, err := registry.Compare(next, old)
		if err != nil || (len(there) == 0) != (len(back) == 0) {
			t.Errorf("there %v, back %v, %v", there, back, err)
		}
		if same, err := registry.Compare(old, old); len(same) > 0 || err != nil {
			t.Errorf("differs from itself: %v, %v", same, err)
		}
	})
}
