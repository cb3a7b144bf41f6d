package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// dial opens a WebSocket; frames that came with the handshake are read first.
func dial(t *testing.T, ts *httptest.Server) net.Conn {
	t.Helper()
	seen := http.Header{}
	d := ws.Dialer{OnHeader: func(k, v []byte) error {
		seen.Add(string(k), string(v))
		return nil
	}}
	conn, early, _, err := d.Dial(testContext(t), "ws"+strings.TrimPrefix(ts.URL, "http")+"/ws")
	if err != nil {
		t.Fatal(err)
	}
	if early != nil {
		t.Fatal("the server spoke first")
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(limit))
	if got := seen.Get("X-Version"); got != version {
		t.Errorf("X-Version %q in the handshake, want %q", got, version)
	}
	return conn
}

// send writes frames as a client does, masked, in one write.
func send(t *testing.T, conn net.Conn, frames ...ws.Frame) {
	t.Helper()
	var out bytes.Buffer
	for _, f := range frames {
		if err := ws.WriteFrame(&out, ws.MaskFrame(f)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Write(out.Bytes()); err != nil {
		t.Fatal(err)
	}
}

// receive reads one frame.
func receive(t *testing.T, conn net.Conn) ws.Frame {
	t.Helper()
	h, err := ws.ReadHeader(conn)
	if err != nil {
		t.Fatal(err)
	}
	if h.Masked || h.Length > maxMessage {
		t.Fatalf("a frame that no server sends: %+v", h)
	}
	f := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
	if _, err := io.ReadFull(conn, f.Payload); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestEcho(t *testing.T) {
	text := func(fin bool, op ws.OpCode, s string) ws.Frame { return ws.NewFrame(op, fin, []byte(s)) }
	tests := []struct {
		name string
		send []ws.Frame
		want []ws.Frame
	}{
		{"text", []ws.Frame{ws.NewTextFrame([]byte("hallo"))}, []ws.Frame{ws.NewTextFrame([]byte("hallo"))}},
		{"binary", []ws.Frame{ws.NewBinaryFrame([]byte{0xff, 0})}, []ws.Frame{ws.NewBinaryFrame([]byte{0xff, 0})}},
		{"empty", []ws.Frame{ws.NewTextFrame(nil)}, []ws.Frame{ws.NewTextFrame(nil)}},
		{"two at once", []ws.Frame{ws.NewTextFrame([]byte("a")), ws.NewTextFrame([]byte("b"))},
			[]ws.Frame{ws.NewTextFrame([]byte("a")), ws.NewTextFrame([]byte("b"))}},
		{"largest", []ws.Frame{ws.NewBinaryFrame(make([]byte, maxMessage))}, []ws.Frame{ws.NewBinaryFrame(make([]byte, maxMessage))}},
		{"fragments", []ws.Frame{text(false, ws.OpText, "gr"), text(false, ws.OpContinuation, "\xc3"), text(true, ws.OpContinuation, "\xbcn")},
			[]ws.Frame{ws.NewTextFrame([]byte("grün"))}},
		{"ping", []ws.Frame{ws.NewPingFrame([]byte("there?"))}, []ws.Frame{ws.NewPongFrame([]byte("there?"))}},
		{"empty ping", []ws.Frame{ws.NewPingFrame(nil)}, []ws.Frame{ws.NewPongFrame(nil)}},
		{"ping between fragments", []ws.Frame{text(false, ws.OpText, "a"), ws.NewPingFrame([]byte("p")), text(true, ws.OpContinuation, "b")},
			[]ws.Frame{ws.NewPongFrame([]byte("p")), ws.NewTextFrame([]byte("ab"))}},
		{"pong", []ws.Frame{ws.NewPongFrame([]byte("unasked")), ws.NewTextFrame([]byte("a"))}, []ws.Frame{ws.NewTextFrame([]byte("a"))}},
	}
	ts := startTestServer(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := dial(t, ts)
			send(t, conn, tt.send...)
			for i, want := range tt.want {
				got := receive(t, conn)
				if got.Header.OpCode != want.Header.OpCode || !got.Header.Fin || !bytes.Equal(got.Payload, want.Payload) {
					t.Errorf("frame %d: got %+v with %d bytes, want %+v with %d", i, got.Header, len(got.Payload), want.Header, len(want.Payload))
				}
			}
		})
	}
}

// Whoever closes, and why: the peer gets a close frame with the code, then the
// end of the stream, never a reset.
func TestEchoCloses(t *testing.T) {
	closing := func(code ws.StatusCode) ws.Frame { return ws.NewCloseFrame(ws.NewCloseFrameBody(code, "")) }
	more := ws.NewBinaryFrame(make([]byte, 1<<16))
	tests := []struct {
		name string
		send []ws.Frame
		want ws.StatusCode
	}{
		{"client goes", []ws.Frame{closing(ws.StatusNormalClosure)}, ws.StatusNormalClosure},
		{"client gives no code", []ws.Frame{ws.NewCloseFrame(nil)}, ws.StatusNormalClosure},
		{"client has a code of its own", []ws.Frame{closing(4000)}, 4000},
		{"client goes between fragments", []ws.Frame{ws.NewFrame(ws.OpText, false, nil), closing(ws.StatusGoingAway)}, ws.StatusGoingAway},
		{"bad close code", []ws.Frame{closing(1005)}, ws.StatusProtocolError},
		{"close frame of one byte", []ws.Frame{ws.NewCloseFrame([]byte{1})}, ws.StatusProtocolError},
		{"too long", []ws.Frame{ws.NewBinaryFrame(make([]byte, maxMessage+1)), more}, ws.StatusMessageTooBig},
		{"too long in fragments", []ws.Frame{ws.NewFrame(ws.OpBinary, false, make([]byte, maxMessage)), ws.NewFrame(ws.OpContinuation, true, []byte{1}), more}, ws.StatusMessageTooBig},
		{"not UTF-8", []ws.Frame{ws.NewTextFrame([]byte{0xff}), more}, ws.StatusInvalidFramePayloadData},
		{"unknown frame", []ws.Frame{ws.NewFrame(0x3, true, nil), more}, ws.StatusProtocolError},
		{"continues nothing", []ws.Frame{ws.NewFrame(ws.OpContinuation, true, nil), more}, ws.StatusProtocolError},
	}
	ts := startTestServer(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn := dial(t, ts)
			send(t, conn, tt.send...)
			expectClose(t, conn, tt.want)
		})
	}
}

