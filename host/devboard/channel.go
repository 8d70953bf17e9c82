package devboard

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// A manifest is the actions of a consumer: as sent, and decoded, because two
// consumers agree when the values are equal, whatever their texts.
type manifest struct {
	raw   json.RawMessage
	value any // nil if raw is not JSON
	valid bool
}

func newManifest(raw string) *manifest {
	m := &manifest{raw: json.RawMessage(raw)}
	m.valid = json.Unmarshal(m.raw, &m.value) == nil
	return m
}

func (m *manifest) isObject() bool {
	_, ok := m.value.(map[string]any)
	return ok
}

func (m *manifest) equal(other *manifest) bool { return reflect.DeepEqual(m.value, other.value) }

// service handles a frame on the topic of the service.
func (s *session) onService(f frame) {
	event := text(f.event)
	switch {
	case event == "phx_join":
		s.board.join(s, f)
	case !s.joined.Load():
		s.out.add(f.reply("error", `{"reason":"unmatched topic"}`))
	case event == "response":
		s.board.answer(f.ref, f.payload)
	case event == "phx_leave":
		s.board.leave(s, f.reply("ok", "{}"), servicePush("phx_close", "{}"))
	default: // the channel has no clause for it and crashes
		s.board.leave(s, servicePush("phx_error", "{}"))
	}
}

// join puts s in rotation. On a joined session it replaces the old join, which
// is closed after the new one is confirmed.
func (b *Board) join(s *session, f frame) {
	if !s.manifest.isObject() {
		s.out.add(f.reply("error", `{"reason":"join crashed"}`))
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	others, listed := without(*b.consumers.Load(), s)
	if listed {
		tellCount(others, len(others))
	}
	if len(others) == 0 {
		b.manifest = s.manifest
	}
	list := append(others, s)
	tellCount(others, len(list))
	replies := [][]byte{f.reply("ok", fmt.Sprintf(`{"num_consumers":%d,"service":%s,"token":%s}`, len(list), s.service, s.token))}
	if s.joined.Swap(true) {
		replies = append(replies, servicePush("phx_close", "{}"))
	}
	// No request may come before the reply, and after the reply no caller may
	// hear that nobody is there.
	s.out.addAnd(func() { b.consumers.Store(&list) }, replies...)
	b.log.Debug("joined", "session", s.id, "consumers", len(list))
}

// leave ends the join of s, if there is one, telling it by last. The hub
// announces a departure twice to everybody else. The actions stay registered
// until the last consumer is gone.
func (b *Board) leave(s *session, last ...[]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	others, listed := without(*b.consumers.Load(), s)
	if listed {
		b.consumers.Store(&others)
		if next := b.turn.Load() % uint64(len(others)+1); b.shrinking.Load() && len(others) > 0 && int(next) == len(others) {
			b.lose.Add(1)
		}
		tellCount(others, len(others))
		tellCount(others, len(others))
		b.log.Debug("left", "session", s.id, "consumers", len(others))
	}
	if len(others) == 0 {
		b.manifest = nil
	}
	s.joined.Store(false)
	s.out.add(last...)
}

// without returns a copy of list without s, and whether s was in it.
func without(list []*session, s *session) ([]*session, bool) {
	others := slices.DeleteFunc(slices.Clone(list), func(other *session) bool { return other == s })
	return others, len(others) < len(list)
}

// tellCount tells consumers that there are n of them.
func tellCount(consumers []*session, n int) {
	message := servicePush("num_consumers", fmt.Sprintf(`{"num_consumers":%d}`, n))
	for _, s := range consumers {
		s.out.add(message)
	}
}
