package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/scripts/docs"
	"github.com/nodrop/nodrop/scripts/lab"
)

// A host that upgrades by itself, unattended-upgrades, and restarts what uses old
// files by itself, needrestart, from a repository made by nodrop repo.
func TestUnattendedUpgrade(t *testing.T) {
	m := boot(t, "bookworm", "needrestart", "unattended-upgrades")
	key := newKey(t)
	repo := filepath.Join(t.TempDir(), "repo")
	publish := func(version string) {
		t.Helper()
		cmd := exec.Command(built.nodrop, "repo", "--key", key.secret, "-t", repo, "--name", "example", deb(t, lab.Release{Version: version}))
		cmd.Env = append(os.Environ(), "NFPM_PASSPHRASE="+passphrase)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		m.upload(repo)
	}
	m.serveFiles()
	publish("1.0.0")
	block := func(marker string) string {
		t.Helper()
		commands, err := docs.CommandsOf(built.lab.Checkout(), "docs/repository.md", marker)
		if err != nil {
			t.Fatal(err)
		}
		return commands
	}
	m.must("sh", "-ec", strings.Replace(block("apt install hello"), "install hello", "install myapp", 1))
	m.must("sh", "-ec", block("Origins-Pattern"))
	m.must("sh", "-c", `echo '$nrconf{restart} = "a";' >/etc/needrestart/conf.d/test.conf`)
	started := func() string {
		t.Helper()
		return m.must("sh", "-c", "journalctl -o cat -u myapp.service | grep -c '^Started'")
	}

	publish("1.1.0")
	m.unbroken(unbroken, "1.1.0", "sh", "-c", "apt-get update && unattended-upgrade --verbose")
	if log := m.must("sh", "-c", "cat /var/log/unattended-upgrades/*dpkg.log"); !strings.Contains(log, "rolled out 1.1.0 without dropping") || !regexp.MustCompile(`(?i)no services need to be restarted|Restarting services`).MatchString(log) {
		t.Errorf("the log has no rollout, or needrestart did not look:\n%s", log)
	}
	if n := started(); n != "2" {
		t.Errorf("myapp was started %s times, want 2: at the installation, and in the rollout", n)
	}

	// A new libc: others are out of date, a Go program has no use for it.
	const look = "needrestart -v -r a >/run/needrestart.log 2>&1"
	m.cleanDrill(short, "sh", "-ec", "cd /usr/lib/x86_64-linux-gnu; cp -a libc.so.6 new; mv new libc.so.6; "+look)
	log := m.must("cat", "/run/needrestart.log")
	if !strings.Contains(log, "uses deleted") || strings.Contains(log, "myapp") || started() != "2" {
		t.Errorf("needrestart, after a new libc; myapp was started %s times:\n%s", started(), log)
	}

	// A program that was put in its place anew is restarted, plainly, and rolled out by
	// the file of the document. Both lose nothing.
	const anew = "cd /usr/bin; cp -a myapp new; mv new myapp; " + look
	rollouts := func() string {
		t.Helper()
		return m.must("sh", "-c", "journalctl -o cat -u myapp-rollout.service | grep -c '^Finished'")
	}
	m.unbroken(short, "1.1.0", "sh", "-ec", anew)
	if started() != "3" || rollouts() != "1" {
		t.Errorf("needrestart, after a new program; myapp was started %s times, with %s rollouts:\n%s", started(), rollouts(), m.must("cat", "/run/needrestart.log"))
	}
	m.must("sh", "-ec", block("restart.d/myapp.service"))
	m.unbroken(short, "1.1.0", "sh", "-ec", anew)
	if started() != "4" || rollouts() != "2" {
		t.Errorf("needrestart, told to roll out; myapp was started %s times, with %s rollouts:\n%s", started(), rollouts(), m.must("cat", "/run/needrestart.log"))
	}
}
