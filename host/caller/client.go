package caller

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const (
	// patience is longer than the hub's own, who answers 408 after 30 s.
	patience = 40 * time.Second
	// statusPatience is with who may not be a local Plugboard at all.
	statusPatience = 2 * time.Second

	maxAnswer = 64 << 20 // bytes
)

// ErrUnreachable is in the chain of the error when nobody answers.
var ErrUnreachable = errors.New("nobody answers")

// A Client calls one service through one Plugboard. URL is required.
type Client struct {
	URL     string // http or https; see CheckURL
	Token   string // empty: none is sent
	Service int    // its number at the hub
}

// CheckURL gives an address as a Client takes it: without a scheme it is http.
func CheckURL(text string) (string, error) {
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", errors.New("the address must be http:// or https:// with a host, without user, query or fragment")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String(), nil
}

// An Answer is what came back.
type Answer struct {
	Status int
	Body   []byte
	Took   time.Duration
}

// Call asks for an action. Whatever is answered is an Answer, redirects
// included; an error means that nobody did.
func (c *Client) Call(ctx context.Context, action string, fields json.RawMessage) (Answer, error) {
	body, err := json.Marshal(struct {
		Service int             `json:"service_id"`
		Action  string          `json:"action"`
		Fields  json.RawMessage `json:"fields"`
	}{c.Service, action, fields})
	if err != nil {
		return Answer{}, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	if c.Token != "" {
		request.Header.Set("Authorization", "Bearer "+c.Token)
	}
	return c.send(request, patience)
}

// A Status is what a local Plugboard tells of itself. A hub tells nothing.
type Status struct {
	Consumers int       `json:"consumers"` // hosts that are joined
	Actions   Catalogue `json:"actions"`
	Version   string    `json:"version"` // of the files that are served; empty if it does not say
}

// Status asks what is served. ok is false if who answers is no local
// Plugboard; an error means that nobody answers. No token is sent.
func (c *Client) Status(ctx context.Context) (status Status, ok bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL, nil)
	if err != nil {
		return Status{}, false, err
	}
	answer, err := c.send(request, statusPatience)
	if err != nil {
		return Status{}, false, err
	}
	var probe struct {
		Consumers *int `json:"consumers"`
	}
	if json.Unmarshal(answer.Body, &probe) != nil || probe.Consumers == nil || json.Unmarshal(answer.Body, &status) != nil {
		return Status{}, false, nil
	}
	return status, true, nil
}

// send sends a request and reads what comes back.
func (c *Client) send(request *http.Request, patience time.Duration) (Answer, error) {
	request.Header.Set("Accept", "application/json")
	client := http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // it is the action's answer
	}
	start := time.Now()
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, c.unreachable(err, patience)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil {
		return Answer{}, c.unreachable(err, patience)
	}
	if len(body) > maxAnswer {
		return Answer{}, fmt.Errorf("the answer of %s has more than %d bytes", c.URL, maxAnswer)
	}
	return Answer{Status: response.StatusCode, Body: body, Took: time.Since(start)}, nil
}

// unreachable says in short why nobody answers.
func (c *Client) unreachable(err error, patience time.Duration) error {
	reason := err
	if outer, ok := errors.AsType[*url.Error](err); ok {
		reason = outer.Err // the address is in our own words
	}
	var timeout net.Error
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, syscall.ECONNREFUSED):
		reason = errors.New("connection refused")
	case errors.As(err, &timeout) && timeout.Timeout():
		reason = fmt.Errorf("no answer within %v", patience)
	}
	return fmt.Errorf("%w at %s: %w", ErrUnreachable, c.URL, reason)
}
