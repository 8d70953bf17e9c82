// Package plugboard is a consumer's side of the Vera Plugboard: it joins a
// service on the hub over a WebSocket, takes the requests that the hub pushes
// and gives each of them exactly one answer, whatever the connection does
// meanwhile. It knows frames and JSON, not what an action is.
//
//	client, err := plugboard.New(plugboard.Options{
//		URL:      "wss://plugboard.example.org/websocket",
//		Token:    token,
//		Manifest: actions.Manifest,
//		Handler:  host,
//	})
//	…
//	return client.Run(ctx)
//
// What the hub does on the wire decides the design:
//
//   - It loses an answer that comes too soon and misdelivers one that comes
//     too late or twice. So answers wait in an outbox until ResponseHold has
//     passed, are dropped at AnswerDeadline, and leave once.
//   - It accepts an answer over any later connection of the same service. So
//     the outbox belongs to the Client and survives a session's end.
//   - It closes the connection over one frame that it cannot decode. So every
//     answer is checked before it leaves.
package plugboard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"
)

// Errors that Run wraps.
var (
	// ErrServiceDeleted says that the service which the token belongs to was
	// deleted on the hub; dialling again would serve nobody.
	ErrServiceDeleted = errors.New("service deleted")

	// ErrManifestTooLarge says that the manifest does not fit the request
	// line, which the hub limits to MaxRequestLine bytes.
	ErrManifestTooLarge = errors.New("manifest too large")
)

// A Request is one call of an action, as the hub pushed it.
type Request struct {
	Ref    string // names the caller who waits; the answer carries it
	Action string

	// Fields is the JSON value of any type that the caller sent, as it came:
	// its extent is known, what is inside is not checked. It is nil when the
	// request had none.
	Fields json.RawMessage

	Received time.Time

	// Manifest is what the session published that the request came over. It
	// must not be changed.
	Manifest []byte
}

// A Response is the answer to a Request. The zero value is not valid: a
// Status that the hub does not take (see ValidStatus) is sent as 500.
type Response struct {
	Status  int
	Message *string         // nil is sent as null
	Fields  json.RawMessage // valid JSON; nil is sent as null
}

// Failf returns a Response without fields whose message is formatted as by
// fmt.Sprintf. The caller of the action reads it.
func Failf(status int, format string, args ...any) Response {
	return Response{Status: status, Message: new(fmt.Sprintf(format, args...))}
}

// A Handler answers requests. The client calls it from many goroutines at
// once. The context ends when an answer would be of no use any more, that is
// AnswerDeadline after the request arrived (up to a tenth of a second sooner:
// requests that arrive together share a context), or when the client stops
// and DrainTimeout is over; it does not end with the connection. Handle must
// return soon after that. A panic is logged and answered 500.
type Handler interface {
	Handle(ctx context.Context, req Request) Response
}

// A HandlerFunc is a function that serves as a Handler.
type HandlerFunc func(ctx context.Context, req Request) Response

// Handle calls f.
func (f HandlerFunc) Handle(ctx context.Context, req Request) Response { return f(ctx, req) }

// Options configure a Client. URL, Token, Manifest and Handler are required;
// of the others zero means the default.
type Options struct {
	URL      string        // ws or wss, without user, query and fragment
	Token    string        // as the hub issued it; never logged
	Manifest func() []byte // the actions as they should be published, a JSON object; asked before each dial
	Handler  Handler
	Logger   *slog.Logger // default: none

	// OnJoined, if set, is called after each join that the hub confirmed, with
	// the manifest that was published for it. It must not block: the session
	// waits for it.
	OnJoined func(manifest []byte)

	// OnRefused is told when another manifest could not be published and the
	// client goes back to the one that it joined with before. It must not
	// block. Default: a line in the log.
	OnRefused func(Refusal)

	// OnOverload, if set, is called for each request that is answered 503
	// because of MaxInFlight or MaxInFlightBytes. It must not block: the read
	// loop waits for it.
	OnOverload func()

	ResponseHold     time.Duration // from a request's arrival to the earliest answer; default 5 ms, negative: none
	AnswerDeadline   time.Duration // from a request's arrival to the latest answer; default 29 s, less than 30 s
	MaxInFlight      int           // requests accepted and not yet answered, beyond which 503 is the answer; default 1024
	MaxInFlightBytes int64         // of their fields and answers together, beyond which 503 is the answer; default 256 MiB
	Heartbeat        time.Duration // between two heartbeats; default 25 s, less than 60 s
	HeartbeatTimeout time.Duration // for the reply to a heartbeat or a join; default 10 s
	WriteTimeout     time.Duration // for a write without progress; default 10 s
	MaxPause         time.Duration // bounds the wait between two dials; default 30 s
	RejoinIdle       time.Duration // without any event from the service, after which to join again; default 5 min
	DrainTimeout     time.Duration // for requests in flight once Run's context has ended; default 25 s, negative: none
}

