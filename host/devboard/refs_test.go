package devboard_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"vera/host/devboard"
)

const okResponse = `{"status_code":200,"message":"ok","fields":{}}`

func TestAnswerOverAnotherConnection(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	a, b := h.join(t), h.join(t)
	a.next() // num_consumers
	answered := h.ask(t, `{}`)
	b.response(a.next().responseRef(), okResponse)
	if r := wait(t, answered); r.status != 200 {
		t.Errorf("got %+v", r)
	}
}

// Nothing is sent again when a consumer dies with a request in hand; a new
// connection can still answer it.
func TestAnswerAfterReconnect(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	a := h.join(t)
	answered := h.ask(t, `{}`)
	ref := a.next().responseRef()
	a.conn.CloseNow()
	until(t, "no consumer", func() bool { return h.Consumers() == 0 })
	b := h.join(t)
	b.quiet()
	b.response(ref, okResponse)
	if r := wait(t, answered); r.status != 200 {
		t.Errorf("got %+v", r)
	}
}

func TestSecondAnswerIsIgnored(t *testing.T) {
	var mu sync.Mutex
	var pushed, answers []string
	h := start(t, devboard.Options{
		Token: "secret",
		OnPush: func(ref, action string) {
			mu.Lock()
			defer mu.Unlock()
			pushed = append(pushed, ref+" "+action)
		},
		OnAnswer: func(ref string, status int, known bool) {
			mu.Lock()
			defer mu.Unlock()
			answers = append(answers, fmt.Sprint(ref, " ", status, " ", known))
		},
	})
	c := h.join(t)
	answered := h.ask(t, `{}`)
	ref := c.next().responseRef()
	c.response(ref, okResponse)
	c.response(ref, `{"status_code":500,"message":"second","fields":{}}`)
	c.response(`"`+strings.Repeat("0", 36)+`"`, okResponse)
	c.response(`7`, `"no object"`)
	if r := wait(t, answered); r.status != 200 {
		t.Errorf("got %+v", r)
	}
	c.quiet()
	if s := h.Stats(); s.Requests != 1 || s.Delivered != 1 || s.Ignored != 3 {
		t.Errorf("stats %+v, want 1 request, 1 delivered, 3 ignored", s)
	}
	mu.Lock()
	defer mu.Unlock()
	plain := strings.Trim(ref, `"`)
	if len(pushed) != 1 || pushed[0] != plain+" Echo" {
		t.Errorf("OnPush saw %q", pushed)
	}
	want := []string{plain + " 200 true", plain + " 500 false", strings.Repeat("0", 36) + " 200 false", "7 0 false"}
	if strings.Join(answers, ",") != strings.Join(want, ",") {
		t.Errorf("OnAnswer saw %q, want %q", answers, want)
	}
}

func TestEarlyAnswerIsLost(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret", EarlyLoss: time.Hour, RequestTimeout: 10 * settle})
	c := h.join(t)
	answered := h.ask(t, `{}`)
	c.response(c.next().responseRef(), okResponse)
	c.quiet()
	if r := wait(t, answered); r.status != 408 {
		t.Errorf("got %+v, want 408", r)
	}
	if s := h.Stats(); s.Early != 1 || s.Ignored != 0 || s.Delivered != 0 {
		t.Errorf("stats %+v, want one early", s)
	}
}

func TestHeldAnswerIsNotEarly(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret", EarlyLoss: settle})
	c := h.join(t)
	answered := h.ask(t, `{}`)
	ref := c.next().responseRef()
	time.Sleep(settle) // as a consumer does that holds its answers
	c.response(ref, okResponse)
	if r := wait(t, answered); r.status != 200 {
		t.Errorf("got %+v", r)
	}
}

func TestCallerGoesAway(t *testing.T) {
	h := start(t, devboard.Options{Token: "secret"})
	c := h.join(t)
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error, 1)
	go func() {
		_, err := h.Call(ctx, "Echo", nil)
		gone <- err
	}()
	ref := c.next().responseRef()
	cancel()
	if err := <-gone; err == nil {
		t.Error("Call with an ended context: no error")
	}
	c.response(ref, okResponse)
	c.quiet()
	if s := h.Stats(); s.Ignored != 1 {
		t.Errorf("stats %+v, want the answer ignored", s)
	}
}
