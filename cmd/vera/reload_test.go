package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vera/host/devboard"
)

// liveAction answers with a number and the version that it belongs to. What it
// is described as is its contract.
func liveAction(described string, n int) string {
	return fmt.Sprintf(`return { description = %q, fields = {}, run = function(request, context)
		return { status_code = 200, fields = { n = %d, version = context.version } } end }`, described, n)
}

// liveHost is a host whose files a test changes while callers call.
type liveHost struct {
	t    *testing.T
	dir  string
	s    *service
	logs *logBuffer

	mu        sync.Mutex
	announced []string // versions that the log said are served, in order
}

// startLive runs a host on a folder of its own until the test's end.
func startLive(t *testing.T, address string, env map[string]string) *liveHost {
	t.Helper()
	h := &liveHost{t: t, dir: writeActions(t, map[string]string{"live.lua": liveAction("old", 0)}), logs: &logBuffer{}}
	all := map[string]string{"HOT_RELOAD": "true", "TOKEN": "live-token"}
	for name, value := range env {
		all[name] = value
	}
	// No action here needs a database.
	config := testConfig(t, stackOptions{actions: h.dir, env: all}, "postgres://nobody@127.0.0.1:1/none", address)
	config.CleanupInterval = 0
	var err error
	if h.s, err = newService(t.Context(), config, slog.New(announcer{slog.NewJSONHandler(h.logs, nil), h}), nil); err != nil {
		t.Fatal(err)
	}
	h.announced = []string{h.s.actions.Set().Version}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.s.run(ctx); err != nil {
			t.Errorf("host: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		running.Wait()
		h.s.close()
	})
	h.within(10*time.Second, "the host is joined and watches", func() bool {
		return h.s.client.Stats().Joined && strings.Contains(h.logs.String(), "watching the actions")
	})
	return h
}

// An announcer notes what the log announces.
type announcer struct {
	slog.Handler
	host *liveHost
}

func (a announcer) Handle(ctx context.Context, record slog.Record) error {
	if record.Message == "reloaded" {
		record.Attrs(func(attr slog.Attr) bool {
			if attr.Key == "version" {
				a.host.mu.Lock()
				a.host.announced = append(a.host.announced, attr.Value.String())
				a.host.mu.Unlock()
			}
			return true
		})
	}
	return a.Handler.Handle(ctx, record)
}

// versions counts what was announced so far.
func (h *liveHost) versions() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.announced)
}

func (h *liveHost) within(limit time.Duration, what string, done func() bool) (took time.Duration) {
	h.t.Helper()
	start := time.Now()
	for !done() {
		if time.Since(start) > limit {
			h.t.Fatalf("%s: not within %v\n%s", what, limit, h.logs)
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(start)
}

// save writes the file and waits until the log has announced it.
func (h *liveHost) save(source string) time.Duration {
	h.t.Helper()
	before := h.versions()
	writeAction(h.t, h.dir, "live.lua", source)
	return h.within(10*time.Second, "the save is live", func() bool { return h.versions() > before })
}

// traffic calls an action at a steady rate.
type traffic struct {
	t    *testing.T
	url  string
	http *http.Client
	stop chan struct{}
	all  sync.WaitGroup

	mu    sync.Mutex
	calls []call
}

type call struct {
	began, ended time.Time
	floor        int // versions announced when it began
	status       int
	n            int
	version      string
	err          error
}

const callsPerSecond = 200

// startTraffic calls until the returned function is called, which gives the
// calls in the order in which they ended. floor is noted as a call begins.
func startTraffic(t *testing.T, address string, floor func() int) (finish func() []call) {
	tr := &traffic{t: t, url: "http://" + address + "/", stop: make(chan struct{}),
		http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callsPerSecond}}}
	tr.all.Go(func() {
		tick := time.NewTicker(time.Second / callsPerSecond)
		defer tick.Stop()
		for {
			select {
			case <-tr.stop:
				return
			case <-tick.C:
				tr.all.Go(func() { tr.call(floor()) })
			}
		}
	})
	return sync.OnceValue(func() []call {
		close(tr.stop)
		tr.all.Wait()
		tr.http.CloseIdleConnections()
		return tr.calls
	})
}

