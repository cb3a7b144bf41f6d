package drill

//lint:file-ignore SA1019 the ClientConn of net/http hides the connection, whose frames are watched here

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"golang.org/x/net/http2"
)

// h2 speaks HTTP/2 over TLS, one request at a time, on one http2.ClientConn, which by itself never retries.
// What becomes of the connection is read off the wire (see wire), because ClientConn does not tell a
// GOAWAY from a bare close in all versions.
type h2 struct {
	target    target
	request   *http.Request
	transport http2.Transport
	tally     *tally

	conn *http2.ClientConn // nil: none
	wire *wire
}

func newH2(c Client, t *tally) (*h2, error) {
	target, u, err := locate(c.URL, http2.NextProtoTLS)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("making the request of the %s clients: %w", c.Kind, err)
	}
	req.Header.Set("User-Agent", userAgent)
	return &h2{
		target:    target,
		request:   req,
		transport: http2.Transport{DisableCompression: true},
		tally:     t,
	}, nil
}

func (h *h2) do(ctx context.Context, deadline time.Time) (string, *failure) {
	reqCtx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	for {
		fresh := h.conn == nil || h.wire.goaway.Load()
		if fresh {
			h.close()
			if err := h.open(reqCtx, deadline); err != nil {
				return "", fail(err, unsent)
			}
		}
		if lost := h.wire.lost(); lost != nil && !h.wire.goaway.Load() {
			h.end()
			return "", fail(lost, unsent)
		}
		resp, reached, f := h.exchange(reqCtx)
		if f != nil && reached == unsent && !fresh && h.wire.goaway.Load() {
			continue // the GOAWAY came before anything of the request was sent: it has not begun
		}
		if f != nil && h.broken(f) {
			h.end()
		}
		if resp == nil {
			return "", f
		}
		return resp.Header.Get(versionHeader), f
	}
}

// exchange does the request and says how far it came. The response is nil unless it arrived completely.
func (h *h2) exchange(ctx context.Context) (resp *http.Response, reached stage, f *failure) {
	var wrote atomic.Bool
	trace := &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }}
	resp, err := h.conn.RoundTrip(h.request.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		if wrote.Load() {
			reached = sent
		}
		return nil, reached, h.fail(err, reached)
	}
	defer resp.Body.Close()
	if err := discard(resp); err != nil {
		return nil, started, h.fail(err, started)
	}
	if resp.StatusCode/100 != 2 {
		return resp, started, &failure{Status, fmt.Errorf("HTTP %s", resp.Status)}
	}
	return resp, started, nil
}

// fail classifies an error of the ClientConn: what the stream was told first, then what the connection was.
func (h *h2) fail(err error, at stage) *failure {
	var stream http2.StreamError
	var gone http2.GoAwayError // the connection was closed after a GOAWAY that included the stream
	switch {
	case errors.As(err, &stream) && stream.Code == http2.ErrCodeRefusedStream:
		return &failure{Refused, err}
	case errors.As(err, &stream):
		return &failure{Reset, err}
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{Timeout, err}
	case h.wire.goaway.Load() && at < started && !errors.As(err, &gone):
		return &failure{Refused, err}
	}
	if lost := h.wire.lost(); lost != nil {
		return fail(lost, at)
	}
	return fail(err, at)
}

// broken reports whether the connection is of no use after f.
func (h *h2) broken(f *failure) bool {
	return h.wire.lost() != nil || f.kind == Timeout || f.kind == Other
}

func (h *h2) open(ctx context.Context, deadline time.Time) error {
	conn, err := h.target.dial(ctx, deadline)
	if err != nil {
		return err
	}
	secure := conn.(*tls.Conn)
	if proto := secure.ConnectionState().NegotiatedProtocol; proto != http2.NextProtoTLS {
		conn.Close()
		return fmt.Errorf("TLS handshake: the server chose %q rather than HTTP/2", proto)
	}
	w := &wire{Conn: secure}
	cc, err := h.transport.NewClientConn(w)
	if err != nil {
		conn.Close()
		return err
	}
	h.tally.connectionOpened()
	h.conn, h.wire = cc, w
	return nil
}

func (h *h2) close() {
	if h.conn == nil {
		return
	}
	if lost := h.wire.lost(); lost != nil && !h.wire.goaway.Load() {
		h.drop()
		h.tally.closedAlone(fail(lost, unsent))
		return
	}
	h.end()
}

// end closes the connection and records how it ended.
func (h *h2) end() {
	how := byUs
	switch {
	case h.wire.goaway.Load():
		how = announced
	case h.wire.lost() != nil:
		how = closed
	}
	h.drop()
	h.tally.connectionEnded(how)
}

func (h *h2) drop() {
	h.conn.Close()
	h.conn = nil
}
