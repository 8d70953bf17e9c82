package devboard

import (
	"encoding/json"
	"errors"
	"fmt"
)

var errNotFrame = errors.New("frame without topic, event, payload and ref")

// A frame is a message of a consumer. Nothing but its four keys is checked, so
// every part is kept as JSON: the hub echoes a ref or topic of any type.
type frame struct {
	topic, event, payload, ref json.RawMessage
}

// parseFrame decodes a message as strictly as the hub does.
func parseFrame(data []byte) (frame, error) {
	keys, err := members(data)
	if err != nil {
		return frame{}, fmt.Errorf("decode frame: %w", err)
	}
	f := frame{topic: keys["topic"], event: keys["event"], payload: keys["payload"], ref: keys["ref"]}
	if f.topic == nil || f.event == nil || f.payload == nil || f.ref == nil {
		return frame{}, errNotFrame
	}
	return f, nil
}

// encodeFrame returns a message of the hub. Every argument but event is JSON.
func encodeFrame[T ~string | ~[]byte](topic, event string, payload T, ref string) []byte {
	out := make([]byte, 0, len(topic)+len(event)+len(payload)+len(ref)+48)
	out = append(out, `{"event":"`...)
	out = append(out, event...)
	out = append(out, `","payload":`...)
	out = append(out, payload...)
	out = append(out, `,"ref":`...)
	out = append(out, ref...)
	out = append(out, `,"topic":`...)
	out = append(out, topic...)
	return append(out, '}')
}

// reply returns the phx_reply to f.
func (f frame) reply(status, response string) []byte {
	return encodeFrame(string(f.topic), "phx_reply",
		`{"response":`+response+`,"status":"`+status+`"}`, string(f.ref))
}

// servicePush returns a message on the service topic that answers nothing.
func servicePush[T ~string | ~[]byte](event string, payload T) []byte {
	return encodeFrame(`"service"`, event, payload, "null")
}
