package serve

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// send passes state to the service manager (sd_notify(3)). Without one, that
// is without $NOTIFY_SOCKET, it does nothing.
func send(state string) error {
	if _, err := daemon.SdNotify(false, state); err != nil {
		return fmt.Errorf("notifying systemd: %w", err)
	}
	return nil
}

// notify is send for what a life can do without.
func notify(log *slog.Logger, state string) {
	if err := send(state); err != nil {
		log.Warn(err.Error())
	}
}

// status is the line that systemctl status shows. A message of several lines,
// which the protocol would take for further assignments, becomes one.
func status(text string) string {
	return "STATUS=" + strings.Join(strings.Fields(text), " ")
}

// watchdog sends WATCHDOG=1 at half of WatchdogSec= until stop is called, also
// during the drain (sd_watchdog_enabled(3)).
func watchdog(log *slog.Logger) (stop func(), err error) {
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
				notify(log, daemon.SdNotifyWatchdog)
			case <-done:
				return
			}
		}
	})
	return func() { close(done); pinger.Wait() }, nil
}
