package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vera/host/devboard"
	"vera/host/devdb/devdbtest"
	"vera/host/devproxy"
	"vera/host/plugboard"
)

// Every request that reaches the host is answered exactly once, whatever fails
// around it. What is promised, and the tests that provoke it. Those of the
// package plugboard do it in fake time, where the real limits can be waited
// for; those here on real sockets; and TestSoak does it all at once.
//
//	 1 exactly one answer    TestExactlyOneAnswer; plugboard: TestDuplicateRequestRunsOnce,
//	                         TestDuplicateOnAnotherSession, TestRecentRefs, TestHeldAnswersKeepTheirOwnTime,
//	                         TestSlowAnswerIsNotHeld, TestLateAnswerIsDropped (29 s)
//	 2 answers survive       TestAnswersSurviveTheConnection, TestHubRestartLosesNoAnswer; plugboard:
//	                         TestBrokenWrite (cut at each byte), TestAnswerSurvivesTheConnection,
//	                         TestAnswerExpiresWhileDisconnected
//	 3 reconnect             TestReconnect; plugboard: TestBackoff, TestBackoffGrowsAndResets (a stable minute),
//	                         TestRefusalsAreExplained, TestManifestTooLarge, TestCloseCodesOfOurFault
//	 4 dead peers            TestDeadPeer; plugboard: TestHeartbeat (25 s and 10 s), TestMissingJoinReply,
//	                         TestDeafHub, TestStuckWriteEnds (10 s), TestLargeFrameOnASlowLine, TestAbortThrowsAway
//	 5 phx_error, forgotten  TestChannelCrash, TestSilentlyForgotten; plugboard: TestChannelCrashJoinsAgain,
//	                         TestRejectedAnswersAreSentAgain, TestIdleSessionJoinsAgain (5 min)
//	 6 overload              TestOverload; plugboard: TestOverload, TestUnwrittenAnswersKeepTheirSlots,
//	                         TestHeldBytesAreBounded
//	 7 shutdown              TestShutdown; plugboard: TestDrain…, TestStopWhile…
//	 8 database              TestDatabaseAway (away, mute, frozen, busy, newer than the binary)
//	 9 bad frames            TestBadFrames; plugboard: TestBadFramesCostNothing, FuzzParseFrame
//	10 unencodable           TestUnencodable; plugboard: TestAnswersTheHubCannotTake, FuzzResponse

// patience is for what must happen; the machine may be busy.
const patience = 20 * time.Second

// deliveryActions: Echo at once; Work holds a transaction for ms; Big answers
// size bytes.
var deliveryActions = map[string]string{
	"echo.lua": `return { description = "Test", fields = { n = { type = "integer", description = "N", optional = true } },
		run = function(fields) return { status_code = 200, fields = fields.n } end }`,
	"work.lua": `return { description = "Test", fields = { ms = { type = "integer", description = "How long" } }, run = function(fields)
		require("log").info("begun")
		require("db").transaction(function(tx) tx:one("select pg_sleep($1::float8 / 1000)", fields.ms) end)
		return { status_code = 200 } end }`,
	"big.lua": `return { description = "Test", fields = { size = { type = "integer", description = "Bytes" } },
		run = function(fields) return { status_code = 200, fields = ("x"):rep(fields.size) } end }`,
}

// A watch notes what a hub sees of each request.
type watch struct {
	mu   sync.Mutex
	seen map[string]*exchange // by ref
}

type exchange struct {
	action   string
	pushed   time.Time // zero: by PushRaw
	answered []time.Time
	statuses []int
	known    bool // one of the answers reached the caller
}

func newWatch() *watch { return &watch{seen: make(map[string]*exchange)} }

// at calls change with what is known of ref.
func (w *watch) at(ref string, change func(*exchange)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seen[ref] == nil {
		w.seen[ref] = &exchange{}
	}
	change(w.seen[ref])
}

func (w *watch) options() devboard.Options {
	return devboard.Options{
		OnPush: func(ref, action string) {
			w.at(ref, func(e *exchange) { e.action, e.pushed = action, time.Now() })
		},
		OnAnswer: func(ref string, status int, known bool) {
			w.at(ref, func(e *exchange) {
				e.answered = append(e.answered, time.Now())
				e.statuses = append(e.statuses, status)
				e.known = e.known || known
			})
		},
	}
}

// all gives what is known of each request, as it is now.
func (w *watch) all() map[string]exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[string]exchange, len(w.seen))
	for ref, e := range w.seen {
		all[ref] = *e
	}
	return all
}

