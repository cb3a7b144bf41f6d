package hosts

import (
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// rpmSuites are the oldest and the newest release of Debian with a dnf that works.
var rpmSuites = []string{"bookworm", "sid"}

// bootRPM boots a Debian host with dnf and rpm. rpm's database knows nothing there but a
// systemd, which stands for Debian's.
func bootRPM(t *testing.T, suite string) machine {
	t.Helper()
	m := boot(t, suite, "dnf", "rpm", "createrepo-c")
	stub, err := built.lab.Stub("systemd", "247")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.PublishRPM(t.Context(), stub); err != nil {
		t.Fatal(err)
	}
	return m
}

// dnfInstalled boots a host with the rpm of myapp 1.0.0 serving.
func dnfInstalled(t *testing.T, suite string) machine {
	t.Helper()
	m := bootRPM(t, suite)
	m.publishRPM(lab.Release{Version: "1.0.0"})
	m.must("dnf", "-y", "install", "myapp")
	m.wantStates(serving)
	return m
}

func (m machine) publishRPM(r lab.Release) {
	m.t.Helper()
	if err := m.PublishRPM(m.t.Context(), rpm(m.t, r)); err != nil {
		m.t.Fatal(err)
	}
}

func rpm(t *testing.T, r lab.Release) string {
	t.Helper()
	return built.get(t, release{r, "rpm"})
}
