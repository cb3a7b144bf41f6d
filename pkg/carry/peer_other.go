//go:build !linux

package carry

import (
	"errors"
	"net"
)

// checkPeer fails: only Linux has sequential packets over Unix sockets and says
// whose they are.
func checkPeer(*net.UnixConn) error {
	return errors.New("connections are carried on Linux only")
}
