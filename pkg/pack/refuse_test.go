package pack

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What cannot be packaged: the error says where and how to mend it, and nothing is left.
func TestRefused(t *testing.T) {
	tests := []struct {
		name     string
		project  project
		packager string // deb if empty
		target   string // out if empty
		env      string // VERSION, if not 1.2.3
		want     string // how the error begins
		fix      string // what it has in it
	}{
		{name: "no configuration", project: good().without("nfpm.yaml"), want: "reading the configuration: open nfpm.yaml", fix: "-f"},
		{name: "empty configuration", project: good().with("nfpm.yaml", "# nothing\n"), want: "nfpm.yaml:1: not an nfpm.yaml"},
		{name: "broken YAML", project: good().edit("nfpm.yaml", "contents:", "contents: ]"), want: "nfpm.yaml:6: did not find"},
		{name: "broken YAML, a tab", project: good().edit("nfpm.yaml", "arch: amd64", "\tarch: amd64"), want: "nfpm.yaml:2: found a tab"},
		{name: "broken YAML, an open quote", project: good().edit("nfpm.yaml", "arch: amd64", "arch: \"amd64"), want: "nfpm.yaml:2: found unexpected end"},
		{name: "broken YAML, a stray key", project: good().edit("nfpm.yaml", "    dst: /usr/bin/app", "   dst: /usr/bin/app"), want: "nfpm.yaml:7: did not find expected '-'"},
		{name: "unknown key", project: good().edit("nfpm.yaml", "arch:", "architecture:"), want: "nfpm.yaml:2: field architecture not found"},
		{name: "wrong type", project: good().edit("nfpm.yaml", "contents:", "depends: {a: b}\ncontents:"), want: "nfpm.yaml:6: cannot unmarshal"},
		{name: "empty entry", project: good().edit("nfpm.yaml", "  - src: app.sysusers", "  -\n  - src: app.sysusers"), want: "nfpm.yaml:11: this entry is empty"},
		{name: "empty override", project: good().edit("nfpm.yaml", "arch: amd64", "overrides:\n  rpm:"), want: "nfpm.yaml:3: overrides: one of them is empty"},
		{name: "VERSION unset", project: good(), env: "unset", want: "nfpm.yaml:3: version: $VERSION is not set", fix: "VERSION=…"},
		{name: "no version", project: good().edit("nfpm.yaml", "version: ${VERSION}\n", ""), want: "nfpm.yaml:1: version is missing"},
		{name: "no name", project: good().edit("nfpm.yaml", "name: app", "name: ''"), want: "nfpm.yaml:1: name is empty"},

		{name: "missing binary", project: good().without("bin/app"), want: "nfpm.yaml:7: contents: no file bin/app", fix: "build it first"},
		{name: "missing binary, absolute", project: good().edit("nfpm.yaml", "bin/app", "/nonexistent/app"), want: "nfpm.yaml:7: contents: no file /nonexistent/app"},
		{name: "glob without a match", project: good().edit("nfpm.yaml", "units/*", "unit/*.service"), want: "nfpm.yaml:9: contents: no file unit/*.service"},
		{name: "missing file in an override", want: "nfpm.yaml:17: contents: no file nope",
			project: good().with("nfpm.yaml", good()["nfpm.yaml"]+"overrides:\n  deb:\n    contents:\n      - dst: /usr/bin/app\n        src: nope\n")},
		{name: "missing document of an rpm", packager: "rpm", want: "nfpm.yaml:13: contents: no file README",
			project: good().with("nfpm.yaml", good()["nfpm.yaml"]+"  - src: README\n    dst: /usr/share/doc/app/README\n    type: doc\n")},
		{name: "missing script", project: good().edit("nfpm.yaml", "contents:", "scripts:\n  postinstall: post.sh\ncontents:"),
			want: "nfpm.yaml:7: scripts.postinstall: open post.sh"},
		{name: "missing changelog", project: good().edit("nfpm.yaml", "contents:", "changelog: changes.yaml\ncontents:"), want: "nfpm.yaml:6: changelog: stat changes.yaml"},

		{name: "no unit", project: good().edit("nfpm.yaml", "/lib/systemd/system/", "/usr/share/app/"), want: "nfpm.yaml:7: contents: no unit file", fix: "/usr/lib/systemd/system"},
		{name: "unit in the admin's place", project: good().edit("nfpm.yaml", "/lib/systemd/system/", "/etc/systemd/system/"),
			want: "nfpm.yaml:9: /etc/systemd/system/app.service: /etc/systemd/system belongs to the admin", fix: "ship the unit in"},
		{name: "no socket", project: good().without("units/app.socket"), want: "units/app.service:3: error: no socket unit starts app.service", fix: "Fix: ship a app.socket"},
		{name: "not Type=notify", project: good().edit("units/app.service", "Type=notify\n", ""), want: "units/app.service:3: error: with Type=simple", fix: "Fix: write Type=notify"},
		{name: "not a unit file", project: good().with("units/app.service", "[Service]\nnonsense\n"), want: "units/app.service:2: \"nonsense\" is neither"},
		{name: "file name of two lines", project: good().edit("nfpm.yaml", "dst: /usr/bin/app", `dst: "/usr/bin/a\n/etc/passwd"`), want: `nfpm.yaml:7: contents: the name "/usr/bin/a\n/etc/passwd" has a control character`},
		{name: "unknown option", project: good().edit("units/app.service", "[Install]", "[X-Nodrop]\nSpeed=high\n[Install]"), want: "units/app.service:8: [X-Nodrop] has no option \"Speed\""},
		{name: "hostile unit name", project: good().with("units/a$(reboot).service", "[Service]\n"), want: `units/a$(reboot).service: unit name "a$(reboot).service"`},
		{name: "template that carries", project: good().with("units/app@.service", "[Service]\n[X-Nodrop]\nCarry=yes\n"), want: "units/app@.service:3: Carry=yes: instances of a template"},

		{name: "own standby", project: good().with("units/app-standby.service", "[Service]\n[X-Nodrop]\nStrategy=restart\n"),
			want: "nfpm.yaml:9: contents: /lib/systemd/system/app-standby.service (from units/app-standby.service) stands where a generated file goes"},
		{name: "own drop-in", want: "nfpm.yaml:13: contents: /lib/systemd/system/app.service.d/a.conf (from a.conf) would not apply to the standby",
			project: good().with("a.conf", "[Service]\n").with("nfpm.yaml", good()["nfpm.yaml"]+"  - src: a.conf\n    dst: /lib/systemd/system/app.service.d/\n")},
		{name: "two files in one place", want: "building out/app_1.2.3_amd64.deb: ", fix: "content collision",
			project: good().with("nfpm.yaml", good()["nfpm.yaml"]+"  - src: app.sysusers\n    dst: /usr/bin/app\n")},
		{name: "own script in bash", project: good().with("post.sh", "#!/bin/bash\n").edit("nfpm.yaml", "contents:", "scripts:\n  postinstall: post.sh\ncontents:"),
			want: `making the maintainer scripts: post.sh:1: "#!/bin/bash"`},
		{name: "package name", project: good().edit("nfpm.yaml", "name: app", "name: a b"), want: `making the maintainer scripts: package name "a b"`},

		{name: "apk", project: good(), packager: "apk", want: `packager "apk" is not supported`, fix: "build apk with nfpm"},
		{name: "archlinux", project: good(), packager: "archlinux", want: `packager "archlinux" is not supported`},
		{name: "ipk", project: good(), packager: "ipk", want: `packager "ipk" is not supported`},
		{name: "srpm", project: good(), packager: "srpm", want: `packager "srpm" is not supported`},
		{name: "unknown packager", project: good(), packager: "zip", want: `packager "zip" is unknown`},
		{name: "target is nowhere", project: good(), target: "out/none/", want: "writing out/none/: open out/none/", fix: "-t"},
		{name: "target below a file", project: good(), target: "bin/app/x.deb", want: "writing bin/app/x.deb: ", fix: "-t"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.project.write(t)
			if tt.env == "unset" {
				os.Unsetenv("VERSION") // write has seen to it that it comes back
			}
			t.Setenv("TMPDIR", t.TempDir())
			o := Options{Config: "nfpm.yaml", Packager: tt.packager, Target: tt.target, Warnings: io.Discard}
			if o.Packager == "" {
				o.Packager = "deb"
			}
			if o.Target == "" {
				o.Target = "out"
			}
			path, err := Build(t.Context(), o)
			if err == nil || path != "" || !strings.HasPrefix(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.fix) {
				t.Errorf("Build = %q, %v\nwant error %s…%s", path, err, tt.want, tt.fix)
			}
			if got := left(t); len(got) > 0 {
				t.Errorf("left in out: %v", got)
			}
			for _, pattern := range []string{filepath.Join(os.TempDir(), "*"), "*.deb", ".nodrop*"} {
				if got, _ := filepath.Glob(pattern); len(got) > 0 {
					t.Errorf("left: %v", got)
				}
			}
		})
	}
}