// mustBeOnce fails unless there were n requests and each was answered once, in
// time for its caller, and not sooner than hold after it was pushed.
func (w *watch) mustBeOnce(t *testing.T, n int, hold time.Duration) {
	t.Helper()
	all := w.all()
	unanswered := func(e exchange) bool { return len(e.answered) == 0 }
	for end := time.Now().Add(time.Second); slices.ContainsFunc(slices.Collect(maps.Values(all)), unanswered) && time.Now().Before(end); all = w.all() {
		time.Sleep(5 * time.Millisecond) // a caller hears of his answer a moment before we do
	}
	if len(all) != n {
		t.Errorf("the hub saw %d requests, want %d", len(all), n)
	}
	for ref, e := range all {
		if len(e.answered) != 1 || !e.known {
			t.Errorf("%s %s: %d answers (%v), reached its caller: %t; want one that did", e.action, ref, len(e.answered), e.statuses, e.known)
		} else if held := e.answered[0].Sub(e.pushed); held < hold {
			t.Errorf("%s %s was answered after %v, want at least %v", e.action, ref, held, hold)
		}
	}
}

// callAll makes n calls at once and gives a function that waits for them and
// counts the statuses.
func callAll(t *testing.T, board *devboard.Board, n int, action string, fields func(i int) any) (wait func() map[int]int) {
	statuses := make(map[int]int)
	var mu sync.Mutex
	var calling sync.WaitGroup
	for i := range n {
		calling.Go(func() {
			answer, err := board.Call(t.Context(), action, fields(i))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("call %d: %v", i, err)
				return
			}
			statuses[answer.Status]++
		})
	}
	return func() map[int]int { calling.Wait(); return statuses }
}

func mustBe(t *testing.T, got, want map[int]int) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("answers by status: %v, want %v", got, want)
	}
}

// until waits for what must become true.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	untilWithin(t, patience, what, ok)
}

func untilWithin(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v", what, limit)
		}
	}
}

// listen listens on a free port.
func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// serveProxy serves a proxy to target until the end of the test.
func serveProxy(t *testing.T, o devproxy.Options, listener net.Listener) *devproxy.Proxy {
	proxy := devproxy.New(o)
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := proxy.Serve(ctx, listener); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); serving.Wait() })
	return proxy
}

// newProxiedStack is a stack of deliveryActions with a proxy before the hub.
func newProxiedStack(t *testing.T, o stackOptions) (*stack, *devproxy.Proxy) {
	t.Helper()
	listener := listen(t)
	env := map[string]string{"WEBSOCKET_URL": "ws://" + listener.Addr().String() + "/websocket"}
	maps.Copy(env, o.env)
	o.env, o.unattended, o.actions = env, true, writeActions(t, deliveryActions)
	s := newStack(t, o)
	t.Cleanup(serveBoard(t, s.board, s.listener))
	proxy := serveProxy(t, devproxy.Options{Target: s.address}, listener)
	t.Cleanup(s.stopHost) // before the hub goes
	s.waitJoined(t, 1)
	return s, proxy
}

// A line is a client alone, with times of the test's choice, and what is
// between it and its hub.
type line struct {
	board  *devboard.Board
	proxy  *devproxy.Proxy
	client *plugboard.Client
	watch  *watch
	logs   *logBuffer
	hub    string // address, past the proxy
	stop   func() // ends the client, and waits until it has
}

const lineToken = "token-of-the-line"

func newLine(t *testing.T, hub devboard.Options, o plugboard.Options) *line {
	t.Helper()
	l := &line{watch: newWatch()}
	w := l.watch.options()
	hub.OnPush, hub.OnAnswer, hub.Token = w.OnPush, w.OnAnswer, lineToken
	var err error
	if l.board, err = devboard.New(hub); err != nil {
		t.Fatal(err)
	}
	hubListener, listener := listen(t), listen(t)
	t.Cleanup(serveBoard(t, l.board, hubListener))
	l.proxy = serveProxy(t, devproxy.Options{Target: hubListener.Addr().String()}, listener)
	l.hub = hubListener.Addr().String()
	l.client, l.logs, l.stop = runClient(t, listener.Addr().String(), o)
	return l
}

