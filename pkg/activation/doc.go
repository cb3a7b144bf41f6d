// Package activation gives a program the sockets that systemd holds for it,
// by name.
//
// systemd binds the addresses of a .socket unit itself and passes the open
// descriptors to the service: number 3 and up, counted in $LISTEN_FDS, named
// in $LISTEN_FDNAMES, meant for the process in $LISTEN_PID (sd_listen_fds(3)).
// The name is the socket unit's FileDescriptorName=, by default the unit's own
// name. Several ListenStream= lines in one unit give several sockets of one
// name.
//
// [Take] collects them once, at start; [Sockets.Listen] and
// [Sockets.ListenPacket] hand them out:
//
//   - Passed by systemd (or by anything that speaks its protocol): the sockets
//     of that name, checked for their type. A missing name is an error that
//     says which unit to start; there is no fall-back, because a service that
//     binds by itself would lose its listener at the next restart.
//   - Started without systemd, as on a developer's machine: the caller's own
//     address is bound, and the log says so.
//   - Started as a systemd service that was given no socket at all: an error
//     that names the socket unit to start.
//
// The descriptors are shared with systemd and with other instances of the
// program. Closing a listener here closes this process's copy only: systemd's
// stays open, and connections queue in the kernel until somebody accepts.
//
// Set NonBlocking=yes in the service unit where two instances may share a
// socket: systemd otherwise clears O_NONBLOCK, which they share as well, with
// each start, and a listener of the other instance blocks where nothing can
// wake it (systemd.service(5)). The companion units of nodrop do so.
package activation
