package devboard

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/coder/websocket"
)

// CrashChannels ends the channel of every consumer, as creating a child
// service does: each gets phx_error on an open connection, and no request
// until it joins again.
func (b *Board) CrashChannels() {
	for _, s := range b.open() {
		if s.joined.Load() {
			b.leave(s, servicePush("phx_error", "{}"))
		}
	}
}

// Forget drops all consumers from the list without a frame, as a crash inside
// the hub does: connections and heartbeats are fine, callers get 422 until a
// consumer joins again.
func (b *Board) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.consumers.Store(new([]*session))
	b.manifest = nil
}

// CloseAll closes every connection with code; 1012 is what a restart sends.
func (b *Board) CloseAll(code int) {
	for _, s := range b.open() {
		s.end(websocket.StatusCode(code))
	}
}

// CutAll resets every TCP connection of a consumer, without a close frame.
func (b *Board) CutAll() {
	for _, s := range b.open() {
		s.wire.reset()
	}
}

// Stall makes the hub silent but open, or ends that. While stalled, nothing
// is read from or written to any consumer, and heartbeats are not answered.
func (b *Board) Stall(on bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	gate := b.gate.Load()
	switch {
	case on && gate == nil:
		b.gate.Store(new(make(chan struct{})))
	case !on && gate != nil:
		for s := range b.sessions {
			s.wire.touch() // the stall does not count as idle
		}
		b.gate.Store(nil)
		close(*gate)
	}
}

// LoseRequests makes the next n requests vanish before they reach a consumer,
// as some do under concurrency and after the number of consumers shrinks.
// Their callers get 408.
func (b *Board) LoseRequests(n int) { b.lose.Store(int64(n)) }

func (b *Board) takeLoss() bool {
	for {
		n := b.lose.Load()
		if n <= 0 {
			return false
		}
		if b.lose.CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// LoseOnShrink makes a request vanish when a consumer leaves whose turn was
// among the last: the hub's place in the list may then point behind its end.
// The caller gets 408.
func (b *Board) LoseOnShrink(on bool) { b.shrinking.Store(on) }

// MisdeliverStray makes an answer whose caller was served or has given up,
// less than a second ago, reach another caller who waits: so it happens to
// who sends his next request on the same connection.
func (b *Board) MisdeliverStray(on bool) { b.refs.misdeliver(on) }

// DuplicateRequests makes every request be pushed twice with the same ref.
func (b *Board) DuplicateRequests(on bool) { b.duplicate.Store(on) }

// PushRaw sends a text message of any bytes, UTF-8 or not, to every joined
// consumer. PushBinary sends a binary one.
func (b *Board) PushRaw(text string) { b.pushAll(message{data: []byte(text)}) }

// PushBinary sends a binary message to every joined consumer.
func (b *Board) PushBinary(data []byte) { b.pushAll(message{data: data, binary: true}) }

// RenameService changes the name and tells the consumers.
func (b *Board) RenameService(name string) {
	b.mu.Lock()
	b.service.Name = name
	b.service.UpdatedAt = stamp(time.Now())
	service := b.service
	b.mu.Unlock()
	b.announce("service_updated", "service", service)
}

// DeleteService tells the consumers that their service is deleted. As with the
// hub that is all: requests go on and the token stays good.
func (b *Board) DeleteService() {
	b.mu.Lock()
	service := b.service
	b.mu.Unlock()
	b.announce("service_deleted", "service", service)
}

// ChildUpdated tells the consumers of a change of a child service: the same
// frame as for their own, with the child's id.
func (b *Board) ChildUpdated(id int, name string) {
	b.announce("service_updated", "service", newService(id, name))
}

// ChildDeleted tells the consumers that a child service is deleted.
func (b *Board) ChildDeleted(id int, name string) {
	b.announce("service_deleted", "service", newService(id, name))
}

// CreateToken makes a service token, tells the consumers its value and
// returns it. It is good from now on, beside the others.
func (b *Board) CreateToken() string {
	value := newTokenValue()
	b.mu.Lock()
	shown := *b.addToken(value)
	b.mu.Unlock()
	shown.Value = value
	b.announce("token_created", "token", shown)
	return value
}

// DeleteToken makes the token with that value bad for new connections, and
// tells all consumers, whichever token they use. Nobody is disconnected. It
// returns false if there is no such token.
func (b *Board) DeleteToken(value string) bool {
	b.mu.Lock()
	t := b.authorize(value)
	if t != nil {
		t.deleted = true
	}
	b.mu.Unlock()
	if t == nil {
		return false
	}
	b.announce("token_deleted", "token", t)
	return true
}

// announce pushes {key: record} to every joined consumer.
func (b *Board) announce(event, key string, record any) {
	payload := mustJSON(map[string]json.RawMessage{key: mustJSON(record)})
	b.pushAll(message{data: servicePush(event, payload)})
}

// pushAll sends m to every consumer whose channel is up, in rotation or not.
func (b *Board) pushAll(m message) {
	for _, s := range b.open() {
		if s.joined.Load() {
			s.out.addMessage(m)
		}
	}
}

// open returns the connections there are.
func (b *Board) open() []*session {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Collect(maps.Keys(b.sessions))
}