// runClient runs a client until stop is called, at the latest at the end of
// the test.
func runClient(t *testing.T, address string, o plugboard.Options) (client *plugboard.Client, logs *logBuffer, stop func()) {
	t.Helper()
	logs = &logBuffer{}
	o.URL, o.Token, o.Logger = "ws://"+address+"/websocket", lineToken, slog.New(slog.NewJSONHandler(logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if o.Manifest == nil {
		o.Manifest = func() []byte { return []byte(`{"Echo":{"description":"Test","fields":{}}}`) }
	}
	if o.Handler == nil {
		o.Handler = plugboard.HandlerFunc(echoFields)
	}
	client, err := plugboard.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := client.Run(ctx); err != nil {
			t.Errorf("client: %v", err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(func() {
		stop()
		if strings.Contains(logs.String(), lineToken) {
			t.Error("the token is in the log")
		}
		if t.Failed() {
			t.Logf("log of the client:\n%s", logs)
		}
	})
	return client, logs, stop
}

func echoFields(_ context.Context, req plugboard.Request) plugboard.Response {
	return plugboard.Response{Status: 200, Fields: req.Fields}
}

// joined waits for the nth session or a later one.
func (l *line) joined(t *testing.T, nth int64) {
	t.Helper()
	until(t, fmt.Sprintf("joined over connection %d", nth), func() bool {
		s := l.client.Stats()
		return s.Joined && s.Sessions >= nth && l.board.Consumers() == 1
	})
}

func (l *line) logged(t *testing.T, text string) {
	t.Helper()
	until(t, "log of "+text, func() bool { return strings.Contains(l.logs.String(), text) })
}

func none(int) any { return map[string]any{} }

func TestExactlyOneAnswer(t *testing.T) {
	t.Parallel()
	// Each request is pushed twice, the hub loses what comes too soon, and
	// one VM runs them all: an answer that is held must not occupy it.
	t.Run("pushed_twice", func(t *testing.T) {
		t.Parallel()
		const calls, hold = 300, 200 * time.Millisecond
		w := newWatch()
		options := w.options()
		options.EarlyLoss = hold
		s := newStack(t, stackOptions{actions: writeActions(t, deliveryActions), board: options,
			env: map[string]string{"RESPONSE_HOLD": hold.String(), "POOL_SIZE": "1"}})
		s.board.DuplicateRequests(true)
		s.board.MisdeliverStray(true)
		start := time.Now()
		mustBe(t, callAll(t, s.board, calls, "Echo", none)(), map[int]int{200: calls})
		if took := time.Since(start); took > calls*hold/4 {
			t.Errorf("%d answers took %v: holding one keeps the next waiting", calls, took)
		}
		w.mustBeOnce(t, calls, hold)
		if stats := s.board.Stats(); stats.Stray != 0 {
			t.Errorf("%d answers reached somebody else", stats.Stray)
		}
		if stats := s.service.client.Stats(); stats.Requests != calls || stats.Duplicates != calls {
			t.Errorf("%+v, want %d requests, each with a duplicate", stats, calls)
		}
	})
	t.Run("too_late", func(t *testing.T) {
		t.Parallel()
		late := make(chan struct{})
		l := newLine(t, devboard.Options{RequestTimeout: 500 * time.Millisecond}, plugboard.Options{
			AnswerDeadline: 300 * time.Millisecond,
			Handler: plugboard.HandlerFunc(func(ctx context.Context, req plugboard.Request) plugboard.Response {
				if req.Action == "Late" {
					<-ctx.Done()
					<-late
				}
				return echoFields(ctx, req)
			}),
		})
		l.joined(t, 1)
		mustBe(t, callAll(t, l.board, 1, "Late", none)(), map[int]int{408: 1})
		close(late)
		until(t, "the late answer is dropped", func() bool { return l.client.Stats().Expired == 1 })
		mustBe(t, callAll(t, l.board, 10, "Echo", none)(), map[int]int{200: 10})
		if stats := l.board.Stats(); stats.Delivered != 10 || stats.Ignored != 0 {
			t.Errorf("the hub got %+v, want the 10 other answers only", stats)
		}
	})
}

func TestAnswersSurviveTheConnection(t *testing.T) {
	t.Parallel()
	t.Run("computed_while_away", func(t *testing.T) {
		t.Parallel()
		const calls = 40
		w := newWatch()
		s, proxy := newProxiedStack(t, stackOptions{board: w.options()})
		wait := callAll(t, s.board, calls, "Work", func(i int) any { return map[string]any{"ms": 50 + i} })
		until(t, "all requests have come", func() bool { return s.service.client.Stats().Requests == calls })
		proxy.Refuse(true)
		proxy.Cut()
		until(t, "all answers are computed", func() bool { return strings.Count(s.logs.String(), `"msg":"answered"`) == calls })
		proxy.Refuse(false)
		mustBe(t, wait(), map[int]int{200: calls})
		w.mustBeOnce(t, calls, 0)
	})
	t.Run("half_written", surviveHalfWritten)
	t.Run("middle_of_a_frame", surviveMiddleOfAFrame)
}

// Of an answer that does not fit the kernel's buffers the hub cannot have
// the end: it is sent again.
func surviveHalfWritten(t *testing.T) {
	t.Parallel()
	const size = 12 << 20
	w := newWatch()
	s, proxy := newProxiedStack(t, stackOptions{board: w.options(), env: map[string]string{
		"MAX_STRING_BYTES": strconv.Itoa(size), "MAX_RESPONSE_BYTES": strconv.Itoa(size + 1024)}})
	proxy.CutAfter(devproxy.Up, 100_000)
	answer, err := s.board.Call(t.Context(), "Big", map[string]any{"size": size})
	if err != nil || answer.Status != 200 || len(answer.Fields) != size+len(`""`) {
		t.Errorf("status %d, %d bytes, %v", answer.Status, len(answer.Fields), err)
	}
	w.mustBeOnce(t, 1, 0)
	if stats := s.service.client.Stats(); stats.Sessions != 2 || stats.Answers != 1 {
		t.Errorf("%+v, want a second session and one answer", stats)
	}
}

// In the middle of a small frame nobody can tell whether the hub has it:
// it must not come twice, and the connection after it works.
func surviveMiddleOfAFrame(t *testing.T) {
	t.Parallel()
	w := newWatch()
	s, proxy := newProxiedStack(t, stackOptions{board: w.options()})
	for i, d := range []devproxy.Direction{devproxy.Up, devproxy.Down, devproxy.Up} {
		ctx, cancel := context.WithCancel(t.Context())
		proxy.CutAfter(d, 20)
		lost := make(chan struct{})
		go func() {
			defer close(lost)
			_, _ = s.board.Call(ctx, "Echo", map[string]any{}) // its caller would wait for 30 s
		}()
		s.waitJoined(t, int64(i+2))
		mustBe(t, callAll(t, s.board, 20, "Echo", none)(), map[int]int{200: 20})
		cancel()
		<-lost
	}
	for ref, e := range w.all() {
		if len(e.answered) > 1 {
			t.Errorf("%s was answered %d times", ref, len(e.answered))
		}
	}
}

func TestReconnect(t *testing.T) {
	t.Parallel()
	t.Run("pace", reconnectPace)
	t.Run("403", reconnectRefused)
	t.Run("414", func(t *testing.T) {
		t.Parallel()
		l := newLine(t, devboard.Options{MaxRequestLine: 100}, plugboard.Options{})
		l.logged(t, "the manifest is too large for the hub")
		until(t, "it tries again", func() bool { return l.proxy.Accepted() > 1 })
	})
	t.Run("1011", reconnectOurFault)
}

func reconnectPace(t *testing.T) {
	t.Parallel()
	l := newLine(t, devboard.Options{}, plugboard.Options{})
	l.joined(t, 1)
	l.proxy.Refuse(true)
	cut := time.Now()
	l.proxy.Cut()
	until(t, "the first dial", func() bool { return l.proxy.Accepted() > 1 })
	if took := time.Since(cut); took > 500*time.Millisecond && !raceEnabled { // the machine may be busy
		t.Errorf("dialled again after %v, want at most 100 ms", took)
	}
	time.Sleep(time.Second)
	// Some five are to be expected, and 300 without growing pauses.
	if dials := l.proxy.Accepted() - 1; dials < 2 || dials > 25 {
		t.Errorf("%d dials in a second of refusals", dials)
	}
	l.proxy.Refuse(false)
	l.joined(t, 2)
	mustBe(t, callAll(t, l.board, 1, "Echo", none)(), map[int]int{200: 1})
}

// The hub refuses other actions than those of a consumer that is there.
func reconnectRefused(t *testing.T) {
	t.Parallel()
	l := newLine(t, devboard.Options{}, plugboard.Options{})
	l.joined(t, 1)
	other, logs, _ := runClient(t, l.hub, plugboard.Options{
		Manifest: func() []byte { return []byte(`{"Other":{"description":"Test","fields":{}}}`) }})
	until(t, "the refusal is explained", func() bool { return strings.Contains(logs.String(), "connection refused") })
	for _, reason := range []string{"the token is wrong or expired", "or the actions differ", `"likelier":"the token: it has not joined`} {
		if !strings.Contains(logs.String(), reason) {
			t.Errorf("the log lacks %q:\n%s", reason, logs)
		}
	}
	l.stop()
	until(t, "the other client joins", func() bool { return other.Stats().Joined })
}

// What the hub closes over is logged as our fault, by its refs, and never
// sent again.
func reconnectOurFault(t *testing.T) {
	t.Parallel()
	for i, code := range []int{1002, 1007, 1011} {
		t.Run(strconv.Itoa(code), func(t *testing.T) {
			t.Parallel()
			l := newLine(t, devboard.Options{}, plugboard.Options{})
			l.joined(t, 1)
			mustBe(t, callAll(t, l.board, 5+i, "Echo", func(int) any { return "private-value" })(), map[int]int{200: 5 + i})
			l.board.CloseAll(code)
			l.joined(t, 2)
			l.logged(t, fmt.Sprintf(`"msg":"connection closed by the hub for a fault of ours","session":1,"code":%d`, code))
			l.watch.mustBeOnce(t, 5+i, 0)
			for ref := range l.watch.all() {
				l.logged(t, "response ref "+ref)
			}
			if strings.Contains(l.logs.String(), "private-value") {
				t.Error("the log holds what was in an answer")
			}
		})
	}
}

func TestDeadPeer(t *testing.T) {
	t.Parallel()
	const large = 12 << 20
	tests := []struct {
		name  string
		fault func(*devproxy.Proxy)
		beat  time.Duration
		size  int // of an answer that is on its way
		log   string
	}{
		{"silent", func(p *devproxy.Proxy) { p.Stall(true) }, 200 * time.Millisecond, 10, "no reply to heartbeat within"},
		{"we_hear_nothing", func(p *devproxy.Proxy) { p.HalfOpen(devproxy.Down) }, 200 * time.Millisecond, 10, "no reply to heartbeat within"},
		{"it_hears_nothing", func(p *devproxy.Proxy) { p.HalfOpen(devproxy.Up) }, 200 * time.Millisecond, 10, "no reply to heartbeat within"},
		{"stuck_write", func(p *devproxy.Proxy) { p.HalfOpen(devproxy.Up) }, 50 * time.Second, large, "i/o timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			noticed := make(chan struct{})
			l := newLine(t, devboard.Options{}, plugboard.Options{
				Heartbeat: tt.beat, HeartbeatTimeout: 300 * time.Millisecond, WriteTimeout: 300 * time.Millisecond,
				Handler: plugboard.HandlerFunc(func(_ context.Context, req plugboard.Request) plugboard.Response {
					if tt.size < large {
						<-noticed
					}
					return plugboard.Response{Status: 200, Fields: json.RawMessage(`"` + strings.Repeat("x", tt.size) + `"`)}
				}),
			})
			l.joined(t, 1)
			wait := callAll(t, l.board, 1, "Echo", none)
			if tt.size < large {
				until(t, "the request has come", func() bool { return l.client.Stats().Requests == 1 })
			}
			tt.fault(l.proxy)
			l.logged(t, tt.log)
			close(noticed)
			l.proxy.Stall(false)
			mustBe(t, wait(), map[int]int{200: 1})
			l.watch.mustBeOnce(t, 1, 0)
		})
	}
}

// The hub's channels crash in normal operation, with the connection open.
func TestChannelCrash(t *testing.T) {
	t.Parallel()
	const calls, crashes = 60, 3
	w := newWatch()
	s, _ := newProxiedStack(t, stackOptions{board: w.options()})
	wait := callAll(t, s.board, calls, "Work", func(i int) any { return map[string]any{"ms": i} })
	until(t, "all requests have come", func() bool { return s.service.client.Stats().Requests == calls })
	for range crashes {
		s.board.CrashChannels()
		until(t, "joined again", func() bool { return s.board.Consumers() == 1 })
	}
	mustBe(t, wait(), map[int]int{200: calls})
	w.mustBeOnce(t, calls, 0)
	if stats := s.service.client.Stats(); stats.Sessions != 1 {
		t.Errorf("%d connections, want the first one", stats.Sessions)
	}
}

// The hub drops a consumer without a sign; its connection and heartbeats are
// fine.
func TestSilentlyForgotten(t *testing.T) {
	t.Parallel()
	const idle = 200 * time.Millisecond
	release := make(chan struct{})
	l := newLine(t, devboard.Options{}, plugboard.Options{
		RejoinIdle: idle, Heartbeat: idle / 4,
		Handler: plugboard.HandlerFunc(func(ctx context.Context, req plugboard.Request) plugboard.Response {
			if req.Action == "Held" {
				<-release
			}
			return echoFields(ctx, req)
		}),
	})
	l.joined(t, 1)
	held := callAll(t, l.board, 5, "Held", none)
	until(t, "the requests have come", func() bool { return l.client.Stats().Requests == 5 })
	l.board.Forget()
	mustBe(t, callAll(t, l.board, 1, "Echo", none)(), map[int]int{422: 1})
	l.joined(t, 1)
	time.Sleep(3 * idle) // joins that replace one which was good
	mustBe(t, callAll(t, l.board, 5, "Echo", none)(), map[int]int{200: 5})
	close(release)
	mustBe(t, held(), map[int]int{200: 5})
	l.watch.mustBeOnce(t, 10, 0)
	if n := l.proxy.Accepted(); n != 1 {
		t.Errorf("%d connections, want the first one", n)
	}
}

// newHub serves a board for processes.
func newHub(t *testing.T, o devboard.Options) (board *devboard.Board, address string) {
	t.Helper()
	o.Token = goodEnv()["TOKEN"]
	board, err := devboard.New(o)
	if err != nil {
		t.Fatal(err)
	}
	listener := listen(t)
	t.Cleanup(serveBoard(t, board, listener))
	return board, listener.Addr().String()
}

// hostEnv is the environment of a host process on a hub and a database.
func hostEnv(address, dsn, actions string, more ...string) []string {
	env := []string{"WEBSOCKET_URL=ws://" + address + "/websocket", "DATABASE_URL=" + dsn, "ACTIONS_DIR=" + actions}
	for name, value := range goodEnv() {
		if !strings.HasPrefix(name, "POSTGRES") && name != "WEBSOCKET_URL" {
			env = append(env, name+"="+value)
		}
	}
	return append(env, more...)
}

// The hub knows no back-pressure: it pushes 10,000 requests at once. Those
// that do not fit are answered while the others run, and memory does not grow
// with them.
func TestOverload(t *testing.T) {
	t.Parallel()
	const room = 100
	w := newWatch()
	board, host := startHost(t, w, 30*time.Second, "MAX_IN_FLIGHT="+strconv.Itoa(room), "LOG_LEVEL=warn")
	var peaks []int
	padding := strings.Repeat("x", 2000) // bytes that a request which is not taken must not hold
	for _, calls := range []int{1000, 10_000} {
		got := callAll(t, board, calls, "Work", func(int) any { return map[string]any{"ms": 100, "padding": padding} })()
		if got[200] < room || got[503] < calls/2 || got[200]+got[503] != calls {
			t.Errorf("answers by status: %v, want 503 for all but some that fit", got)
		}
		peaks = append(peaks, peakMemory(t, host))
	}
	w.mustBeOnce(t, 11_000, 5*time.Millisecond)
	var last503, last200 time.Duration
	for _, e := range w.all() {
		if took := e.answered[0].Sub(e.pushed); e.statuses[0] == 503 {
			last503 = max(last503, took)
		} else {
			last200 = max(last200, took)
		}
	}
	t.Logf("peaks of memory after 1,000 and 10,000: %d MB; slowest 503 %v, slowest 200 %v", peaks, last503, last200)
	most := 100 // of growth; a host that takes them all grows by 300
	if raceEnabled {
		most *= 3
	}
	if peaks[1] > peaks[0]+most {
		t.Errorf("memory peaks at %d MB: it grows with what was refused", peaks)
	}
}

// peakMemory is the most that a process ever had, in MB; see proc(5).
func peakMemory(t *testing.T, p *process) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(status)
	kilobytes, err := strconv.Atoi(string(match[1]))
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes / 1024
}

// startHost starts a host process and waits for it to join. The hub's callers
// have the given patience.
func startHost(t *testing.T, w *watch, patience time.Duration, more ...string) (board *devboard.Board, host *process) {
	t.Helper()
	o := w.options()
	o.RequestTimeout = patience
	board, address := newHub(t, o)
	dsn := devdbtest.Database(t, migrateDSN, migrationsHash(t))
	host = startVera(t, hostEnv(address, dsn, writeActions(t, deliveryActions), more...), "serve")
	until(t, "joined", func() bool { return board.Consumers() == 1 })
	return board, host
}

// drain tells a host to stop and waits until it does.
func drain(t *testing.T, host *process) {
	t.Helper()
	if err := host.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	host.waitFor(`"msg":"draining"`)
}

func TestShutdown(t *testing.T) {
	t.Parallel()
	t.Run("finishes", func(t *testing.T) {
		t.Parallel()
		w := newWatch()
		board, host := startHost(t, w, 10*time.Second)
		answers := callAll(t, board, 1, "Work", ms(2000))
		host.waitFor(`"msg":"begun"`)
		drain(t, host)
		until(t, "it has left", func() bool { return board.Consumers() == 0 })
		mustBe(t, callAll(t, board, 20, "Echo", none)(), map[int]int{422: 20}) // another host would get them
		mustBe(t, answers(), map[int]int{200: 1})
		<-host.done
		if host.code != 0 || board.Consumers() != 0 {
			t.Errorf("exit code %d, %d consumers", host.code, board.Consumers())
		}
		w.mustBeOnce(t, 1, 0)
		host.waitFor(`"msg":"left"`)
		host.waitFor(`"msg":"stopped"`)
	})
	t.Run("under_load", func(t *testing.T) { shutdownUnderLoad(t, 0) })
	t.Run("under_load_far_away", func(t *testing.T) { shutdownUnderLoad(t, 20*time.Millisecond) })
	t.Run("drain_timeout", func(t *testing.T) {
		t.Parallel()
		board, host := startHost(t, newWatch(), 10*time.Second, "DRAIN_TIMEOUT=1s")
		answers := callAll(t, board, 1, "Work", ms(9000))
		host.waitFor(`"msg":"begun"`)
		drain(t, host)
		mustBe(t, answers(), map[int]int{503: 1})
		<-host.done
		if host.code != 0 || !strings.Contains(host.text(), `"msg":"stopped"`) {
			t.Errorf("exit code %d\n%s", host.code, host.text())
		}
	})
	t.Run("second_signal", func(t *testing.T) {
		t.Parallel()
		board, host := startHost(t, newWatch(), time.Second)
		answers := callAll(t, board, 1, "Work", ms(9000))
		host.waitFor(`"msg":"begun"`)
		drain(t, host)
		start := time.Now()
		if code := host.end(syscall.SIGINT); code != exitInterrupt || time.Since(start) > 2*time.Second {
			t.Errorf("exit code %d after %v, want %d at once", code, time.Since(start), exitInterrupt)
		}
		mustBe(t, answers(), map[int]int{408: 1})
	})
}

// New requests do not keep a host from stopping, and none of them is lost.
func shutdownUnderLoad(t *testing.T, distance time.Duration) {
	t.Parallel()
	w := newWatch()
	o := w.options()
	o.RequestTimeout = 5 * time.Second
	board, address := newHub(t, o)
	listener := listen(t)
	serveProxy(t, devproxy.Options{Target: address}, listener).Delay(distance)
	dsn := devdbtest.Database(t, migrateDSN, migrationsHash(t))
	host := startVera(t, hostEnv(listener.Addr().String(), dsn, writeActions(t, deliveryActions), "RESPONSE_HOLD=100ms", "DRAIN_TIMEOUT=4s"), "serve")
	until(t, "joined", func() bool { return board.Consumers() == 1 })
	stopped := make(chan struct{})
	var calling sync.WaitGroup
	calling.Go(func() {
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stopped:
				return
			case <-ticker.C:
				calling.Go(func() { _, _ = board.Call(t.Context(), "Echo", none(0)) }) // what becomes of it is in w
			}
		}
	})
	until(t, "load", func() bool { return board.Stats().Delivered > 200 })
	drain(t, host)
	draining := time.Now()
	<-host.done
	took := time.Since(draining)
	close(stopped)
	calling.Wait()
	if host.code != 0 || took > 2*time.Second {
		t.Errorf("exit code %d after %v with nothing slow in flight\n%s", host.code, took, host.text())
	}
	w.mustBeOnce(t, len(w.all()), 0)
}

