package main

import (
	"context"
	"net"
	"net/http"
	"strings"

	"github.com/gobwas/ws"
)

// kindWebSocket is the name under which WebSockets go to another instance.
const kindWebSocket = "websocket"

// echo is the handler of /ws, a WebSocket (RFC 6455) that sends every message
// back. In an upgrade one in the clear goes on in the next instance, on the
// same connection; any other is told 1001 Going Away when the drain is over.
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
	early, _ := rw.Reader.Peek(rw.Reader.Buffered())
	newSession(conn, early).run(r.Context())
}

// adoptWebSocket goes on with a WebSocket of an earlier instance, whose state
// is what that one had read ahead.
func adoptWebSocket(ctx context.Context, conn net.Conn, early []byte) {
	defer conn.Close()
	newSession(conn, early).run(ctx)
}
