package hosts

import (
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/scripts/lab"
)

// keepAlive holds connections that nothing but myapp could close: busy ones, and
// idle ones that speak up after the command.
var keepAlive = []string{"--client", "post=32", "--client", "idle=500", "--client", "fresh=8", "--rate", "20"}

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
		{"rollout", []string{"systemctl", "start", "myapp-rollout.service"}, "1.0.0"},
		{"upgrade", []string{"apt-get", "-y", "upgrade"}, "1.1.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := machine{m.Host, t}
			before := m.mainPID()
			r := m.cleanDrill(keepAlive, tt.command...)
			for _, kind := range r.Kinds {
				if kind.Kind != drill.Fresh && kind.Connections.Announced > 0 {
					t.Errorf("%d %s connections were asked to close", kind.Connections.Announced, kind.Kind)
				}
				if kind.Kind != drill.Fresh && kind.Connections.Opened != uint64(kind.Clients) {
					t.Errorf("%d %s connections for %d clients", kind.Connections.Opened, kind.Kind, kind.Clients)
				}
			}
			if !slices.Equal(r.Versions.After, []string{tt.version}) {
				t.Errorf("after it these versions answered: %v", r.Versions.After)
			}
			if m.mainPID() == before {
				t.Error("the process was not replaced")
			}
			m.wantStates(serving)
		})
	}
}

func (m machine) mainPID() string {
	m.t.Helper()
	return m.must("systemctl", "show", "-p", "MainPID", "--value", "myapp.service")
}

// A stop is a stop: connections that nobody will go on with are not sent where
// they would start the service again.
func TestStopWithAnIdleConnection(t *testing.T) {
	m := installed(t)
	const stop = `exec 3<>/dev/tcp/127.0.0.1/8080
printf 'GET / HTTP/1.1\r\nHost: test\r\n\r\n' >&3
read -r line <&3
echo "$line"
systemctl stop myapp.service 2>/dev/null
# Were it to be started again, then within these two seconds.
timeout 2 sh -c 'while systemctl is-active myapp.service | grep -q inactive; do sleep 0.1; done' && echo 'it was started again'
systemctl is-active myapp.service myapp-standby.service || true`
	out := strings.Fields(m.must("bash", "-c", stop))
	want := []string{"HTTP/1.1", "200", "OK", "inactive", "inactive"}
	if !slices.Equal(out, want) {
		t.Errorf("reply and states %v, want %v", out, want)
	}
	// The next connection starts it again, and stopping sockets and service in
	// one call stops for good.
	if got := m.version(); got != "1.0.0" {
		t.Errorf("version %q answers", got)
	}
	m.must("systemctl", "stop", "myapp.socket", "myapp-https.socket", "myapp-metrics.socket", "myapp.service")
	m.wantStates(map[string]string{"myapp.service": "inactive", "myapp.socket": "inactive"})
}

// Ten thousand idle connections cross an upgrade, and each is then answered by
// the new version.
func TestTenThousandIdleConnections(t *testing.T) {
	m := installed(t)
	m.publish(lab.Release{Version: "1.1.0"})
	load := []string{"--client", "idle=10000", "--client", "post=4", "--after", "6s"}
	r := m.cleanDrill(load, "apt-get", "-y", "upgrade")
	for _, kind := range r.Kinds {
		if kind.Connections.Announced > 0 || kind.Connections.Opened != uint64(kind.Clients) {
			t.Errorf("%d %s clients: %d connections opened, %d asked to close", kind.Clients, kind.Kind, kind.Connections.Opened, kind.Connections.Announced)
		}
	}
	if !slices.Equal(r.Versions.After, []string{"1.1.0"}) {
		t.Errorf("after it these versions answered: %v", r.Versions.After)
	}
}
