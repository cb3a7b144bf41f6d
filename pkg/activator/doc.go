// Package activator runs a program as the part of systemd does that a rollout
// needs: an embedded stand-in for development, tests and plain containers.
//
//	a, err := activator.New(ctx, activator.Config{
//		Program: []string{"./myapp"},
//		Sockets: []activator.Socket{{Name: "http", Network: "tcp", Address: "127.0.0.1:8080"}},
//		Carry:   true,
//	})
//	if err != nil { … }
//	defer a.Close()
//	status := a.Supervise(ctx) // SIGHUP rolls out; or a.Run and a.Rollout
//
// # What a program gets
//
// Its sockets from descriptor 3 on, named in $LISTEN_FDNAMES (sd_listen_fds(3));
// $NOTIFY_SOCKET, where it says READY=1, STATUS=, WATCHDOG=1 (sd_notify(3)), and
// $WATCHDOG_USEC if it is to (sd_watchdog_enabled(3)); the handover socket of
// package carry, where asked for; an empty standard input; this process's own
// environment otherwise. A program that works here works under systemd.
//
// To give $LISTEN_PID its value, the executable that this package is part of is
// started once more and turns into the program: see shim.go. So an executable
// with this package in it must not be started under the name "nodrop-exec".
//
// # A rollout
//
// A new instance is started beside the old one, on the same sockets. When it is
// ready, the old one gets SIGTERM, drains, and passes its connections on by
// the handover socket. If the new one fails, the old one was not touched. So
// there is one step where the rollout unit takes three (package units): here no
// unit has to end up as the one that runs.
//
// # What is not there
//
// A stand-in, not a second systemd. There are no control groups: what a program
// leaves behind in its process group is ended, but not what has made a group of
// its own. No users, directories or sandboxing, no dependencies between units,
// no descriptor store, no reload, no plain restart: with Exclusive, idle
// connections are drained rather than carried. On systems other than Linux
// there is no carry either, notifications are believed whoever sends them, and
// a program outlives this process if that is killed.
package activator
