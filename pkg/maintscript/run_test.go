package maintscript

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// host is a machine made of files: testdata/bin holds stand-ins for the programs that scripts call.
type host struct {
	t    *testing.T
	root string
}

// newHost makes a machine, with systemd running, from "path: content" lines.
func newHost(t *testing.T, files ...string) host {
	t.Helper()
	h := host{t, t.TempDir()}
	for _, dir := range []string{"active", "enabled", "fail", "invocation", "known", "bin"} {
		h.mkdir(dir)
	}
	bin, err := filepath.Abs("testdata/bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"systemd-sysusers", "systemd-tmpfiles"} {
		if err := os.Symlink(filepath.Join(bin, "log"), filepath.Join(h.root, "bin", name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range append([]string{"run/systemd/system/x:"}, files...) {
		path, content, _ := strings.Cut(line, ":")
		h.mkdir(filepath.Dir(path))
		if err := os.WriteFile(filepath.Join(h.root, path), []byte(strings.TrimSpace(content)+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h host) mkdir(dir string) {
	h.t.Helper()
	if err := os.MkdirAll(filepath.Join(h.root, dir), 0o755); err != nil {
		h.t.Fatal(err)
	}
}

func (h host) exists(path string) bool {
	_, err := os.Stat(filepath.Join(h.root, path))
	return err == nil
}

// run runs a script with the host's paths in place of the machine's.
func (h host) run(shell, script string, args ...string) (output string, status int) {
	h.t.Helper()
	bin, err := filepath.Abs("testdata/bin")
	if err != nil {
		h.t.Fatal(err)
	}
	script = strings.NewReplacer(
		"/run/", h.root+"/run/",
		"/usr/sbin/policy-rc.d", h.root+"/policy-rc.d",
		"/var/lib/nodrop", h.root+"/var/lib/nodrop",
		"/usr/lib/systemd/system", h.root+"/usr/lib/systemd/system",
		"/lib/systemd/system", h.root+"/usr/lib/systemd/system",
	).Replace(script)
	file := filepath.Join(h.root, "script")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(shell, append([]string{file}, args...)...)
	cmd.Env = append(os.Environ(), "ROOT="+h.root, "PATH="+bin+":"+h.root+"/bin:"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// log is what the scripts did, without the steps that every one has.
func (h host) log() string {
	data, err := os.ReadFile(filepath.Join(h.root, "log"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		h.t.Fatal(err)
	}
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if line != "systemctl daemon-reload" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// state is a shorthand for the lines that describe the small package in a state.
func state(active, enabled string) []string {
	return []string{
		"active/app.service: " + active, "active/app.socket: " + active,
		"enabled/app.service: " + enabled, "enabled/app.socket: " + enabled,
		"known/app.service: " + enabled, "known/app.socket: " + enabled,
		"run/mark: ", "invocation/app.service: one",
	}
}

const enableBoth = "helper enable app.socket\nhelper enable app.service"

// Every step of dpkg, for the small package: what is done, and what dpkg is told.
func TestDeb(t *testing.T) {
	running := state("active", "enabled")
	tests := []struct {
		name   string
		script string // and its arguments
		host   []string
		log    string
		status int
		output string // what must be in it, in this order, separated by "…"
	}{
		{name: "first install", script: "postinst configure", host: state("inactive", "enabled"),
			log: enableBoth + "\nsystemctl start app.socket\nsystemctl start app.service"},
		{name: "install after a removal without purge", script: "postinst configure 1.0.0",
			host: append(state("inactive", "enabled"), "run/nodrop/app.install:"),
			log:  enableBoth + "\nsystemctl start app.socket\nsystemctl start app.service"},
		{name: "first install, service fails", script: "postinst configure", host: append(state("inactive", "enabled"), "fail/app.service:"),
			log: enableBoth + "\nsystemctl start app.socket\nsystemctl start app.service", status: 1, output: "app: app.service did not start; see: journalctl -u app.service"},
		{name: "first install, presets say no", script: "postinst configure", host: []string{"enabled/app.service: disabled"}, log: enableBoth},

		{name: "upgrade", script: "postinst configure 1.0.0", host: running,
			log: enableBoth + "\nsystemctl start app-rollout.service", output: "app: rolled out 1.1.0 without dropping a connection (…s)"},
		{name: "upgrade of a failed service with a socket that went down", script: "postinst configure 1.0.0", host: state("failed", "enabled"),
			log: enableBoth + "\nsystemctl start app.socket\nsystemctl start app-rollout.service"},
		{name: "upgrade while the standby serves", script: "postinst configure 1.0.0",
			host: append(state("inactive", "enabled"), "active/app.socket: active", "active/app-standby.service: active"),
			log:  enableBoth + "\nsystemctl start app-rollout.service"},
		{name: "upgrade of a stopped service", script: "postinst configure 1.0.0", host: state("inactive", "enabled"), log: enableBoth,
			output: "app: app.service was not running, and was left so"},
		{name: "upgrade of a service that waits for connections", script: "postinst configure 1.0.0",
			host: append(state("inactive", "enabled"), "active/app.socket: active"), log: enableBoth,
			output: "app: app.service was not running; it starts as 1.1.0 when somebody connects"},
		{name: "a waiting socket has another address", script: "postinst configure 1.0.0",
			host: append(state("inactive", "enabled"), "active/app.socket: active", "run/nodrop/app.before: app.socket loaded active :80", "listen/app.socket: :81"),
			log:  enableBoth + "\nsystemctl stop app.socket\nsystemctl start app.socket"},
		{name: "a socket has another address", script: "postinst configure 1.0.0",
			host: append(running, "run/nodrop/app.before: app.socket loaded active :80", "listen/app.socket: :81"),
			log:  enableBoth + "\nsystemctl stop app.service app.socket\nsystemctl start app.service", output: "app: now 1.1.0, after a short gap; new address: app.socket (…s)"},
		{name: "a socket has the same address", script: "postinst configure 1.0.0",
			host: append(running, "run/nodrop/app.before: app.socket loaded active :80", "listen/app.socket: :80"),
			log:  enableBoth + "\nsystemctl start app-rollout.service"},
		{name: "a socket that was stopped stays down", script: "postinst configure 1.0.0",
			host: append(running, "run/nodrop/app.before: app.socket loaded inactive :80", "active/app.socket: inactive"),
			log:  enableBoth + "\nsystemctl mask app.socket\nsystemctl start app-rollout.service\nsystemctl unmask app.socket"},
		{name: "a socket that is disabled stays down", script: "postinst configure 1.0.0",
			host: append(running, "enabled/app.socket: disabled", "active/app.socket: inactive"),
			log:  enableBoth + "\nsystemctl mask app.socket\nsystemctl start app-rollout.service\nsystemctl unmask app.socket"},
		{name: "the new version does not get ready without a stopped socket", script: "postinst configure 1.0.0",
			host: append(running, "run/nodrop/app.before: app.socket loaded inactive :80", "active/app.socket: inactive", "fail/app-rollout.service:"),
			log:  enableBoth + "\nsystemctl mask app.socket\nsystemctl start app-rollout.service\nsystemctl unmask app.socket", status: 1,
			output: "app: these sockets are stopped, disabled or masked, and stay so; does it need them? app.socket"},
		{name: "upgrade from a package without units", script: "postinst configure 0.1.0",
			host: append(state("inactive", "enabled"), "run/nodrop/app.before: app.socket not-found inactive\napp.service not-found inactive"),
			log:  enableBoth + "\nsystemctl start app.socket\nsystemctl start app.service"},
		{name: "upgrade of a disabled, running service", script: "postinst configure 1.0.0", host: state("active", "disabled"),
			log: "helper update-state app.socket\nhelper update-state app.service\nsystemctl start app-rollout.service"},
		{name: "upgrade of a masked, running service", script: "postinst configure 1.0.0", host: append(running, "enabled/app.service: masked"), log: enableBoth},
		{name: "the socket is new, the service disabled", script: "postinst configure 1.0.0",
			host: []string{"known/app.service: disabled"}, log: "helper update-state app.socket\nhelper update-state app.service"},
		{name: "the socket is new, the service holds the port", script: "postinst configure 1.0.0",
			host: append(running, "active/app.socket: inactive", `fail/app.socket: rm "$ROOT/fail/app.socket"`),
			log:  enableBoth + "\nsystemctl start app.socket\nsystemctl restart app.service", output: "systemd holds the port from now on"},

		{name: "the new version does not get ready", script: "postinst configure 1.0.0", host: append(running, "fail/app-rollout.service:"),
			log: enableBoth + "\nsystemctl start app-rollout.service", status: 1,
			output: "app: the upgrade to 1.1.0 FAILED…the old one was not touched and serves on…last words…journalctl -u app …apt install app=1.0.0"},
		{name: "main does not come back", script: "postinst configure 1.0.0",
			host: append(running, `fail/app-rollout.service: echo failed >"$ROOT/active/app.service"; echo active >"$ROOT/active/app-standby.service"`),
			log:  enableBoth + "\nsystemctl start app-rollout.service", status: 1, output: "app-standby.service serves in its place"},
		{name: "the standby does not stop", script: "postinst configure 1.0.0",
			host: append(running, `fail/app-rollout.service: echo two >"$ROOT/invocation/app.service"`),
			log:  enableBoth + "\nsystemctl start app-rollout.service", status: 1, output: "the new version serves, but app-standby.service did not stop"},
		{name: "nobody is left", script: "postinst configure 1.0.0",
			host: append(running, `fail/app-rollout.service: echo failed >"$ROOT/active/app.service"`),
			log:  enableBoth + "\nsystemctl start app-rollout.service", status: 1, output: "nothing serves now"},

		{name: "policy forbids starts at an install", script: "postinst configure", host: append(state("inactive", "enabled"), "policy-rc.d: #!/bin/sh\nexit 101"),
			log: enableBoth, output: "policy-rc.d forbids it: start app.socket…start app.service"},
		{name: "policy forbids a restart only", script: "postinst configure 1.0.0",
			host: append(running, "active/app.socket: inactive", "policy-rc.d: #!/bin/sh\n[ $2 = start ] || exit 101"),
			log:  enableBoth + "\nsystemctl start app.socket", output: "policy-rc.d forbids it: restart app.service"},
		{name: "policy is undecided", script: "postinst configure 1.0.0", host: append(running, "policy-rc.d: #!/bin/sh\nexit 105"),
			log: enableBoth + "\nsystemctl start app-rollout.service"},

		{name: "removal called off", script: "postinst abort-remove", host: append(state("inactive", "enabled"), "run/nodrop/app.stopped: app.socket\napp.service"),
			log: "systemctl start app.socket\nsystemctl start app.service"},
		{name: "removal called off, and a start fails", script: "postinst abort-remove", host: append(state("inactive", "enabled"), "run/nodrop/app.stopped: app.socket", "fail/app.socket:"),
			log: "systemctl start app.socket"},
		{name: "upgrade called off", script: "postinst abort-upgrade 1.1.0", host: running, log: ""},
		{name: "configured again after a deconfiguration", script: "postinst configure 1.0.0", host: running,
			log: enableBoth + "\nsystemctl start app-rollout.service"},

		{name: "removal", script: "prerm remove", host: running, log: "systemctl stop app-rollout.service app-standby.service app.socket app.service"},
		{name: "deconfiguration", script: "prerm deconfigure in-favour x 1", host: running, log: ""},
		{name: "something does not stop", script: "prerm remove", host: append(running, "fail/app.service:"), status: 1,
			log: "systemctl stop app-rollout.service app-standby.service app.socket app.service"},
		{name: "before an upgrade", script: "prerm upgrade 1.1.0", host: running, log: ""},
		{name: "after the removal", script: "postrm remove", host: running, log: "systemctl reset-failed app-rollout.service app-standby.service app.socket app.service"},
		{name: "purge", script: "postrm purge", host: running,
			log: "helper purge app.socket app.service\nsystemctl reset-failed app-rollout.service app-standby.service app.socket app.service"},
		{name: "old version's last word", script: "postrm upgrade 1.1.0", host: running, log: ""},
		{name: "unpacking an upgrade", script: "preinst upgrade 1.0.0", host: running, log: ""},
	}
	for _, shell := range []string{"dash", "bash"} {
		all := scripts(t, small(t))
		for _, tt := range tests {
			t.Run(shell+"/"+tt.name, func(t *testing.T) {
				h := newHost(t, tt.host...)
				args := strings.Fields(tt.script)
				output, status := h.run(tool(t, shell), all["deb/"+args[0]], args[1:]...)
				if status != tt.status {
					t.Errorf("status %d, want %d", status, tt.status)
				}
				if got := h.log(); got != tt.log {
					t.Errorf("did\n%s\nwant\n%s", got, tt.log)
				}
				rest := output
				for _, want := range strings.Split(tt.output, "…") {
					_, after, found := strings.Cut(rest, want)
					if !found {
						t.Errorf("no %q in the output", want)
						break
					}
					rest = after
				}
				if t.Failed() {
					t.Logf("output:\n%s", output)
				}
			})
		}
	}
}

// Without a running systemd there is nothing but users, directories and enablement, and rpm's presets.
func TestNoSystemd(t *testing.T) {
	all := scripts(t, full(t))
	tests := []struct{ script, want string }{
		{"deb/preinst install 1.0.0", ""},
		{"deb/postinst configure 1.0.0", "systemd-sysusers app.conf\nsystemd-tmpfiles --create app.conf\n" +
			"helper enable app-tls.socket\nhelper enable app.socket\nhelper enable app.service\nhelper enable worker.service\nhelper enable tidy.timer"},
		{"deb/prerm remove", ""},
		{"deb/postrm remove", ""},
		{"rpm/post 1", "systemd-sysusers app.conf\nsystemd-tmpfiles --create app.conf\nsystemctl preset app-tls.socket app.socket app.service worker.service tidy.timer"},
		{"rpm/pre 2", ""},
		{"rpm/post 2", "systemd-sysusers app.conf\nsystemd-tmpfiles --create app.conf"},
		{"rpm/posttrans 2", ""},
		{"rpm/preun 1", ""},
		{"rpm/preun 0", "systemctl disable app-rollout.service app-standby.service app-tls.socket app.socket app.service job@.service tidy.service worker.service tidy.timer"},
		{"rpm/postun 0", ""},
	}
	for _, tt := range tests {
		t.Run(tt.script, func(t *testing.T) {
			h := newHost(t, "enabled/app.service: enabled", "active/app.service: active")
			if err := os.RemoveAll(filepath.Join(h.root, "run/systemd")); err != nil {
				t.Fatal(err)
			}
			args := strings.Fields(tt.script)
			output, status := h.run("/bin/sh", all[args[0]], args[1:]...)
			if got := h.log(); got != tt.want || status != 0 {
				t.Errorf("status %d, did\n%s\nwant\n%s\noutput:\n%s", status, got, tt.want, output)
			}
			if h.exists("run/nodrop") {
				t.Error("left a mark in /run")
			}
		})
	}
}
