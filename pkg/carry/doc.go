// Package carry passes open connections from one process to the next, over a
// Unix socket that systemd holds: the handover socket.
//
// A stopping instance calls [Dial] and [Sender.Send]; whoever serves next runs
// [Receive] on the same socket. The descriptors travel in SCM_RIGHTS messages
// (unix(7)) on a SOCK_SEQPACKET connection, up to [MaxBatch] in each, and with
// each its [Conn.Kind], which says who is to go on with it, and a blob of
// state. [Sender.SendState] passes state on that belongs to no connection.
//
// # Who holds a connection
//
// At every moment exactly one process may read from a connection. While a
// batch is under way both have a descriptor, so the rule is: it belongs to the
// sender until the receiver has written its answer, and to the receiver from
// then on. A receiver whose answer cannot be written, because the sender has
// given up, closes its copies and touches nothing. A sender that gives up
// first shuts its end for reading, after which no answer can be written, and then
// looks whether one had come. So both always agree.
//
// # With nobody there yet
//
// A plain restart has no next instance while the old one drains. What is sent
// then waits in the kernel, also after the sender has exited, and is adopted
// by the next process that serves. There is no answer, and no way back: such a
// [Sender] is made by [Dial] with blind set, for those who know that a next
// instance is coming.
//
// # Trust
//
// Both sides ask the kernel who the other is (SO_PEERCRED, unix(7)), and talk
// to nobody but the same user or root. A message that is not understood, in
// another version of the protocol, cut off or too long, ends the connection;
// its descriptors are closed, and those the sender keeps. A batch with a descriptor
// that is no stream connection is refused. A connection whose client has gone is
// closed.
package carry
