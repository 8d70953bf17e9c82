package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vera/host/devboard"
	"vera/host/devdb/devdbtest"
)

// The hostile corpus: scripts that try to take the host down, to leak into
// another request or to slow others. The head of each says what must come
// back:
//
//	-- expect: 504 within 400ms
//
// Without within, a script has its own timeout and a tenth of a second more.
// Two more keys are optional: fields is the answer's, as compact JSON, and log
// a regular expression for what the host must have logged, since a script that
// fails for another reason than its trick shows nothing.

const (
	hostileDir     = "testdata/hostile"
	hostileTimeout = time.Second // ACTION_TIMEOUT
	hostileSlack   = 100 * time.Millisecond
	healthyEvery   = 20 * time.Millisecond
	healthyP99     = 50 * time.Millisecond
	healthyLongest = 500 * time.Millisecond // beside any one script
	heapSlack      = 32 << 20               // bytes that may stay, in caches and buffers that have grown
	longestLine    = 64 << 10               // bytes of the log
	mostResident   = 1 << 20                // KiB of the process at its peak
)

type hostileScript struct {
	file, action    string
	status          int
	within          time.Duration
	message, fields string // a JSON null as "null"
	log             *regexp.Regexp
}

var (
	ownTimeout = regexp.MustCompile(`(?m)^  timeout = ([0-9.]+),$`)
	// What no caller may learn: Go's or Lua's insides, paths, SQL.
	inside = regexp.MustCompile(`(?i)goroutine|runtime error|panic|traceback|\.go\b|\.lua\b|0x[0-9a-f]{6}|gopher|pgx|sqlstate|select |/(work|tmp|root|home|usr)/`)
)

// hostileScripts reads the corpus, in the order of the files' names.
func hostileScripts(t *testing.T) (scripts []hostileScript) {
	t.Helper()
	files, err := filepath.Glob(hostileDir + "/*.lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if name := filepath.Base(file); name != "healthy.lua" {
			scripts = append(scripts, readHostile(t, name))
		}
	}
	return scripts
}

func readHostile(t *testing.T, file string) hostileScript {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(hostileDir, file))
	if err != nil {
		t.Fatal(err)
	}
	head := make(map[string]string)
	for line := range strings.Lines(string(source)) {
		key, value, ok := strings.Cut(strings.TrimPrefix(line, "-- "), ": ")
		if !ok || !strings.HasPrefix(line, "-- ") {
			break
		}
		head[key] = strings.TrimSpace(value)
	}
	s := hostileScript{file: file, action: pascal(strings.TrimSuffix(file, ".lua")), within: hostileTimeout + hostileSlack, message: "null", fields: "null"}
	if own := ownTimeout.FindSubmatch(source); own != nil {
		seconds, _ := strconv.ParseFloat(string(own[1]), 64)
		s.within = time.Duration(seconds*float64(time.Second)) + hostileSlack
	}
	status, within, limited := strings.Cut(head["expect"], " within ")
	if s.status, err = strconv.Atoi(status); err != nil {
		t.Fatalf("%s does not begin with -- expect: STATUS", file)
	}
	if limited {
		if s.within, err = time.ParseDuration(within); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	pattern := ""
	switch s.status {
	case http.StatusNotFound:
		s.message = "Unknown action: " + s.action
	case http.StatusInternalServerError:
		s.message = "Internal server error"
	case http.StatusGatewayTimeout:
		s.message, pattern = "Action timed out", "action timed out"
	}
	for key, value := range head {
		switch key {
		case "expect":
		case "fields":
			s.fields = value
		case "log":
			pattern = value
		default:
			t.Fatalf("%s: unknown key %q in its head", file, key)
		}
	}
	s.log = regexp.MustCompile(pattern)
	return s
}

// A trial runs the corpus on one host, with a load of healthy requests beside.
type trial struct {
	t      *testing.T
	board  *devboard.Board
	factor time.Duration                              // by which all limits are longer
	after  func(t *testing.T, s hostileScript) string // looks at the host after a script, and gives a remark

	mu     sync.Mutex
	took   []time.Duration // of the healthy requests
	faults []error         // of the healthy requests
}