// ms are the fields of Work.
func ms(n int) func(int) any { return func(int) any { return map[string]any{"ms": n} } }

// request is a request frame as the hub might push it.
func request(payload string) string {
	return `{"event":"request","payload":` + payload + `,"ref":null,"topic":"service"}`
}

func TestBadFrames(t *testing.T) {
	t.Parallel()
	w := newWatch()
	s, _ := newProxiedStack(t, stackOptions{board: w.options()})
	deep := strings.Repeat(`{"a":[`, 100_000) + strings.Repeat(`]}`, 100_000)
	silent := []string{
		"", "x", "null", "[]", "{}", "\xff\xfe", `{"topic":1,"event":"request","payload":{},"ref":null}`, deep,
		strings.Repeat("[", 16<<20+1), request("{}"), request("17"), request(deep),
		request(`{"action":"Echo","fields":{},"response_ref":17}`),
		`{"event":"phx_reply","payload":[],"ref":"1","topic":"service"}`,
		`{"event":"service_deleted","payload":` + deep + `,"ref":null,"topic":"service"}`,
	}
	unknown := []string{
		`{"event":"brand_new","payload":{},"ref":null,"topic":"service"}`,
		`{"event":"request","payload":{},"ref":null,"topic":"elsewhere"}`,
	}
	answered := []string{ // the members before response_ref
		``, `"action":"Echo",`, `"action":1,"fields":{},`, `"action":"Echo","fields":"text",`, `"action":"Echo","fields":[{}],`,
		`"action":"Echo","fields":null,`, `"action":"Echo","fields":{"n":"text"},`, `"action":"Echo","fields":{"n":` + deep + `},`,
		`"action":"Echo","fields":{"n":01},`, `"action":"Echo","fields":{"n":1,"n":2},`,
	}
	for _, frame := range slices.Concat(silent, unknown) {
		s.board.PushRaw(frame)
		s.board.PushBinary([]byte(frame))
	}
	for i, members := range answered {
		s.board.PushRaw(request(fmt.Sprintf(`{%s"response_ref":"bad %d"}`, members, i)))
	}
	until(t, "bad requests are answered", func() bool { return s.board.Stats().Ignored >= int64(len(answered)) })
	for i, members := range answered {
		w.at(fmt.Sprint("bad ", i), func(e *exchange) {
			if !slices.Equal(e.statuses, []int{400}) {
				t.Errorf("{%.80s…}: answered %v, want 400", members, e.statuses)
			}
		})
	}
	mustBe(t, callAll(t, s.board, 20, "Echo", none)(), map[int]int{200: 20})
	stats := s.service.client.Stats()
	if stats.Sessions != 1 || stats.Ignored != int64(2*len(unknown)) || stats.BadFrames < int64(2*len(silent)) {
		t.Errorf("%+v, want one session and all %d bad frames counted", stats, 2*len(silent))
	}
	if n := strings.Count(s.logs.String(), `"level":"DEBUG","msg":"bad frame"`); n != 2*len(silent) {
		t.Errorf("%d bad frames in the log, want %d", n, 2*len(silent))
	}
}

