package carry

import (
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// checkPeer makes sure that the other side is the same user, or root. For a
// sender the other side is who made the socket listen: systemd.
func checkPeer(c *net.UnixConn) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	var errno error
	err = raw.Control(func(fd uintptr) {
		cred, errno = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err := errors.Join(err, errno); err != nil {
		return fmt.Errorf("asking who the other side is: %w", err)
	}
	return checkUser(int(cred.Uid), os.Geteuid())
}
