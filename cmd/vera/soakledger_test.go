package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// What became of each request of a soak, and whose loss it was.

// How long bytes may be on their way on a busy machine, and how much later a
// request may be noted than the host has it.
const (
	onTheWire = 500 * time.Millisecond
	noteDelay = 30 * time.Millisecond
)

// A fate is how far a request came.
type fate struct {
	exchange
	host     *soakHost // nil: it reached none
	reached  time.Time
	computed time.Time // zero: no answer
}

// fates puts together what the hub, the proxies and the hosts saw.
func (s *soak) fates() map[string]*fate {
	fates := make(map[string]*fate)
	for ref, e := range s.watch.all() {
		fates[ref] = &fate{exchange: e}
	}
	for _, h := range s.hosts {
		for ref, at := range h.reached {
			fates[ref].host, fates[ref].reached = h, at
		}
		for _, run := range h.runs {
			for text := range strings.Lines(run.text()) {
				var line struct {
					Time     time.Time
					Msg, Ref string
				}
				if json.Unmarshal([]byte(text), &line) != nil {
					continue
				}
				switch line.Msg {
				case "answered", "action failed":
					fates[line.Ref].computed = line.Time
				case "connection lost":
					s.noticed(h, line.Time)
				}
			}
		}
	}
	return fates
}

// noticed finds the fault of which a host has noticed that its connection was
// lost.
func (s *soak) noticed(h *soakHost, at time.Time) {
	for i := range s.faults {
		f := &s.faults[i]
		if f.host == h && (f.kind == proxyCut || f.kind == deadPeer) && f.noticed.IsZero() && at.After(f.from) && at.Before(f.gone) {
			f.noticed = at
			return
		}
	}
}

// The rows of the ledger that must be empty begin with these.
const (
	lostByUs = "LOST BY US"
	twice    = "ANSWERED TWICE"
	wrong    = "ANSWERED WRONGLY"
)

// account names what became of a request.
func (s *soak) account(f *fate) string {
	switch {
	case len(f.answered) > 1:
		return twice
	case f.known:
		return s.quality(f)
	case len(f.answered) == 1:
		return s.unclaimed(f)
	case f.host == nil:
		if kind := s.lossAt(nil, f.pushed); kind != "" {
			return "lost by the hub: request on the wire, " + kind
		}
		return lostByUs + ": no host has read it, and nothing failed"
	case f.computed.IsZero():
		if s.killedWithin(f, 6*time.Second) {
			return "lost by the hub: host killed with the request in hand"
		}
		if kind := s.lossAt(f.host, f.reached); kind != "" {
			return "lost by the hub: request on the wire, " + kind
		}
		return lostByUs + ": the host had it and gave no answer"
	}
	// Before this moment the answer was held. What is lost then is our loss,
	// except with the process.
	leaves := f.reached.Add(soakHold)
	if f.computed.After(leaves) {
		leaves = f.computed
	}
	if s.killedWithin(f, leaves.Sub(f.reached)+onTheWire) {
		return "lost by the hub: host killed with the answer in hand"
	}
	if kind := s.answerLoss(f.host, leaves); kind != "" {
		return "lost by the hub: answer on the wire, " + kind
	}
	return lostByUs + ": the answer was computed and did not arrive"
}

// unclaimed accounts for an answer that the hub got and nobody waited for.
func (s *soak) unclaimed(f *fate) string {
	for _, fault := range s.faults {
		switch {
		case fault.kind == hubRestart && !f.pushed.After(fault.gone) && f.answered[0].After(fault.from):
			return "lost by the hub: restarted before the answer came"
		case fault.kind == deadPeer && f.host == fault.host && f.answered[0].Sub(f.pushed) > 29*time.Second &&
			f.pushed.Before(fault.noticed) && f.answered[0].Before(fault.gone.Add(onTheWire)):
			return "lost by the hub: pushed while stalled, not awaited any more"
		}
	}
	return lostByUs + ": the hub did not know what was answered"
}

