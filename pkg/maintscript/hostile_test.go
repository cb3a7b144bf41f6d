package maintscript

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/units"
)

// Files may have any name but one with a newline, which neither dpkg nor we can list: no shell reads anything into it.
func TestFallbackHostileNames(t *testing.T) {
	var from, to []string
	for _, name := range []string{
		"a b", " c ", "-rf", "--help", "*", "[x]?", `"`, "'", `back\slash\n`, "tab\tbed", "$(touch $ROOT/pwned)", "`touch $ROOT/pwned`", ";touch $ROOT/pwned",
		"$HOME", "&", "#", "~", "%s", "ü",
	} {
		from = append(from, "usr/share/app/"+name+": old")
		to = append(to, "usr/share/app/"+name+": new", "usr/share/app/more/"+name+": new")
	}
	calls := map[string][]string{"deb": {"preinst upgrade 1.0.0", "postinst configure 1.0.0", "preinst upgrade 1.1.0"}, "rpm": {"pre 2", "posttrans 1", "pre 2"}}
	shells := map[string]string{"deb": "dash", "rpm": "bash"}
	for format, calls := range calls {
		h := newHost(t, append(state("active", "enabled"), "refused/x:", "fail/app-rollout.service:")...)
		all := scripts(t, small(t))
		call := func(n, want int) {
			args := strings.Fields(calls[n])
			if out, status := h.run(tool(t, shells[format]), all[format+"/"+args[0]], args[1:]...); status != want {
				t.Errorf("%s: %s: status %d\n%s", format, calls[n], status, out)
			}
		}
		shipped := func() []string {
			return slices.DeleteFunc(h.files(), func(line string) bool { return !strings.HasPrefix(line, "usr/share/") })
		}
		h.unpack(nil, from)
		call(0, 0)
		h.unpack(from, to)
		call(1, map[string]int{"deb": 1}[format])
		if got := shipped(); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(from))) {
			t.Errorf("%s: the good version is\n%s", format, strings.Join(got, "\n"))
		}
		call(2, 0)
		if got := shipped(); len(got) != len(to) {
			t.Errorf("%s: the next one finds\n%s", format, strings.Join(got, "\n"))
		}
		if h.exists("pwned") {
			t.Errorf("%s: a name was executed", format)
		}
	}
}

// Whoever may write where a package has a file cannot have root write elsewhere by a link that lies in wait.
func TestFallbackFollowsNoLink(t *testing.T) {
	h := newHost(t, append(state("active", "enabled"), "refused/x:", "fail/app-rollout.service:", "victim/file: theirs")...)
	all := scripts(t, small(t))
	h.unpack(nil, oldFiles)
	h.put(all, "deb/preinst upgrade 1.0.0", 0)
	h.unpack(oldFiles, newFiles)
	h.mkdir("usr/share/app")
	for link, target := range map[string]string{"usr/bin/app": "victim/file", "usr/share/app/old": "victim"} {
		if err := os.Symlink(filepath.Join(h.root, target), filepath.Join(h.root, link+".nodrop-new")); err != nil {
			t.Fatal(err)
		}
	}
	h.put(all, "deb/postinst configure 1.0.0", 1)
	if got := h.read("victim/file"); got != "theirs" {
		t.Errorf("the victim's file is %q", got)
	}
	if h.exists("victim/old.nodrop-new") {
		t.Error("a file was written into the victim's directory")
	}
	if got := h.read("usr/bin/app") + h.read("usr/share/app/old"); got != "oldonly here" {
		t.Errorf("the good version has %q", got)
	}
}

// What is kept is for root's eyes: it may have been for nobody else's where it came from.
func TestKeptIsRoots(t *testing.T) {
	h, _ := fallen(t, oldFiles, newFiles)
	info, err := os.Stat(filepath.Join(h.root, "var/lib/nodrop/app"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// A purge goes into no directory that a service may write to: what lies below could be a link to anywhere.
func TestPurgeGoesNowhereElse(t *testing.T) {
	p := &Package{Name: "app", Units: parse(t, map[string]string{
		"a.service": "[Service]\nStateDirectory=a/b/c a a/b\nCacheDirectory=a/b/c\n",
		"b.service": "[Service]\nStateDirectory=a ab ../x $(id) 'x y'\n",
	})}
	want := []string{"/var/cache/a/b/c", "/var/lib/a", "/var/lib/ab"}
	if got := p.kept(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// No unit of such a name gets into a script.
func TestHostileUnitNames(t *testing.T) {
	for _, name := range []string{
		"a b.service", "-a.service", "--now.service", "a'b.service", `a"b.service`, "$(id).service", "`id`.service", "a\nb.service", "a;id.service",
		"a&b.service", "*.service", "a/b.service", "../a.service", `a\x2db.service`, ".service", "ü.service", "a.service\n", strings.Repeat("a", 250) + ".service",
	} {
		for _, write := range []func(*Package) ([]Script, error){Deb, RPM} {
			p := small(t)
			p.Units.Services[0].Name = name
			if _, err := write(p); err == nil {
				t.Errorf("%q was taken", name)
			}
		}
		if _, err := units.NewSet([]*units.Unit{{Name: name, Path: name}}); err == nil {
			t.Errorf("%q was taken for a unit", name)
		}
	}
}