func (tr *traffic) call(floor int) {
	c := call{began: time.Now(), floor: floor}
	response, err := tr.http.Post(tr.url, "application/json", strings.NewReader(`{"service_id":1,"action":"Live","fields":{}}`))
	if err == nil {
		var answer struct {
			Fields struct {
				N       int
				Version string
			}
		}
		err = json.NewDecoder(response.Body).Decode(&answer)
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		c.status, c.n, c.version = response.StatusCode, answer.Fields.N, answer.Fields.Version
	}
	c.err, c.ended = err, time.Now()
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.calls = append(tr.calls, c)
}

// byStatus counts; 0 stands for no answer at all.
func byStatus(calls []call) map[int]int {
	counts := make(map[int]int)
	for _, c := range calls {
		counts[c.status]++
	}
	return counts
}

func liveBoard(t *testing.T) (board *devboard.Board, address string) {
	t.Helper()
	board, err := devboard.New(devboard.Options{Token: "live-token", RequestTimeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(serveBoard(t, board, listener))
	return board, listener.Addr().String()
}

// Nothing goes dark while files change under load: every call is answered, by
// a version not older than the one that the log announced before it.
func TestReloadUnderLoad(t *testing.T) {
	bodies, broken, contracts := 100, 20, 10
	if raceEnabled {
		bodies, broken, contracts = 40, 8, 5 // each takes its 100 ms of debounce, and the suite has others
	}
	_, address := liveBoard(t)
	h := startLive(t, address, nil)
	n := 0
	next := func() int { n++; return n }

	finish := startTraffic(t, address, h.versions)
	var took []time.Duration
	for i := range bodies {
		took = append(took, h.save(liveAction("old", next())))
		if i%(bodies/broken) == 0 {
			source := fmt.Sprintf("-- %d\nreturn {\n  oops oops\n}", next())
			faults := strings.Count(h.logs.String(), "file has a fault")
			writeAction(t, h.dir, "live.lua", source)
			h.within(10*time.Second, "the fault is in the log", func() bool {
				return strings.Count(h.logs.String(), "file has a fault") > faults
			})
		}
	}
	calls := finish()
	h.checkVersions(calls)
	if counts := byStatus(calls); counts[200] != len(calls) {
		t.Errorf("body reloads: answers by status %v, want 200 for all", counts)
	}
	slices.Sort(took)
	t.Logf("%d calls through %d body reloads and %d broken saves: all 200; save to live: median %v, longest %v",
		len(calls), bodies, broken, took[len(took)/2], took[len(took)-1])
	if median := took[len(took)/2]; median > 150*time.Millisecond && !raceEnabled {
		t.Errorf("save to live: median %v, want less than 150 ms", median)
	}

	finish = startTraffic(t, address, h.versions)
	took = took[:0]
	for range contracts {
		took = append(took, h.save(liveAction(fmt.Sprint("contract ", n), next())))
	}
	h.within(5*time.Second, "joined", func() bool { return h.s.client.Stats().Joined })
	calls = finish()
	h.checkVersions(calls)
	// With a single host, nobody is joined for a moment: the hub must forget
	// the old contract first. It tells callers so.
	counts := byStatus(calls)
	// What it pushed to the connection that we are giving up, too late for us
	// to read, is lost to its caller (408): one in some changes at this rate.
	if counts[200]+counts[422]+counts[408] != len(calls) || counts[422] > contracts*callsPerSecond/10 || counts[408] > max(2, contracts/3) {
		t.Errorf("contract changes: answers by status %v, want 200, hardly a 422 and no more than a few 408", counts)
	}
	slices.Sort(took)
	t.Logf("%d calls through %d contract changes: %v; save to live: median %v, longest %v",
		len(calls), contracts, counts, took[len(took)/2], took[len(took)-1])
}

// checkVersions fails where a call was answered by a version older than what
// the log had announced before it began, or by one that was never announced.
func (h *liveHost) checkVersions(calls []call) {
	h.t.Helper()
	order := make(map[string]int)
	h.mu.Lock()
	for i, version := range h.announced {
		order[version] = i
	}
	h.mu.Unlock()
	wrong := 0
	for _, c := range calls {
		if c.status != http.StatusOK {
			continue
		}
		if at, ok := order[c.version]; !ok || at < c.floor-1 {
			wrong++
		}
	}
	if wrong > 0 {
		h.t.Errorf("%d of %d calls were answered by a wrong version", wrong, len(calls))
	}
}

// Hosts whose files are changed one after the other: those that are ahead
// serve the old contract until the last one has changed, and then all serve
// the new one, without anyone's help.
func TestRollingChange(t *testing.T) {
	for _, hosts := range []int{2, 3} {
		t.Run(fmt.Sprint(hosts, " hosts"), func(t *testing.T) {
			t.Parallel()
			testRollingChange(t, hosts)
		})
	}
}

func testRollingChange(t *testing.T, n int) {
	board, address := liveBoard(t)
	var hosts []*liveHost
	for range n {
		hosts = append(hosts, startLive(t, address, nil))
	}
	last := hosts[n-1]
	finish := startTraffic(t, address, func() int { return 0 })
	for _, h := range hosts[:n-1] {
		writeAction(t, h.dir, "live.lua", liveAction("new", 1))
		h.within(5*time.Second, "the change is refused", func() bool { return strings.Contains(h.logs.String(), "contract not accepted yet") })
		h.within(time.Second, "back on the old contract", func() bool { return h.s.client.Stats().Joined })
		if status := h.s.actions.Status(); status.Candidate == nil || status.Refusal == nil {
			t.Errorf("no candidate is shown: %+v", status)
		}
	}
	time.Sleep(1500 * time.Millisecond) // in which it is tried again
	calls := finish()
	if counts := byStatus(calls); counts[200] != len(calls) {
		t.Errorf("while one host was behind: answers by status %v, want 200 for all", counts)
	}
	for _, c := range calls {
		if c.n != 0 {
			t.Fatalf("a call was answered by the set that the hub had not accepted")
		}
	}

	finish = startTraffic(t, address, func() int { return 0 })
	start := time.Now()
	writeAction(t, last.dir, "live.lua", liveAction("new", 1))
	for _, h := range hosts {
		h.within(10*time.Second, "the new contract is served", func() bool { return h.versions() == 2 && h.s.client.Stats().Joined })
	}
	took := time.Since(start)
	last.within(5*time.Second, "all are joined", func() bool { return board.Consumers() == n })
	calls = finish()
	counts := byStatus(calls)
	if counts[200]+counts[422] != len(calls) || counts[422] > callsPerSecond/2 {
		t.Errorf("changing: answers by status %v, want 200 and hardly a 422", counts)
	}
	t.Logf("%d hosts: all changed %v after the last save; answers meanwhile %v", n, took, counts)
	if took > 5*time.Second {
		t.Errorf("all have changed %v after the last save", took)
	}
	if !bytes.Contains(board.Actions(), []byte(`"new"`)) {
		t.Errorf("the hub knows %s", board.Actions())
	}
}

// A contract that is taken back before the hub took it: nothing happened.
func TestContractWithdrawn(t *testing.T) {
	_, address := liveBoard(t)
	first, second := startLive(t, address, nil), startLive(t, address, nil)
	writeAction(t, first.dir, "live.lua", liveAction("new", 1))
	first.within(5*time.Second, "the change is refused", func() bool { return first.s.actions.Status().Refusal != nil })
	first.save(liveAction("old", 2))
	if status := first.s.actions.Status(); status.Candidate != nil {
		t.Error("the candidate is still there")
	}
	second.save(liveAction("old", 3))
	if a, b := first.s.client.Stats(), second.s.client.Stats(); a.Sessions != 1 || b.Sessions != 1 {
		t.Errorf("%d and %d sessions, want one each: the connection stays through a refusal", a.Sessions, b.Sessions)
	}
}
