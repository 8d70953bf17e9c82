package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/crypto/bcrypt"

	"vera/host/devdb/devdbtest"
)

// The benchmarks run a consumer as a process of its own, against a load
// generator that speaks the hub's wire with as little work as possible, and
// compare consumers in one run: the machine's weather is the same for all.

const (
	benchTime   = 3 * time.Second
	benchWindow = 256 // requests in flight
	benchRounds = 3   // each consumer in turn, that often
)

const joinScript = `return {
  description = "Joins two texts",
  fields = {
    first = { type = "string", description = "One" },
    second = { type = "string", description = "The other" },
  },
  run = function(fields)
    return { status_code = 200, fields = { joined = fields.first .. " " .. fields.second } }
  end,
}
`

// naiveConsumer is what one would write without a host: coder/websocket,
// encoding/json, one write for each answer, no schema and no Lua.
func naiveConsumer(url string) {
	ctx := context.Background()
	conn, _, err := websocket.Dial(ctx, url+"?token=t&actions=%7B%7D", nil)
	if err != nil {
		panic(err)
	}
	conn.SetReadLimit(16 << 20)
	type frame struct {
		Topic   string          `json:"topic"`
		Event   string          `json:"event"`
		Payload json.RawMessage `json:"payload"`
		Ref     any             `json:"ref"`
	}
	join, _ := json.Marshal(frame{"service", "phx_join", json.RawMessage("{}"), "1"})
	if err := conn.Write(ctx, websocket.MessageText, join); err != nil {
		panic(err)
	}
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var f frame
		if json.Unmarshal(data, &f) != nil || f.Event != "request" {
			continue
		}
		var request struct {
			Action      string            `json:"action"`
			Fields      map[string]string `json:"fields"`
			ResponseRef string            `json:"response_ref"`
		}
		if json.Unmarshal(f.Payload, &request) != nil {
			continue
		}
		payload, _ := json.Marshal(map[string]any{
			"status_code": 200, "message": nil,
			"fields": map[string]any{"joined": request.Fields["first"] + " " + request.Fields["second"]},
		})
		answer, _ := json.Marshal(frame{"service", "response", payload, request.ResponseRef})
		if conn.Write(ctx, websocket.MessageText, answer) != nil {
			return
		}
	}
}

// BenchmarkTrivialAction compares the host with the naive consumer.
func BenchmarkTrivialAction(b *testing.B) {
	actions := b.TempDir()
	if err := os.WriteFile(filepath.Join(actions, "join.lua"), []byte(joinScript), 0o644); err != nil {
		b.Fatal(err)
	}
	dsn := devdbtest.Database(b, migrateDSN, migrationsHash(b))
	consumers := []struct {
		name string
		env  []string
	}{
		{"naive", []string{roleEnv + "=naive"}},
		{"vera", append(benchEnv(dsn, actions), "RESPONSE_HOLD=0")},
		{"vera, answers held 5ms", benchEnv(dsn, actions)},
	}
	fields := map[string]any{"first": "Hello", "second": "World"}
	totals := make([]load, len(consumers))
	for b.Loop() {
		for range benchRounds {
			for i, c := range consumers {
				totals[i].add(runLoad(b, c.env, benchWindow, func(int) (string, any) { return "Join", fields }))
			}
		}
	}
	for i, c := range consumers {
		b.Logf("%-24s %8.0f requests/s  %6.2f µs CPU/request  %5.2fx naive", c.name, totals[i].rate(), totals[i].cpu(), totals[i].cpu()/totals[0].cpu())
	}
	b.ReportMetric(totals[1].cpu()/totals[0].cpu(), "cpu/naive")
	b.ReportMetric(totals[1].rate()/totals[0].rate(), "rate/naive")
}

// BenchmarkLogin compares Login with bare bcrypt on the same cores.
func BenchmarkLogin(b *testing.B) {
	const cost, users = 10, 16
	dsn := devdbtest.Database(b, migrateDSN, migrationsHash(b))
	env := append(benchEnv(dsn, "../../actions"), "BCRYPT_COST="+strconv.Itoa(cost))
	user := func(i int) map[string]any {
		return map[string]any{
			"username": fmt.Sprintf("user%02d", i%users), "name": "User", "email": fmt.Sprintf("user%02d@example.com", i%users),
			"phone_number": fmt.Sprintf("+1212555%04d", i%users), "password": "password123",
		}
	}
	var logins load
	var hashes float64
	for b.Loop() {
		h := startConsumer(b, env)
		registered := make(chan struct{})
		go func() {
			h.generate(users, users, 0, func(i int) (string, any) { return "Register", user(i) })
			close(registered)
		}()
		<-registered
		for range benchRounds {
			hashes += bareBcrypt(cost, benchTime)
			logins.add(h.measure(users, benchTime, func(i int) (string, any) {
				return "Login", map[string]any{"username": fmt.Sprintf("user%02d", i%users), "password": "password123"}
			}))
		}
		h.stop()
	}
	ratio := logins.rate() / (hashes / benchRounds)
	b.Logf("bare bcrypt %.1f/s, Login %.1f/s, ratio %.2f, statuses %v", hashes/benchRounds, logins.rate(), ratio, logins.statuses)
	b.ReportMetric(ratio, "login/bcrypt")
}

