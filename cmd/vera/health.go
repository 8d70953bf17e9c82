package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

type healthCommand struct{}

// Run asks the host that runs with the same environment how it is.
func (healthCommand) Run(ctx context.Context, c console) error {
	config, err := loadConfig(c.lookup, needNothing)
	if err != nil {
		return &configError{err}
	}
	text, ready, err := askHost(ctx, config)
	if err != nil {
		return err
	}
	if _, err := c.out.Write(text); err != nil {
		return err
	}
	if !ready {
		return exitCode(exitFailed)
	}
	return nil
}

var errNoHealthAddress = errors.New("HEALTH_ADDRESS is required: it says where the host answers")

// health is what the endpoint answers.
type health struct {
	Ready   bool   `json:"ready"`   // the hub sends us requests
	Version string `json:"version"` // of the set of actions
	Actions int    `json:"actions"`
	Stale   int    `json:"stale"` // files with a fault

	actionsHealth
}

func (s *service) health() health {
	set := s.actions.Set()
	actions := s.actionsHealth()
	return health{
		Ready:   s.client.Stats().Joined,
		Version: set.Version, Actions: len(set.Actions), Stale: len(actions.Faults), actionsHealth: actions,
	}
}

// serveHealth answers GET /live with 200 while the process works, GET /ready
// with 200 while the host is joined to the hub and 503 while it is not, and GET
// /metrics with numbers for Prometheus.
func (s *service) serveHealth(ctx context.Context) error {
	listener, err := net.Listen("tcp", s.config.HealthAddress)
	if err != nil {
		return fmt.Errorf("listen for health checks: %w", err)
	}
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, ready bool) {
		w.Header().Set("Content-Type", "application/json")
		if !ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(s.health()) // a caller that hung up needs no answer
	}
	mux.HandleFunc("GET /live", func(w http.ResponseWriter, _ *http.Request) { answer(w, true) })
	mux.HandleFunc("GET /ready", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.client.Stats().Joined) })
	mux.Handle("GET /metrics", s.metrics)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer health checks: %w", err)
	}
	return nil
}
