package devboard

import (
	"sync"

	"github.com/coder/websocket"
)

// An outbox queues messages for one consumer. It has no limit, as the hub's
// has none: adding never blocks.
type outbox struct {
	wake   chan struct{} // holds a token while there is something to take
	closed chan struct{} // closed by close

	mu       sync.Mutex
	messages []message
	code     websocket.StatusCode // of the close after the messages; 0 while open
}

type message struct {
	data   []byte
	binary bool
}

func newOutbox() outbox { return outbox{wake: make(chan struct{}, 1), closed: make(chan struct{})} }

// add queues texts; they are dropped once the outbox is closed.
func (o *outbox) add(texts ...[]byte) { o.addAnd(func() {}, texts...) }

// addAnd queues texts and does what has to happen after they are queued and
// before any of them is sent.
func (o *outbox) addAnd(do func(), texts ...[]byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, data := range texts {
		o.put(message{data: data})
	}
	do()
}

// addMessage queues a message of any kind.
func (o *outbox) addMessage(m message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.put(m)
}

// put is called with o.mu held.
func (o *outbox) put(m message) {
	if o.code == 0 {
		o.messages = append(o.messages, m)
		o.signal()
	}
}

// close asks for a close with code after what is queued. The first code counts.
func (o *outbox) close(code websocket.StatusCode) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.code != 0 {
		return
	}
	o.code = code
	close(o.closed)
	o.signal()
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take waits for messages, or for the close, and returns all there is.
func (o *outbox) take() ([]message, websocket.StatusCode) {
	<-o.wake
	o.mu.Lock()
	defer o.mu.Unlock()
	batch := o.messages
	o.messages = nil
	return batch, o.code
}
