package uuid

import (
	"io"
	"sync"
	"time"

	"github.com/google/uuid"
	lua "github.com/yuin/gopher-lua"
)

// A Source makes UUIDs of a clock and of random bytes that are given, for
// tests. Many goroutines may use it.
type Source struct {
	now    func() time.Time
	random io.Reader

	mu   sync.Mutex
	last int64 // the millisecond of the last version 7
	next int   // how many there were within it
}

// NewSource returns a source; both are required.
func NewSource(now func() time.Time, random io.Reader) *Source {
	return &Source{now: now, random: random}
}

// V4 returns a random UUID.
func (s *Source) V4() (string, error) {
	id, err := uuid.NewRandomFromReader(s.random)
	return id.String(), err
}

// V7 returns a UUID of the clock's time and random bits. Up to 4,096 that are
// made within a millisecond ascend.
func (s *Source) V7() (string, error) {
	var id uuid.UUID
	if _, err := io.ReadFull(s.random, id[8:]); err != nil {
		return "", err
	}
	s.mu.Lock()
	now := s.now().UnixMilli()
	if now != s.last {
		s.last, s.next = now, 0
	}
	count := s.next
	s.next++
	s.mu.Unlock()
	for i := range 6 {
		id[i] = byte(now >> (40 - 8*i))
	}
	id[6] = 0x70 | byte(count>>8)&0x0f
	id[7] = byte(count)
	id[8] = 0x80 | id[8]&0x3f
	return id.String(), nil
}

// Module is the package's Module with UUIDs of this source.
func (s *Source) Module(L *lua.LState) int {
	L.Push(L.SetFuncs(L.CreateTable(0, 2), map[string]lua.LGFunction{
		"v4": func(L *lua.LState) int { return push(L, s.V4) },
		"v7": func(L *lua.LState) int { return push(L, s.V7) },
	}))
	return 1
}

func push(L *lua.LState, id func() (string, error)) int {
	text, err := id()
	if err != nil {
		L.RaiseError("make a UUID: %v", err)
	}
	L.Push(lua.LString(text))
	return 1
}
