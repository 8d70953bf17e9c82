package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

type statusCommand struct{}

// Run shows what the host serves that runs with the same environment, and what
// it does not serve yet, and why.
func (statusCommand) Run(ctx context.Context, c console) error {
	config, err := loadConfig(c.lookup, needNothing)
	if err != nil {
		return &configError{err}
	}
	text, _, err := askHost(ctx, config)
	if err != nil {
		return err
	}
	var h health
	if err := json.Unmarshal(text, &h); err != nil {
		return fmt.Errorf("read the answer of %s: %w", config.HealthAddress, err)
	}
	h.print(c.out, time.Now())
	return nil
}

// askHost gives the answer of the host's health endpoint.
func askHost(ctx context.Context, config Config) (text []byte, ready bool, err error) {
	if config.HealthAddress == "" {
		return nil, false, &configError{errNoHealthAddress}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+config.HealthAddress+"/ready", nil)
	if err != nil {
		return nil, false, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, false, fmt.Errorf("no host answers at %s", config.HealthAddress)
	}
	defer response.Body.Close()
	text, err = io.ReadAll(io.LimitReader(response.Body, 1<<20))
	return text, response.StatusCode == http.StatusOK, err
}

// actionsHealth is what the endpoint tells of the actions beyond their number.
type actionsHealth struct {
	Names     []string         `json:"names,omitempty"`
	Faults    []faultHealth    `json:"faults,omitempty"`
	Candidate *candidateHealth `json:"candidate,omitempty"`
	Trouble   string           `json:"trouble,omitempty"` // why the last reload failed as a whole
}

type faultHealth struct {
	File   string `json:"file"`
	Error  string `json:"error"`
	Served string `json:"served"`
}

// candidateHealth is what the files say and the hub has not accepted yet.
type candidateHealth struct {
	Version string    `json:"version"`
	Actions int       `json:"actions"`
	Reason  string    `json:"reason,omitempty"`
	Tries   int       `json:"tries"`
	Again   time.Time `json:"again,omitzero"`
}

func (s *service) actionsHealth() actionsHealth {
	status := s.actions.Status()
	h := actionsHealth{Trouble: status.Trouble}
	for _, action := range status.Served.Actions {
		h.Names = append(h.Names, action.Name)
	}
	for _, fault := range status.Faults {
		h.Faults = append(h.Faults, faultHealth{fault.File, fault.Err.Error(), fault.Served()})
	}
	if set := status.Candidate; set != nil {
		h.Candidate = &candidateHealth{Version: set.Version, Actions: len(set.Actions)}
		if r := status.Refusal; r != nil {
			h.Candidate.Reason, h.Candidate.Tries, h.Candidate.Again = r.Reason, r.Tries, r.Again
		}
	}
	return h
}

// print shows the answer to a person.
func (h health) print(out io.Writer, now time.Time) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(out, "%-10s "+format+"\n", append([]any{name}, args...)...)
	}
	hub := "joined"
	if !h.Ready {
		hub = "not joined"
	}
	line("hub", "%s", hub)
	line("version", "%s", h.Version)
	line("actions", "%d: %s", h.Actions, strings.Join(h.Names, ", "))
	if set := h.Candidate; set != nil {
		line("candidate", "%s with %s, waits for the hub to accept what callers are told", set.Version, count(set.Actions, "action"))
		if set.Tries > 0 {
			tries := "once"
			if set.Tries > 1 {
				tries = fmt.Sprintf("%d times", set.Tries)
			}
			line("", "refused %s, again in %v at the latest; likeliest: %s", tries, max(0, set.Again.Sub(now)).Round(100*time.Millisecond), set.Reason)
		}
	}
	if h.Trouble != "" {
		line("trouble", "%s", h.Trouble)
	}
	for _, fault := range h.Faults {
		line("stale", "%s, served: %s", fault.File, fault.Served)
		line("", "%s", fault.Error)
	}
}
