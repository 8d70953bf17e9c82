package main

import (
	"fmt"
	"sync"
	"testing"
)

// stackPool lends stacks to cases, each for one: with the race detector, to
// make one takes longer than most cases do.
type stackPool struct {
	t *testing.T // at whose end all stacks end

	mu   sync.Mutex
	idle map[string][]*stack
}

// emptyTables makes a used database look new.
const emptyTables = `truncate users, revocations, login_throttle, refresh_tokens, audit, login_sources restart identity`

// lend gives a stack with an empty database and an empty log. A stack that may
// be harmed is made for the test alone.
func (p *stackPool) lend(t *testing.T, o stackOptions) (s *stack, giveBack func()) {
	t.Helper()
	if o.privateDatabase {
		return newStack(t, o), func() {}
	}
	key := fmt.Sprint(o)
	p.mu.Lock()
	if n := len(p.idle[key]); n > 0 {
		s, p.idle[key] = p.idle[key][n-1], p.idle[key][:n-1]
	}
	p.mu.Unlock()
	if s == nil {
		s = newStack(p.t, o)
	}
	return s, func() {
		s.run(t, emptyTables)
		s.takeLog()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.idle[key] = append(p.idle[key], s)
	}
}
