// Package drill rehearses an upgrade under load and gives the verdict: it loads a server before, while and
// after a command runs and counts what was lost.
//
// # Clients
//
// In the closed model every client is a loop of its own with at most one request in flight, or four WebSocket messages,
// paced by Config.Rate. In the open model a client's requests begin at that rate whatever becomes of earlier ones, each on a
// connection that is not in use, or a new one; they begin when they are due by the schedule, so that a server that stands still is
// seen by all who would have come (no coordinated omission). WebSocket messages are sent at the rate as well; idle and
// event clients do the same in both models. At most 10,000 connections are opened then, beside one for each client.
//
// No client ever retries: a request that was begun either gets a complete 2xx response or is
// lost. net/http's Transport is not used, because it silently repeats idempotent requests on re-used
// connections; HTTP/1.1 is spoken on the bare connection, HTTP/2 on one http2.ClientConn at a time.
//
//	fresh      a new TCP connection for each GET
//	keepalive  keep-alive GETs
//	post       keep-alive POSTs
//	tls        keep-alive GETs over TLS, HTTP/1.1
//	h2         GETs over TLS, HTTP/2 agreed by ALPN
//	slow       keep-alive GETs of something that takes long
//	upload     keep-alive POSTs of 5 MiB, each spread over 1.5 s
//	download   keep-alive GETs of something large, each spread over 1.5 s if its length is known
//	idle       one keep-alive GET, then silence until the command has ended, then one more GET on the same connection; and
//	           one every 20 to 30 s of a longer command
//	websocket  numbered messages over one WebSocket, to a server that sends each back
//	events     one stream of server-sent events, whose ids are consecutive numbers
//
// A URL of the form http://unix:/PATH/OF/SOCKET:/PATH is that of a server on a Unix socket, as in nginx's proxy_pass.
// Certificates are not verified: the server under drill is one's own.
//
// Bodies are checked. If the response to an upload is JSON (by its Content-Type) and an object with a member "sha256",
// that must be the SHA-256 of what was sent, in hex. A download must have the SHA-256 that the
// response's Repr-Digest says (RFC 9530); without that header it must be the first one's, before the command, over again.
//
// # What counts
//
// A request begins before its connection is opened, if it needs one, and ends with the last byte of the
// response; that time is its wait. It belongs to the phase "during" if it overlaps the command at all, else
// to "before" or "after". Waits are those of answered requests: a lost request is counted as lost, not as slow.
//
// Lost requests are told apart by how they were lost; see the constants of Failure. A connection that ended before
// the request was sent whole gives eof-unsent or reset-unsent: a client could have sent it again without harm, but had to.
//
// A connection ends by us, announced or closed. Announced is a response that says "Connection: close"
// (RFC 9112, section 9.6) or an HTTP/2 GOAWAY (RFC 9113, section 6.8): a client that hears it in time opens
// another connection and nothing is lost. Closed is every other end that the server brings about. A busy
// client learns of a close by its next request failing, so both are counted; an idle one sees it without
// having sent anything, and so does any client at the end of the drill, so only the close is. HTTP/2 requests that
// cross a GOAWAY on the wire and are refused count as failed: only a retry would have saved them.
//
// A WebSocket client's request is a message, from its being sent to its echo: lost if that has not come by
// Config.Timeout (timeout), comes after a later one, twice or altered (sequence), or if the connection ends before.
// A close frame with 1001, 1000 or 1012 announces the end; one with any other code does not.
//
// An event client's request is the next event, and its wait the time since the one before. An event whose id is not
// one above that of the event before, on the same connection, is a lost request (sequence), and so is none within
// Config.Timeout. The server announces the end of a stream by ending a chunked or counted response
// properly; the client goes on over another connection, with Last-Event-ID, and nothing is lost.
//
// Both open a connection whenever they have none; how often, the connections opened tell. X-Version is that of the
// connection's first response, and counts for the first message or event only.
//
// # What the generator does to itself
//
// A report has warnings when its figures may be those of the generator or of its machine: requests that were never begun, or
// begun late; processors of which the drill takes most by itself; requests lost for want of descriptors or ports on this
// side; queues of listening sockets that overflowed, whose clients wait for a second or longer.
//
// # The timeline
//
// All that is recorded has a place on one monotonic clock, which begins with the load: how many requests were answered and
// lost, when requests of a kind were lost, when the command began and ended, and on a host with
// systemd what became of its services and sockets meanwhile, whichever they are. Those are from D-Bus, with systemd's own time: an
// ActiveState= of activating is "starting", active "ready", deactivating "stopping", inactive "gone"; others are as
// they are, "failed" say. Without systemd, or without a system bus, there are none.
//
// # Reports
//
// A Report is written as text, as JSON, as a page for a browser, as JUnit XML and for GitHub Actions, all from the same figures. The page
// has its pictures in it, one drawn for a screen and one for a phone, and neither a script nor anything from a network, so it can
// be kept as an artefact of CI or sent by mail. What a server or the command said is escaped in each format.
//
// # The report as JSON
//
// Report.WriteJSON writes one object; durations are numbers of ms, and their names end in _ms. In short:
//
//	{
//	  "started": "2026-01-31T12:00:00Z",
//	  "load": "closed",                        the model
//	  "setup": {                               how it was run
//	    "clients": [{"kind": "keepalive", "number": 16, "url": "http://127.0.0.1:8080/"}],
//	    "before_ms": 3000, "after_ms": 3000, "timeout_ms": 30000, "rate": 50
//	  },
//	  "command": {"args": ["apt-get", "-y", "upgrade"], "duration_ms": 4210.5},      and "error", if it failed
//	  "total": {                               all clients; in "kinds" are the same by kind
//	    "kind": "total", "clients": 64, "requests": 17852, "failed": 3,
//	    "failures": {"eof": 1, "reset-unsent": 2},
//	    "connections": {"opened": 9120, "announced": 12, "closed": 3},
//	    "before": {"requests": 5000, "failed": 0, "longest_ms": 9.1, "p50_ms": 0.4, "p99_ms": 2.1, "p999_ms": 4.5},
//	    "during": {}, "after": {}              the same
//	  },
//	  "kinds": [],
//	  "versions": {"before": ["1.0.0"], "during": ["1.0.0", "1.1.0"], "after": ["1.1.0"]},
//	  "timeline": {
//	    "length_ms": 10220.1, "step_ms": 20,   slots of 20 ms from the beginning of the load to its end
//	    "slots": [{"answered": 31, "failed": 0, "closed": 0, "longest_ms": 1.2}],
//	    "events": [{"at_ms": 3000.2, "what": "command began"}, {"at_ms": 3411.9, "unit": "myapp.service", "what": "stopping"}],
//	    "downtime": [{"kind": "keepalive", "from_ms": 3412.4, "to_ms": 3420.8, "failed": 3}]
//	  },
//	  "errors": [{"kind": "keepalive", "failure": "eof", "text": "EOF", "count": 1}],
//	  "warnings": [],
//	  "limits": {"max_failed": 0, "max_wait_ms": 0}
//	}
//
// There is an "error" besides if the drill did not run to its end.
//
// # Limits of what it sees
//
// A server's own idle time-out, if shorter than 30 s and than the drill, looks like a loss to idle clients, and a content that is another
// in the new version, without Repr-Digest, to download clients.
package drill
