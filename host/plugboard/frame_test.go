package plugboard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseFrame(t *testing.T) {
	tests := []struct {
		data string
		want Frame
	}{
		{
			`{"event":"request","payload":{"a":"}"},"ref":null,"topic":"service"}`,
			Frame{"service", "request", json.RawMessage(`{"a":"}"}`), json.RawMessage(`null`)},
		},
		{
			" {\n\"topic\" : \"phoenix\" ,\t\"ref\":\"1\", \"extra\":[{}],\"payload\":[\"]\", \"\\\"]\"],\r\n\"event\":\"phx_reply\" } \n",
			Frame{"phoenix", "phx_reply", json.RawMessage(`["]", "\"]"]`), json.RawMessage(`"1"`)},
		},
		{`{"topic":"\u0061","event":""}`, Frame{Topic: "a"}},
		{`{"topic":"x","topic":"y","event":"e","payload":-1.5e3,"ref":17}`, Frame{"y", "e", json.RawMessage(`-1.5e3`), json.RawMessage(`17`)}},
	}
	for _, tt := range tests {
		got, err := parseFrame([]byte(tt.data))
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("parseFrame(%s): %v\n%s", tt.data, err, diff)
		}
	}
}

// The frames that are not even frames are in TestBadFramesCostNothing.
func TestParseFrameFaults(t *testing.T) {
	tests := map[string]error{
		``:                                  errNotObject,
		`[]`:                                errNotObject,
		`{"topic":"a","event":"b"`:          errNotObject,
		`{"topic":"a" "event":"b"}`:         errNotObject,
		`{"topic":"a","event":"b",}`:        errNotObject,
		`{"topic":"a,"event":"b"}`:          errNotObject,
		`{topic:"a"}`:                       errNotObject,
		`{"topic":"a","event":"b"}}`:        errTrailing,
		`{"topic":"a","event":"b"}{}`:       errTrailing,
		`{"event":"b"}`:                     errNoTopic,
		`{"topic":null,"event":"b"}`:        errNoTopic,
		"{\"topic\":\"\xff\",\"event\":{}}": errNoTopic,
		`{"topic":"\x","event":"b"}`:        errNoTopic,
		`{"topic":"a"}`:                     errNoEvent,
		`{"topic":"a","event":["b"]}`:       errNoEvent,
	}
	for data, want := range tests {
		if _, err := parseFrame([]byte(data)); err != want {
			t.Errorf("parseFrame(%s) = %v, want %v", data, err, want)
		}
	}
}

func TestParseRequest(t *testing.T) {
	payload := []byte(`{"action":"Echo","fields":{"a":1},"response_ref":"r1"}`)
	received := time.Now()
	got, err := parseRequest(payload, received)
	want := Request{Ref: "r1", Action: "Echo", Fields: json.RawMessage(`{"a":1}`), Received: received}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("parseRequest: %v\n%s", err, diff)
	}
}

func TestDeepNestingIsSteppedOver(t *testing.T) {
	deep := strings.Repeat(`{"a":[`, 200_000) + strings.Repeat(`]}`, 200_000)
	req, err := parseRequest([]byte(`{"action":"Echo","fields":`+deep+`,"response_ref":"r1"}`), time.Time{})
	if err != nil || req.Ref != "r1" || string(req.Fields) != deep {
		t.Errorf("parseRequest: %v, ref %q, %d bytes of fields", err, req.Ref, len(req.Fields))
	}
}

