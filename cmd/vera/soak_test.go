package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vera/host/devboard"
	"vera/host/devdb/devdbtest"
	"vera/host/devproxy"
)

var soakTime = flag.Duration("soak", 0, "how long TestSoak goes on; 0: each fault once")

const (
	soakHosts = 3
	soakRate  = 300 // requests a second, of all hosts together

	// soakHold is long, so that at any time many answers are in outboxes:
	// those must survive whatever happens to the connection.
	soakHold = 100 * time.Millisecond

	// rejoinPatience is longer than a host pauses before it dials that has had
	// no stable minute for a while: up to 30 s.
	rejoinPatience = 50 * time.Second
)

var soakActions = map[string]string{
	"echo.lua": `return { description = "Test", fields = { n = { type = "integer", description = "N" } },
		run = function(fields) return { status_code = 200, fields = fields.n } end }`,
	"store.lua": `return { description = "Test", fields = { n = { type = "integer", description = "N" } }, run = function(fields)
		return require("db").transaction(function(tx)
			tx:exec("insert into soak values ($1)", fields.n)
			return { status_code = 200, fields = tx:one("select max(n) as n from soak").n }
		end) end }`,
	"slow.lua": `return { description = "Test", fields = { n = { type = "integer", description = "N" } }, run = function(fields)
		require("db").one("select pg_sleep((50 + $1::int % 450)::float8 / 1000)", fields.n)
		return { status_code = 200, fields = fields.n } end }`,
}

// TestSoak drives three hosts on one hub through faults of everything around
// them, one every few seconds, and accounts for every request.
func TestSoak(t *testing.T) {
	s := newSoak(t)
	faults := map[string]func(){
		hubRestart: s.restartHub, proxyCut: s.cutProxy, proxyStall: s.stallProxy, hostKilled: s.killHost,
		hostStopped: s.stopHost, databaseRestart: s.restartDatabase, reload: s.reload,
	}
	stopLoad := s.load()
	began, longStall := time.Now(), *soakTime >= 100*time.Second
	for round := 0; round == 0 || time.Since(began) < *soakTime; round++ {
		names := slices.Sorted(maps.Keys(faults))
		rand.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names {
			s.pause()
			faults[name]()
			if *soakTime > 0 && time.Since(began) > *soakTime {
				break
			}
		}
		if longStall { // once: it takes most of a minute
			s.pause() // what the fault before has held back must be through
			s.stall(s.anyHost(), 45*time.Second, deadPeer, (*devproxy.Proxy).Stall)
			longStall = false
		}
	}
	s.pause()
	s.mustServe()
	stopLoad()
	s.finish()
	s.report(time.Since(began))
}

// A soak is a hub, a database and hosts, all of which fail, and what was seen.
type soak struct {
	t        *testing.T
	board    *devboard.Board
	address  string
	stopHub  func()
	watch    *watch
	database *devdbtest.Server
	actions  string
	hosts    [soakHosts]*soakHost
	saves    int // of actions

	faults []fault
	calls  map[string]int // by what the callers got
	mu     sync.Mutex     // of calls
	end    context.CancelFunc
	caller sync.WaitGroup
}

// A soakHost is a host behind a proxy of its own, and its processes, one after
// the other.
type soakHost struct {
	number  int
	address string // of the proxy
	proxy   *devproxy.Proxy
	runs    []*process
	now     *process

	mu      sync.Mutex
	tails   map[int64][]byte // of connections: the bytes before the next ones
	reached map[string]time.Time
}

func (h *soakHost) String() string {
	if h == nil {
		return "all"
	}
	return fmt.Sprint("host ", h.number)
}

