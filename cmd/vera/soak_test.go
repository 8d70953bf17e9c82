package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
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
		s.note(hostStopped, h, time.Now(), time.Time{}) // what crosses its leave is answered 503
		s.terminate(h)
	}
	s.end()
	s.caller.Wait()
	database := &stack{dsn: s.database.DSN("vera")}
	until(s.t, "no transaction is open", func() bool { return database.count(s.t, openTransactions) == 0 })
}