// What the hub could not decode would cost the connection, with all that is in
// flight on it.
func TestUnencodable(t *testing.T) {
	t.Parallel()
	const surrogate = `"\237\160\128"` // U+D800, as if UTF-8 had it
	odd := "\x00\x01\n\x1f\x7f\"\\\u2028\U0001f600"
	tests := map[string]struct {
		body   string
		status int
	}{
		"surrogate": {`return { status_code = 200, fields = { a = ` + surrogate + ` } }`, 500},
		"key":       {`return { status_code = 200, fields = { [` + surrogate + `] = 1 } }`, 500},
		"message":   {`return { status_code = 200, message = ` + surrogate + ` }`, 500},
		"overflow":  {`return { status_code = 200, fields = { 1e308 * 10 } }`, 500},
		"minus":     {`return { status_code = 200, fields = { -1e308 * 10 } }`, 500},
		"nan":       {`return { status_code = 200, fields = { 0 / 0 } }`, 500},
		"decoded":   {`return { status_code = 200, fields = { require("json").decode("[1e400]") } }`, 500},
		"lone":      {`return { status_code = 200, fields = { require("json").decode('["\\ud800"]') } }`, 500},
		"large":     {`return { status_code = 200, fields = { 2 ^ 1023, 5e-324, -0 } }`, 200},
		"control":   {`return { status_code = 200, message = fields.text, fields = { [fields.text] = fields.text } }`, 200},
	}
	files := map[string]string{"echo.lua": deliveryActions["echo.lua"]}
	for name, tt := range tests {
		files[name+".lua"] = `return { description = "Test", fields = { text = { type = "string", description = "T", optional = true } },
			run = function(fields) ` + tt.body + ` end }`
	}
	w := newWatch()
	s := newStack(t, stackOptions{actions: writeActions(t, files), board: w.options()})
	for name, tt := range tests {
		answer, err := s.board.Call(t.Context(), pascal(name), map[string]any{"text": odd})
		if err != nil || answer.Status != tt.status {
			t.Errorf("%s: %d %s, %v; want %d", name, answer.Status, answer.Fields, err, tt.status)
		}
		var echoed map[string]string
		if name == "control" && (json.Unmarshal(answer.Fields, &echoed) != nil || echoed[odd] != odd || answer.Message != odd) {
			t.Errorf("control: message %q, fields %s, want %q", answer.Message, answer.Fields, odd)
		}
	}
	for i, members := range []string{`"action":"\ud800","fields":{}`, `"action":"Control","fields":{"text":"\ud800"}`, `"action":"Echo","fields":{"n":1e400}`} {
		ref := fmt.Sprint("raw ", i)
		s.board.PushRaw(request(fmt.Sprintf(`{%s,"response_ref":%q}`, members, ref)))
		until(t, ref+" is answered", func() (ok bool) {
			w.at(ref, func(e *exchange) { ok = len(e.statuses) == 1 && e.statuses[0] >= 400 && e.statuses[0] < 500 })
			return ok
		})
	}
	mustBe(t, callAll(t, s.board, 20, "Echo", none)(), map[int]int{200: 20})
	if stats := s.service.client.Stats(); stats.Sessions != 1 {
		t.Errorf("%d sessions: the hub closed a connection", stats.Sessions)
	}
}
