// Myapp is the reference service of nodrop: a small web server that upgrades
// without dropping a connection, and what one copies to begin a server of
// one's own.
//
// It has one of everything that an upgrade could break: a quick reply (/), a
// slow one (/slow), long bodies (/upload, /download), a stream of server-sent
// events (/events) and a WebSocket (/ws), over HTTP and HTTPS, and metrics on
// a socket apart. Its units and packages are in packaging/myapp.
//
// What makes it survive an upgrade is in run.go, and it is three things:
// [github.com/nodrop/nodrop/pkg/serve.Run] in the place of ListenAndServe, a
// readiness check that is honest, and for what lives longer than a request
// (events, WebSockets) an end when the request's context ends.
package main
