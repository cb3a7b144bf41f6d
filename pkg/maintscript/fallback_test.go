package maintscript

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// versions of a package, as "path: content" lines below the host's root.
var (
	oldFiles = []string{"usr/bin/app: old", "usr/share/app/old: only here", "usr/share/doc/app/both: old"}
	newFiles = []string{"usr/bin/app: new", "usr/share/app2/new: only here", "usr/share/doc/app/both: new"}
	note     = "usr/lib/systemd/system/app.service.d/90-nodrop-fallback.conf: [Unit] Description= (fallback to 1.0.0, as 1.1.0 failed)"
)

// unpack does what dpkg and rpm do between the scripts: the files of one version in place of those of another, of which those
// that are not in both disappear.
func (h host) unpack(from, to []string) {
	h.t.Helper()
	var list []string
	for _, line := range from {
		path, _, _ := strings.Cut(line, ":")
		if err := os.Remove(filepath.Join(h.root, path)); err != nil && !os.IsNotExist(err) {
			h.t.Fatal(err)
		}
	}
	for _, line := range to {
		path, content, _ := strings.Cut(line, ": ")
		h.mkdir(filepath.Dir(path))
		if err := os.WriteFile(filepath.Join(h.root, path), []byte(content+"\n"), 0o644); err != nil {
			h.t.Fatal(err)
		}
		list = append(list, filepath.Join(h.root, path))
	}
	if err := os.WriteFile(filepath.Join(h.root, "files"), []byte(strings.Join(list, "\n")+"\n"), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// files are those below usr and var, as unpack takes them.
func (h host) files() []string {
	h.t.Helper()
	var all []string
	for _, dir := range []string{"usr", "var"} {
		_ = filepath.Walk(filepath.Join(h.root, dir), func(path string, info os.FileInfo, err error) error {
			if err == nil && info.Mode().IsRegular() {
				data, _ := os.ReadFile(path)
				all = append(all, strings.TrimPrefix(path, h.root+"/")+": "+strings.Join(strings.Fields(string(data)), " "))
			}
			return nil
		})
	}
	return all
}

func (h host) set(path, content string) {
	h.t.Helper()
	if err := os.WriteFile(filepath.Join(h.root, path), []byte(content), 0o644); err != nil {
		h.t.Fatal(err)
	}
}

// What is on disk after an upgrade that fails, and after whatever comes next.
func TestFallback(t *testing.T) {
	const fails, works, broken = "fail/app-rollout.service", "", "refused/app.service"
	back := append(slices.Clone(oldFiles), note)
	type step struct {
		call     string   // a script with its arguments
		obstacle string   // a file on the host while it runs
		unpacked []string // what the package manager has unpacked before
	}
	tests := []struct {
		name  string
		steps []step
		want  []string // without /var
		kept  bool     // something below /var/lib/nodrop
	}{
		{"it works", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", works, newFiles}}, newFiles, false},
		{"it fails", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles}}, back, true},
		{"its units are broken", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", broken, newFiles}}, back, true},
		{"it fails twice", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/postinst configure 1.0.0", fails, nil}}, back, true},
		{"it fails, and works at last", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/postinst configure 1.0.0", works, nil}}, newFiles, false},
		{"the old one again", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/preinst upgrade 1.1.0", "", nil}, {"deb/postinst configure 1.0.0", works, oldFiles}}, oldFiles, false},
		{"another that fails", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/preinst upgrade 1.1.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles}}, back, true},
		{"called off", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postrm abort-upgrade 1.0.0", "", nil}}, oldFiles, false},
		{"it fails, and the next is called off", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/preinst upgrade 1.1.0", "", nil}, {"deb/postrm abort-upgrade 1.1.0", "", nil}}, back, true},
		{"it fails, and a version that knows nothing of this comes", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/prerm upgrade 0.9.0", "", nil}, {"deb/postrm upgrade 0.9.0", "", oldFiles}}, oldFiles, false},
		{"the same, called off", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/prerm upgrade 0.9.0", "", nil}, {"deb/postinst abort-upgrade 0.9.0", "", nil}}, back, true},
		{"all of dpkg's calls", []step{{"deb/prerm upgrade 1.1.0", "", nil}, {"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postrm upgrade 1.1.0", "", newFiles},
			{"deb/postinst configure 1.0.0", fails, nil}, {"deb/prerm upgrade 1.2.0", "", nil}, {"deb/preinst upgrade 1.1.0", "", nil},
			{"deb/postrm upgrade 1.2.0", "", newFiles}, {"deb/postinst configure 1.0.0", fails, nil}}, back, true},
		{"it fails, and is removed", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/prerm remove", "", nil}, {"deb/postrm remove", "", []string{}}}, nil, false},

		{"rpm: it works", []step{{"rpm/pre 2", "", nil}, {"rpm/posttrans 1", works, newFiles}}, newFiles, false},
		{"rpm: it fails", []step{{"rpm/pre 2", "", nil}, {"rpm/posttrans 1", fails, newFiles}},
			append(slices.Clone(oldFiles), strings.Replace(strings.Replace(note, "1.0.0", "1.1.0-1", 1), "1.1.0 failed", "1.1.0-1 failed", 1)), true},
		{"rpm: never finished, then it works and fails", []step{{"rpm/pre 2", "", nil}, {"rpm/pre 2", "", newFiles}, {"rpm/posttrans 1", fails, oldFiles}},
			append(slices.Clone(newFiles), strings.Replace(strings.Replace(note, "1.0.0", "1.1.0-1", 1), "1.1.0 failed", "1.1.0-1 failed", 1)), true},
		{"rpm: the old one again", []step{{"rpm/pre 2", "", nil}, {"rpm/posttrans 1", fails, newFiles},
			{"rpm/pre 2", "", nil}, {"rpm/posttrans 1", works, oldFiles}}, oldFiles, false},
		{"rpm: it fails, and is erased", []step{{"rpm/pre 2", "", nil}, {"rpm/posttrans 1", fails, newFiles},
			{"rpm/preun 0", "", nil}, {"rpm/postun 0", "", []string{}}}, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := newHost(t, append(state("active", "enabled"), "refused/x:")...)
			all := scripts(t, small(t))
			h.unpack(nil, oldFiles)
			for i, step := range tt.steps {
				if step.unpacked != nil {
					h.unpack(append(slices.Clone(oldFiles), newFiles...), step.unpacked)
					if len(step.unpacked) == 0 { // a removal: only what the manager knows goes
						h.unpack(nil, oldFiles[1:2])
					}
				}
				if step.obstacle != "" {
					h.set(step.obstacle, "")
				}
				args := strings.Fields(step.call)
				output, status := h.run("/bin/sh", all[args[0]], args[1:]...)
				if wantStatus := step.obstacle != "" && strings.HasPrefix(step.call, "deb/"); (status != 0) != wantStatus {
					t.Errorf("step %d, %s: status %d\n%s", i, step.call, status, output)
				}
				if step.obstacle != "" {
					_ = os.Remove(filepath.Join(h.root, step.obstacle))
				}
			}
			var got []string
			kept := false
			for _, line := range h.files() {
				if strings.HasPrefix(line, "var/lib/nodrop") {
					kept = true
				} else {
					got = append(got, line)
				}
			}
			want := slices.Sorted(slices.Values(tt.want))
			if slices.Sort(got); !slices.Equal(got, want) || kept != tt.kept {
				t.Errorf("on disk is\n%s\nwant\n%s\nkept: %v, want %v", strings.Join(got, "\n"), strings.Join(want, "\n"), kept, tt.kept)
			}
		})
	}
}

// put runs a script with nothing in its way.
func (h host) put(all map[string]string, call string, want int) string {
	h.t.Helper()
	args := strings.Fields(call)
	output, status := h.run("/bin/sh", all[args[0]], args[1:]...)
	if status != want {
		h.t.Errorf("%s: status %d, want %d\n%s", call, status, want, output)
	}
	return output
}

// fallen is a host on which an upgrade from one version to another has failed.
func fallen(t *testing.T, from, to []string) (host, map[string]string) {
	t.Helper()
	h := newHost(t, append(state("active", "enabled"), "refused/x:", "fail/app-rollout.service:")...)
	all := scripts(t, small(t))
	h.unpack(nil, from)
	h.put(all, "deb/preinst upgrade 1.0.0", 0)
	h.unpack(from, to)
	h.put(all, "deb/postinst configure 1.0.0", 1)
	return h, all
}

func (h host) read(path string) string {
	data, _ := os.ReadFile(filepath.Join(h.root, path))
	return strings.TrimSpace(string(data))
}

// The next version ends before its scripts have taken the good one away: all is as it was.
func TestFallbackNextRefuses(t *testing.T) {
	h, all := fallen(t, oldFiles, newFiles)
	before := h.files()
	h.put(all, "deb/postrm abort-upgrade 1.1.0", 0)
	if after := h.files(); !slices.Equal(after, before) {
		t.Errorf("on disk is\n%s\nwas\n%s", strings.Join(after, "\n"), strings.Join(before, "\n"))
	}
}

// One version has a file where the other has a directory.
func TestFallbackDirectory(t *testing.T) {
	h, all := fallen(t, []string{"usr/share/app/x: old"}, []string{"usr/share/app/x/y: new"})
	if got := h.read("usr/share/app/x"); got != "old" {
		t.Errorf("the good version has %q", got)
	}
	h.put(all, "deb/preinst upgrade 1.1.0", 0)
	if got := h.read("usr/share/app/x/y"); got != "new" {
		t.Errorf("the next one finds %q", got)
	}
}

// What the admin writes into a configuration file stays, wherever it is.
func TestFallbackConffile(t *testing.T) {
	files := append(slices.Clone(newFiles), "usr/lib/app.conf: shipped")
	h := newHost(t, append(state("active", "enabled"), "refused/x:", "fail/app-rollout.service:")...)
	h.set("conffiles", h.root+"/usr/lib/app.conf\n")
	for format, calls := range map[string][]string{
		"deb": {"preinst upgrade 1.0.0", "postinst configure 1.0.0", "preinst upgrade 1.1.0"}, "rpm": {"pre 2", "posttrans 1", "pre 2"}} {
		all := scripts(t, small(t))
		h.unpack(nil, files)
		h.put(all, format+"/"+calls[0], 0)
		h.put(all, format+"/"+calls[1], map[string]int{"deb": 1}[format])
		h.set("usr/lib/app.conf", "edited")
		h.put(all, format+"/"+calls[2], 0)
		if got := h.read("usr/lib/app.conf"); got != "edited" {
			t.Errorf("%s: the file is %q", format, got)
		}
		_ = os.RemoveAll(filepath.Join(h.root, "var"))
	}
}

// A file that went to another package is that one's: dpkg may know it without the /usr that it lies in, and rpm may know both as
// its owners.
func TestFallbackForeign(t *testing.T) {
	for format, calls := range map[string][]string{"deb": {"preinst upgrade 1.0.0", "postinst configure 1.0.0"}, "rpm": {"pre 2", "posttrans 1"}} {
		h := newHost(t, append(state("active", "enabled"), "refused/x:", "fail/app-rollout.service:")...)
		all := scripts(t, small(t))
		h.unpack(nil, oldFiles)
		h.put(all, format+"/"+calls[0], 0)
		h.unpack(oldFiles, append(slices.Clone(newFiles), "usr/share/app/old: other"))
		h.set("files", h.root+"/usr/bin/app\n")
		path := h.root + "/usr/share/app/old"
		h.set("foreign", map[string]string{"deb": "other: /usr" + path + "\n", "rpm": "app: " + path + "\nother: " + path + "\n"}[format])
		h.put(all, format+"/"+calls[1], map[string]int{"deb": 1}[format])
		if got := h.read("usr/share/app/old"); got != "other" {
			t.Errorf("%s: the file of another package is %q", format, got)
		}
	}
}

// Only what went on to the new version goes back, each service with its own sockets; and by a restart where the good version has no
// rollout unit.
func TestFallbackServices(t *testing.T) {
	texts := map[string]string{"job@.service": "[Service]\nType=notify\n"}
	files := []string{"refused/x:", "listen/a.socket: :80", "load/c-rollout.service: not-found", "active/c-standby.service: active"}
	for _, name := range []string{"a", "b", "c"} {
		texts[name+".service"] = "[Service]\nType=notify\n[Install]\nWantedBy=multi-user.target\n"
		texts[name+".socket"] = "[Socket]\nListenStream=80\n[Install]\nWantedBy=sockets.target\n"
		for _, unit := range []string{name + ".service", name + ".socket"} {
			files = append(files, "active/"+unit+": active", "enabled/"+unit+": enabled", "invocation/"+unit+": one")
		}
	}
	h := newHost(t, files...)
	all := scripts(t, &Package{Name: "app", Units: parse(t, texts)})
	h.unpack(nil, oldFiles)
	h.put(all, "deb/preinst upgrade 1.0.0", 0)
	h.unpack(oldFiles, newFiles)
	h.set("listen/a.socket", ":8080")
	for _, unit := range []string{"a.service", "b-rollout.service", "c-rollout.service"} {
		h.set("fail/"+unit, "echo two >$ROOT/invocation/"+unit[:1]+".service; rm $ROOT/fail/"+unit)
	}
	h.put(all, "deb/postinst configure 1.0.0", 1)
	_, back, _ := strings.Cut(h.log(), "systemctl start c-rollout.service\n")
	want := strings.Join([]string{"systemctl list-units job@*.service", "systemctl stop a.service a.socket", "systemctl start a.service", "systemctl start b-rollout.service",
		"systemctl restart c.service", "systemctl stop c-standby.service", "systemctl stop c-rollout.service", "systemctl reset-failed c-rollout.service"}, "\n")
	if back != want {
		t.Errorf("on the way back:\n%s\nwant\n%s", back, want)
	}
}

// A connection to systemd that broke is no failed upgrade: what was asked for is asked again.
func TestAskedAgain(t *testing.T) {
	h := newHost(t, append(state("active", "enabled"), "fail/app-rollout.service: rm $ROOT/fail/app-rollout.service", "result/app-rollout.service: success")...)
	all := scripts(t, small(t))
	h.put(all, "deb/preinst upgrade 1.0.0", 0)
	h.put(all, "deb/postinst configure 1.0.0", 0)
	if got := strings.Count(h.log(), "systemctl start app-rollout.service"); got != 2 {
		t.Errorf("the rollout was started %d times, want 2:\n%s", got, h.log())
	}
}

// While systemd does not read new units, as it does when /run is nearly full, nothing is rolled out.
func TestReloadRefused(t *testing.T) {
	for format, calls := range map[string][]string{"deb": {"preinst upgrade 1.0.0", "postinst configure 1.0.0"}, "rpm": {"pre 2", "posttrans 1"}} {
		h := newHost(t, append(state("active", "enabled"), "fail/daemon-reload:")...)
		all := scripts(t, small(t))
		h.unpack(nil, oldFiles)
		h.put(all, format+"/"+calls[0], 0)
		h.unpack(oldFiles, newFiles)
		h.put(all, format+"/"+calls[1], map[string]int{"deb": 1}[format])
		if strings.Contains(h.log(), "rollout") {
			t.Errorf("%s: rolled out:\n%s", format, h.log())
		}
		if got := h.read("usr/bin/app"); got != "old" {
			t.Errorf("%s: the program is %q", format, got)
		}
	}
}

// A mark that cannot be written ends an upgrade before anything is unpacked, and nothing of it is left.
func TestMarkNotWritten(t *testing.T) {
	for format, call := range map[string]string{"deb": "preinst upgrade 1.0.0", "rpm": "pre 2"} {
		h := newHost(t, append(state("active", "enabled"), "bin/mv: exit 1")...)
		h.unpack(nil, oldFiles)
		h.put(scripts(t, small(t)), format+"/"+call, 1)
		if left, _ := filepath.Glob(filepath.Join(h.root, "run/nodrop/*")); len(left) > 0 || h.exists("var/lib/nodrop") {
			t.Errorf("%s: left over: %v", format, left)
		}
	}
}

// What systemd-analyze says of a service with a root directory of its own is not to be trusted.
func TestVerifyRooted(t *testing.T) {
	h := newHost(t, append(state("active", "enabled"), "refused/app.service:")...)
	all := scripts(t, &Package{Name: "app", Units: parse(t, map[string]string{
		"app.service": "[Service]\nType=notify\nRootDirectory=/srv/app\n", "app.socket": "[Socket]\nListenStream=80\n"})})
	h.unpack(nil, oldFiles)
	h.put(all, "deb/preinst upgrade 1.0.0", 0)
	h.put(all, "deb/postinst configure 1.0.0", 0)
}