func (h *trial) run(scripts []hostileScript) {
	ctx, stop := context.WithCancel(h.t.Context())
	var load sync.WaitGroup
	load.Go(func() { h.load(ctx) })
	for _, s := range scripts {
		h.t.Run(strings.TrimSuffix(s.file, ".lua"), func(t *testing.T) { h.try(t, s) })
	}
	stop()
	load.Wait()
	slices.Sort(h.took)
	p99 := h.took[len(h.took)*99/100]
	h.t.Logf("healthy requests: %d, p50 %v, p99 %v, longest %v", len(h.took), h.took[len(h.took)/2], p99, h.took[len(h.took)-1])
	if p99 > healthyP99*h.factor {
		h.t.Errorf("healthy requests: p99 %v, want %v", p99, healthyP99*h.factor)
	}
}

// try runs one script, and a healthy request right after it.
func (h *trial) try(t *testing.T, s hostileScript) {
	before := h.healthyRequests()
	start := time.Now()
	answer, err := h.board.Call(t.Context(), s.action, map[string]any{})
	took := time.Since(start)
	if err != nil {
		t.Fatal(err)
	}
	fields := string(answer.Fields)
	if answer.Status != s.status || answer.Message != s.message || fields != s.fields {
		t.Errorf("%d %q %.200s, want %d %q %s", answer.Status, answer.Message, fields, s.status, s.message, s.fields)
	}
	if took > s.within*h.factor {
		t.Errorf("took %v, want %v", took, s.within*h.factor)
	}
	if leak := inside.FindString(answer.Message + fields); leak != "" {
		t.Errorf("the answer tells of %q: %q %.1000s", leak, answer.Message, fields)
	}
	start = time.Now()
	if err := h.healthy(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if after := time.Since(start); after > hostileSlack*h.factor {
		t.Errorf("afterwards a healthy request takes %v", after)
	}
	remark := h.after(t, s)
	longest, faults := h.since(before)
	t.Logf("%v, %s, healthy beside at most %v", took, remark, longest)
	if longest > healthyLongest*h.factor {
		t.Errorf("a healthy request beside it took %v, want %v at most", longest, healthyLongest*h.factor)
	}
	for _, err := range faults {
		t.Errorf("beside: %v", err)
	}
}

// load sends healthy requests at a steady pace, however long they take.
func (h *trial) load(ctx context.Context) {
	tick := time.NewTicker(healthyEvery)
	defer tick.Stop()
	var calls sync.WaitGroup
	defer calls.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		calls.Go(func() {
			start := time.Now()
			err := h.healthy(context.WithoutCancel(ctx))
			h.mu.Lock()
			defer h.mu.Unlock()
			h.took = append(h.took, time.Since(start))
			if err != nil {
				h.faults = append(h.faults, err)
			}
		})
	}
}

// healthy makes a healthy request, and fails if the answer is not right.
func (h *trial) healthy(ctx context.Context) error {
	const want = `{"array":[],"leaked":false,"name":"ByBy","null":null,"sealed":true,"shared":"as it should be: a,b","text":"[null,[]]"}`
	answer, err := h.board.Call(ctx, "Healthy", map[string]any{"name": "bx"})
	if err == nil && (answer.Status != http.StatusOK || string(answer.Fields) != want) {
		err = fmt.Errorf("a healthy request is answered %d %s %s, want %s", answer.Status, answer.Message, answer.Fields, want)
	}
	return err
}

func (h *trial) healthyRequests() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.took)
}

// since gives the longest of the healthy requests from the nth on, and the
// faults that were not given yet.
func (h *trial) since(n int) (longest time.Duration, faults []error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, took := range h.took[n:] {
		longest = max(longest, took)
	}
	faults, h.faults = h.faults, nil
	return longest, faults
}

// strict is for a machine that does nothing else: make hostile.
var strict = flag.Bool("strict", false, "hold the hostile corpus to its limits, in a process of its own too")

// forbearance is by how much limits are longer than they should be, where the
// race detector or other tests slow everything down.
func forbearance() time.Duration {
	switch {
	case raceEnabled:
		return 10
	case !*strict:
		return 3
	}
	return 1
}

