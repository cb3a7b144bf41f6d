package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// quickTimeout is for the ordinary request and reply. It is longer than what
// an upgrade waits for an instance that hangs, so that one which then goes on
// does not cut off the clients that it was about to serve.
const quickTimeout = 15 * time.Second

// errGoingAway is why the context of a request ends when the drain is over.
var errGoingAway = errors.New("the server is going away")

// newServer returns a server for handler, with the time-outs that any server
// needs towards clients that never finish.
//
// Handlers that take or stream longer than quickTimeout move the deadlines, for
// their one request, with http.ResponseController: see deadlines.go.
//
// When the drain is over, the context of every request that is left ends, with
// the cause errGoingAway: event streams and WebSockets say goodbye then.
func newServer(addr string, handler http.Handler, log *slog.Logger) *http.Server {
	ctx, goAway := context.WithCancelCause(context.Background())
	srv := &http.Server{
		Addr:              addr,
		Handler:           handler,
		ReadHeaderTimeout: quickTimeout,
		ReadTimeout:       quickTimeout,
		WriteTimeout:      quickTimeout,
		IdleTimeout:       60 * time.Second,
		HTTP2:             &http.HTTP2Config{WriteByteTimeout: stallTimeout},
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	srv.RegisterOnShutdown(func() { goAway(errGoingAway) })
	return srv
}
