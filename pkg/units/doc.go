// Package units reads systemd unit files and makes from them what an upgrade needs that drops no connection.
//
// The user's unit files are the only source of truth. [Parse] reads one and keeps file and line of every entry, so that
// whoever finds fault with it can say where; [NewSet] pairs the services and sockets of a package as systemd itself would
// (systemd.socket(5), systemd.service(5)); [Service.Companions] writes the units that go with a service: a standby, which is
// a second instance on the same sockets, and a rollout, which starts the standby, restarts main and stops the standby.
//
// Options of ours stand in a section [X-Nodrop] of the service: systemd ignores sections that begin with "X-"
// (systemd.unit(5)).
//
//	[X-Nodrop]
//	Strategy=overlap    # or "restart", for a program that cannot run twice
//	Soak=30s            # how long old and new version serve side by side before the old one stops
//	Carry=yes           # for a program that uses serve.Run: live connections go from one instance to the next
//
// The parser is stricter than systemd: what systemd would skip with a warning (a line without "=", an entry before the
// first section) is an error here, because a package is the wrong place to find it.
package units
