package maintscript

import (
	"strings"
	"testing"
)

// Marks: what one script leaves for the next, over the sequences of dpkg and rpm.
func TestSequences(t *testing.T) {
	deb := "systemctl stop app-rollout.service app-standby.service app.socket app.service\n"
	reset := "systemctl reset-failed app-rollout.service app-standby.service app.socket app.service\n"
	both := "systemctl start app.socket\nsystemctl start app.service"
	tests := []struct {
		name  string
		host  []string
		calls []string
		log   string
	}{
		{"deb: remove, then install", state("active", "enabled"),
			[]string{"deb/prerm remove", "deb/postrm remove", "deb/preinst install 1.0.0", "deb/postinst configure 1.0.0"},
			deb + reset + enableBoth + "\n" + both},
		{"deb: removal called off restores what ran", state("active", "enabled"),
			[]string{"deb/prerm remove", "deb/postinst abort-remove"},
			deb + both},
		{"deb: removal called off leaves stopped what was", state("inactive", "enabled"),
			[]string{"deb/prerm remove", "deb/postinst abort-remove"},
			strings.TrimSpace(deb)},
		{"deb: an install called off, then an upgrade", state("active", "enabled"),
			[]string{"deb/preinst install 1.0.0", "deb/postrm abort-install 1.0.0", "deb/postinst configure 1.0.0"},
			enableBoth + "\nsystemctl start app-rollout.service"},
		{"rpm: install, presets say yes", state("inactive", "enabled"),
			[]string{"rpm/pre 1", "rpm/post 1", "rpm/posttrans 1"},
			"systemctl preset app.socket app.service\n" + both},
		{"rpm: install, presets say no", state("inactive", "disabled"),
			[]string{"rpm/pre 1", "rpm/post 1", "rpm/posttrans 1"},
			"systemctl preset app.socket app.service"},
		{"rpm: upgrade", state("active", "enabled"),
			[]string{"rpm/pre 2", "rpm/post 2", "rpm/preun 1", "rpm/postun 1", "rpm/posttrans 2"},
			"systemctl start app-rollout.service"},
		{"rpm: upgrade of a stopped service", state("inactive", "enabled"),
			[]string{"rpm/pre 2", "rpm/post 2", "rpm/preun 1", "rpm/postun 1", "rpm/posttrans 1"},
			""},
		{"rpm: a rollout that fails is no scriptlet that fails", append(state("active", "enabled"), "fail/app-rollout.service:"),
			[]string{"rpm/pre 2", "rpm/post 2", "rpm/posttrans 2"},
			"systemctl start app-rollout.service"},
		{"rpm: upgrade that brings a socket", append(state("active", "enabled"), "load/app.socket: not-found", "active/app.socket: inactive"),
			[]string{"rpm/pre 2", "rpm/post 2", "rpm/posttrans 2"},
			"systemctl enable app.socket\nsystemctl start app.socket\nsystemctl start app-rollout.service"},
		{"rpm: upgrade that brings all units", append(state("inactive", "enabled"), "load/app.socket: not-found", "load/app.service: not-found"),
			[]string{"rpm/pre 2", "rpm/post 2", "rpm/posttrans 2"},
			"systemctl preset app.socket\nsystemctl start app.socket\nsystemctl preset app.service\nsystemctl start app.service"},
		{"rpm: upgrade that was interrupted, then erase", state("active", "enabled"),
			[]string{"rpm/pre 2", "rpm/preun 0", "rpm/postun 0"},
			strings.TrimSpace(deb + "systemctl disable app-rollout.service app-standby.service app.socket app.service\n" + reset)},
		{"rpm: erase", state("active", "enabled"),
			[]string{"rpm/preun 0", "rpm/postun 0"},
			strings.TrimSpace(deb + "systemctl disable app-rollout.service app-standby.service app.socket app.service\n" + reset)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t, tt.host...)
			all := scripts(t, small(t))
			for _, call := range tt.calls {
				args := strings.Fields(call)
				if output, status := h.run("/bin/sh", all[args[0]], args[1:]...); status != 0 {
					t.Errorf("%s: status %d\n%s", call, status, output)
				}
			}
			if got := h.log(); got != tt.log {
				t.Errorf("did\n%s\nwant\n%s", got, tt.log)
			}
			if h.exists("run/nodrop") {
				t.Error("a mark is left over in /run/nodrop")
			}
		})
	}
}

// The package's own scripts run at their time with dpkg's arguments, in a shell of their own, and their status counts.
func TestOwnScripts(t *testing.T) {
	tests := []struct {
		name, call, own string
		status          int
		log             string // the last line
		output          string
	}{
		{"arguments", "deb/postinst configure 1.0.0", `echo "got $*"`, 0, "systemctl start app-rollout.service", "got configure 1.0.0\n"},
		{"fails before anything starts", "deb/postinst configure 1.0.0", "exit 7", 7, "", "app: scripts.postinstall failed with status 7"},
		{"fails on dpkg's way back", "deb/postinst abort-upgrade 1.1.0", "exit 7", 0, "", "status 7"},
		{"exits early", "deb/postinst configure 1.0.0", "exit 0", 0, "systemctl start app-rollout.service", ""},
		{"does not stop at errors, as sh does not", "deb/postinst configure 1.0.0", "false\necho on", 0, "systemctl start app-rollout.service", "on\n"},
		{"stops at errors if it says so", "deb/postinst configure 1.0.0", "set -e\nfalse\necho on", 1, "", "status 1"},
		{"stops at errors by its shebang", "deb/postinst configure 1.0.0", "#!/bin/sh -e\nfalse\necho on", 1, "", "status 1"},
		{"cannot change our names", "deb/postinst configure 1.0.0", "nodrop_state=/nonexistent; cd /", 0, "systemctl start app-rollout.service", ""},
		{"only a comment", "deb/postinst configure 1.0.0", "# nothing", 0, "systemctl start app-rollout.service", ""},
		{"a here-document at the end", "deb/postinst configure 1.0.0", "cat <<END\n@PACKAGE@ $((1+1))\nEND", 0, "systemctl start app-rollout.service", "@PACKAGE@ 2\n"},
		{"after everything has stopped", "deb/prerm remove", "exit 7", 7, "systemctl stop app-rollout.service app-standby.service app.socket app.service", "scripts.preremove failed"},
		{"rpm is refused", "rpm/pre 2", "exit 7", 7, "", "scripts.preinstall failed with status 7"},
		{"rpm goes on", "rpm/preun 0", "exit 7", 7, "systemctl disable app-rollout.service app-standby.service app.socket app.service", "scripts.preremove failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := small(t)
			own := Own{Path: "own.sh", Data: []byte(tt.own)}
			p.Own = map[Hook]Own{PreInstall: own, PostInstall: own, PreRemove: own}
			h := newHost(t, append(state("active", "enabled"), "known/app.socket: disabled", "known/app.service: disabled")...)
			args := strings.Fields(tt.call)
			output, status := h.run("/bin/sh", scripts(t, p)[args[0]], args[1:]...)
			if status != tt.status || !strings.Contains(output, tt.output) {
				t.Errorf("status %d, want %d; output, want %q in it:\n%s", status, tt.status, tt.output, output)
			}
			lines := strings.Split(strings.ReplaceAll(h.log(), "helper update-state app.socket\nhelper update-state app.service", ""), "\n")
			if last := lines[len(lines)-1]; last != tt.log {
				t.Errorf("did last %q, want %q", last, tt.log)
			}
		})
	}
}
