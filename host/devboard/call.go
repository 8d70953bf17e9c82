package devboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// An Answer is what a caller gets.
type Answer struct {
	Status  int    // as over HTTP
	Message string // a message that is no string is given as its JSON

	// Fields are as the consumer sent them, keys sorted; nil when the hub
	// itself answered (408, 422, 502, or 500 for a status it cannot send).
	Fields json.RawMessage

	message json.RawMessage // as sent
	odd     bool            // the hub could not send the status
}

const noConsumers = "No service consumers are available to handle the request"

var errStopped = errors.New("the plugboard stopped")

// Call asks a consumer for an action, on the same path as POST /, and waits
// for its answer. fields is encoded as JSON unless it is a json.RawMessage.
// Whatever the hub or the consumer answers is an Answer; an error means that
// ctx ended, that the board stopped, or that fields are not JSON.
func (b *Board) Call(ctx context.Context, action string, fields any) (Answer, error) {
	raw, err := json.Marshal(action)
	if err != nil {
		return Answer{}, fmt.Errorf("call %s: %w", action, err)
	}
	data, ok := fields.(json.RawMessage)
	if !ok {
		if data, err = json.Marshal(fields); err != nil {
			return Answer{}, fmt.Errorf("call %s: %w", action, err)
		}
	}
	if data, err = normalize(data); err != nil {
		return Answer{}, fmt.Errorf("call %s: %w", action, err)
	}
	answer, err := b.call(ctx, raw, data)
	if err != nil {
		return Answer{}, fmt.Errorf("call %s: %w", action, err)
	}
	return answer, nil
}

// call pushes a request and waits. action and fields are normalized JSON.
func (b *Board) call(ctx context.Context, action, fields json.RawMessage) (Answer, error) {
	consumers := *b.consumers.Load()
	if len(consumers) == 0 {
		return hubAnswer(422, noConsumers), nil
	}
	b.requests.Add(1)
	ref := uuid.NewString()
	answered := b.refs.add(ref)
	defer b.refs.forget(ref)
	if b.takeLoss() {
		b.lost.Add(1)
	} else {
		b.push(consumers, ref, action, fields)
	}

	timeout := time.NewTimer(b.opts.RequestTimeout)
	defer timeout.Stop()
	select {
	case payload, ok := <-answered:
		if !ok {
			return Answer{}, errStopped
		}
		return interpret(payload), nil
	case <-timeout.C:
		b.timedOut.Add(1)
		return hubAnswer(408, "Request timed out"), nil
	case <-ctx.Done():
		return Answer{}, context.Cause(ctx)
	}
}

// push sends a request to the consumer whose turn it is. Nothing tells the
// caller if that consumer goes away with it: so it is with the hub.
func (b *Board) push(consumers []*session, ref string, action, fields json.RawMessage) {
	payload := make([]byte, 0, len(action)+len(fields)+96)
	payload = append(payload, `{"action":`...)
	payload = append(payload, action...)
	payload = append(payload, `,"fields":`...)
	payload = append(payload, fields...)
	payload = append(payload, `,"response_ref":"`...)
	payload = append(payload, ref...)
	payload = append(payload, `"}`...)
	message := servicePush("request", payload)

	if b.opts.OnPush != nil {
		b.opts.OnPush(ref, text(action))
	}
	s := consumers[(b.turn.Add(1)-1)%uint64(len(consumers))]
	s.out.add(message)
	if b.duplicate.Load() {
		s.out.add(message)
	}
}

// answer takes a response of a consumer. A wrong one is ignored without a
// sign, which includes a ref that is not a string.
func (b *Board) answer(ref, payload json.RawMessage) {
	name := ""
	if ref[0] == '"' {
		name = text(ref)
	}
	result := b.refs.deliver(name, payload, b.opts.EarlyLoss)
	switch result {
	case delivered:
		b.delivered.Add(1)
	case early:
		b.early.Add(1)
	case unknown:
		b.ignored.Add(1)
	case stray:
		b.stray.Add(1)
	}
	if b.opts.OnAnswer != nil {
		keys, _ := members(payload) // a payload that is no object has no status
		status, _ := strconv.Atoi(string(keys["status_code"]))
		b.opts.OnAnswer(text(ref), status, result == delivered)
	}
}

// interpret turns the payload of a response into what the caller gets.
func interpret(payload json.RawMessage) Answer {
	keys, _ := members(payload) // what is no object lacks the keys
	status, message, fields := keys["status_code"], keys["message"], keys["fields"]
	if status == nil || message == nil || fields == nil {
		return hubAnswer(502, "Invalid response format from service process")
	}
	if string(status) == "null" {
		status = json.RawMessage("200")
	}
	code, err := strconv.Atoi(string(status))
	if err != nil || !sendable(code) {
		a := hubAnswer(500, "Internal Server Error")
		a.odd = true
		return a
	}
	return Answer{Status: code, Message: text(message), Fields: fields, message: message}
}

func hubAnswer(status int, message string) Answer {
	return Answer{Status: status, Message: message, message: mustJSON(message)}
}

// sendable tells whether the hub can answer with a status: it knows these.
func sendable(code int) bool {
	ranges := [][2]int{{100, 103}, {200, 208}, {226, 226}, {300, 308}, {400, 418}, {421, 426},
		{428, 429}, {431, 431}, {451, 451}, {500, 508}, {510, 511}}
	return slices.ContainsFunc(ranges, func(r [2]int) bool { return r[0] <= code && code <= r[1] })
}
