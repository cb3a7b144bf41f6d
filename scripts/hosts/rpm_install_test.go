package hosts

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// ownUnits are the units that presets decide about.
var ownUnits = []string{"myapp.service", "myapp.socket", "myapp-https.socket", "myapp-metrics.socket"}

// down is the state of all units where nothing was started.
func down() map[string]string {
	states := maps.Clone(serving)
	for unit := range states {
		states[unit] = "inactive"
	}
	return states
}

// At a first install presets decide, whichever way; Fedora's default is "disable *".
func TestDnfInstallHonoursPresets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, preset string
		states       map[string]string
		enabled      string
	}{
		{"none speaks of it", "", serving, "enabled"},
		{"disables", "disable *\n", down(), "disabled"},
		{"enables", "enable myapp.service\nenable myapp*.socket\ndisable *\n", serving, "enabled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := bootRPM(t, "bookworm")
			m.preset(tt.preset)
			m.publishRPM(lab.Release{Version: "1.0.0"})
			m.must("dnf", "-y", "install", "myapp")
			m.wantStates(tt.states)
			m.wantEnabled(tt.enabled, ownUnits...)
		})
	}
}

// Units that come with an upgrade, here from a package that had none, arrive as at a first install.
func TestDnfUpgradeFromPlainPackage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, preset string
		states       map[string]string
		enabled      string
	}{
		{"presets say yes", "", serving, "enabled"},
		{"presets say no", "disable *\n", down(), "disabled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := bootRPM(t, "bookworm")
			m.preset(tt.preset)
			plain, err := built.lab.Stub("myapp", "0.1.0")
			if err != nil {
				t.Fatal(err)
			}
			if err := m.PublishRPM(t.Context(), plain); err != nil {
				t.Fatal(err)
			}
			m.must("dnf", "-y", "install", "myapp")
			m.publishRPM(lab.Release{Version: "1.0.0"})
			m.must("dnf", "-y", "upgrade")
			m.wantStates(tt.states)
			m.wantEnabled(tt.enabled, ownUnits...)
			m.wantNoMarks()
		})
	}
}

// preset writes the first of the host's preset files.
func (m machine) preset(text string) {
	m.t.Helper()
	if err := m.WriteFile(m.t.Context(), "/etc/systemd/system-preset/00-test.preset", []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// wantEnabled checks what systemctl is-enabled says of units.
func (m machine) wantEnabled(want string, units ...string) {
	m.t.Helper()
	for _, unit := range units {
		if got := m.must("sh", "-c", `systemctl is-enabled "$1" 2>&1 || :`, "sh", unit); got != want {
			m.t.Errorf("%s is %s, want %s", unit, got, want)
		}
	}
}

// Erasure leaves what the service has written, as rpm has it, and nothing else: no file,
// link, process or failed unit. Nothing of the package lies in /lib.
func TestDnfRemove(t *testing.T) {
	t.Parallel()
	for _, suite := range rpmSuites {
		t.Run(suite, func(t *testing.T) {
			m := bootRPM(t, suite)
			m.publishRPM(lab.Release{Version: "1.0.0"})
			m.must("mkdir", "-p", "/usr/share/licenses") // of Fedora's package "filesystem"
			before := m.files()
			m.must("dnf", "-y", "install", "myapp")
			for _, file := range strings.Fields(m.must("rpm", "-ql", "myapp")) {
				if !strings.HasPrefix(file, "/usr/") {
					t.Errorf("%s is not in /usr", file)
				}
			}
			m.must("systemctl", "start", "myapp-rollout.service")
			log := m.must("dnf", "-y", "remove", "myapp")
			if strings.Contains(log, "arning") || strings.Contains(log, "triggering units") {
				t.Errorf("dnf was warned:\n%s", log)
			}
			left := slices.DeleteFunc(m.files(), func(file string) bool { return slices.Contains(before, file) })
			if !slices.Equal(left, []string{"/var/lib/myapp", "/var/lib/myapp/self-signed.pem"}) {
				t.Errorf("left over: %v", left)
			}
			if units := m.must("systemctl", "list-units", "--all", "--no-legend", "myapp*"); units != "" {
				t.Errorf("systemd still knows\n%s", units)
			}
			if listening := m.must("ss", "-Hltn"); listening != "" {
				t.Errorf("still listening\n%s", listening)
			}
		})
	}
}

// files are the host's, without those in which dnf, rpm and the journal keep their own records.
func (m machine) files() []string {
	m.t.Helper()
	return strings.Fields(m.must("sh", "-c", `find / /run -xdev \
	\( -path /var/cache/dnf -o -path /var/lib/dnf -o -path /var/lib/rpm -o -path /root/.rpmdb -o -path /var/log -o -path /run/log -o -path /run/systemd \) \
	-prune -o -print | sort -u`))
}

// In a root where no systemd runs, an image that is being built, units are enabled and nothing
// more happens: above all not to the host.
func TestDnfInstallRoot(t *testing.T) {
	m := bootRPM(t, "bookworm")
	m.publishRPM(lab.Release{Version: "1.0.0"})
	// The image is a copy of the host's own files, without what dnf has read.
	m.must("sh", "-euc", `mkdir /tmp/image
mount -t tmpfs tmpfs /tmp/image
mkdir /tmp/image/up /tmp/image/work
mount -t overlay overlay -o lowerdir=/,upperdir=/tmp/image/up,workdir=/tmp/image/work /mnt
rm -r /mnt/var/cache/dnf`)
	dnf := []string{"--installroot=/mnt", "--releasever=1", "--refresh", "-y"}
	links := func() string {
		t.Helper()
		return m.must("sh", "-c", `cd /mnt/etc/systemd/system && find . -name 'myapp*' | sort`)
	}

	m.must("dnf", append(dnf, "install", "myapp")...)
	if want := `./multi-user.target.wants/myapp.service
./sockets.target.wants/myapp-https.socket
./sockets.target.wants/myapp-metrics.socket
./sockets.target.wants/myapp.socket`; links() != want {
		t.Errorf("enabled in the image:\n%s\nwant\n%s", links(), want)
	}
	m.must("grep", "-q", "^myapp:", "/mnt/etc/passwd")
	m.publishRPM(lab.Release{Version: "1.1.0"})
	m.must("dnf", append(dnf, "upgrade")...)
	if got := m.must("rpm", "--root=/mnt", "-q", "myapp"); got != "myapp-1.1.0-1.x86_64" {
		t.Errorf("in the image is %s", got)
	}
	m.must("dnf", append(dnf, "remove", "myapp")...)
	if got := links(); got != "" {
		t.Errorf("still enabled in the image:\n%s", got)
	}
	m.wantStates(down())
	if got := m.must("find", "/run", "/mnt/run", "-name", "nodrop"); got != "" {
		t.Errorf("left over: %s", got)
	}
}
