package hosts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
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

// underLocalLoad runs a command with three clients beside it, and prints what is lost:
// requests on new connections over the Unix socket, and the connections and replies of
// one that stays open; and datagrams, of which 200 a second are sent, which is below what
// the socket's buffer holds for as long as nobody reads.
const underLocalLoad = `
mkfifo /run/pause; exec 9<>/run/pause
fresh() { curl -sS -m 30 --unix-socket /run/local/web.sock http://local/; }
keep() { curl -sS -m 30 --unix-socket /run/local/web.sock --rate 20/s -w '%{num_connects} %{http_code}\n' -o /dev/null "http://local/[1-300]"; }
datagrams() { for n in $(seq 3000); do echo -n "$n" >/dev/udp/127.0.0.1/9125; read -r -t 0.005 -u 9; done; }
keep >/run/keep 2>&1 & keep=$!
datagrams & datagrams=$!
touch /run/fresh
while [ -e /run/pause ]; do fresh || echo lost; done >/run/fresh 2>&1 & fresh=$!
until [ "$(wc -l </run/fresh)" -ge 50 ]; do read -r -t 0.01 -u 9; done
eval "$1" || echo "the command failed"
kill -0 $keep $datagrams || echo "the command failed to end before the load"
wait $keep $datagrams; rm /run/pause; wait $fresh
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
	out := m.must("bash", "-c", underLocalLoad, "-", "systemctl restart local.service; systemctl restart local.service; apt-get -y upgrade; systemctl restart local.service")
	t.Log(out)
	if after := m.must("sh", "-c", stat); after != before || !strings.HasPrefix(before, "/run/local/web.sock 660 nobody www-data") {
		t.Errorf("the Unix socket was %q, and is %q", before, after)
	}
	if strings.Contains(out, "the command failed") {
		t.Error("the command failed")
	}
	if got := m.must("sh", "-c", "sort /run/fresh | uniq -c"); strings.Count(got, "\n") != 1 || !strings.Contains(got, " 1.0.0\n") || !strings.Contains(got, " 1.1.0") {
		t.Errorf("new connections got: %s", got)
	}
	if got := strings.Fields(m.must("sh", "-c", "sort /run/keep | uniq -c")); strings.Join(got, " ") != "299 0 200 1 1 200" {
		t.Errorf("one connection got (number, connections opened, status): %v", got)
	}
	lines := strings.Fields(m.must("sort", "-n", "/var/lib/local/datagrams"))
	if len(lines) != 3000 {
		t.Errorf("%d datagrams were read, want 3000", len(lines))
	}
	for i, line := range lines {
		if line != strconv.Itoa(i+1) {
			t.Fatalf("datagram %d is %s", i+1, line)
		}
	}
	if started := m.must("sh", "-c", "journalctl -o cat -u local.service | grep -c '^Started'"); started != "5" {
		t.Errorf("the service was started %s times, want 5", started)
	}
}
