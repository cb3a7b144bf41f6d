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
	fallen := append(slices.Clone(oldFiles), note)
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
		{"it fails", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles}}, fallen, true},
		{"its units are broken", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", broken, newFiles}}, fallen, true},
		{"it fails twice", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/postinst configure 1.0.0", fails, nil}}, fallen, true},
		{"it fails, and works at last", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/postinst configure 1.0.0", works, nil}}, newFiles, false},
		{"the old one again", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/preinst upgrade 1.1.0", "", nil}, {"deb/postinst configure 1.0.0", works, oldFiles}}, oldFiles, false},
		{"another that fails", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/preinst upgrade 1.1.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles}}, fallen, true},
		{"called off", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postrm abort-upgrade 1.0.0", "", nil}}, oldFiles, false},
		{"it fails, and the next is called off", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/preinst upgrade 1.1.0", "", nil}, {"deb/postrm abort-upgrade 1.1.0", "", nil}}, fallen, true},
		{"it fails, and is removed", []step{{"deb/preinst upgrade 1.0.0", "", nil}, {"deb/postinst configure 1.0.0", fails, newFiles},
			{"deb/prerm remove", "", nil}, {"deb/postrm remove", "", []string{}}}, nil, false},

		{"rpm: it works", []step{{"rpm/pre 2", "", nil}, {"rpm/posttrans 1", works, newFiles}}, newFiles, false},
		{"rpm: it fails", []step{{"rpm/pre 2", "", nil}, {"rpm/posttrans 1", fails, newFiles}},
			append(slices.Clone(oldFiles), strings.Replace(strings.Replace(note, "1.0.0", "1.1.0-1", 1), "1.1.0 failed", "1.1.0-1 failed", 1)), true},
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
