package hosts

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// publishLocal publishes the service in testdata/local in a version.
func (m machine) publishLocal(version string) {
	m.t.Helper()
	dir := m.t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/local")); err != nil {
		m.t.Fatal(err)
	}
	build := exec.Command("go", "build", "-ldflags", "-s -w -X main.version="+version, "-o", filepath.Join(dir, "local"), "./testdata/local")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	pack := exec.Command(built.nodrop, "package", "-f", "nfpm.yaml", "-p", "deb", "-t", dir)
	pack.Dir, pack.Env = dir, append(os.Environ(), "VERSION="+version)
	for _, cmd := range []*exec.Cmd{build, pack} {
		if out, err := cmd.CombinedOutput(); err != nil {
			m.t.Fatalf("%v: %v\n%s", cmd, err, out)
		}
	}
	if err := m.Publish(m.t.Context(), filepath.Join(dir, "local_"+version+"_amd64.deb")); err != nil {
		m.t.Fatal(err)
	}
}

// withDatagrams runs commands while it sends numbered datagrams, 50 a second: the socket's buffer holds those of some seconds in
// which nobody reads. How many it has sent is then in /run/sent.
const withDatagrams = `
mkfifo /run/pause; exec 9<>/run/pause
send() { until [ -e /run/end ]; do echo -n "$((++n))" >/dev/udp/127.0.0.1/9125; read -r -t 0.02 -u 9; done; echo "$n" >/run/sent; }
send & trap 'touch /run/end; wait' EXIT
set -e
eval "$1"
`

// Unix sockets keep their path, mode and queue, and connections to them live on;
// datagrams that come while no process reads are read by the next one.
func TestUnixSocketAndDatagrams(t *testing.T) {
	m := boot(t, "bookworm")
	m.publishLocal("1.0.0")
	m.must("apt-get", "-y", "install", "local")
	m.publishLocal("1.1.0")
	const stat = "stat -c '%n %a %U %G %i' /run/local/web.sock"
	before := m.must("sh", "-c", stat)
	load := []string{"--rate", "20", "--before", "1s", "--after", "1s"}
	for _, client := range []string{"fresh=4", "post=4", "idle=4"} {
		load = append(load, "--client", client+"@http://unix:/run/local/web.sock:/")
	}
	const restart = "systemctl restart local.service; "
	r := m.cleanDrill(load, "bash", "-c", withDatagrams, "-", restart+restart+"apt-get -y upgrade; "+restart)
	wantKept(t, r)
	if got := fmt.Sprint(r.Versions.Before, r.Versions.After); got != "[1.0.0] [1.1.0]" {
		t.Errorf("versions before and after: %s", got)
	}
	if after := m.must("sh", "-c", stat); after != before || !strings.HasPrefix(before, "/run/local/web.sock 660 nobody www-data") {
		t.Errorf("the Unix socket was %q, and is %q", before, after)
	}
	const sent = "until [ $(wc -l </var/lib/local/datagrams) -ge $(cat /run/sent) ]; do sleep 0.1; done"
	if out, err := m.Run(t.Context(), "timeout", "30", "sh", "-c", sent); err != nil {
		t.Errorf("not all datagrams were read: %v\n%s", err, out)
	}
	if got, want := m.must("sort", "-n", "/var/lib/local/datagrams"), m.must("sh", "-c", "seq $(cat /run/sent)"); got != want {
		t.Errorf("these datagrams were read: %v", strings.Fields(got))
	}
	if started := m.must("sh", "-c", "journalctl -o cat -u local.service | grep -c '^Started'"); started != "5" {
		t.Errorf("the service was started %s times, want 5", started)
	}
}
