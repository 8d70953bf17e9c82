package plugboard

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const (
	oldManifest = `{"old":1}`
	newManifest = `{"new":2}`
)

// A changer is a client whose manifest the test changes, joined over link.
type changer struct {
	*runner
	h        *hub
	link     *link
	manifest atomic.Value
	refusals chan Refusal
}

func startChanger(t *testing.T, handler HandlerFunc) *changer {
	t.Helper()
	g := &changer{h: newHub(t), refusals: make(chan Refusal, 100)}
	g.manifest.Store(oldManifest)
	g.runner = startClient(t, g.h, handler, func(o *Options) {
		o.Manifest = func() []byte { return []byte(g.manifest.Load().(string)) }
		o.OnRefused = func(r Refusal) { g.refusals <- r }
	})
	g.link = g.h.join()
	return g
}

func (g *changer) change(manifest string) {
	g.manifest.Store(manifest)
	g.Reconnect()
}

// refuseAll refuses connections until the returned function is called.
func (g *changer) refuseAll() (allow func()) {
	for range cap(g.h.refuse) {
		g.h.refuse <- 403
	}
	return func() {
		for len(g.h.refuse) > 0 {
			<-g.h.refuse
		}
	}
}

// letGo confirms that the client has left.
func (l *link) letGo() {
	l.t.Helper()
	l.reply(l.expect(eventLeave).Ref, "ok", "{}")
	l.event(eventClose, "{}")
}

func (l *link) actions() string {
	query, err := url.ParseQuery(l.query)
	if err != nil {
		l.t.Error(err)
	}
	return query.Get("actions")
}

func TestRefusedChangeComesBack(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startChanger(t, echo)
		l := g.link
		allow := g.refuseAll()
		began := time.Now()
		g.change(newManifest)
		l.letGo()
		l.confirmJoin() // over the connection that it has
		if took := time.Since(began); took > time.Second {
			t.Errorf("back after %v", took)
		}
		r := <-g.refusals
		if string(r.Manifest) != newManifest || r.Tries != 1 || r.Again < time.Second || r.Again > 2*time.Second {
			t.Errorf("refusal %+v", r)
		}
		l.request("r1", "Echo", "1")
		l.answer("r1", 200)

		for tries := 2; tries <= 8; tries++ { // again and again, ever more seldom
			l.letGo()
			l.confirmJoin()
			if r = <-g.refusals; r.Tries != tries {
				t.Errorf("refusal %+v, want try %d", r, tries)
			}
		}
		if r.Again < 15*time.Second || r.Again > 30*time.Second {
			t.Errorf("the eighth pause is %v", r.Again)
		}
		allow()
		l.letGo()
		l.end()
		next := g.h.join()
		if next.actions() != newManifest {
			t.Errorf("published %s", next.actions())
		}
		next.request("r2", "Echo", "2")
		next.answer("r2", 200)
		time.Sleep(5 * time.Minute)
		next.confirmJoin() // idle, and nothing else is wrong
		g.stop(next)
	})
}

// That another consumer leaves is the sign to try.
func TestChangeFollowsAnother(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startChanger(t, echo)
		l := g.link
		allow := g.refuseAll()
		g.change(newManifest)
		l.letGo()
		l.reply(l.expect(eventJoin).Ref, "ok", `{"num_consumers":3,"service":{"id":1},"token":{"id":7}}`)
		<-g.refusals
		allow()
		time.Sleep(followGap)
		began := time.Now()
		l.event(eventNumConsumers, `{"num_consumers":4}`)
		l.event(eventNumConsumers, `{"num_consumers":3}`)
		l.letGo()
		next := g.h.join()
		if took := next.at.Sub(began); took > 0 || next.actions() != newManifest {
			t.Errorf("tried %s after %v", next.actions(), took)
		}
		for n := range 3 { // nothing to change any more
			next.event(eventNumConsumers, fmt.Sprintf(`{"num_consumers":%d}`, 3-n))
		}
		time.Sleep(time.Minute)
		g.stop(next)
	})
}

// Going back to the old manifest ends the change, also in the middle of a try.
func TestChangeIsWithdrawn(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startChanger(t, echo)
		l := g.link
		allow := g.refuseAll()
		g.change(newManifest)
		l.letGo()
		l.confirmJoin()
		<-g.refusals
		g.change(oldManifest)
		time.Sleep(time.Minute) // no try comes

		g.change(newManifest)
		l.letGo()
		synctest.Wait()
		g.change(oldManifest)
		l.confirmJoin()
		allow()
		time.Sleep(time.Minute)
		if len(g.refusals) > 0 {
			t.Error("a change that was withdrawn is reported as refused")
		}
		g.stop(l)
	})
}

