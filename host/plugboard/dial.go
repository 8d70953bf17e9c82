package plugboard

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// MaxRequestLine is how long the hub lets the request line be that carries
// the manifest, in bytes with the line's end.
const MaxRequestLine = 16_384

const dialTimeout = 10 * time.Second

// RequestLineSize returns the length in bytes of the request line that a
// Client with this URL and token sends to publish manifest. It must not
// exceed MaxRequestLine.
func RequestLineSize(rawURL, token string, manifest []byte) int {
	u, err := url.Parse(connectURL(rawURL, token, manifest))
	if err != nil {
		return 0
	}
	return len("GET ") + len(u.RequestURI()) + len(" HTTP/1.1\r\n")
}

// connectURL has no vsn: the hub then speaks JSON objects.
func connectURL(rawURL, token string, manifest []byte) string {
	return rawURL + "?token=" + url.QueryEscape(token) + "&actions=" + url.QueryEscape(string(manifest))
}

func (c *Client) checkSize(manifest []byte) error {
	size := RequestLineSize(c.opts.URL, c.creds.token(), manifest)
	if size > MaxRequestLine {
		return fmt.Errorf("%w: the request line has %d bytes, the hub takes %d", ErrManifestTooLarge, size, MaxRequestLine)
	}
	return nil
}

// credentials are what a connect is made with and what became of it.
type credentials struct {
	configured string
	rotated    string // the newest that the hub announced
	useRotated bool

	joinedToken    string // of the last join, and its manifest
	joinedManifest []byte
	deleted        bool // the hub said that joinedToken was deleted
}

func (c *credentials) token() string {
	if c.useRotated {
		return c.rotated
	}
	return c.configured
}

// rotate keeps a new token for the next connect.
func (c *credentials) rotate(token string) {
	c.rotated, c.useRotated = token, true
}

// refused makes the next connect use the other token, if there are two.
func (c *credentials) refused() {
	if c.rotated != "" {
		c.useRotated = !c.useRotated
	}
}

// suspicion tells why the hub most likely answered 403.
func (c *credentials) suspicion(token string, manifest []byte) string {
	switch {
	case token != c.joinedToken:
		return "the token: it has not joined since this process started"
	case c.deleted:
		return "the token: it was deleted on the hub"
	case !bytes.Equal(manifest, c.joinedManifest):
		return "the actions: they changed since this token last joined, and other consumers may still publish the old ones"
	default:
		return "the token: it has joined before with the same actions, so it may have expired"
	}
}

// A dialError is why a connection did not come about.
type dialError struct {
	status int // of the hub's answer; 0 without one
	cause  error
}

func (e *dialError) Error() string { return "dial: " + e.cause.Error() }

// dialContext bounds a dial: in time, and when ctx ends with nothing left to
// connect for.
func (c *Client) dialContext(ctx, life context.Context) (context.Context, context.CancelFunc) {
	limit := time.Now().Add(dialTimeout)
	if by := c.stopBy.Load(); by != nil {
		limit = earliest(limit, by.Add(farewell))
	}
	dialing, cancel := context.WithDeadline(life, limit)
	stop := context.AfterFunc(ctx, func() {
		if c.unanswered.Load() == 0 {
			cancel()
		}
	})
	return dialing, func() {
		stop()
		cancel()
	}
}

// dial connects. It also returns the token that it connected with.
func (c *Client) dial(dialing context.Context, manifest []byte) (_ *session, token string, _ error) {
	token = c.creds.token()
	var conn *gatherConn
	gather := func(dial dialFunc) dialFunc {
		return func(_ context.Context, network, addr string) (net.Conn, error) {
			raw, err := dial(dialing, network, addr) // the transport's context outlives the request
			if err != nil {
				return nil, err
			}
			conn = newGatherConn(raw, c.opts.WriteTimeout, c.nudge)
			return conn, nil
		}
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext:       gather(c.dialTCP),
		DialTLSContext:    gather(c.dialTLS), // gathering outside of TLS makes a flush one record
	}
	ws, resp, err := websocket.Dial(dialing, connectURL(c.opts.URL, token, manifest), &websocket.DialOptions{
		HTTPClient: &http.Client{
			Transport: transport,
			// The token is not for another host.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	})
	if err != nil {
		failure := &dialError{cause: redact(err, token)}
		if resp != nil {
			failure.status = resp.StatusCode
		}
		return nil, token, failure
	}
	conn.opened()
	return newSession(c, ws, conn, token, manifest), token, nil
}

// A dialFunc opens a connection, as net.Dialer does.
type dialFunc func(ctx context.Context, network, addr string) (net.Conn, error)

// newTLSDialer returns a dialFunc for wss.
func newTLSDialer() dialFunc {
	return (&tls.Dialer{Config: &tls.Config{NextProtos: []string{"http/1.1"}}}).DialContext
}

// redact returns err without the URL, which has the token in it.
func redact(err error, token string) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	text := err.Error()
	for _, secret := range []string{token, url.QueryEscape(token)} {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return errors.New(text)
}

// logDialError says what the hub's answer means, which it does not say itself.
func (c *Client) logDialError(err error, token string, manifest []byte) {
	status := 0
	if failure, ok := errors.AsType[*dialError](err); ok {
		status = failure.status
	}
	switch {
	case status == http.StatusForbidden:
		c.log.Error("connection refused: the token is wrong or expired, "+
			"or the actions differ from those of consumers already joined",
			"status", status, "likelier", c.creds.suspicion(token, manifest),
			"remedy", "check TOKEN; if other actions are published under it, deploy the same files everywhere or stop the other consumers")
	case status == http.StatusRequestURITooLong:
		c.log.Error("connection refused: the manifest is too large for the hub or a proxy before it",
			"status", status, "size", RequestLineSize(c.opts.URL, token, manifest),
			"remedy", "shorten the descriptions of actions and fields, or raise the proxy's limit on request lines")
	case status == 0 || status >= 500:
		c.log.Warn("cannot connect", "status", status, "error", err)
	default:
		c.log.Error("connection refused", "status", status, "error", err)
	}
}