func newSoak(t *testing.T) *soak {
	t.Helper()
	s := &soak{t: t, watch: newWatch(), actions: writeActions(t, soakActions), database: devdbtest.Private(t), calls: make(map[string]int)}
	conn, err := pgx.Connect(t.Context(), s.database.DSN("vera"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "create table soak (n bigint)"); err != nil {
		t.Fatal(err)
	}
	o := s.watch.options()
	o.Token, o.EarlyLoss = goodEnv()["TOKEN"], soakHold/2
	if s.board, err = devboard.New(o); err != nil {
		t.Fatal(err)
	}
	listener := listen(t)
	s.address = listener.Addr().String()
	s.stopHub = serveBoard(t, s.board, listener)
	t.Cleanup(func() { s.stopHub() })
	for i := range s.hosts {
		listener := listen(t)
		h := &soakHost{number: i, address: listener.Addr().String(), tails: make(map[int64][]byte), reached: make(map[string]time.Time)}
		h.proxy = serveProxy(t, devproxy.Options{Target: s.address, OnPass: h.onPass}, listener)
		s.hosts[i] = h
		s.start(h)
	}
	for _, h := range s.hosts {
		h.now.waitFor(`"msg":"joined"`)
	}
	// A test server that is killed loses its last half second. That must not
	// be the migrations.
	if _, err := conn.Exec(t.Context(), "checkpoint"); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *soak) start(h *soakHost) {
	s.t.Helper()
	h.now = startVera(s.t, hostEnv(h.address, s.database.DSN("vera"), s.actions, "HOT_RELOAD=true", "LOG_LEVEL=debug",
		"RESPONSE_HOLD="+soakHold.String(), "ACTION_TIMEOUT=5s", "DB_MAX_CONNECTIONS=20"), "serve")
	h.runs = append(h.runs, h.now)
}

// onPass notes when the proxy has handed a request to the host.
func (h *soakHost) onPass(connection int64, d devproxy.Direction, data []byte) {
	if d != devproxy.Down {
		return
	}
	const key, refSize = `"response_ref":"`, 36
	h.mu.Lock()
	defer h.mu.Unlock()
	text := append(h.tails[connection], data...)
	for {
		at := bytes.Index(text, []byte(key))
		if at < 0 || len(text) < at+len(key)+refSize {
			break
		}
		text = text[at+len(key):]
		h.reached[string(text[:refSize])] = time.Now()
	}
	h.tails[connection] = slices.Clone(text[max(0, len(text)-len(key)-refSize):])
}

// load calls soakRate times a second until the function that it returns is
// called.
func (s *soak) load() (stop func()) {
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	stopped := make(chan struct{})
	var pacing sync.WaitGroup
	pacing.Go(func() {
		const tick = 10 * time.Millisecond
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for n, began := 0, time.Now(); ; {
			select {
			case <-stopped:
				return
			case <-ticker.C:
			}
			for due := int(time.Since(began).Seconds() * soakRate); n < due; n++ {
				number := n
				s.caller.Go(func() { s.call(ctx, number) })
			}
		}
	})
	return func() { close(stopped); pacing.Wait() }
}

func (s *soak) call(ctx context.Context, n int) (got string) {
	action := []string{"Echo", "Echo", "Store", "Echo", "Echo", "Store", "Echo", "Echo", "Store", "Slow"}[n%10]
	answer, err := s.board.Call(ctx, action, map[string]any{"n": n})
	got = fmt.Sprint(answer.Status)
	if err != nil {
		got = "none: the hub stopped, or the test was over"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[got]++
	return got
}

// pause lets the requests that a fault concerned come to an end.
func (s *soak) pause() {
	d := 200 * time.Millisecond
	if *soakTime > 0 {
		d = time.Second + rand.N(2*time.Second)
	}
	time.Sleep(d)
}

func (s *soak) anyHost() *soakHost { return s.hosts[rand.N(soakHosts)] }

// The faults.
const (
	hubRestart      = "hub restart"
	proxyCut        = "cut"
	proxyStall      = "stall"
	deadPeer        = "stall of 45 s"
	hostKilled      = "kill"
	hostStopped     = "stop"
	databaseRestart = "database restart"
	reload          = "reload"
)

// A fault is what was done to a host, or to the hub.
type fault struct {
	kind string
	host *soakHost // nil: all
	from time.Time
	gone time.Time // by then the connections that were there at from have ended; zero: they have not

	// noticed is when the host knew of it, as its log says: what it has not
	// sent by then it must not lose. Zero: with gone.
	noticed time.Time
}

func (s *soak) note(kind string, h *soakHost, from, gone time.Time) {
	s.faults = append(s.faults, fault{kind: kind, host: h, from: from, gone: gone})
}

func (s *soak) restartHub() {
	from := time.Now()
	if rand.N(2) == 0 {
		s.board.CutAll() // as kill -9
	}
	s.stopHub()
	s.note(hubRestart, nil, from, time.Now())
	time.Sleep(rand.N(500 * time.Millisecond))
	s.stopHub = serveBoard(s.t, s.board, listenAgain(s.t, s.address))
	s.waitJoined()
}

func (s *soak) waitJoined() {
	s.t.Helper()
	untilWithin(s.t, rejoinPatience, "all hosts are joined", func() bool { return s.board.Consumers() == soakHosts })
}

func (s *soak) cutProxy() {
	h, from := s.anyHost(), time.Now()
	before := h.proxy.Accepted()
	switch rand.N(3) {
	case 0:
		h.proxy.Cut()
	case 1:
		h.proxy.CutAfter(devproxy.Up, 1+rand.Int64N(500))
	case 2:
		h.proxy.CutAfter(devproxy.Down, 1+rand.Int64N(500))
	}
	untilWithin(s.t, rejoinPatience, "the host dials again", func() bool { return h.proxy.Accepted() > before })
	s.note(proxyCut, h, from, time.Now())
	s.waitJoined()
}

// stallProxy loses nothing, however long the bytes wait.
func (s *soak) stallProxy() {
	d := 300 * time.Millisecond
	if *soakTime > 0 {
		d = time.Second + rand.N(4*time.Second)
	}
	s.stall(s.anyHost(), d, proxyStall, []func(*devproxy.Proxy, bool){
		(*devproxy.Proxy).Stall,
		func(p *devproxy.Proxy, _ bool) { p.HalfOpen(devproxy.Up) },
		func(p *devproxy.Proxy, _ bool) { p.HalfOpen(devproxy.Down) },
	}[rand.N(3)])
}

func (s *soak) stall(h *soakHost, d time.Duration, kind string, how func(*devproxy.Proxy, bool)) {
	from := time.Now()
	how(h.proxy, true)
	time.Sleep(d)
	h.proxy.Stall(false)
	s.waitJoined()
	gone := time.Time{}
	if kind == deadPeer { // the host has given the connection up
		gone = time.Now()
	}
	s.note(kind, h, from, gone)
}

func (s *soak) killHost() {
	h, from := s.anyHost(), time.Now()
	h.now.end(syscall.SIGKILL)
	s.note(hostKilled, h, from, time.Now())
	s.start(h)
	h.now.waitFor(`"msg":"joined"`)
}

// stopHost loses nothing: what the host has in hand, it finishes.
func (s *soak) stopHost() {
	h := s.anyHost()
	s.note(hostStopped, h, time.Now(), time.Time{})
	s.terminate(h)
	s.start(h)
	h.now.waitFor(`"msg":"joined"`)
}

func (s *soak) terminate(h *soakHost) {
	if code := h.now.end(syscall.SIGTERM); code != 0 {
		s.t.Errorf("host %d: exit code %d", h.number, code)
	}
}

func (s *soak) restartDatabase() {
	s.note(databaseRestart, nil, time.Now(), time.Time{})
	if rand.N(2) == 0 {
		s.database.Kill()
	} else {
		s.database.Stop()
	}
	time.Sleep(rand.N(300 * time.Millisecond))
	s.database.Start()
}

func (s *soak) reload() {
	s.note(reload, nil, time.Now(), time.Time{})
	s.saves++
	name := slices.Sorted(maps.Keys(soakActions))[s.saves%len(soakActions)]
	writeAction(s.t, s.actions, name, fmt.Sprintf("-- save %d\n%s", s.saves, soakActions[name]))
}

// mustServe fails unless, with all faults over, every request is answered 200.
func (s *soak) mustServe() {
	s.waitJoined()
	time.Sleep(2 * time.Second) // a connection to a database that was away may break once
	for n := range 30 * soakHosts {
		if got := s.call(s.t.Context(), n); got != "200" {
			s.t.Errorf("after the last fault a call gets %s", got)
		}
	}
}

// finish stops the hosts, which answer what they have in hand, and lets go of
// the callers whose requests were lost.
func (s *soak) finish() {
	for _, h := range s.hosts {
		s.terminate(h)
	}
	s.end()
	s.caller.Wait()
	database := &stack{dsn: s.database.DSN("vera")}
	until(s.t, "no transaction is open", func() bool { return database.count(s.t, openTransactions) == 0 })
}

// How long bytes may be on their way on a busy machine, and how much later a
// request may be noted than the host has it.
const (
	onTheWire = 500 * time.Millisecond
	noteDelay = 30 * time.Millisecond
)

// A fate is how far a request came.
type fate struct {
	exchange
	host     *soakHost // nil: it reached none
	reached  time.Time
	computed time.Time // zero: no answer
}

// fates puts together what the hub, the proxies and the hosts saw.
func (s *soak) fates() map[string]*fate {
	fates := make(map[string]*fate)
	for ref, e := range s.watch.all() {
		fates[ref] = &fate{exchange: e}
	}
	for _, h := range s.hosts {
		for ref, at := range h.reached {
			fates[ref].host, fates[ref].reached = h, at
		}
		for _, run := range h.runs {
			for text := range strings.Lines(run.text()) {
				var line struct {
					Time     time.Time
					Msg, Ref string
				}
				if json.Unmarshal([]byte(text), &line) != nil {
					continue
				}
				switch line.Msg {
				case "answered", "action failed":
					fates[line.Ref].computed = line.Time
				case "connection lost":
					s.noticed(h, line.Time)
				}
			}
		}
	}
	return fates
}

// noticed finds the fault of which a host has noticed that its connection was
// lost.
func (s *soak) noticed(h *soakHost, at time.Time) {
	for i := range s.faults {
		f := &s.faults[i]
		if f.host == h && (f.kind == proxyCut || f.kind == deadPeer) && f.noticed.IsZero() && at.After(f.from) && at.Before(f.gone) {
			f.noticed = at
			return
		}
	}
}

// The rows of the ledger that must be empty begin with these.
const (
	lostByUs = "LOST BY US"
	twice    = "ANSWERED TWICE"
	wrong    = "ANSWERED WRONGLY"
)

// account names what became of a request.
func (s *soak) account(f *fate) string {
	switch {
	case len(f.answered) > 1:
		return twice
	case f.known:
		return s.quality(f)
	case len(f.answered) == 1:
		return s.unclaimed(f)
	case f.host == nil:
		if kind := s.lossAt(nil, f.pushed); kind != "" {
			return "lost by the hub: request on the wire, " + kind
		}
		return lostByUs + ": no host has read it, and nothing failed"
	case f.computed.IsZero():
		if s.killedWithin(f, 6*time.Second) {
			return "lost by the hub: host killed with the request in hand"
		}
		if kind := s.lossAt(f.host, f.reached); kind != "" {
			return "lost by the hub: request on the wire, " + kind
		}
		return lostByUs + ": the host had it and gave no answer"
	}
	// Before this moment the answer was held. What is lost then is our loss,
	// except with the process.
	leaves := f.reached.Add(soakHold)
	if f.computed.After(leaves) {
		leaves = f.computed
	}
	if s.killedWithin(f, leaves.Sub(f.reached)+onTheWire) {
		return "lost by the hub: host killed with the answer in hand"
	}
	if kind := s.answerLoss(f.host, leaves); kind != "" {
		return "lost by the hub: answer on the wire, " + kind
	}
	return lostByUs + ": the answer was computed and did not arrive"
}

// unclaimed accounts for an answer that the hub got and nobody waited for.
func (s *soak) unclaimed(f *fate) string {
	for _, fault := range s.faults {
		switch {
		case fault.kind == hubRestart && !f.pushed.After(fault.gone) && f.answered[0].After(fault.from):
			return "lost by the hub: restarted before the answer came"
		case fault.kind == deadPeer && f.host == fault.host && f.answered[0].Sub(f.pushed) > 29*time.Second &&
			f.pushed.Before(fault.noticed) && f.answered[0].Before(fault.gone.Add(onTheWire)):
			return "lost by the hub: pushed while stalled, not awaited any more"
		}
	}
	return lostByUs + ": the hub did not know what was answered"
}

// quality tells whether an answer that reached its caller is what it should
// be: in time, and good unless something that it needs was away.
func (s *soak) quality(f *fate) string {
	held, age := f.answered[0].Sub(f.pushed), f.answered[0].Sub(f.reached)
	excused := slices.ContainsFunc(s.faults, func(fault fault) bool {
		return (fault.kind == databaseRestart || fault.kind == hostStopped) &&
			f.answered[0].After(fault.from) && f.pushed.Before(fault.from.Add(10*time.Second))
	})
	switch {
	case held < soakHold:
		return fmt.Sprintf("%s: after %v", wrong, held)
	case age > 29500*time.Millisecond:
		return fmt.Sprintf("%s: %v late", wrong, age)
	case f.statuses[0] != 200 && !excused:
		return fmt.Sprintf("%s: with %d while nothing was away", wrong, f.statuses[0])
	}
	return "answered once"
}

// answerLoss is lossAt for an answer: what leaves once its host knows that the
// connection is lost goes over another one.
func (s *soak) answerLoss(h *soakHost, leaves time.Time) (kind string) {
	for _, f := range s.faults {
		over := f.gone
		if !f.noticed.IsZero() {
			over = f.noticed
		}
		if !f.gone.IsZero() && (f.host == nil || f.host == h) && !leaves.Before(f.from.Add(-onTheWire)) && !leaves.After(over.Add(noteDelay)) {
			return f.kind
		}
	}
	return ""
}

// lossAt names the fault that took what was about to cross a connection of
// the host at a time, or of any host.
func (s *soak) lossAt(h *soakHost, at time.Time) (kind string) {
	for _, f := range s.faults {
		if !f.gone.IsZero() && (h == nil || f.host == nil || f.host == h) &&
			!at.Before(f.from.Add(-onTheWire)) && !at.After(f.gone.Add(noteDelay)) {
			return f.kind
		}
	}
	return ""
}

// killedWithin reports whether the host was killed so soon after it had the
// request.
func (s *soak) killedWithin(f *fate, d time.Duration) bool {
	return slices.ContainsFunc(s.faults, func(fault fault) bool {
		return fault.kind == hostKilled && fault.host == f.host &&
			f.reached.Before(fault.gone) && fault.from.Sub(f.reached) <= d
	})
}

// report prints the ledger. Every call must be in it.
func (s *soak) report(took time.Duration) {
	fates := s.fates()
	ledger := map[string]int{lostByUs: 0, twice: 0, wrong: 0}
	for ref, f := range fates {
		row := s.account(f)
		ledger[row]++
		sum, _, _ := strings.Cut(row, ":")
		if sum != row && (sum == lostByUs || sum == wrong) {
			ledger[sum]++ // of its kinds
		}
		if sum == lostByUs || sum == wrong || row == twice {
			s.t.Errorf("%s %s: %s; pushed %s, reached %s, computed %s, answered %v", f.action, ref, row,
				clock(f.pushed), clock(f.reached), clock(f.computed), f.answered)
		}
	}
	calls := 0
	for _, n := range s.calls {
		calls += n
	}
	ledger["refused by the hub: no host was joined"] = calls - len(fates)
	kinds := make(map[string]int)
	for _, f := range s.faults {
		kinds[f.kind]++
	}
	var text strings.Builder
	for _, row := range slices.Sorted(maps.Keys(ledger)) {
		fmt.Fprintf(&text, "%8d  %s\n", ledger[row], row)
	}
	s.t.Logf("%v, %d hosts, faults: %v\n%8d  requests\n%scallers got: %v", took.Round(time.Second), soakHosts, kinds, calls, &text, s.calls)
	if refused := s.calls["422"]; refused != calls-len(fates) {
		s.t.Errorf("%d requests are in no row", calls-len(fates)-refused)
	}
	if answered := ledger["answered once"]; answered < calls*7/10 {
		s.t.Errorf("only %d of %d requests were answered: this says nothing", answered, calls)
	}
	if s.t.Failed() {
		for _, f := range s.faults {
			s.t.Logf("%s to %s: %s of %v", clock(f.from), clock(f.gone), f.kind, f.host)
		}
	}
}

func clock(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.UTC().Format("15:04:05.000")
}