// A manifest that replaces the refused one is tried at once, as the first.
func TestChangeIsReplaced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startChanger(t, echo)
		l := g.link
		allow := g.refuseAll()
		g.change(newManifest)
		for range 5 {
			l.letGo()
			l.confirmJoin()
			<-g.refusals
		}
		allow()
		changed := time.Now()
		g.change(`{"newer":3}`)
		l.letGo()
		next := g.h.join()
		if took := next.at.Sub(changed); took > 0 || next.actions() != `{"newer":3}` {
			t.Errorf("published %s after %v", next.actions(), took)
		}
		g.stop(next)
	})
}

// What is in flight, and what crosses the leave, is answered whatever comes of
// the try; each request knows the manifest that it came under.
func TestChangeKeepsWhatIsInFlight(t *testing.T) {
	for _, refused := range []bool{false, true} {
		t.Run(fmt.Sprint("refused ", refused), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				g := startChanger(t, func(_ context.Context, req Request) Response {
					time.Sleep(time.Second)
					return Response{Status: 200, Fields: bytes.Clone(req.Manifest)}
				})
				l := g.link
				allow := func() {}
				if refused {
					allow = g.refuseAll()
				}
				l.request("slow", "Echo", "1")
				synctest.Wait()
				g.change(newManifest)
				leave := l.expect(eventLeave)
				l.request("crossed", "Echo", "1")
				l.reply(leave.Ref, "ok", "{}")
				want := oldManifest
				if refused {
					l.confirmJoin()
				} else {
					l.end()
					l = g.h.join()
					want = newManifest
				}
				l.request("next", "Echo", "1")
				under := map[string]string{"slow": oldManifest, "crossed": oldManifest, "next": want}
				for range len(under) {
					f := l.expect(eventResponse)
					if got := string(f.Payload.Fields); got != under[f.Ref] {
						t.Errorf("%s came under %s, want %s", f.Ref, got, under[f.Ref])
					}
					delete(under, f.Ref)
				}
				allow()
				g.manifest.Store(want)
				g.stop(l)
			})
		})
	}
}

// A connection that is lost while a change waits: the new manifest is tried
// first, and the old one at once when it is refused.
func TestChangeOverANewConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startChanger(t, echo)
		allow := g.refuseAll()
		g.change(newManifest)
		g.link.letGo()
		g.link.confirmJoin()
		<-g.refusals
		allow()

		g.h.refuse <- 403
		g.link.ws.CloseNow()
		l := g.h.join()
		if r := <-g.refusals; l.actions() != oldManifest || r.Tries != 2 {
			t.Errorf("published %s, refusal %+v", l.actions(), r)
		}
		l.letGo() // for the next try
		l.end()
		l = g.h.join()
		if l.actions() != newManifest {
			t.Errorf("published %s", l.actions())
		}

		g.change(oldManifest) // both are refused: the hub has others, or the token is bad
		allow = g.refuseAll()
		l.letGo()
		l.ws.CloseNow()
		time.Sleep(time.Minute)
		allow()
		g.stop(g.h.join())
	})
}

// The old connection is lost while the client is away.
func TestConnectionLostDuringATry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startChanger(t, echo)
		allow := g.refuseAll()
		g.change(newManifest)
		g.link.letGo()
		synctest.Wait()
		g.link.ws.CloseNow()
		<-g.refusals
		allow()
		l := g.h.join()
		if l.actions() != newManifest {
			t.Errorf("published %s", l.actions())
		}
		g.stop(l)
	})
}

// A client that is told to stop while it tries a manifest stops.
func TestStopDuringATry(t *testing.T) {
	bubble(t, func(t *testing.T) {
		g := startChanger(t, echo)
		g.refuseAll()
		g.change(newManifest)
		g.link.letGo()
		synctest.Wait()
		stopped := time.Now()
		g.cancel()
		g.link.confirmJoin()
		g.link.letGo()
		g.link.end()
		g.wait(nil)
		if took := time.Since(stopped); took > time.Second {
			t.Errorf("Run ended after %v", took)
		}
	})
}
