package hosts

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// holdIdle keeps a connection to myapp open that had one reply, until the file
// /run/let-go is there or the server closes it.
const holdIdle = `exec 3<>/dev/tcp/127.0.0.1/8080
printf 'GET / HTTP/1.1\r\nHost: test\r\n\r\n' >&3
read -r line <&3
echo "$line" >/run/held
until [ -e /run/let-go ]; do
	read -r -t 0.2 line <&3 || [ $? -gt 128 ] || break # the end, not just silence
done
rm -f /run/held /run/let-go`

// withIdle runs a command while a connection is idle; once the command has begun and
// the service stops, the client closes.
func (m machine) withIdle(command string) {
	m.t.Helper()
	out := m.must("timeout", "80", "bash", "-c", `rm -f /run/held /run/let-go
bash -c "$1" & until [ -s /run/held ]; do sleep 0.05; done
grep -q 'HTTP/1.1 200 OK' /run/held && `+command+` & command=$!
until systemctl is-active myapp.service | grep -qx 'deactivating\|inactive'; do sleep 0.05; done
touch /run/let-go
wait "$command" && echo stopped`, "-", holdIdle)
	if !strings.HasSuffix(out, "stopped") {
		m.t.Errorf("%s: %s", command, out)
	}
}

// wantDown checks that nothing runs, nor starts again within two seconds.
func (m machine) wantDown(units ...string) {
	m.t.Helper()
	const down = `timeout 2 sh -c 'while ! systemctl is-active --quiet "$@"; do sleep 0.1; done' - "$@" && echo 'it was started again'
systemctl is-active "$@" || true`
	out := strings.Fields(m.must("sh", append([]string{"-c", down, "-"}, units...)...))
	if !slices.Equal(out, slices.Repeat([]string{"inactive"}, len(units))) {
		m.t.Errorf("%v are %v, want inactive", units, out)
	}
}

// A stop is a stop, whoever asks for it: with idle connections, which nobody will go
// on with, it ends, and nothing is started by what was in the handover socket.
func TestStopMeansStop(t *testing.T) {
	m := installed(t)
	services := []string{"myapp.service", "myapp-standby.service", "myapp-rollout.service"}
	m.withIdle("systemctl stop myapp.service")
	m.wantDown(services...)
	// A rollout leaves systemd polling the sockets, although main runs.
	m.must("systemctl", "start", "myapp.service")
	m.must("systemctl", "start", "myapp-rollout.service")
	m.withIdle("systemctl stop myapp.service")
	m.wantDown(services...)
	if got := m.version(); got != "1.0.0" { // the next connection starts it
		t.Errorf("version %q answers", got)
	}
	m.withIdle("systemctl stop myapp.socket myapp.service")
	m.wantDown(append(services, "myapp.socket")...)
	m.must("systemctl", "start", "myapp.socket")
	m.withIdle("systemctl stop 'myapp*'")
	m.wantDown(append(services, "myapp.socket", "myapp-https.socket", "myapp-metrics.socket", "myapp-handover.socket")...)
	m.must("systemctl", "start", "myapp.service")
	m.withIdle("apt-get -y remove myapp")
	m.wantDown(services...)
	m.must("apt-get", "-y", "install", "myapp")
	m.powerOff()
}

// powerOff shuts the host down while a connection is idle and nobody lets go: that takes no longer
// than its idle time-out, and starts nothing.
func (m machine) powerOff() {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), 90*time.Second)
	defer cancel()
	m.must("bash", "-c", `setsid bash -c "$1" >/dev/null 2>&1 & until [ -s /run/held ]; do sleep 0.05; done
echo 'poweroff begins' >/dev/console
systemctl --no-block poweroff`, "-", holdIdle)
	begun := time.Now()
	console, err := m.Wait(ctx)
	m.t.Logf("off after %v", time.Since(begun).Round(time.Millisecond))
	_, shutdown, _ := strings.Cut(console, "poweroff begins")
	stopping := regexp.MustCompile(`Stopping .*myapp\.service`).MatchString(shutdown)
	if err != nil || !stopping || regexp.MustCompile(`Start(ing|ed) .*myapp`).MatchString(shutdown) {
		m.t.Errorf("%v; the console of the shutdown: %s", err, shutdown)
	}
}
