package plugboard

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

// Everything is answered, the surplus with 503, and the read loop goes on.
func TestOverload(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		const n, room = 10_000, 100
		release := make(chan struct{})
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			<-release
			return echo(ctx, req)
		}, func(o *Options) { o.MaxInFlight = room })
		l := h.join()
		for i := range n {
			l.request(fmt.Sprint(i), "Echo", "1")
		}
		for i := room; i < n; i++ {
			l.answer(fmt.Sprint(i), 503)
		}
		close(release)
		answered := map[string]bool{}
		for range room {
			answered[l.expect(eventResponse).Ref] = true
		}
		if len(answered) != room {
			t.Errorf("%d different answers", len(answered))
		}
		synctest.Wait() // the last answer's slot is free a moment after it was written
		l.request("again", "Echo", "1")
		l.answer("again", 200)
		synctest.Wait()
		if s := c.Stats(); s.Overloaded != n-room || s.Answers != n+1 || s.InFlight != 0 {
			t.Errorf("Stats = %+v", s)
		}
		if slots := c.slots.Load(); slots != 0 {
			t.Errorf("%d slots are taken", slots)
		}
		c.stop(l)
	})
}

// An answer that cannot be written keeps its slot: memory stays bounded.
func TestUnwrittenAnswersKeepTheirSlots(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, func(o *Options) { o.MaxInFlight = 3 })
		l := h.join()
		l.event(eventError, "{}")
		join := l.expect(eventJoin)
		for i := range 5 {
			l.request(fmt.Sprint(i), "Echo", "1")
		}
		l.reply(join.Ref, "ok", joinReply)
		status := map[int]int{}
		for range 5 {
			status[l.expect(eventResponse).Payload.Status]++
		}
		if status[200] != 3 || status[503] != 2 {
			t.Errorf("got %v", status)
		}
		c.stop(l)
	})
}

// What is in flight is bounded in bytes too, as requests and as answers.
func TestHeldBytesAreBounded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		release := make(chan struct{})
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			if req.Action == "Wait" {
				<-release
			}
			return Response{Status: 200, Fields: json.RawMessage(`"` + strings.Repeat("y", 2000) + `"`)}
		}, func(o *Options) { o.MaxInFlightBytes = 1000 })
		l := h.join()
		large := `"` + strings.Repeat("x", 600) + `"`
		l.request("1", "Wait", large)
		l.request("2", "Wait", large)
		l.request("3", "Wait", "1")
		l.answer("3", 503)
		close(release)
		for range 2 {
			l.expect(eventResponse)
		}
		synctest.Wait()
		l.event(eventError, "{}") // the next answer cannot leave
		join := l.expect(eventJoin)
		l.request("4", "Echo", "1")
		synctest.Wait()
		l.request("5", "Echo", "1")
		l.reply(join.Ref, "ok", joinReply)
		status := map[string]int{}
		for range 2 {
			answer := l.expect(eventResponse)
			status[answer.Ref] = answer.Payload.Status
		}
		if status["4"] != 200 || status["5"] != 503 {
			t.Errorf("got %v: an answer that waits counts", status)
		}
		synctest.Wait()
		if held := c.held.Load(); held != 0 {
			t.Errorf("%d bytes are held", held)
		}
		c.stop(l)
	})
}

// A request's fields are the handler's, whatever is read after them.
func TestFieldsOutliveTheirFrame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		release := make(chan struct{})
		c := startClient(t, h, func(ctx context.Context, req Request) Response {
			<-release
			return echo(ctx, req)
		}, nil)
		l := h.join()
		for i := range 10 {
			l.request(fmt.Sprint(i), "Echo", fmt.Sprint(10+i))
		}
		synctest.Wait()
		close(release)
		for range 10 {
			if f := l.expect(eventResponse); string(f.Payload.Fields) != "1"+f.Ref {
				t.Errorf("request %s had fields %s", f.Ref, f.Payload.Fields)
			}
		}
		c.stop(l)
	})
}

