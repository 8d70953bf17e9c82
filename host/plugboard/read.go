package plugboard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/coder/websocket"
)

const (
	maxFrame  = 16 << 20 // bytes of a frame that is read; the hub takes requests of up to 8 MB
	keepFrame = 1 << 20  // of a read buffer that is worth keeping

	largeFrame = 64 << 10 // bytes after which a frame on its way is a sign of life
)

// read takes frames until the connection ends.
func (s *session) read(life context.Context) error {
	contexts := &sharedContext{life: life, limit: s.client.opts.AnswerDeadline}
	buf := make([]byte, 0, 4096)
	for {
		data, err := s.readMessage(buf)
		switch {
		case errors.Is(err, websocket.ErrMessageTooBig):
			s.client.badFrame(err, maxFrame)
			continue
		case err != nil:
			return err
		}
		s.receive(contexts, data, time.Now())
		if cap(data) <= keepFrame {
			buf = data[:0]
		}
	}
}

// readMessage reads one message, text or binary, into buf. Of one that is too
// long it skips the rest.
func (s *session) readMessage(buf []byte) ([]byte, error) {
	_, r, err := s.ws.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	tooLong := false
	for {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, len(buf))
		}
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		if len(buf) > largeFrame {
			s.moving.Store(int64(time.Since(s.began)))
		}
		if len(buf) > maxFrame {
			tooLong, buf = true, buf[:0]
		}
		switch {
		case err == io.EOF && tooLong:
			return nil, websocket.ErrMessageTooBig
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return nil, err
		}
	}
}

// receive starts a request, or passes the frame on to the loop.
func (s *session) receive(contexts *sharedContext, data []byte, now time.Time) {
	frame, err := parseFrame(data)
	if err != nil {
		s.client.badFrame(err, len(data))
		return
	}
	if frame.Topic == topicService && frame.Event == eventRequest {
		s.hear(now)
		s.client.accept(contexts, s.manifest, frame.Payload, now)
		return
	}
	frame.Payload = bytes.Clone(frame.Payload)
	frame.Ref = bytes.Clone(frame.Ref)
	s.mu.Lock()
	s.events = append(s.events, frame)
	s.mu.Unlock()
	s.client.nudge()
}
