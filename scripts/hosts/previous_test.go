package hosts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A service gets a second port. What --previous says when that is built is what happens: the upgrade is a restart, in which
// nothing is lost, and the next one is a rollout again.
func TestPortAdded(t *testing.T) {
	h := newHello(t)
	h.publish("1.0.0", "")
	h.must("apt-get", "-y", "install", "hello")

	h.edit("main.go", `serve.HTTP("http", srv)`, `serve.HTTP("http", srv), serve.HTTP("more", &http.Server{Addr: "127.0.0.1:8081", Handler: mux})`)
	h.edit("nfpm.yaml", "contents:\n", "contents:\n  - src: hello-more.socket\n    dst: /lib/systemd/system/hello-more.socket\n")
	more := "[Socket]\nListenStream=8081\nFileDescriptorName=more\nService=hello.service\nTriggerLimitIntervalSec=0\n[Install]\nWantedBy=sockets.target\n"
	if err := os.WriteFile(filepath.Join(h.dir, "hello-more.socket"), []byte(more), 0o644); err != nil {
		t.Fatal(err)
	}
	if out := h.publish("1.1.0", "--previous hello_1.0.0_amd64.deb"); strings.Count(out, "warning: ") != 1 || !strings.Contains(out, "[socket-added]") {
		t.Errorf("building it says:\n%s", out)
	}
	h.upgrade("1.1.0")
	if got := h.must("curl", "-sS", "http://127.0.0.1:8081/"); got != "hello from 1.1.0" {
		t.Errorf("the new port answers %q", got)
	}

	if out := h.publish("1.2.0", "--previous hello_1.1.0_amd64.deb"); strings.Contains(out, "warning: ") {
		t.Errorf("building it says:\n%s", out)
	}
	h.upgrade("1.2.0")
}

// edit replaces text in a file of the service.
func (h hello) edit(name, old, replacement string) {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	text, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		h.t.Fatalf("%s has no %q", name, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, replacement, 1)), 0o644); err != nil {
		h.t.Fatal(err)
	}
}
