package plugboard

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"vera/stdlib/strictjson"
)

// Topics and events of the hub's channel protocol.
const (
	topicService = "service"
	topicPhoenix = "phoenix"

	eventJoin      = "phx_join"
	eventLeave     = "phx_leave"
	eventReply     = "phx_reply"
	eventError     = "phx_error"
	eventClose     = "phx_close"
	eventHeartbeat = "heartbeat"
	eventRequest   = "request"
	eventResponse  = "response"

	eventNumConsumers   = "num_consumers"
	eventServiceUpdated = "service_updated"
	eventServiceDeleted = "service_deleted"
	eventTokenCreated   = "token_created"
	eventTokenDeleted   = "token_deleted"
)

// A Frame is one message of the hub's channel protocol: a JSON object with
// exactly these four keys, each of them always present.
type Frame struct {
	Topic   string          `json:"topic"`
	Event   string          `json:"event"`
	Payload json.RawMessage `json:"payload"`
	Ref     json.RawMessage `json:"ref"` // a string, a number or null; a reply echoes it as sent
}

// ref returns the frame's ref as text, or "" if it is not a string.
func (f *Frame) ref() string {
	ref, _ := unquote(f.Ref)
	return ref
}

var (
	errNotObject   = errors.New("not a JSON object")
	errTrailing    = errors.New("text after the JSON object")
	errNoTopic     = errors.New("topic is not a string")
	errNoEvent     = errors.New("event is not a string")
	errNoRef       = errors.New("response_ref is not a string")
	errNoAction    = errors.New("action must be a string")
	errNoFieldsKey = errors.New("fields are missing")
)

// parseFrame reads a frame. Payload and Ref are parts of data. Only the four
// keys are looked at, and only their extent is found: a frame is read once by
// whoever needs what is in it.
func parseFrame(data []byte) (Frame, error) {
	var f Frame
	var topic, event []byte
	m := members{data: data}
	for m.next() {
		switch string(m.key) {
		case `"topic"`:
			topic = m.value
		case `"event"`:
			event = m.value
		case `"payload"`:
			f.Payload = m.value
		case `"ref"`:
			f.Ref = m.value
		}
	}
	if m.err != nil {
		return Frame{}, m.err
	}
	var ok bool
	if f.Topic, ok = known(topic); !ok {
		return Frame{}, errNoTopic
	}
	if f.Event, ok = known(event); !ok {
		return Frame{}, errNoEvent
	}
	return f, nil
}

// parseRequest reads the payload of a request, of which Fields are a part. The
// error says what is wrong; with a Ref it can be said to the caller.
func parseRequest(payload []byte, received time.Time) (Request, error) {
	var ref, action, fields []byte
	m := members{data: payload}
	for m.next() {
		switch string(m.key) {
		case `"response_ref"`:
			ref = m.value
		case `"action"`:
			action = m.value
		case `"fields"`:
			fields = m.value
		}
	}
	req := Request{Received: received}
	var ok bool
	if req.Ref, ok = unquote(ref); !ok || req.Ref == "" {
		return req, errors.Join(errNoRef, m.err)
	}
	if m.err != nil {
		return req, m.err
	}
	if req.Action, ok = unquote(action); !ok {
		return req, errNoAction
	}
	if fields == nil {
		return req, errNoFieldsKey
	}
	req.Fields = fields
	return req, nil
}

// known is unquote for the words of the protocol, which it need not copy.
func known(raw []byte) (string, bool) {
	switch string(raw) {
	case `"service"`:
		return topicService, true
	case `"request"`:
		return eventRequest, true
	}
	return unquote(raw)
}

// unquote returns the text of a JSON string. It reports false for any other
// value and for text that is not UTF-8.
func unquote(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' || !utf8.Valid(raw) {
		return "", false
	}
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner), true
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err == nil
}

// members walks over the members of a JSON object without looking into their
// values: it does not recurse, so that no depth of nesting can harm it, and
// leaves a value's faults to its reader.
//
//	m := members{data: data}
//	for m.next() {
//		… m.key, m.value …
//	}
//	if m.err != nil …
type members struct {
	data       []byte
	pos        int
	key, value []byte // parts of data; the key with its quotes, as it stands there
	err        error
}

