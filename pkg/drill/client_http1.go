package drill

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// http1 speaks HTTP/1.1 on a bare connection, one request at a time, and never twice.
type http1 struct {
	target  target
	request *http.Request      // without body
	body    func() sizedReader // nil: no body
	read    reader             // of bodies of good responses
	fresh   bool               // close after each request
	tally   *tally

	conn    net.Conn // nil: none
	reader  *bufio.Reader
	writer  *bufio.Writer
	unwatch func() bool
}

func newHTTP1(c Client, t *tally) (*http1, error) {
	h := &http1{fresh: c.Kind == Fresh, read: discard, tally: t}
	method := http.MethodGet
	switch c.Kind {
	case Post:
		method, h.body = http.MethodPost, postBody
	case Upload:
		method, h.body, h.read = http.MethodPost, newUpload, readReceipt
	}
	target, u, err := locate(c.URL, "http/1.1")
	if err != nil {
		return nil, err
	}
	h.target = target
	if h.request, err = http.NewRequest(method, u.String(), nil); err != nil {
		return nil, fmt.Errorf("making the request of the %s clients: %w", c.Kind, err)
	}
	h.request.Close = h.fresh
	h.request.Header.Set("User-Agent", userAgent)
	return h, nil
}

func (h *http1) connected() bool { return h.conn != nil }

func (h *http1) do(ctx context.Context, deadline time.Time) (string, *failure) {
	if h.conn == nil {
		if err := h.open(ctx, deadline); err != nil {
			return "", fail(err, unsent)
		}
	} else if f := h.gone(); f != nil {
		h.end(closed)
		return "", f
	}
	h.conn.SetDeadline(deadline)
	resp, f := h.exchange()
	switch {
	case ctx.Err() != nil, f != nil && resp == nil && !f.byServer():
		h.end(byUs)
	case f != nil && f.byServer():
		h.end(closed)
	case h.fresh:
		h.end(byUs)
	case resp.Close:
		h.end(announced)
	}
	if resp == nil {
		return "", f
	}
	return resp.Header.Get(versionHeader), f
}

// exchange sends the request and reads the response to its end. The response is nil unless it arrived
// completely; it may have, and still be a failure: a status other than 2xx, a wrong body.
func (h *http1) exchange() (*http.Response, *failure) {
	resp, f := h.ask()
	if f != nil {
		return nil, f
	}
	defer resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		if err := discard(resp); err != nil {
			return nil, fail(err, started)
		}
		return resp, &failure{Status, fmt.Errorf("HTTP %s", resp.Status)}
	}
	var wrong wrongBody
	switch err := h.read(resp); {
	case errors.As(err, &wrong):
		return resp, &failure{Body, err}
	case err != nil:
		return nil, fail(err, started)
	}
	return resp, nil
}

// ask sends the request and reads the head of the response.
func (h *http1) ask() (*http.Response, *failure) {
	// The server may have answered and closed without reading all of a body: its answer counts, if there is one.
	werr := h.send()
	if _, err := h.reader.Peek(1); err != nil {
		if werr != nil {
			return nil, fail(werr, unsent)
		}
		return nil, fail(err, sent)
	}
	resp, err := http.ReadResponse(h.reader, h.request)
	for err == nil && resp.StatusCode < 200 && resp.StatusCode != http.StatusSwitchingProtocols {
		resp, err = http.ReadResponse(h.reader, h.request)
	}
	if err != nil {
		return nil, fail(err, started)
	}
	return resp, nil
}

// gone returns how the server has ended the connection since the last response; nil if it has not.
func (h *http1) gone() *failure {
	if !readable(h.conn) {
		return nil
	}
	h.conn.SetReadDeadline(time.Now().Add(glance)) // over TLS there may be something to read, and no data
	if _, err := h.reader.Peek(1); err != nil {
		if f := fail(err, unsent); f.byServer() {
			return f
		}
	}
	return nil
}

func (h *http1) send() error {
	req := *h.request
	if h.body != nil {
		body := h.body()
		req.Body, req.ContentLength = io.NopCloser(body), body.Size()
	}
	err := req.Write(h.writer)
	if cause := h.writer.Flush(); cause != nil {
		return cause // req.Write hides the connection's error, the writer repeats it
	}
	return err
}

// idle keeps the connection open and silent until the context ends, and returns true; or returns false as soon as
// the server has closed it or spoken unasked, having recorded that.
func (h *http1) idle(until context.Context) bool {
	conn := h.conn
	conn.SetDeadline(time.Time{})
	defer context.AfterFunc(until, func() { conn.SetReadDeadline(time.Unix(1, 0)) })()
	_, err := h.reader.Peek(1)
	if err == nil {
		err = errors.New("the server spoke unasked")
	}
	f := fail(err, unsent)
	if f.kind == Timeout || errors.Is(err, net.ErrClosed) {
		return true
	}
	h.drop()
	h.tally.closedAlone(f)
	return false
}

func (h *http1) open(ctx context.Context, deadline time.Time) error {
	conn, err := h.target.dial(ctx, deadline)
	if err != nil {
		return err
	}
	h.tally.connectionOpened()
	h.conn = conn
	h.reader, h.writer = bufio.NewReader(conn), bufio.NewWriter(conn)
	if h.body != nil {
		h.writer = bufio.NewWriterSize(conn, chunk)
	}
	h.unwatch = context.AfterFunc(ctx, func() { abort(conn) })
	return nil
}

func (h *http1) close() {
	if h.conn == nil {
		return
	}
	if f := h.gone(); f != nil {
		h.drop()
		h.tally.closedAlone(f)
		return
	}
	h.end(byUs)
}

// end closes the connection and records how it ended.
func (h *http1) end(e end) {
	h.drop()
	h.tally.connectionEnded(e)
}

func (h *http1) drop() {
	h.unwatch()
	h.conn.Close()
	h.conn = nil
}