// BenchmarkLoginStorm asks what a storm of logins does to a cheap action.
func BenchmarkLoginStorm(b *testing.B) {
	const logins, rate = 16, 500
	actions := b.TempDir()
	for name, source := range map[string]string{"join.lua": joinScript, "hash.lua": hashScript} {
		if err := os.WriteFile(filepath.Join(actions, name), []byte(source), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	dsn := devdbtest.Database(b, migrateDSN, migrationsHash(b))
	var alone, beside []time.Duration
	var hashes int
	for b.Loop() {
		h := startConsumer(b, append(benchEnv(dsn, actions), "RESPONSE_HOLD=0", "BCRYPT_COST=10"))
		frames := h.frames()
		h.paced(frames, rate, benchTime/6, 0) // warm
		for range benchRounds {
			times, _ := h.paced(frames, rate, benchTime, 0)
			alone = append(alone, times...)
			times, n := h.paced(frames, rate, benchTime, logins)
			beside, hashes = append(beside, times...), hashes+n
		}
		h.stop()
	}
	ratio := float64(percentile(beside, 99)) / float64(percentile(alone, 99))
	b.Logf("alone:           p50 %v p99 %v", percentile(alone, 50), percentile(alone, 99))
	b.Logf("beside %d logins: p50 %v p99 %v (%.1f hashes/s)", logins, percentile(beside, 50), percentile(beside, 99),
		float64(hashes)/(benchRounds*benchTime.Seconds()))
	b.ReportMetric(ratio, "p99/alone")
}

const hashScript = `local password = require("password")
return {
  description = "Does a login's work on the CPU", fields = {},
  run = function() return { status_code = password.verify("password123", nil) and 500 or 200 } end,
}
`

func percentile(times []time.Duration, p int) time.Duration {
	slices.Sort(times)
	return times[min(len(times)*p/100, len(times)-1)]
}

// bareBcrypt is how many digests all cores compute in a second.
func bareBcrypt(cost int, d time.Duration) float64 {
	digest, _ := bcrypt.GenerateFromPassword([]byte("password123"), cost)
	start := time.Now()
	var n int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range runtime.NumCPU() {
		wg.Go(func() {
			for time.Since(start) < d {
				_ = bcrypt.CompareHashAndPassword(digest, []byte("password123"))
				mu.Lock()
				n++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(start).Seconds()
}

func benchEnv(dsn, actions string) []string {
	env := []string{roleEnv + "=vera", "DATABASE_URL=" + dsn, "ACTIONS_DIR=" + actions, "LOG_LEVEL=error", "LOG_FORMAT=text"}
	for name, value := range goodEnv() {
		if !strings.HasPrefix(name, "POSTGRES") && name != "WEBSOCKET_URL" {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// load is what a consumer did in a time.
type load struct {
	requests int
	seconds  float64
	used     time.Duration // of CPU, user and system
	statuses map[string]int
}

func (l *load) add(m load) {
	l.requests += m.requests
	l.seconds += m.seconds
	l.used += m.used
	if l.statuses == nil {
		l.statuses = make(map[string]int)
	}
	for status, n := range m.statuses {
		l.statuses[status] += n
	}
}

func (l *load) rate() float64 { return float64(l.requests) / l.seconds }
func (l *load) cpu() float64  { return float64(l.used.Microseconds()) / float64(l.requests) }

func runLoad(b *testing.B, env []string, window int, call func(int) (string, any)) load {
	h := startConsumer(b, env)
	defer h.stop()
	h.measure(window, benchTime/6, call) // warm
	return h.measure(window, benchTime, call)
}

// loadHub is the hub's side of one consumer's connection.
type loadHub struct {
	b        *testing.B
	command  *exec.Cmd
	conn     net.Conn
	in       *bufio.Reader
	out      *bufio.Writer
	listener net.Listener
}

// startConsumer starts the consumer and waits for it to join.
func startConsumer(b *testing.B, env []string) *loadHub {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	h := &loadHub{b: b, listener: listener}
	h.command = exec.Command(os.Args[0], "serve")
	h.command.Env = append(append(os.Environ(), env...), "WEBSOCKET_URL=ws://"+listener.Addr().String()+"/websocket")
	h.command.Stderr = os.Stderr
	if err := h.command.Start(); err != nil {
		b.Fatal(err)
	}
	if h.conn, err = listener.Accept(); err != nil {
		b.Fatal(err)
	}
	h.in, h.out = bufio.NewReaderSize(h.conn, 1<<16), bufio.NewWriterSize(h.conn, 1<<16)
	request, err := http.ReadRequest(h.in)
	if err != nil {
		b.Fatal(err)
	}
	sum := sha1.Sum([]byte(request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(h.out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	h.out.Flush()
	var join struct{ Ref json.RawMessage }
	if err := json.Unmarshal(h.read(), &join); err != nil {
		b.Fatal(err)
	}
	h.write([]byte(`{"event":"phx_reply","payload":{"response":{"num_consumers":1,"service":{"id":1,"name":"main"},"token":{"id":1}},"status":"ok"},"ref":` + string(join.Ref) + `,"topic":"service"}`))
	h.out.Flush()
	return h
}

func (h *loadHub) stop() {
	h.conn.Close()
	h.listener.Close()
	_ = h.command.Process.Signal(syscall.SIGKILL)
	_ = h.command.Wait()
}

// write buffers one text frame.
func (h *loadHub) write(payload []byte) {
	header := []byte{0x81, byte(len(payload))}
	if len(payload) > 125 {
		header = binary.BigEndian.AppendUint16([]byte{0x81, 126}, uint16(len(payload)))
	}
	h.out.Write(header)
	h.out.Write(payload)
}

// read reads one frame and takes its mask off.
func (h *loadHub) read() []byte {
	var header [2]byte
	if _, err := io.ReadFull(h.in, header[:]); err != nil {
		return nil
	}
	length := int(header[1] & 0x7f)
	if length == 126 {
		var long [2]byte
		_, _ = io.ReadFull(h.in, long[:])
		length = int(binary.BigEndian.Uint16(long[:]))
	}
	frame := make([]byte, 4+length)
	if _, err := io.ReadFull(h.in, frame); err != nil {
		return nil
	}
	mask, payload := frame[:4], frame[4:]
	for i := range payload {
		payload[i] ^= mask[i&3]
	}
	return payload
}

func (h *loadHub) measure(window int, d time.Duration, call func(int) (string, any)) load {
	before, start := h.cpu(), time.Now()
	l := h.generate(window, 1<<62, d, call)
	l.seconds, l.used = time.Since(start).Seconds(), h.cpu()-before
	return l
}

// generate keeps window requests in flight until most were answered or, if
// it is positive, d is over.
func (h *loadHub) generate(window, most int, d time.Duration, call func(int) (string, any)) load {
	run := rand.Text()
	sent := 0
	send := func() {
		action, fields := call(sent)
		payload, _ := json.Marshal(map[string]any{"action": action, "fields": fields, "response_ref": run + strconv.Itoa(sent)})
		h.write([]byte(`{"event":"request","payload":` + string(payload) + `,"ref":null,"topic":"service"}`))
		sent++
	}
	for range min(window, most) {
		send()
	}
	h.out.Flush()
	start := time.Now()
	l := load{statuses: make(map[string]int)}
	for l.requests < sent {
		frame := h.read()
		if frame == nil {
			h.b.Fatal("the consumer went away")
		}
		if _, status, ok := bytes.Cut(frame, []byte(`"status_code":`)); ok {
			l.requests++
			l.statuses[string(status[:3])]++
			if sent < most && (d == 0 || time.Since(start) < d) {
				send()
			}
		}
		if h.in.Buffered() == 0 {
			h.out.Flush()
		}
	}
	return l
}

// frames reads until the connection ends.
func (h *loadHub) frames() <-chan []byte {
	frames := make(chan []byte, 1024)
	go func() {
		defer close(frames)
		for {
			frame := h.read()
			if frame == nil {
				return
			}
			frames <- frame
		}
	}()
	return frames
}

// paced sends cheap requests at a rate, with hashing ones always in flight
// beside them, and gives the cheap ones' times and the number of hashes.
func (h *loadHub) paced(frames <-chan []byte, rate int, d time.Duration, hashing int) (times []time.Duration, hashes int) {
	run := rand.Text()
	sent := make(map[string]time.Time)
	n, waiting := 0, 0
	send := func(kind, action, fields string) {
		ref := kind + run + strconv.Itoa(n)
		n++
		sent[ref] = time.Now()
		h.write([]byte(`{"event":"request","payload":{"action":"` + action + `","fields":` + fields + `,"response_ref":"` + ref + `"},"ref":null,"topic":"service"}`))
		h.out.Flush()
	}
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	over := time.After(d)
	for done := false; !done || len(sent) > 0; {
		for ; waiting < hashing && !done; waiting++ {
			send("H", "Hash", "{}")
		}
		select {
		case <-over:
			done = true
		case <-tick.C:
			if !done {
				send("C", "Join", `{"first":"Hello","second":"World"}`)
			}
		case frame, ok := <-frames:
			var f struct{ Ref string }
			if !ok || json.Unmarshal(frame, &f) != nil {
				h.b.Fatal("the consumer went away")
			}
			if began, ok := sent[f.Ref]; ok && f.Ref[0] == 'C' {
				times = append(times, time.Since(began))
			} else if ok {
				hashes, waiting = hashes+1, waiting-1
			}
			delete(sent, f.Ref)
		}
	}
	return times, hashes
}

// cpu is the CPU time that the consumer has used, from proc(5), in clock
// ticks of 10 ms.
func (h *loadHub) cpu() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.command.Process.Pid))
	if err != nil {
		h.b.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+2:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond
}