// next moves to the next member. It reports false at the end and on an error.
func (m *members) next() bool {
	if m.pos == 0 {
		if m.space(); !m.take('{') {
			return m.fail(errNotObject)
		}
		if m.space(); m.take('}') {
			return m.end()
		}
	} else {
		if m.space(); m.take('}') {
			return m.end()
		}
		if !m.take(',') {
			return m.fail(errNotObject)
		}
		m.space()
	}
	if m.pos >= len(m.data) || m.data[m.pos] != '"' {
		return m.fail(errNotObject)
	}
	m.key = m.skip()
	if m.space(); !m.take(':') {
		return m.fail(errNotObject)
	}
	m.space()
	if m.value = m.skip(); len(m.key) == 0 || len(m.value) == 0 {
		return m.fail(errNotObject)
	}
	return true
}

func (m *members) fail(err error) bool {
	m.err = err
	return false
}

func (m *members) end() bool {
	if m.space(); m.pos < len(m.data) {
		m.err = errTrailing
	}
	return false
}

func (m *members) space() {
	for m.pos < len(m.data) {
		switch m.data[m.pos] {
		case ' ', '\t', '\n', '\r':
			m.pos++
		default:
			return
		}
	}
}

func (m *members) take(c byte) bool {
	if m.pos >= len(m.data) || m.data[m.pos] != c {
		return false
	}
	m.pos++
	return true
}

// skip steps over the value at pos and returns it, or nil if it does not end.
func (m *members) skip() []byte {
	start, end, depth := m.pos, m.pos, 0
	for end < len(m.data) {
		switch m.data[end] {
		case '"':
			end = stringEnd(m.data, end)
		case '{', '[':
			depth++
			end++
		case '}', ']':
			depth--
			end++
		default:
			end++
			if depth == 0 && !literalEnds(m.data, end) {
				continue
			}
		}
		if depth < 0 {
			return nil
		}
		if depth == 0 && end <= len(m.data) {
			m.pos = end
			return m.data[start:end:end]
		}
	}
	return nil
}

// literalEnds reports whether a literal or a number ends at pos.
func literalEnds(data []byte, pos int) bool {
	if pos >= len(data) {
		return true
	}
	switch data[pos] {
	case ',', '}', ']', ':', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

// stringEnd returns the position behind the string that starts at pos, or
// more than data has if it does not end.
func stringEnd(data []byte, pos int) int {
	for pos++; pos < len(data); pos++ {
		switch data[pos] {
		case '\\':
			pos++
		case '"':
			return pos + 1
		}
	}
	return len(data) + 1
}

// appendFrame appends a frame of the service itself, without a payload.
func appendFrame(dst []byte, topic, event, ref string) []byte {
	dst = append(dst, `{"topic":"`...)
	dst = append(dst, topic...)
	dst = append(dst, `","event":"`...)
	dst = append(dst, event...)
	dst = append(dst, `","payload":{},"ref":`...)
	return append(strictjson.AppendString(dst, ref), '}')
}

// appendResponse appends the frame that answers ref. The hub takes only
// answers that have all three keys.
func appendResponse(dst []byte, ref string, resp Response) []byte {
	const envelope = 128 // bytes, a little more than all but the three texts take
	size := envelope + len(ref) + len(resp.Fields)
	if resp.Message != nil {
		size += len(*resp.Message)
	}
	dst = slices.Grow(dst, size)
	dst = append(dst, `{"topic":"service","event":"response","payload":{"status_code":`...)
	dst = strconv.AppendInt(dst, int64(resp.Status), 10)
	dst = append(dst, `,"message":`...)
	if resp.Message == nil {
		dst = append(dst, "null"...)
	} else {
		dst = strictjson.AppendString(dst, *resp.Message)
	}
	dst = append(dst, `,"fields":`...)
	if resp.Fields == nil {
		dst = append(dst, "null"...)
	} else {
		dst = append(dst, resp.Fields...)
	}
	dst = append(dst, `},"ref":`...)
	return append(strictjson.AppendString(dst, ref), '}')
}

// maxDepth is how deep the fields of an answer may nest, as in encoding/json.
// The hub was seen to take 2,000 levels.
const maxDepth = 10_000

// checkFields reports why the hub could not decode fields, or nil. It would
// close the connection over them, with all requests that are in flight.
func checkFields(fields json.RawMessage) error {
	if fields == nil {
		return nil
	}
	return strictjson.Valid(fields, strictjson.Limits{Depth: maxDepth})
}

// ValidStatus reports whether the hub passes status on to the caller as it
// is. It answers 500 in place of any other, and breaks HTTP for those below
// 200.
func ValidStatus(status int) bool {
	switch {
	case 200 <= status && status <= 208, status == 226,
		300 <= status && status <= 308,
		400 <= status && status <= 418,
		421 <= status && status <= 426, status == 428, status == 429, status == 431, status == 451,
		500 <= status && status <= 508, status == 510, status == 511:
		return true
	}
	return false
}