// A Refusal is why a manifest is not published yet.
type Refusal struct {
	Manifest []byte
	Reason   string        // most likely: the hub does not say
	Tries    int           // from 1
	Again    time.Duration // until it is tried again, at the latest
}

// New returns a Client that does nothing until Run. Its error names every
// option that is missing or out of range.
func New(opts Options) (*Client, error) {
	opts.setDefaults()
	if err := opts.check(); err != nil {
		return nil, fmt.Errorf("plugboard options: %w", err)
	}
	return newClient(opts), nil
}

func (o *Options) setDefaults() {
	def := func(d *time.Duration, value time.Duration) {
		if *d == 0 {
			*d = value
		}
	}
	def(&o.ResponseHold, 5*time.Millisecond)
	def(&o.AnswerDeadline, 29*time.Second)
	def(&o.Heartbeat, 25*time.Second)
	def(&o.HeartbeatTimeout, 10*time.Second)
	def(&o.WriteTimeout, 10*time.Second)
	def(&o.MaxPause, 30*time.Second)
	def(&o.RejoinIdle, 5*time.Minute)
	def(&o.DrainTimeout, 25*time.Second)
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 1024
	}
	if o.MaxInFlightBytes == 0 {
		o.MaxInFlightBytes = 256 << 20
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnRefused == nil {
		o.OnRefused = func(r Refusal) {
			o.Logger.Warn("manifest refused, back to the one before", "likelier", r.Reason, "tries", r.Tries, "again", r.Again)
		}
	}
	if o.OnOverload == nil {
		o.OnOverload = func() {}
	}
	o.ResponseHold, o.DrainTimeout = max(o.ResponseHold, 0), max(o.DrainTimeout, 0)
}

func (o *Options) check() error {
	var errs []error
	must := func(ok bool, text string) {
		if !ok {
			errs = append(errs, errors.New(text))
		}
	}
	u, err := url.Parse(o.URL)
	must(err == nil && (u.Scheme == "ws" || u.Scheme == "wss") && u.Host != "" &&
		u.User == nil && u.RawQuery == "" && u.Fragment == "",
		"URL: must be ws or wss with a host, without user, query and fragment")
	must(o.Token != "", "Token: missing")
	must(o.Manifest != nil, "Manifest: missing")
	must(o.Handler != nil, "Handler: missing")
	must(o.AnswerDeadline > 0 && o.AnswerDeadline < 30*time.Second, "AnswerDeadline: must be above 0 and below 30 s")
	must(o.ResponseHold < o.AnswerDeadline, "ResponseHold: must be below AnswerDeadline")
	must(o.MaxInFlight > 0, "MaxInFlight: must be above 0")
	must(o.MaxInFlightBytes > 0, "MaxInFlightBytes: must be above 0")
	must(o.Heartbeat > 0 && o.Heartbeat < time.Minute, "Heartbeat: must be above 0 and below 60 s")
	must(o.HeartbeatTimeout > 0, "HeartbeatTimeout: must be above 0")
	must(o.WriteTimeout > 0, "WriteTimeout: must be above 0")
	must(o.MaxPause > 0, "MaxPause: must be above 0")
	must(o.RejoinIdle > 0, "RejoinIdle: must be above 0")
	return errors.Join(errs...)
}

// Stats are what a Client has seen and done so far.
type Stats struct {
	Joined   bool  // the hub routes requests to us
	Sessions int64 // connections that the hub accepted
	InFlight int64 // requests that have no answer yet

	Requests   int64 // that can be answered, each ref counted once
	Answers    int64 // written to a connection
	Duplicates int64 // requests whose ref had come before: not run again
	Overloaded int64 // requests answered 503 because of MaxInFlight or MaxInFlightBytes
	Expired    int64 // answers dropped at AnswerDeadline
	Rejected   int64 // answers that the hub returned because we were not joined; sent again
	Replaced   int64 // answers that the hub could not have decoded; 500 was sent instead
	BadFrames  int64 // frames that are not what the protocol says
	Ignored    int64 // frames with an unknown event or topic
}
