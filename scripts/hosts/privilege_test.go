package hosts

import (
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// everywhere is find over all that is on disk or in memory.
const everywhere = "find / /run /tmp /var/tmp /dev/shm -xdev"

// othersOwn is what a rollout may write beside the service's own, by how it begins: logs, and what systemd itself notes.
var othersOwn = []string{"/var/log/", "/run/log/", "/run/systemd/", "/run/dbus/", "/root/"}

// myapp writes nothing but its state, whatever it is asked, and nodrop nothing but what it was told to; nobody else gets at what
// there is between two instances.
func TestLeastPrivilege(t *testing.T) {
	m := installed(t)
	sub := func(name string, f func(m machine)) {
		t.Run(name, func(t *testing.T) { f(machine{m.Host, t}) })
	}
	sub("secrets", machine.secretsStayOutOfLogs)
	sub("service", machine.serviceWritesItsOwn)
	sub("cli", machine.cliWritesItsOwn)
	sub("others", machine.othersAreShutOut)
}

// secretsStayOutOfLogs: of what clients and instances keep to themselves nothing is in the journal, at whatever level of logging.
func (m machine) secretsStayOutOfLogs() {
	m.must("sh", "-euc", `
mkdir -p /etc/systemd/system/myapp.service.d
printf '[Service]\nEnvironment=MYAPP_LOG_LEVEL=debug\n' >/etc/systemd/system/myapp.service.d/debug.conf
systemctl daemon-reload
systemctl restart myapp.service
ask() {
	curl -ksS -o /dev/null -H 'Authorization: Bearer secret-header' -H 'Cookie: session=secret-cookie' -d secret-body \
		--user name:secret-password "$1/?token=secret-query" "$1/missing?token=secret-query"
}
ask http://127.0.0.1:8080
ask https://127.0.0.1:8443
systemctl start myapp-rollout.service
ask https://127.0.0.1:8443
systemctl restart myapp.service
ask http://127.0.0.1:8080`)
	log := m.must("journalctl", "--all", "--output=export")
	if !strings.Contains(log, `"msg":"request"`) {
		m.t.Error("requests are not in the log, at the level at which they should be")
	}
	secrets := []string{"secret-"}
	for line := range strings.Lines(m.must("sed", "-n", "/PRIVATE/,/PRIVATE/p", "/var/lib/myapp/self-signed.pem")) {
		if !strings.HasPrefix(line, "-----") {
			secrets = append(secrets, strings.TrimSpace(line))
		}
	}
	if len(secrets) < 3 {
		m.t.Fatal("there is no private key to look for")
	}
	for _, secret := range secrets {
		if _, rest, found := strings.Cut(log, secret); found {
			m.t.Errorf("%q is in the journal, before %q", secret, rest[:min(len(rest), 80)])
		}
	}
}

// serviceWritesItsOwn: what belongs to the service's user, and what is new after its rollouts.
func (m machine) serviceWritesItsOwn() {
	own := strings.Fields(m.must("sh", "-c", everywhere+" -user myapp | sort"))
	want := []string{"/run/myapp-handover.sock", "/var/lib/myapp", "/var/lib/myapp/self-signed.pem"}
	if !slices.Equal(own, want) {
		m.t.Errorf("of myapp's user are %q, want %q", own, want)
	}
	modes := m.must("stat", "--format=%A", "/run/myapp-handover.sock", "/var/lib/myapp", "/var/lib/myapp/self-signed.pem")
	if modes != "srw-------\ndrwx------\n-rw-------" {
		m.t.Errorf("their modes are %s", modes)
	}
	m.must("touch", "/root/mark")
	m.must("sh", "-c", `systemctl start myapp-rollout.service
head -c 1000000 /dev/zero | curl -sS -o /dev/null -T - http://127.0.0.1:8080/upload`)
	m.wantNothingNew(othersOwn...)
}

// wantNothingNew checks that no file is younger than /root/mark, but for some.
func (m machine) wantNothingNew(but ...string) {
	m.t.Helper()
	for _, path := range strings.Fields(m.must("sh", "-c", everywhere+" -newer /root/mark -not -type d")) {
		if !slices.ContainsFunc(but, func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
			m.t.Errorf("%s was written", path)
		}
	}
}

// cliWritesItsOwn: an ordinary user makes a package, and nothing is left but that.
func (m machine) cliWritesItsOwn() {
	m.must("sh", "-euc", `
mkdir -p /srv/project/out
cp /lib/systemd/system/myapp.service /lib/systemd/system/myapp*.socket /srv/project
rm -f /srv/project/myapp-handover.socket
cat >/srv/project/nfpm.yaml <<END
name: myapp
version: 1.0.0
maintainer: A <a@example.com>
contents:
  - src: /usr/bin/myapp
    dst: /usr/bin/myapp
  - src: /srv/project/*.s*
    dst: /usr/lib/systemd/system/
END
chown nobody /srv/project/out
touch /root/mark`)
	m.must("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "sh", "-euc", `
cd /srv/project
HOME=/nonexistent TMPDIR=/tmp
nodrop package -f nfpm.yaml -p deb -t out
nodrop package -f nfpm.yaml -p rpm -t out
nodrop generate -f nfpm.yaml out/generated
nodrop drill --url http://127.0.0.1:8080/ --client fresh=2 --before 0.2s --after 0.2s -- true
cd out
timeout --signal=TERM 4 nodrop run --socket http=127.0.0.1:0 -- sleep 60 || :`)
	m.wantNothingNew(append(slices.Clone(othersOwn), "/srv/project/out/")...)
}

// othersAreShutOut: another user can neither talk to the handover socket nor look at the version that is kept.
func (m machine) othersAreShutOut() {
	m.publish(lab.Release{Version: "1.1.0", Fault: "once"})
	m.failingUpgrade(0, short, "apt-get", "-y", "upgrade")
	m.wantFallback("1.0.0", "1.1.0")
	if got := m.must("sh", "-c", "find /var/lib/nodrop -not -user root | head; stat --format='%A %U' /var/lib/nodrop/myapp"); got != "drwx------ root" {
		m.t.Errorf("what is kept: %s", got)
	}
	for _, user := range []string{"nobody", "myapp"} {
		got := m.must("setpriv", "--reuid="+user, "--clear-groups", "--regid=nogroup", "sh", "-c", `
ls /var/lib/nodrop/myapp 2>&1 | grep -o 'Permission denied'
mkdir /run/nodrop 2>&1 | grep -o 'Permission denied'
perl -MSocket -e 'socket(S, PF_UNIX, SOCK_SEQPACKET, 0) or die; print connect(S, sockaddr_un("/run/myapp-handover.sock")) ? "connected" : $!'`)
		want := "Permission denied\nPermission denied\n" + map[string]string{"nobody": "Permission denied", "myapp": "connected"}[user]
		if got != want {
			m.t.Errorf("%s: %s", user, got)
		}
	}
}
