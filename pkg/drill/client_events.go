package drill

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// What can be wrong with an event.
var (
	errNoNumber = errors.New("the event's id is not a number")
	errGap      = errors.New("the event's id leaves some out")
	errOldEvent = errors.New("the event's id is not above the last one's")
)

// maxLine bounds a line of an event stream, in bytes.
const maxLine = 64 << 10

// events reads a stream of server-sent events (HTML standard, section 9.2) whose ids are consecutive numbers. A
// request is the next event.
type events struct {
	http1
	body  *http.Response
	lines *bufio.Scanner
	last  uint64 // id of the last event on this connection
	any   bool   // there was one
}

func newEvents(c Client, t *tally) (*events, error) {
	h, err := newHTTP1(c, t)
	if err != nil {
		return nil, err
	}
	h.request.Header.Set("Accept", "text/event-stream")
	return &events{http1: *h}, nil
}

// do waits for the next event, over another connection if the server ends this one.
func (e *events) do(ctx context.Context, deadline time.Time) (version string, f *failure) {
	for {
		fresh := !e.connected()
		if fresh {
			if version, f = e.subscribe(ctx, deadline); f != nil {
				return "", f
			}
		}
		e.conn.SetDeadline(deadline)
		id, err := e.next()
		if err == nil {
			return version, e.check(id)
		}
		if f = e.ended(ctx, err); f != nil {
			return "", f
		}
		if fresh { // rather than to go round and round
			return "", &failure{EOF, errors.New("the event stream ended before its first event")}
		}
	}
}

// subscribe opens the stream, at the event after the last one.
func (e *events) subscribe(ctx context.Context, deadline time.Time) (string, *failure) {
	if err := e.open(ctx, deadline); err != nil {
		return "", fail(err, unsent)
	}
	e.conn.SetDeadline(deadline)
	resp, f := e.ask()
	if f == nil {
		f = refusal(resp)
	}
	switch {
	case f != nil && ctx.Err() == nil && f.byServer():
		e.end(closed)
		return "", f
	case f != nil:
		e.end(byUs)
		return "", f
	}
	e.body, e.lines, e.any = resp, bufio.NewScanner(resp.Body), false
	e.lines.Buffer(nil, maxLine)
	return resp.Header.Get(versionHeader), nil
}

// refusal says why the response is no event stream, nil if it is one.
func refusal(resp *http.Response) *failure {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	switch {
	case resp.StatusCode != http.StatusOK:
		return &failure{Status, fmt.Errorf("HTTP %s", resp.Status)}
	case err != nil || kind != "text/event-stream":
		return &failure{Other, fmt.Errorf("the response is not text/event-stream but %q", resp.Header.Get("Content-Type"))}
	}
	return nil
}

// next reads to the end of the next event and returns its id. Comments and events without data are none.
func (e *events) next() (id string, err error) {
	data := false
	for e.lines.Scan() {
		line := e.lines.Bytes()
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case len(line) == 0 && data:
			return id, nil
		case string(name) == "id":
			id = string(bytes.TrimPrefix(value, []byte(" ")))
		case string(name) == "data":
			data = true
		}
	}
	if err := e.lines.Err(); err != nil {
		return "", err
	}
	return "", io.EOF
}

// check says what is wrong with the id of the next event, and has the stream go on from there if it is a
// higher one.
func (e *events) check(id string) *failure {
	n, err := strconv.ParseUint(id, 10, 64)
	switch {
	case err != nil:
		return &failure{Sequence, errNoNumber}
	case e.any && n <= e.last:
		return &failure{Sequence, errOldEvent}
	}
	gap := e.any && n > e.last+1
	e.last, e.any = n, true
	e.request.Header.Set("Last-Event-ID", id)
	if gap {
		return &failure{Sequence, errGap}
	}
	return nil
}

// ended records the end of the stream. It returns a failure if that was not the server's doing: then no
// event came in time, or nonsense did.
func (e *events) ended(ctx context.Context, err error) *failure {
	f := fail(err, endOf(err))
	delimited := e.body.ContentLength >= 0 || len(e.body.TransferEncoding) > 0 // RFC 9112, section 6.3
	switch {
	case ctx.Err() != nil || !f.byServer():
		e.end(byUs)
		return f
	case err == io.EOF && delimited:
		e.end(announced)
	default:
		e.drop()
		e.tally.closedAlone(f)
	}
	return nil
}
