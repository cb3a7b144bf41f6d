package pack

import (
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/lint"
)

// advised is a project of all kinds of units, each of which follows the advice of lint.
func advised() project {
	const service = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=notify\nExecStart=/usr/bin/app\nUser=app\nStateDirectory=app\nRestart=on-failure\n[Install]\nWantedBy=multi-user.target\n"
	return good().
		with("units/app.service", service+"[X-Nodrop]\nCarry=yes\n").
		with("units/app.socket", "[Socket]\nListenStream=80\nTriggerLimitIntervalSec=0\n[Install]\nWantedBy=sockets.target\n").
		with("units/app-tls.socket", "[Socket]\nListenStream=443\nService=app.service\nTriggerLimitIntervalSec=0\n[Install]\nWantedBy=sockets.target\n").
		with("units/worker.service", service+"[X-Nodrop]\nStrategy=restart\n").
		with("units/job@.service", "[Service]\nExecStart=/usr/bin/app %i\nUser=app\n").
		with("units/tidy.service", "[Service]\nType=oneshot\nExecStart=/usr/bin/app tidy\nUser=app\n").
		with("units/tidy.timer", "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n")
}

// found is what lint finds in the package that is built of a project.
func found(t *testing.T, p project, packager string) string {
	t.Helper()
	p.write(t)
	subjects, err := lint.Load(build(t, packager))
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, f := range lint.Check(subjects[0], nil) {
		all = append(all, f.String())
	}
	return strings.Join(all, "\n")
}

// Lint has nothing to say about packages of ours.
func TestLintFindsNothing(t *testing.T) {
	for _, packager := range []string{"deb", "rpm"} {
		if got := found(t, advised(), packager); got != "" {
			t.Errorf("%s:\n%s", packager, got)
		}
	}
}

// What the author's own scripts do amiss is found in the scripts that they are built into.
func TestLintFindsInOwnScripts(t *testing.T) {
	for packager, want := range map[string]string{"deb": "postrm", "rpm": "postun"} {
		p := advised().with("gone.sh", "rm -rf /var/lib/app\n")
		p["nfpm.yaml"] += "scripts:\n  postremove: gone.sh\n"
		got := found(t, p, packager)
		if strings.Count(got, "\n") > 1 || !strings.Contains(got, ":"+want+":") || !strings.Contains(got, "an upgrade deletes /var/lib/app.") {
			t.Errorf("%s:\n%s", packager, got)
		}
	}
}