func TestBadFramesCostNothing(t *testing.T) {
	deep := strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000)
	frames := []string{
		``, ` `, `null`, `[]`, `17`, `"x"`, `{`, `{}`, `{"topic"}`, `{"topic":"service",}`, "\xff\xfe", "\x00",
		`{"topic":1,"event":"request","payload":{},"ref":null}`,
		`{"topic":"service","event":{},"payload":{},"ref":null}`,
		`{"topic":"service","event":"request","payload":{},"ref":null} x`,
		`{"topic":"service","event":"request","payload":{},"ref":null}`,
		`{"topic":"service","event":"request","ref":null}`,
		`{"topic":"service","event":"request","payload":[1],"ref":null}`,
		`{"topic":"service","event":"request","payload":{"action":"Echo","fields":1,"response_ref":17},"ref":null}`,
		`{"topic":"service","event":"request","payload":{"action":"Echo","fields":1,"response_ref":""},"ref":null}`,
		`{"topic":"service","event":"phx_reply","payload":17,"ref":null}`,
		`{"topic":"service","event":"phx_reply","payload":{"status":1},"ref":"1"}`,
		`{"topic":"service","event":"num_consumers","payload":{"num_consumers":"two"},"ref":null}`,
		`{"topic":"service","event":"token_created","payload":{"token":[]},"ref":null}`,
		`{"topic":"service","event":"service_deleted","payload":` + deep + `,"ref":null}`,
		deep,
	}
	ignored := []string{
		`{"topic":"elsewhere","event":"request","payload":{"response_ref":"x"},"ref":null}`,
		`{"topic":"service","event":"brand_new","payload":{},"ref":null}`,
		`{"topic":"phoenix","event":"brand_new","payload":{},"ref":null}`,
	}
	harmless := []string{
		`{"topic":"service","event":"phx_reply","payload":{"status":"ok","response":{}},"ref":7}`,
		`{"topic":"service","event":"phx_reply","payload":{"status":"error","response":{}},"ref":null}`,
		`{"topic":"service","event":"phx_close","payload":{},"ref":null}`,
		`{"topic":"service","event":"service_deleted","payload":{},"ref":null}`,
		`{"topic":"service","event":"token_created","payload":{},"ref":null}`,
	}
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		for _, typ := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} {
			for _, list := range [][]string{frames, ignored, harmless} {
				for _, f := range list {
					if err := l.ws.Write(t.Context(), typ, []byte(f)); err != nil {
						t.Fatalf("%.100s: %v", f, err)
					}
				}
			}
		}
		l.request("r1", "Echo", deep)
		l.answer("r1", 500) // it does not fit an answer
		// A binary frame is as good as text.
		l.ws.Write(t.Context(), websocket.MessageBinary,
			[]byte(`{"event":"request","payload":{"action":"Echo","fields":1,"response_ref":"r2"},"ref":null,"topic":"service"}`))
		l.answer("r2", 200)
		synctest.Wait()
		s := c.Stats()
		if s.BadFrames != 2*int64(len(frames)) || s.Ignored != 2*int64(len(ignored)) || s.Sessions != 1 || !s.Joined {
			t.Errorf("Stats = %+v, want %d bad frames", s, 2*len(frames))
		}
		c.stop(l)
	})
}

func TestBadRequestsAreAnswered(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		c := startClient(t, h, echo, nil)
		l := h.join()
		payloads := []string{
			`{"action":null,"fields":{},"response_ref":"%s"}`,
			`{"action":{"a":"b"},"fields":{},"response_ref":"%s"}`,
			`{"action":17,"fields":{},"response_ref":"%s"}`,
			`{"fields":{},"response_ref":"%s"}`,
			`{"action":"Echo","response_ref":"%s"}`,
			`{"response_ref":"%s"}`,
			`{"response_ref":"%s","action":"Echo","fields":}`,
			"{\"action\":\"\xff\",\"fields\":1,\"response_ref\":\"%s\"}",
		}
		for i, payload := range payloads {
			ref := fmt.Sprint("r", i)
			l.event(eventRequest, fmt.Sprintf(payload, ref))
			f, ok := <-l.frames
			if !ok || f.Ref != ref || f.Payload.Status != 400 || !strings.HasPrefix(*f.Payload.Message, "Invalid request: ") {
				t.Errorf("%s: got %+v", payload, f.sentFrame)
			}
		}
		// Fields may be of any type.
		for i, fields := range []string{`null`, `"x"`, `[1]`, `-1.5e3`, `true`, `{}`, `{"a":{"b":[]}}`} {
			ref := fmt.Sprint("f", i)
			l.request(ref, "Echo", fields)
			if f := l.answer(ref, 200); string(f.Payload.Fields) != fields {
				t.Errorf("fields %s came back as %s", fields, f.Payload.Fields)
			}
		}
		c.stop(l)
	})
}