// expectClose reads the close frame, answers it as a client does, and reads the
// end.
func expectClose(t *testing.T, conn net.Conn, want ws.StatusCode) {
	t.Helper()
	f := receive(t, conn)
	code, reason := ws.ParseCloseFrameData(f.Payload)
	if f.Header.OpCode != ws.OpClose || code != want {
		t.Fatalf("got frame %v with %d %q, want a close frame with %d", f.Header.OpCode, code, reason, want)
	}
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the close frame: %d bytes and %v, want the end", n, err)
	}
}

func TestEchoGoingAway(t *testing.T) {
	ts := startTestServer(t)
	conn := dial(t, ts)
	if err := wsutil.WriteClientText(conn, []byte("before")); err != nil {
		t.Fatal(err)
	}
	receive(t, conn)

	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := ts.Config.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	f := receive(t, conn)
	if code, _ := ws.ParseCloseFrameData(f.Payload); f.Header.OpCode != ws.OpClose || code != ws.StatusGoingAway {
		t.Fatalf("got %+v, want a close frame with 1001", f)
	}
	// What was under way gets no echo any more; the client's close ends it.
	send(t, conn, ws.NewTextFrame([]byte("late")), ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusGoingAway, "")))
	if n, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after both close frames: %d bytes and %v, want the end", n, err)
	}
}

// The upgrader sits on the connection of net/http: what it refuses, it refuses
// with a status that says why.
func TestEchoRefused(t *testing.T) {
	ts := startTestServer(t)
	req, err := http.NewRequestWithContext(testContext(t), "GET", ts.URL+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	resp, err := ts.Client().Do(req) // no Sec-WebSocket-Key
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusBadRequest || resp.Header.Get("X-Version") != version {
		t.Errorf("got %s with %v", resp.Status, resp.Header)
	}
}