func TestAppendFrame(t *testing.T) {
	const want = `{"topic":"phoenix","event":"heartbeat","payload":{},"ref":"17"}`
	if got := string(appendFrame(nil, topicPhoenix, eventHeartbeat, "17")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAppendResponse(t *testing.T) {
	tests := []struct {
		resp Response
		want string
	}{
		{Response{Status: 204}, `{"status_code":204,"message":null,"fields":null}`},
		{Failf(404, "Unknown action: %q", "a\n"), `{"status_code":404,"message":"Unknown action: \"a\\n\"","fields":null}`},
		{
			Response{Status: 200, Message: new(""), Fields: json.RawMessage(`{"a": [1.0]}`)},
			`{"status_code":200,"message":"","fields":{"a": [1.0]}}`,
		},
	}
	for _, tt := range tests {
		want := `{"topic":"service","event":"response","payload":` + tt.want + `,"ref":"r\"1"}`
		if got := string(appendResponse(nil, `r"1`, tt.resp)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func FuzzParseFrame(f *testing.F) {
	f.Add([]byte(`{"event":"request","payload":{"action":"Echo","fields":{"a":1},"response_ref":"r1"},"ref":null,"topic":"service"}`))
	f.Add([]byte(`{"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"2","topic":"phoenix"}`))
	f.Add([]byte(` { "topic" : "\u0061\\" , "event" : "" , "payload" : [ "]\"" , {} ] } `))
	f.Add([]byte(`{"topic":"a","event":"b"}{`))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		frame, err := parseFrame(data)
		if err == nil {
			parseRequest(frame.Payload, time.Time{})
		}
		if !bytes.Equal(before, data) {
			t.Fatal("the data was changed")
		}
		// Whatever encoding/json takes for a frame, we take for the same one.
		var want map[string]json.RawMessage
		if json.Unmarshal(data, &want) != nil || want == nil || !plainKeys(data) {
			return
		}
		topic, topicErr := decodeString(want["topic"])
		event, eventErr := decodeString(want["event"])
		if (topicErr == nil && eventErr == nil) != (err == nil) {
			t.Fatalf("parseFrame = %v, but topic: %v, event: %v", err, topicErr, eventErr)
		}
		if err == nil && (frame.Topic != topic || frame.Event != event ||
			!bytes.Equal(frame.Payload, want["payload"]) || !bytes.Equal(frame.Ref, want["ref"])) {
			t.Fatalf("got %+v, want %s", frame, data)
		}
	})
}

// plainKeys reports whether no key can be written in two ways.
func plainKeys(data []byte) bool { return !bytes.ContainsAny(data, "\\\xff") && json.Valid(data) }

func decodeString(raw json.RawMessage) (text string, err error) {
	if len(raw) == 0 || raw[0] != '"' || !json.Valid(raw) || strings.ToValidUTF8(string(raw), "") != string(raw) {
		return "", fmt.Errorf("not a string: %s", raw)
	}
	return text, json.Unmarshal(raw, &text)
}

// Whatever the handler answers, what leaves is a frame that the hub decodes.
func FuzzResponse(f *testing.F) {
	f.Add("r1", 200, "ok", []byte(`{"a":1}`))
	f.Add("", 0, "\xff\u2028", []byte(`"\ud800"`))
	f.Add("\x00", 100, "\"", []byte(`1e400`))
	f.Fuzz(func(t *testing.T, ref string, status int, message string, fields []byte) {
		c := newClient(Options{Logger: discard})
		resp := c.checked(Request{Ref: ref}, Response{Status: status, Message: &message, Fields: fields})
		frame := appendResponse(nil, ref, resp)
		var got sentFrame
		if err := json.Unmarshal(frame, &got); err != nil || got.keys(frame) != 4 {
			t.Fatalf("%s: %v", frame, err)
		}
		if !ValidStatus(got.Payload.Status) || got.Payload.Message == nil || got.Event != eventResponse {
			t.Fatalf("got %s", frame)
		}
		if bytes.Contains(frame, []byte(`\ud800"`)) || !bytes.Equal(bytes.ToValidUTF8(frame, nil), frame) {
			t.Fatalf("the hub cannot decode %s", frame)
		}
	})
}

var benchmarkFrame = []byte(`{"event":"request","payload":{"action":"JoinStrings","fields":{"first":"hello","second":"world"},"response_ref":"4cccc73f-c011-42c0-b568-253473d13e93"},"ref":null,"topic":"service"}`)

func BenchmarkParseRequest(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(benchmarkFrame)))
	for b.Loop() {
		frame, err := parseFrame(benchmarkFrame)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := parseRequest(frame.Payload, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}

// For comparison: the same with encoding/json.
func BenchmarkParseRequestEncodingJSON(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(benchmarkFrame)))
	for b.Loop() {
		var frame Frame
		var request struct {
			Action string          `json:"action"`
			Fields json.RawMessage `json:"fields"`
			Ref    string          `json:"response_ref"`
		}
		if err := json.Unmarshal(benchmarkFrame, &frame); err != nil {
			b.Fatal(err)
		}
		if err := json.Unmarshal(frame.Payload, &request); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAnswer(b *testing.B) {
	b.ReportAllocs()
	c := newClient(Options{Logger: discard})
	req := Request{Ref: "4cccc73f-c011-42c0-b568-253473d13e93"}
	resp := Response{Status: 200, Message: new("ok"), Fields: json.RawMessage(`{"joined":"hello world"}`)}
	for b.Loop() {
		appendResponse(nil, req.Ref, c.checked(req, resp))
	}
}
