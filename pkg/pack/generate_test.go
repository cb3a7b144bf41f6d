package pack

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goreleaser/nfpm/v2"
)

func generate(t *testing.T) ([]string, error) {
	t.Helper()
	return Generate(t.Context(), "nfpm.yaml", "gen", io.Discard)
}

func TestGenerate(t *testing.T) {
	good().without("bin/app").write(t) // the program is not built yet
	os.Unsetenv("VERSION")
	got, err := generate(t)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"gen/deb/postinst", "gen/deb/postrm", "gen/deb/preinst", "gen/deb/prerm",
		"gen/rpm/post", "gen/rpm/posttrans", "gen/rpm/postun", "gen/rpm/pre", "gen/rpm/preun",
		"gen/units/app-rollout.service", "gen/units/app-standby.service", "gen/units/app-standby.service.d",
		"gen/units/app.service.d/50-nodrop.conf",
	}
	if !slices.Equal(got, want) {
		t.Errorf("wrote %v, want %v", got, want)
	}
	if target, err := os.Readlink("gen/units/app-standby.service.d"); err != nil || target != "/etc/systemd/system/app.service.d" {
		t.Errorf("link to %q, %v", target, err)
	}
	if again, err := generate(t); err != nil || !slices.Equal(again, want) {
		t.Errorf("a second time: %v, %v", again, err)
	}
}

// A file that somebody else wrote stops it, before anything is written.
func TestGenerateRefuses(t *testing.T) {
	tests := []struct {
		name, path, text, link string
	}{
		{"a script", "gen/rpm/post", "#!/bin/sh\n", ""},
		{"a unit", "gen/units/app-standby.service", "[Service]\n", ""},
		{"another link", "gen/units/app-standby.service.d", "", "/elsewhere"},
		{"a link in place of a script", "gen/deb/postinst", "", "../../nfpm.yaml"},
		{"a file in place of the link", "gen/units/app-standby.service.d", "text", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			good().write(t)
			if err := os.MkdirAll(filepath.Dir(tt.path), 0o755); err != nil {
				t.Fatal(err)
			}
			var err error
			if tt.link != "" {
				err = os.Symlink(tt.link, tt.path)
			} else {
				err = os.WriteFile(tt.path, []byte(tt.text), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			got, err := generate(t)
			if err == nil || got != nil || !strings.HasPrefix(err.Error(), tt.path+" is there and was not made by nodrop") {
				t.Errorf("wrote %v, error %v", got, err)
			}
			if found, _ := filepath.Glob("gen/*/*"); len(found) != 1 {
				t.Errorf("there is now %v", found)
			}
		})
	}
}

func TestGenerateErrors(t *testing.T) {
	tests := []struct {
		name    string
		project project
		want    string
	}{
		{"lint", good().edit("units/app.service", "Type=notify\n", ""), "units/app.service:3: error: with Type=simple"},
		{"missing units", good().edit("nfpm.yaml", "units/*", "unit/*"), "nfpm.yaml:9: contents: no file unit/*"},
		{"deb and rpm differ", good().with("other.service", "[Service]\nType=notify\nExecStart=/b\n").edit("nfpm.yaml",
			"  - src: units/*\n    dst: /lib/systemd/system/\n",
			"  - {src: units/*, dst: /lib/systemd/system/, packager: deb}\n"+
				"  - {src: units/app.socket, dst: /lib/systemd/system/, packager: rpm}\n"+
				"  - {src: other.service, dst: /lib/systemd/system/app.service, packager: rpm}\n"),
			"nfpm.yaml:7: deb and rpm ship different units"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.project.write(t)
			if got, err := generate(t); err == nil || got != nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("wrote %v, error %v; want %s…", got, err, tt.want)
			}
			if _, err := os.Stat("gen"); err == nil {
				t.Error("the directory was made")
			}
		})
	}
}

// What a plain nfpm (and so GoReleaser) makes of the generated files is what Build makes.
func TestGeneratedFilesMakeTheSamePackage(t *testing.T) {
	settings := `  - {src: gen/units, dst: /lib/systemd/system, type: tree, packager: deb}
  - {src: gen/units, dst: /usr/lib/systemd/system, type: tree, packager: rpm}
overrides:
  deb:
    scripts: {preinstall: gen/deb/preinst, postinstall: gen/deb/postinst, preremove: gen/deb/prerm, postremove: gen/deb/postrm}
  rpm:
    scripts: {preinstall: gen/rpm/pre, postinstall: gen/rpm/post, preremove: gen/rpm/preun, postremove: gen/rpm/postun}
rpm:
  scripts: {posttrans: gen/rpm/posttrans}
`
	home := map[string]string{"deb": "/lib/systemd/system/", "rpm": "/usr/lib/systemd/system/"}
	read := map[string]func(*testing.T, string) ([]string, map[string]string){"deb": debTree, "rpm": rpmTree}
	for packager, read := range read {
		t.Run(packager, func(t *testing.T) {
			good().write(t)
			if _, err := generate(t); err != nil {
				t.Fatal(err)
			}
			plain := strings.Replace(good()["nfpm.yaml"], "/lib/systemd/system/", home[packager], 1) + settings
			files, scripts := read(t, build(t, packager))
			plainFiles, plainScripts := read(t, buildPlain(t, packager, plain))
			if !slices.Equal(files, plainFiles) {
				t.Errorf("files %v\nplain %v", files, plainFiles)
			}
			for name := range scripts {
				if scripts[name] != plainScripts[name] {
					t.Errorf("%s:\n%s\nplain:\n%s", name, scripts[name], plainScripts[name])
				}
			}
		})
	}
}

// rpmTree reads an rpm's files and scripts.
func rpmTree(t *testing.T, path string) ([]string, map[string]string) {
	t.Helper()
	h := readRPM(t, path)
	return h.files(), map[string]string{
		"pre": h.text(tagPreIn), "post": h.text(tagPostIn), "preun": h.text(tagPreUn), "postun": h.text(tagPostUn), "posttrans": h.text(tagPostTrans),
	}
}

// buildPlain builds with nfpm alone.
func buildPlain(t *testing.T, packager, text string) string {
	t.Helper()
	config, err := nfpm.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	info, err := config.Get(packager)
	if err != nil {
		t.Fatal(err)
	}
	p, err := nfpm.Get(packager)
	if err != nil {
		t.Fatal(err)
	}
	out, err := os.Create("out/plain")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := p.Package(info, out); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}
