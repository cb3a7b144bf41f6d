package serve

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notifier tells the service manager about the life (sd_notify(3)). Without
// one, that is without $NOTIFY_SOCKET, it does nothing. It keeps its socket:
// a server that has run out of descriptors must still get its watchdog message
// through.
type notifier struct {
	conn *net.UnixConn // nil: nobody to tell
	log  *slog.Logger
}

func newNotifier(log *slog.Logger) (notifier, error) {
	n := notifier{log: log}
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return n, nil
	}
	var err error
	if n.conn, err = net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"}); err != nil {
		return n, fmt.Errorf("notifying systemd: %w", err)
	}
	return n, nil
}

func (n notifier) close() {
	if n.conn != nil {
		n.conn.Close()
	}
}

func (n notifier) send(state string) error {
	if n.conn == nil {
		return nil
	}
	if _, err := n.conn.Write([]byte(state)); err != nil {
		return fmt.Errorf("notifying systemd: %w", err)
	}
	return nil
}

// try is send for what a life can do without.
func (n notifier) try(state string) {
	if err := n.send(state); err != nil {
		n.log.Warn(err.Error())
	}
}

// status is the line that systemctl status shows. A message of several lines,
// which the protocol would take for further assignments, becomes one.
func status(text string) string {
	return "STATUS=" + strings.Join(strings.Fields(text), " ")
}

// watchdog sends WATCHDOG=1 at half of WatchdogSec= until stop is called, also
// during the drain (sd_watchdog_enabled(3)).
func (n notifier) watchdog() (stop func(), err error) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return func() {}, fmt.Errorf("reading systemd's watchdog time: %w", err)
	}
	if interval == 0 {
		return func() {}, nil
	}
	done := make(chan struct{})
	var pinger sync.WaitGroup
	pinger.Go(func() {
		tick := time.NewTicker(interval / 2)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				n.try(daemon.SdNotifyWatchdog)
			case <-done:
				return
			}
		}
	})
	return func() { close(done); pinger.Wait() }, nil
}
