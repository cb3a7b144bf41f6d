package hosts

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// A release that is no good takes no request from the one that serves, and the files of that one are back in their places. rpm
// cannot be made to fail by it, so dnf's output has to tell.
func TestRPMBadRelease(t *testing.T) {
	m := dnfInstalled(t, "bookworm")
	m.publishRPM(lab.Release{Version: "1.1.0", Fault: "once"})
	r := m.drill(short, "sh", "-c", "dnf -y upgrade >/tmp/dnf.log 2>&1")
	if !slices.Equal(r.Versions.After, []string{"1.0.0"}) {
		t.Errorf("after the failed upgrade these versions answered: %v", r.Versions.After)
	}
	m.wantStates(serving)
	m.wantNoMarks()
	log := m.must("cat", "/tmp/dnf.log")
	for _, want := range []string{"the upgrade to 1.1.0-1 FAILED", "fell back to 1.0.0-1", "myapp.service is 1.0.0-1 again", "journalctl -u myapp", "dnf downgrade myapp"} {
		if !strings.Contains(log, want) {
			t.Errorf("dnf's output does not say %q:\n%s", want, log)
		}
	}
	m.wantFallback("1.0.0", "1.1.0-1")

	// What it says to do brings everything back to normal, and so does a good version.
	r = m.cleanDrill(short, "dnf", "-y", "downgrade", "myapp")
	m.wantServing(r, "1.0.0")
	m.wantNoFallback()
	m.publishRPM(lab.Release{Version: "1.2.0", Fault: "exit"})
	m.drill(short, "dnf", "-y", "upgrade")
	m.publishRPM(lab.Release{Version: "1.3.0"})
	r = m.cleanDrill(short, "dnf", "-y", "upgrade")
	m.wantServing(r, "1.3.0")
	m.wantNoFallback()
	if changed := m.must("rpm", "--verify", "--nodeps", "myapp"); changed != "" {
		t.Errorf("files of another version:\n%s", changed)
	}
}

// A scriptlet of the package's own that fails: %pre refuses the new version, and nothing is
// touched; what fails later is told, and the new version serves.
func TestRPMScriptletFails(t *testing.T) {
	m := dnfInstalled(t, "bookworm")
	script := failing(t)
	tests := []struct {
		name, config string
		version      string // to be installed
		installed    string // thereafter
	}{
		{"pre", "scripts: {preinstall: " + script + "}\n", "1.1.0", "1.0.0"},
		{"post", "scripts: {postinstall: " + script + "}\n", "1.2.0", "1.2.0"},
		// The file ends in the settings of overrides.rpm.rpm.
		{"posttrans", "      scripts: {posttrans: " + script + "}\n", "1.3.0", "1.3.0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := machine{m.Host, t}
			m.publishRPM(lab.Release{Version: tt.version, Config: tt.config})
			before := m.mainPID()
			log, err := m.Run(t.Context(), "dnf", "-y", "upgrade")
			refused := tt.installed != tt.version
			if (err != nil) != refused {
				t.Errorf("dnf: %v", err)
			}
			if !strings.Contains(log, "failed with status 7") {
				t.Errorf("dnf's output does not tell:\n%s", log)
			}
			if same := m.mainPID() == before; same != refused {
				t.Errorf("the old process serves: %v", same)
			}
			m.wantInstalled(tt.installed)
		})
	}
}

// The old version's own script fails: rpm keeps both in its records, and the new one serves.
func TestRPMOldScriptletFails(t *testing.T) {
	m := bootRPM(t, "bookworm")
	m.publishRPM(lab.Release{Version: "1.0.0", Config: "scripts: {preremove: " + failing(t) + "}\n"})
	m.must("dnf", "-y", "install", "myapp")
	m.publishRPM(lab.Release{Version: "1.1.0"})
	if log, err := m.Run(t.Context(), "dnf", "-y", "upgrade"); err == nil || !strings.Contains(log, "failed with status 7") {
		t.Errorf("dnf: %v\n%s", err, log)
	}
	m.wantInstalled("1.0.0", "1.1.0")
}

// wantInstalled checks that rpm has these versions in its records, that the last one serves,
// and that no mark is left.
func (m machine) wantInstalled(versions ...string) {
	m.t.Helper()
	want := "myapp-" + strings.Join(versions, "-1.x86_64\nmyapp-") + "-1.x86_64"
	if got := m.must("rpm", "-q", "myapp"); got != want {
		m.t.Errorf("rpm has\n%s\nwant\n%s", got, want)
	}
	if got, want := m.version(), versions[len(versions)-1]; got != want {
		m.t.Errorf("version %q answers, want %s", got, want)
	}
	m.wantStates(serving)
	m.wantNoMarks()
}

// failing is the path of a script that fails.
func failing(t *testing.T) string {
	t.Helper()
	script := filepath.Join(t.TempDir(), "fails.sh")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nexit 7\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return script
}
