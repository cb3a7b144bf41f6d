package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/gobwas/ws"
)

// echo is the handler of /ws, a WebSocket (RFC 6455) that sends every message
// back. When the drain is over it says 1001 Going Away.
//
// It stays in the handler for as long as the WebSocket lives, so that the
// request's context still tells when the server goes away.
func echo(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor != 1 || !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		if r.ProtoMajor == 1 { // HTTP/2 has no such header
			w.Header().Set("Upgrade", "websocket")
		}
		http.Error(w, "this is a WebSocket: ask for it by HTTP/1.1, with Upgrade: websocket", http.StatusUpgradeRequired)
		return
	}
	upgrader := ws.HTTPUpgrader{Timeout: stallTimeout, Header: http.Header{"X-Version": {version}}}
	conn, rw, _, err := upgrader.Upgrade(r, w)
	if conn != nil {
		defer conn.Close()
	}
	if err != nil {
		return // the upgrader has told the client
	}
	s := &session{conn: conn}
	over := make(chan struct{})
	defer close(over)
	go s.tend(r.Context(), over)
	s.serve(afterHandshake(conn, rw.Reader))
}

// afterHandshake reads what the client sent together with its handshake, which
// net/http left in early, and then conn itself, never more than is asked for:
// between two frames nothing of the stream is in this process.
func afterHandshake(conn net.Conn, early *bufio.Reader) io.Reader {
	return io.MultiReader(io.LimitReader(early, int64(early.Buffered())), conn)
}
