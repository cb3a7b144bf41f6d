package drill

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/gobwas/ws"
)

// webSocket is a WebSocket (RFC 6455) to a server that sends every message back. Like an exchanger it is used
// by one goroutine and keeps at most one connection.
type webSocket struct {
	target   target
	url      *url.URL
	tally    *tally
	answered func(start, end time.Time, version string, f *failure) // hears of each message's end

	conn    net.Conn // nil: none
	frames  chan frame
	over    chan struct{} // ends the goroutine that reads
	unwatch func() bool
	version string // for the first answer: the server said it in the handshake
	flight  flight
	broken  error // of a write
}

func newWebSocket(c Client, t *tally) (*webSocket, error) {
	target, u, err := locate(c.URL, "http/1.1")
	if err != nil {
		return nil, err
	}
	return &webSocket{target: target, url: u, tally: t, answered: t.request}, nil
}

// do sends one message and waits for its echo.
func (w *webSocket) do(ctx context.Context, deadline time.Time) (version string, f *failure) {
	if f := w.open(ctx, deadline); f != nil {
		return "", f
	}
	done := false
	w.answered = func(_, _ time.Time, v string, lost *failure) { done, version, f = true, v, lost }
	timeout := time.NewTimer(time.Until(deadline))
	defer timeout.Stop()
	for w.send(time.Now(), deadline); !done; {
		select {
		case fr := <-w.frames:
			w.take(ctx, fr)
		case <-timeout.C:
			w.expire(time.Now())
		}
	}
	return version, f
}

// open opens the WebSocket.
func (w *webSocket) open(ctx context.Context, deadline time.Time) *failure {
	conn, err := w.target.dial(ctx, deadline)
	if err != nil {
		return fail(err, unsent)
	}
	unwatch := context.AfterFunc(ctx, func() { abort(conn) })
	conn.SetDeadline(deadline)
	version := ""
	handshake := ws.Dialer{
		Header: ws.HandshakeHeaderHTTP{"User-Agent": {userAgent}},
		OnHeader: func(name, value []byte) error {
			if http.CanonicalHeaderKey(string(name)) == versionHeader {
				version = string(value)
			}
			return nil
		},
	}
	early, _, err := handshake.Upgrade(conn, w.url)
	if err != nil {
		unwatch()
		conn.Close()
		if status := ws.StatusError(0); errors.As(err, &status) {
			return &failure{Status, fmt.Errorf("HTTP %d rather than 101 Switching Protocols", status)}
		}
		return fail(err, sent)
	}
	conn.SetDeadline(time.Time{})
	w.tally.connectionOpened()
	w.conn, w.unwatch, w.version, w.flight, w.broken = conn, unwatch, version, flight{}, nil
	w.frames, w.over = make(chan frame, maxInFlight), make(chan struct{})
	if early == nil {
		early = bufio.NewReaderSize(conn, maxEcho)
	}
	go readFrames(early, w.frames, w.over)
	return nil
}

// send sends the next message, which was due at the time at. If that fails, the connection's end comes as a frame within a second: what the
// server said last may still be there to be read.
func (w *webSocket) send(at, deadline time.Time) {
	if !w.write(ws.NewTextFrame(w.flight.send(at)), deadline) {
		w.flight.last().unsent = true
	}
}

// write reports whether all of the frame was written.
func (w *webSocket) write(f ws.Frame, deadline time.Time) bool {
	w.conn.SetWriteDeadline(deadline)
	_, err := w.conn.Write(ws.MustCompileFrame(ws.MaskFrameInPlace(f)))
	if err != nil && w.broken == nil {
		w.broken = err
		w.conn.SetReadDeadline(time.Now().Add(time.Second))
	}
	return err == nil
}

// take does what a frame asks for.
func (w *webSocket) take(ctx context.Context, fr frame) {
	switch {
	case fr.err != nil:
		f := fail(fr.err, endOf(fr.err))
		if f.kind == Timeout || f.kind == EOF { // the kernel tells of a reset once
			f = fail(cmp.Or(w.broken, fr.err), sent)
		}
		how := byUs
		if ctx.Err() == nil && f.byServer() {
			how = closed
		}
		w.lose(how, f)
	case fr.op == ws.OpClose:
		code, reason := ws.ParseCloseFrameData(fr.payload)
		w.write(ws.NewCloseFrame(ws.NewCloseFrameBody(code, "")), time.Now().Add(time.Second))
		how := closed
		if code == ws.StatusGoingAway || code == ws.StatusNormalClosure || code == statusServiceRestart {
			how = announced
		}
		w.lose(how, &failure{EOF, fmt.Errorf("the server said goodbye: %d %s", code, reason)})
	case fr.op == ws.OpPing:
		w.write(ws.NewPongFrame(fr.payload), time.Now().Add(time.Second))
	case fr.op == ws.OpText, fr.op == ws.OpBinary:
		w.echoed(fr)
	}
}

// statusServiceRestart is in IANA's registry of close codes.
const statusServiceRestart ws.StatusCode = 1012

func (w *webSocket) echoed(fr frame) {
	if fr.op == ws.OpBinary {
		fr.payload = nil // it was sent as text: altered
	}
	sent, err := w.flight.echo(fr.payload, fr.at)
	switch {
	case err == errLate:
	case err != nil:
		w.answered(sent, fr.at, "", &failure{Sequence, err})
	default:
		w.answered(sent, fr.at, w.version, nil)
		w.version = ""
	}
}

// expire gives up the messages that were sent at the time t or before.
func (w *webSocket) expire(t time.Time) {
	for _, m := range w.flight.expire(t) {
		w.answered(m.at, time.Now(), "", &failure{Timeout, errNoEcho})
	}
}

// lose ends the connection, and with it, by f, all messages in flight. An end without a word is noted even if
// there were none; one that the server's nonsense made us bring about is a message lost.
func (w *webSocket) lose(how end, f *failure) {
	waiting, now := w.flight.waiting, time.Now()
	w.drop()
	for _, m := range waiting {
		w.answered(m.at, now, "", f.of(m))
	}
	switch {
	case len(waiting) == 0 && how == closed:
		w.tally.closedAlone(f)
		return
	case len(waiting) == 0 && how == byUs:
		w.answered(now, now, "", f)
	}
	w.tally.connectionEnded(how)
}

func (w *webSocket) close() {
	if w.conn == nil {
		return
	}
	w.write(ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "")), time.Now().Add(time.Second))
	w.drop()
	w.tally.connectionEnded(byUs)
}

func (w *webSocket) drop() {
	w.unwatch()
	close(w.over)
	w.conn.Close()
	w.conn, w.flight = nil, flight{}
}
