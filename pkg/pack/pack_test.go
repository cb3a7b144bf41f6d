package pack

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBuildDeb(t *testing.T) {
	good().write(t)
	path := build(t, "deb")
	if path != "out/app_1.2.3_amd64.deb" || !slices.Equal(left(t), []string{path}) {
		t.Errorf("built %s; out has %v", path, left(t))
	}
	data, control := debTree(t, path)
	want := []string{
		"/lib/", "/lib/systemd/", "/lib/systemd/system/",
		"/lib/systemd/system/app-rollout.service",
		"/lib/systemd/system/app-standby.service",
		"/lib/systemd/system/app-standby.service.d -> /etc/systemd/system/app.service.d",
		"/lib/systemd/system/app.service",
		"/lib/systemd/system/app.service.d/", "/lib/systemd/system/app.service.d/50-nodrop.conf",
		"/lib/systemd/system/app.socket",
		"/usr/", "/usr/bin/", "/usr/bin/app",
		"/usr/lib/", "/usr/lib/sysusers.d/", "/usr/lib/sysusers.d/app.conf",
	}
	if !slices.Equal(data, want) {
		t.Errorf("data:\n%s\nwant:\n%s", strings.Join(data, "\n"), strings.Join(want, "\n"))
	}
	for name, text := range map[string]string{
		"preinst": "set -e", "postinst": "systemd-sysusers app.conf", "prerm": "app-standby.service app.socket app.service", "postrm": "purge app.socket app.service",
	} {
		if !strings.HasPrefix(control[name], "#!/bin/sh\n") || !strings.Contains(control[name], text) {
			t.Errorf("%s has no %q:\n%s", name, text, control[name])
		}
	}
}

func TestBuildRPM(t *testing.T) {
	good().write(t)
	path := build(t, "rpm")
	if path != "out/app-1.2.3-1.x86_64.rpm" || !slices.Equal(left(t), []string{path}) {
		t.Errorf("built %s; out has %v", path, left(t))
	}
	h := readRPM(t, path)
	want := []string{
		"/usr/bin/app",
		"/usr/lib/systemd/system/app-rollout.service",
		"/usr/lib/systemd/system/app-standby.service",
		"/usr/lib/systemd/system/app-standby.service.d -> /etc/systemd/system/app.service.d",
		"/usr/lib/systemd/system/app.service",
		"/usr/lib/systemd/system/app.service.d",
		"/usr/lib/systemd/system/app.service.d/50-nodrop.conf",
		"/usr/lib/systemd/system/app.socket",
		"/usr/lib/sysusers.d/app.conf",
	}
	if got := h.files(); !slices.Equal(got, want) {
		t.Errorf("files:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for tag, text := range map[uint32]string{
		tagPostIn: "systemctl --no-reload preset app.socket app.service", tagPreUn: "disable", tagPostUn: "daemon-reload",
		tagPostTrans: "nodrop_upgrade overlap app app.socket", tagBuildHost: "reproducible",
	} {
		if !strings.Contains(h.text(tag), text) {
			t.Errorf("tag %d has no %q:\n%s", tag, text, h.text(tag))
		}
	}
}

// The same sources give the same bytes, whenever and wherever they were checked out.
func TestReproducible(t *testing.T) {
	for _, packager := range []string{"deb", "rpm"} {
		t.Run(packager, func(t *testing.T) {
			var built [2][]byte
			for i := range built {
				p := good()
				p["nfpm.yaml"] += "  - src: share\n    dst: /usr/share/app\n    type: tree\n"
				p.with("share/dir/file", "text").write(t)
				t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
				when := time.Unix(1710000000+1000*int64(i), 0)
				for _, name := range []string{"bin/app", "share/dir", "share/dir/file", "units/app.service"} {
					if err := os.Chtimes(name, when, when); err != nil {
						t.Fatal(err)
					}
				}
				var err error
				if built[i], err = os.ReadFile(build(t, packager)); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(built[0], built[1]) {
				t.Error("two builds differ")
			}
		})
	}
}

// A package is for the machine that the program in it was built for by default.
func TestArchitecture(t *testing.T) {
	for set, want := range map[string]string{"": runtime.GOARCH, "riscv64": "riscv64"} {
		t.Setenv("GOARCH", set)
		p := good()
		p["nfpm.yaml"] = strings.Replace(p["nfpm.yaml"], "arch: amd64", "arch: ${GOARCH}", 1)
		p.write(t)
		c, err := load("nfpm.yaml")
		if err != nil || c.Arch != want {
			t.Errorf("with GOARCH=%s: %+v (%v), want %s", set, c, err, want)
		}
	}
}

func TestTarget(t *testing.T) {
	tests := []struct{ name, target, want string }{
		{"directory", "out", "out/app_1.2.3_amd64.deb"},
		{"file", "out/mine.deb", "out/mine.deb"},
		{"current directory", "", "app_1.2.3_amd64.deb"},
		{"replaces", "out/old.deb", "out/old.deb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			good().write(t)
			if err := os.WriteFile("out/old.deb", []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := Build(t.Context(), Options{Config: "nfpm.yaml", Packager: "deb", Target: tt.target, Warnings: io.Discard})
			if err != nil || got != tt.want {
				t.Fatalf("Build = %q, %v; want %q", got, err, tt.want)
			}
			info, err := os.Stat(got)
			if err != nil || info.Size() < 1000 || info.Mode().Perm() != 0o644 {
				t.Errorf("built %v, %v", info, err)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	good().edit("units/app.service", "Type=notify", "Type=notify\nStartLimitIntervalSec=0").write(t)
	var warnings bytes.Buffer
	if _, err := Build(t.Context(), Options{Config: "nfpm.yaml", Packager: "deb", Target: "out", Warnings: &warnings}); err != nil {
		t.Fatal(err)
	}
	if want := "units/app.service:5: warning: "; !strings.HasPrefix(warnings.String(), want) {
		t.Errorf("warnings %q, want %s…", &warnings, want)
	}
}

func TestCancelled(t *testing.T) {
	good().write(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Build(ctx, Options{Config: "nfpm.yaml", Packager: "deb", Target: "out", Warnings: io.Discard})
	if !errors.Is(err, context.Canceled) || len(left(t)) > 0 {
		t.Errorf("error %v, left %v", err, left(t))
	}
}

func TestChoosePackager(t *testing.T) {
	dir := t.TempDir()
	tests := []struct{ named, target, want string }{
		{"deb", dir, "deb"}, {"", dir, ""}, {"", "", ""}, {"", "a", ""},
		{"", "a.rpm", "rpm"}, {"deb", "a.rpm", "deb"}, {"", dir + "/a.deb", "deb"},
	}
	for _, tt := range tests {
		got, err := ChoosePackager(tt.named, tt.target)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("ChoosePackager(%q, %q) = %q, %v; want %q", tt.named, tt.target, got, err, tt.want)
		}
	}
}
