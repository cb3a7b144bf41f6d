package hosts

import (
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// A program that must not run twice has no standby. Clients wait while it restarts, and nothing else happens to them.
func TestStrategyRestart(t *testing.T) {
	m := boot(t, "bookworm")
	m.publish(lab.Release{Version: "1.0.0", Change: restart})
	m.must("apt-get", "-y", "install", "myapp")
	m.publish(lab.Release{Version: "1.1.0", Change: restart})
	m.unbroken(keepAlive, "1.1.0", "apt-get", "-y", "upgrade")
	if got := m.must("sh", "-c", "systemctl list-unit-files --no-legend myapp-standby.service myapp-rollout.service || :"); got != "" {
		t.Errorf("there is a second instance:\n%s", got)
	}
}

// several has myapp ship more units: another server, a worker without a socket, a template, and a job with its timer.
const several = `
sed 's,^StateDirectory=.*,StateDirectory=second,; s,myapp-metrics.socket,,; s,myapp-https.socket,,; s,myapp.socket,second.socket,' myapp.service >second.service
sed 's,^ListenStream=.*,ListenStream=8090,; s,myapp.service,second.service,' myapp.socket >second.socket
printf '[Service]\nExecStart=sleep infinity\n[X-Nodrop]\nStrategy=restart\n[Install]\nWantedBy=multi-user.target\n' >worker.service
printf '[Service]\nExecStart=sleep infinity\n' >worker@.service
printf '[Service]\nType=oneshot\nExecStart=touch /run/job\n' >job.service
printf '[Timer]\nOnCalendar=yearly\n[Install]\nWantedBy=timers.target\n' >job.timer
for unit in second.service second.socket worker.service worker@.service job.service job.timer; do
	sed -i "s,^contents:,&\n  - {src: packaging/myapp/$unit\\, dst: /lib/systemd/system/$unit}," nfpm.yaml
done
`

// What else a package may have is upgraded as well, each unit in its way; and if one of its servers is no good in the new version,
// all of them stay with the old one.
func TestSeveralServices(t *testing.T) {
	m := boot(t, "bookworm")
	m.publish(lab.Release{Version: "1.0.0", Change: several})
	m.must("apt-get", "-y", "install", "myapp")
	m.must("systemctl", "start", "worker@a.service", "worker@b.service")
	started := map[string]string{
		"second.socket": "active", "second.service": "active", "worker.service": "active", "job.timer": "active", "job.service": "inactive",
		"worker@a.service": "active", "worker@b.service": "active",
	}
	m.wantStates(serving)
	m.wantStates(started)
	load := append([]string{"--client", "post=16@http://127.0.0.1:8090/", "--client", "fresh=16@http://127.0.0.1:8090/"}, short...)
	replaced := []string{"myapp.service", "second.service", "worker.service", "worker@a.service", "worker@b.service"}

	t.Run("good", func(t *testing.T) {
		m := machine{m.Host, t}
		before := m.processes(replaced)
		m.publish(lab.Release{Version: "1.1.0", Change: several})
		m.unbroken(load, "1.1.0", "apt-get", "-y", "upgrade")
		m.wantStates(started)
		for unit, pid := range m.processes(replaced) {
			if pid == before[unit] {
				t.Errorf("%s was not restarted", unit)
			}
		}
		if got := m.must("sh", "-c", "ls /run/job 2>/dev/null || :"); got != "" {
			t.Error("the job was run by the upgrade")
		}
	})
	t.Run("bad", func(t *testing.T) {
		m := machine{m.Host, t}
		m.publish(lab.Release{Version: "1.2.0", Change: several + "sed -i 's,^ExecStart=.*,& --nonsense,' second.service"})
		r := m.failingUpgrade(0, load, "apt-get", "-y", "upgrade")
		m.wantServing(r, "1.1.0")
		m.wantStates(started)
	})
	t.Run("removed", func(t *testing.T) {
		m := machine{m.Host, t}
		m.must("apt-get", "-y", "purge", "myapp")
		if got := m.must("systemctl", "list-units", "--all", "--no-legend", "myapp*", "second*", "worker*", "job*"); got != "" {
			t.Errorf("left over:\n%s", got)
		}
		if got := m.must("ss", "-Hltn"); got != "" {
			t.Errorf("still listening:\n%s", got)
		}
	})
}

// processes are the main processes of services.
func (m machine) processes(services []string) map[string]string {
	m.t.Helper()
	all := map[string]string{}
	for _, s := range services {
		all[s] = m.must("systemctl", "show", "-p", "MainPID", "--value", s)
	}
	return all
}