// TestHostile runs the corpus on a host within this process, whose log and
// heap can be looked at.
func TestHostile(t *testing.T) {
	h := &trial{t: t, factor: forbearance()}
	s := newStack(t, stackOptions{actions: hostileDir, env: map[string]string{
		"ACTION_TIMEOUT": (hostileTimeout * h.factor).String(), "MAX_HEAP_BYTES": strconv.Itoa(96 << 20),
	}})
	h.board = s.board
	loading := s.takeLog()
	if err := h.healthy(t.Context()); err != nil {
		t.Fatal(err)
	}
	idle := heap()
	h.after = func(t *testing.T, script hostileScript) string {
		logged := s.takeLog()
		if script.status == http.StatusNotFound {
			logged = about(script, loading)
		}
		if !script.log.MatchString(logged) {
			t.Errorf("%q is not in the log:\n%s", script.log, about(script, logged))
		}
		for line := range strings.Lines(logged) {
			if len(line) > longestLine {
				t.Errorf("a line of the log has %d bytes: %.200s", len(line), line)
			}
		}
		left := heap() - idle
		if left > heapSlack {
			t.Errorf("%d MiB stay on the heap", left>>20)
		}
		return fmt.Sprintf("%d KiB stay on the heap", left>>10)
	}
	h.run(hostileScripts(t))
}

// takeLog gives what was logged since the last call.
func (s *stack) takeLog() string {
	s.logs.mu.Lock()
	defer s.logs.mu.Unlock()
	text := s.logs.text.String()
	s.logs.text = bytes.Buffer{}
	return text
}

// about gives the lines of the log that tell of a script.
func about(s hostileScript, logged string) string {
	var lines strings.Builder
	for line := range strings.Lines(logged) {
		if strings.Contains(line, s.action) || strings.Contains(line, s.file) {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

// heap is the size of what is in use, in bytes.
func heap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// TestHostileProcess runs the corpus on the program as it is shipped, a
// process of its own without race detector and with the default limits, whose
// memory can be looked at.
func TestHostileProcess(t *testing.T) {
	if !*strict {
		t.Skip("takes half a minute, and the machine: make hostile")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	board, err := devboard.New(devboard.Options{Token: goodEnv()["TOKEN"]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(serveBoard(t, board, listener))
	dsn := devdbtest.Database(t, migrateDSN, migrationsHash(t))
	host := startShipped(t, append(benchEnv(dsn, hostileDir),
		"WEBSOCKET_URL=ws://"+listener.Addr().String()+"/websocket", "ACTION_TIMEOUT="+hostileTimeout.String(), "BCRYPT_COST=10"))
	for deadline := time.Now().Add(30 * time.Second); board.Consumers() == 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the host did not join")
		}
	}
	h := &trial{t: t, board: board, factor: forbearance()}
	peak, at := residentPeak(t, host.Pid), "loading"
	h.after = func(t *testing.T, s hostileScript) string {
		own := residentPeak(t, host.Pid)
		if own > peak {
			peak, at = own, s.file
		}
		return fmt.Sprintf("peak of %d MiB", own>>10)
	}
	t.Logf("peak of %d MiB while loading", peak>>10)
	h.run(hostileScripts(t))
	t.Logf("peak of %d MiB, at %s", peak>>10, at)
	if peak > mostResident {
		t.Errorf("the host took %d MiB at %s, want at most %d", peak>>10, at, mostResident>>10)
	}
}

// startShipped builds the program and runs it until the end of the test,
// which fails if it has ended before.
func startShipped(t *testing.T, env []string) *os.Process {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "vera")
	if output, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, output)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(binary, "serve")
	command.Env = append(os.Environ(), env...)
	command.Stderr = log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		err := command.Wait()
		log.Close()
		if err != nil {
			t.Errorf("the host ended with %v", err)
		}
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("the end of its log:\n%s", text[max(0, len(text)-4000):])
		}
	})
	return command.Process
}

// residentPeak gives the most memory, in KiB, that a process has had since
// the last call.
func residentPeak(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	if match == nil {
		t.Fatalf("no VmHWM in\n%s", status)
	}
	peak, _ := strconv.Atoi(string(match[1]))
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
	return peak
}