// quality tells whether an answer that reached its caller is what it should
// be: in time, and good unless something that it needs was away.
func (s *soak) quality(f *fate) string {
	held, age := f.answered[0].Sub(f.pushed), f.answered[0].Sub(f.reached)
	excused := slices.ContainsFunc(s.faults, func(fault fault) bool {
		return (fault.kind == databaseRestart || fault.kind == hostStopped) &&
			f.answered[0].After(fault.from) && f.pushed.Before(fault.from.Add(10*time.Second))
	})
	switch {
	case held < soakHold:
		return fmt.Sprintf("%s: after %v", wrong, held)
	case age > 29500*time.Millisecond:
		return fmt.Sprintf("%s: %v late", wrong, age)
	case f.statuses[0] != 200 && !excused:
		return fmt.Sprintf("%s: with %d while nothing was away", wrong, f.statuses[0])
	}
	return "answered once"
}

// answerLoss is lossAt for an answer: what leaves once its host knows that the
// connection is lost goes over another one.
func (s *soak) answerLoss(h *soakHost, leaves time.Time) (kind string) {
	for _, f := range s.faults {
		over := f.gone
		if !f.noticed.IsZero() {
			over = f.noticed
		}
		if !f.gone.IsZero() && (f.host == nil || f.host == h) && !leaves.Before(f.from.Add(-onTheWire)) && !leaves.After(over.Add(noteDelay)) {
			return f.kind
		}
	}
	return ""
}

// lossAt names the fault that took what was about to cross a connection of
// the host at a time, or of any host.
func (s *soak) lossAt(h *soakHost, at time.Time) (kind string) {
	for _, f := range s.faults {
		if !f.gone.IsZero() && (h == nil || f.host == nil || f.host == h) &&
			!at.Before(f.from.Add(-onTheWire)) && !at.After(f.gone.Add(noteDelay)) {
			return f.kind
		}
	}
	return ""
}

// killedWithin reports whether the host was killed so soon after it had the
// request.
func (s *soak) killedWithin(f *fate, d time.Duration) bool {
	return slices.ContainsFunc(s.faults, func(fault fault) bool {
		return fault.kind == hostKilled && fault.host == f.host &&
			f.reached.Before(fault.gone) && fault.from.Sub(f.reached) <= d
	})
}

// report prints the ledger. Every call must be in it.
func (s *soak) report(took time.Duration) {
	fates := s.fates()
	ledger := map[string]int{lostByUs: 0, twice: 0, wrong: 0}
	for ref, f := range fates {
		row := s.account(f)
		ledger[row]++
		sum, _, _ := strings.Cut(row, ":")
		if sum != row && (sum == lostByUs || sum == wrong) {
			ledger[sum]++ // of its kinds
		}
		if sum == lostByUs || sum == wrong || row == twice {
			s.t.Errorf("%s %s: %s; pushed %s, reached %s, computed %s, answered %v", f.action, ref, row,
				clock(f.pushed), clock(f.reached), clock(f.computed), f.answered)
		}
	}
	calls := 0
	for _, n := range s.calls {
		calls += n
	}
	ledger["refused by the hub: no host was joined"] = calls - len(fates)
	kinds := make(map[string]int)
	for _, f := range s.faults {
		kinds[f.kind]++
	}
	var text strings.Builder
	for _, row := range slices.Sorted(maps.Keys(ledger)) {
		fmt.Fprintf(&text, "%8d  %s\n", ledger[row], row)
	}
	s.t.Logf("%v, %d hosts, faults: %v\n%8d  requests\n%scallers got: %v", took.Round(time.Second), soakHosts, kinds, calls, &text, s.calls)
	if refused := s.calls["422"]; refused != calls-len(fates) {
		s.t.Errorf("%d requests are in no row", calls-len(fates)-refused)
	}
	if answered := ledger["answered once"]; answered < calls*7/10 {
		s.t.Errorf("only %d of %d requests were answered: this says nothing", answered, calls)
	}
	if s.t.Failed() {
		for _, f := range s.faults {
			s.t.Logf("%s to %s: %s of %v", clock(f.from), clock(f.gone), f.kind, f.host)
		}
	}
}

func clock(at time.Time) string {
	if at.IsZero() {
		return "never"
	}
	return at.UTC().Format("15:04:05.000")
}
