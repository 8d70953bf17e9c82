package devboard

import (
	"encoding/json"
	"sync"
	"time"
)

// pending holds the refs whose callers wait. The zero value is ready.
type pending struct {
	mu      sync.Mutex
	waiting map[string]waiter    // by ref
	past    map[string]time.Time // when a ref's caller was served or gave up, while stray answers reach others; else nil
}

// strayTime is how long the hub knows a ref whose caller has gone.
const strayTime = time.Second

// A waiter is one caller. Its channel takes one payload, or is closed when the
// board stops.
type waiter struct {
	answer chan json.RawMessage
	pushed time.Time
}

// add notes a caller for ref and returns the channel it waits on.
func (p *pending) add(ref string) <-chan json.RawMessage {
	w := waiter{answer: make(chan json.RawMessage, 1), pushed: time.Now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[string]waiter{}
	}
	p.waiting[ref] = w
	return w.answer
}

// forget drops ref, answered or not.
func (p *pending) forget(ref string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, waits := p.waiting[ref]; waits {
		p.bury(ref)
	}
	delete(p.waiting, ref)
}

// misdeliver makes stray answers reach others, or ends that.
func (p *pending) misdeliver(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.past = nil
	if on {
		p.past = make(map[string]time.Time)
	}
}

func (p *pending) bury(ref string) {
	if p.past != nil {
		p.past[ref] = time.Now()
	}
}

// astray gives the answer to a ref that is past to whoever waits next, as a
// caller does who has sent his next request on the same connection.
func (p *pending) astray(ref string, payload json.RawMessage) outcome {
	at, ok := p.past[ref]
	if !ok || time.Since(at) > strayTime {
		return unknown
	}
	for other, w := range p.waiting {
		delete(p.waiting, other)
		p.bury(other)
		w.answer <- payload
		return stray
	}
	return unknown
}

// What became of an answer.
type outcome int

const (
	delivered outcome = iota
	early             // sooner than the hub noted who waits
	unknown           // nobody waits for the ref, or no longer
	stray             // nobody waits for the ref any more: somebody else got it
)

// deliver gives an answer to its caller, once, and forgets the ref. An answer
// younger than hold is lost and the caller goes on waiting.
func (p *pending) deliver(ref string, payload json.RawMessage, hold time.Duration) outcome {
	p.mu.Lock()
	defer p.mu.Unlock()
	w, ok := p.waiting[ref]
	switch {
	case !ok:
		return p.astray(ref, payload)
	case hold > 0 && time.Since(w.pushed) < hold:
		return early
	}
	delete(p.waiting, ref)
	p.bury(ref)
	w.answer <- payload
	return delivered
}

// abandon ends all waiting, as a stop of the hub does.
func (p *pending) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for ref, w := range p.waiting {
		close(w.answer)
		delete(p.waiting, ref)
	}
}
