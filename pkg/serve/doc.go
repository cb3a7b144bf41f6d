// Package serve owns the life of a server that is upgraded without losing a
// request.
//
//	srv := &http.Server{Handler: routes()}
//	if err := serve.Run(context.Background(), serve.HTTP("http", srv)); err != nil {
//		log.Fatal(err)
//	}
//
// # The life
//
// [Run] goes through these steps, and tells systemd of each (sd_notify(3)):
//
//  1. Sockets: every server gets the sockets named like it from systemd
//     (package activation), or listens by itself where there is no systemd.
//  2. Readiness: the checks given by [Ready] run. Nothing is accepted before
//     they pass: an instance that never becomes ready takes no request from
//     the one that serves.
//  3. Serving: READY=1, then WATCHDOG=1 at half of WatchdogSec=.
//  4. SIGTERM, SIGINT or the end of the context: STOPPING=1 and the drain.
//  5. Run returns nil. It returns an error, with the reason, when a server
//     could not start or failed; the others are drained first.
//
// # The drain
//
// http.Server.Shutdown loses requests: it closes idle connections at once,
// with a request perhaps on the wire, and throws away one that it reads after
// it began (golang/go#75591). So the drain here is another one, and Shutdown
// comes last:
//
//   - No further connection is accepted; each that was accepted is served. What
//     the kernel queues is for the next instance, which has the same socket.
//   - HTTP/1.1: requests are answered, and the reply to each that begins from
//     now on says "Connection: close" (RFC 9112, section 9.6). As with any such
//     reply, what a client has pipelined behind that request is not answered.
//   - HTTP/2: a GOAWAY that names the highest possible stream tells clients to
//     go elsewhere, and refuses nothing (RFC 9113, section 6.8).
//   - With a handover socket (package carry), HTTP/1.1 connections in the clear
//     are not asked to leave: another instance goes on with them, between two
//     requests. See [Leaving] for other protocols, and [HTTPS] for session tickets.
//   - An idle connection is left alone until its client or the server's own
//     IdleTimeout closes it, as without a drain.
//   - When no connection is left, or at the end of [DrainTimeout], comes
//     Shutdown: functions registered by RegisterOnShutdown run, and event
//     streams and WebSockets end in their own way. Ten seconds later what is
//     still open is closed.
//
// [Observe] tells what became of the connections; package metrics has that for
// Prometheus.
//
// TimeoutStopSec= in the unit must be longer than the drain time and these ten
// seconds; systemd's default of 90 s fits the default here, 75 s.
package serve
