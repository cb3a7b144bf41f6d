package pack

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/lint"
	"github.com/nodrop/nodrop/pkg/maintscript"
	"github.com/nodrop/nodrop/pkg/units"
)

// Whatever stands in an nfpm.yaml, it is read or refused with its place. Its files are not looked for: the fuzzer would name any of
// this machine's.
func FuzzConfig(f *testing.F) {
	f.Add([]byte(good()["nfpm.yaml"]))
	f.Add([]byte("name: a\nversion: 1\noverrides: {deb: {contents: [{src: a, dst: b, packager: rpm}]}}\n"))
	f.Add([]byte("a: &a [x]\nname: *a\n<<: {version: $X}\ncontents: *a\n"))
	f.Add([]byte("\t\n%YAML"))
	path := filepath.Join(f.TempDir(), "nfpm.yaml")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		c, err := load(path)
		if err == nil {
			err = c.checkRequired("name", "version")
		}
		if err != nil {
			if !strings.HasPrefix(err.Error(), path+":") {
				t.Errorf("no place in %q", err)
			}
			return
		}
		for _, packager := range []string{"deb", "rpm"} {
			if info, err := c.Get(packager); err == nil {
				c.contentNodes(packager)
				forPackager(info.Contents, packager)
				hooks(info, packager)
				_ = c.errorf(c.find(packager, "scripts", "postinstall"), "")
			}
		}
	})
}

// Whatever stands in units and their [X-Nodrop], it is refused, or the companions have the sections that they are to have and
// the scripts are plain text: nothing of a unit breaks out of its line.
func FuzzUnits(f *testing.F) {
	service, socket := good()["units/app.service"], good()["units/app.socket"]
	f.Add([]byte(service), []byte(socket))
	f.Add([]byte(service+"[X-Nodrop]\nCarry=yes\nSoak=1min 30s\nStrategy=overlap\n"), []byte(socket+"[Socket]\nFileDescriptorName=%p\n"))
	f.Add([]byte("[Unit]\nDescription=@MAIN@ %n \\\n x\n[Service]\nUser=%p\nExecStart=/x \\\\\nStateDirectory=a:b $(c)\n"), []byte("[Socket]\nService=%N.service\n"))
	f.Fuzz(func(t *testing.T, service, socket []byte) {
		s, err := units.Parse("app.service", "app.service", service)
		if err != nil {
			return
		}
		l, err := units.Parse("app.socket", "app.socket", socket)
		if err != nil {
			return
		}
		set, err := units.NewSet([]*units.Unit{s, l})
		if err != nil {
			return
		}
		lint.Units(set)
		companions, err := set.Companions()
		if err != nil {
			return
		}
		for _, c := range companions {
			checkSections(t, c)
		}
		p := &maintscript.Package{Name: "app", Units: set}
		for _, write := range []func(*maintscript.Package) ([]maintscript.Script, error){maintscript.Deb, maintscript.RPM} {
			scripts, err := write(p)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range scripts {
				checkPlain(t, s)
			}
		}
	})
}

// checkSections reads a companion again.
func checkSections(t *testing.T, c units.File) {
	if c.LinkTarget != "" {
		return
	}
	u, err := units.Parse("again.service", c.Path, c.Data)
	if err != nil {
		t.Fatal(err)
	}
	var sections string
	for _, s := range u.Sections {
		sections += "[" + s.Name + "]"
	}
	want := "[Unit][Service]"
	switch {
	case strings.HasSuffix(c.Path, ".socket"):
		want = "[Unit][Socket]"
	case strings.HasSuffix(c.Path, ".conf"):
		want = "[Service]"
	}
	if sections != want {
		t.Errorf("%s has %s:\n%s", c.Path, sections, c.Data)
	}
	// Its last word is ours: nothing before has swallowed it.
	if e, ok := u.Get("Service", "Restart"); strings.HasSuffix(c.Path, "-standby.service") && (!ok || e.Value != "no") {
		t.Errorf("%s restarts by itself:\n%s", c.Path, c.Data)
	}
}

func checkPlain(t *testing.T, s maintscript.Script) {
	for _, c := range s.Data {
		if c != '\n' && c != '\t' && (c < ' ' || c > '~') {
			t.Fatalf("%s has a byte %#x", s.Name, c)
		}
	}
}
