package hosts

import (
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// dnf upgrade, from a repository, loses no request and closes no connection.
func TestDnfUpgradeOn(t *testing.T) {
	t.Parallel()
	for _, suite := range rpmSuites {
		t.Run(suite, func(t *testing.T) {
			m := dnfInstalled(t, suite)
			m.publishRPM(lab.Release{Version: "1.1.0"})
			m.upgradeUnbroken("1.1.0", "dnf", "-y", "upgrade")
		})
	}
}

// short is a load for cases in which it is about the states.
var short = []string{"--client", "fresh=16", "--client", "post=16", "--client", "idle=16", "--before", "1s", "--after", "1s", "--rate", "5"}

// What else replaces a running version does it as cleanly, whether dnf or rpm does it.
func TestRPMReplaced(t *testing.T) {
	m := dnfInstalled(t, "bookworm")
	m.publishRPM(lab.Release{Version: "1.1.0"})
	m.must("dnf", "-y", "upgrade")
	for _, tt := range []struct {
		name    string
		command []string
		version string
	}{
		{"reinstall", []string{"dnf", "-y", "reinstall", "myapp"}, "1.1.0"},
		{"downgrade", []string{"dnf", "-y", "downgrade", "myapp"}, "1.0.0"},
		{"upgrade by rpm", []string{"sh", "-c", "rpm --force-debian -U /srv/dnf/myapp-1.1.0-*.rpm"}, "1.1.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := machine{m.Host, t}
			before := m.mainPID()
			r := m.cleanDrill(short, tt.command...)
			if m.mainPID() == before {
				t.Error("the process was not replaced")
			}
			m.wantServing(r, tt.version)
			m.wantNoMarks()
		})
	}
}

// wantNoMarks checks that no script has left a word for another one.
func (m machine) wantNoMarks() {
	m.t.Helper()
	if left := m.must("find", "/run", "-maxdepth", "1", "-name", "nodrop"); left != "" {
		m.t.Errorf("%s is left", left)
	}
}

// The admin's choices are kept: nothing that was stopped or disabled starts, and presets are not
// asked again.
func TestDnfKeepsChoices(t *testing.T) {
	m := dnfInstalled(t, "bookworm")
	m.publishRPM(lab.Release{Version: "1.1.0"})
	tests := []struct {
		choice, command string
		enabled         string // each unit, afterwards
	}{
		{"stop", "upgrade", "enabled"},
		{"disable", "reinstall", "disabled"},
		{"mask", "downgrade", "masked"},
	}
	for _, tt := range tests {
		t.Run(tt.choice, func(t *testing.T) {
			m := machine{m.Host, t}
			m.must("systemctl", append([]string{tt.choice}, ownUnits...)...)
			m.must("dnf", "-y", tt.command, "myapp")
			m.wantStates(down())
			m.wantEnabled(tt.enabled, ownUnits...)
			m.wantNoMarks()
		})
	}
	// Where presets say no, as on Fedora, many an admin enables the service only: its sockets come along.
	m.must("systemctl", append([]string{"unmask"}, ownUnits...)...)
	m.must("systemctl", "enable", "--now", "myapp.service")
	m.wantStates(serving)
	m.must("dnf", "-y", "upgrade")
	m.wantStates(serving)
	m.wantEnabled("enabled", "myapp.service")
	m.wantEnabled("disabled", ownUnits[1:]...)
	if got := m.version(); got != "1.1.0" {
		t.Errorf("version %q answers", got)
	}
}