func TestAnswersTheHubCannotTake(t *testing.T) {
	bubble(t, func(t *testing.T) {
		h := newHub(t)
		responses := map[string]Response{}
		c := startClient(t, h, func(_ context.Context, req Request) Response {
			if req.Action == "panic" {
				panic("at the handler")
			}
			return responses[req.Action]
		}, nil)
		l := h.join()
		for i, fields := range []string{
			``, `{`, `nope`, `{"a":1} {}`, `"\ud800"`, `"\udc00\ud800"`, `1e400`, `{"a":[-1e999]}`, `NaN`, "\"\n\"", "\"\xff\"", `[1,]`, `01`,
			strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1),
		} {
			ref := fmt.Sprint("fields", i)
			responses[ref] = Response{Status: 200, Message: new("ok"), Fields: json.RawMessage(fields)}
			l.request(ref, ref, "{}")
			f := l.answer(ref, 500)
			if *f.Payload.Message != textInternal || string(f.Payload.Fields) != "null" {
				t.Errorf("fields %.50s: answered %+v", fields, f.Payload)
			}
		}
		for _, status := range []int{-1, 0, 99, 100, 101, 103, 199, 209, 309, 419, 420, 427, 430, 452, 509, 512, 599, 600, 1000} {
			ref := fmt.Sprint("status", status)
			responses[ref] = Failf(status, "text")
			l.request(ref, ref, "{}")
			l.answer(ref, 500)
		}
		for _, status := range []int{200, 201, 204, 208, 226, 304, 308, 400, 404, 418, 421, 426, 428, 429, 431, 451, 500, 508, 510, 511} {
			ref := fmt.Sprint("status", status)
			responses[ref] = Response{Status: status, Fields: json.RawMessage(`"\ud83d\ude00 \u0000 1e400"`)}
			l.request(ref, ref, "{}")
			if f := l.answer(ref, status); f.Payload.Message != nil {
				t.Errorf("message %q, want null", *f.Payload.Message)
			}
		}
		l.request("panic", "panic", "{}")
		l.answer("panic", 500)
		c.logs.has(t, "at the handler")
		text := "quote \" back \\ line \n nul \x00 bad \xff end"
		responses["text"] = Failf(200, "%s", text)
		l.request("text", "text", "{}")
		if f := l.answer("text", 200); *f.Payload.Message != strings.ToValidUTF8(text, "\uFFFD") {
			t.Errorf("message %q", *f.Payload.Message)
		}
		c.stop(l)
	})
}

func TestRecentRefs(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRecentRefs()
		for i := range 1000 {
			if !r.add(fmt.Sprint(i), time.Now()) {
				t.Fatalf("%d was there already", i)
			}
			time.Sleep(time.Second)
			for back := range min(i, 60) {
				if r.add(fmt.Sprint(i-back), time.Now()) {
					t.Fatalf("at %d, %d was forgotten", i, i-back)
				}
			}
		}
		if n := len(r.current) + len(r.previous); n > 121 {
			t.Errorf("%d refs are kept", n)
		}
	})
}

func TestRequestsShareAContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		life, end := context.WithCancelCause(t.Context())
		shared := &sharedContext{life: life, limit: time.Second}
		first := shared.at(time.Now())
		time.Sleep(shareTime - 1)
		if shared.at(time.Now()) != first {
			t.Error("two contexts within a moment")
		}
		time.Sleep(time.Nanosecond)
		second := shared.at(time.Now())
		if second == first {
			t.Error("one context for ever")
		}
		time.Sleep(time.Second - shareTime)
		synctest.Wait()
		if context.Cause(first) != errTooLate || second.Err() != nil {
			t.Errorf("causes %v, %v", context.Cause(first), context.Cause(second))
		}
		end(errStopped)
		if context.Cause(second) != errStopped {
			t.Errorf("cause %v", context.Cause(second))
		}
	})
}
