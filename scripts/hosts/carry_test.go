package hosts

import (
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// keepAlive holds connections that nothing but myapp could close: busy ones, and
// idle ones that speak up after the command.
var keepAlive = []string{"--client", "post=64", "--client", "idle=500", "--client", "fresh=8", "--rate", "5"}

// slowBus restarts myapp while the bus, by which it asks systemd whether that is a restart, takes 5 s for an answer.
const slowBus = `systemctl kill --signal=STOP dbus.service
trap 'systemctl kill --signal=CONT dbus.service' EXIT
systemctl restart myapp.service & restart=$!
timeout 60 sh -c 'until [ "$(systemctl is-active myapp.service)" = deactivating ]; do sleep 0.1; done'
sleep 5
systemctl kill --signal=CONT dbus.service
wait $restart`

// Not one connection is closed, neither by an upgrade nor by a plain restart:
// not even with a word.
func TestLiveConnectionsSurvive(t *testing.T) {
	m := installed(t)
	m.publish(lab.Release{Version: "1.1.0"})
	for _, tt := range []struct {
		name    string
		command []string
		version string
	}{
		{"restart", []string{"systemctl", "restart", "myapp.service"}, "1.0.0"},
		{"restart with a slow bus", []string{"sh", "-ec", slowBus}, "1.0.0"},
		{"rollout", []string{"systemctl", "start", "myapp-rollout.service"}, "1.0.0"},
		{"upgrade", []string{"apt-get", "-y", "upgrade"}, "1.1.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			machine{m.Host, t}.unbroken(keepAlive, tt.version, tt.command...)
		})
	}
}

func (m machine) mainPID() string {
	m.t.Helper()
	return m.must("systemctl", "show", "-p", "MainPID", "--value", "myapp.service")
}

// Ten thousand idle connections cross an upgrade, and each is then answered by
// the new version. They take two cores for themselves: beside three other hosts
// clients were seen to wait 13 s with nothing going on, and 30 s in the upgrade.
func TestTenThousandIdleConnections(t *testing.T) {
	m := bootAlone(t, "bookworm")
	m.install()
	m.publish(lab.Release{Version: "1.1.0"})
	load := []string{"--client", "idle=10000", "--client", "post=4", "--after", "6s"}
	m.unbroken(load, "1.1.0", "apt-get", "-y", "upgrade")
}
