package maintscript

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/nodrop/nodrop/pkg/units"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// parse makes the units of a package from their texts.
func parse(t *testing.T, files map[string]string) *units.Set {
	t.Helper()
	var all []*units.Unit
	for name, text := range files {
		u, err := units.Parse(name, name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, u)
	}
	set, err := units.NewSet(all)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// full has one of everything: a service that overlaps, one without a socket, a template, a timer, files and own scripts.
func full(t *testing.T) *Package {
	own := func(hook string) Own {
		return Own{Path: hook + ".sh", Data: []byte("#!/bin/sh -e\necho \"own " + hook + " $*\"\n")}
	}
	return &Package{
		Name: "app",
		Units: parse(t, map[string]string{
			"app.service":    "[Service]\nType=notify\nRuntimeDirectory=app\nStateDirectory=app\n[Install]\nWantedBy=multi-user.target\n",
			"app.socket":     "[Socket]\nListenStream=80\n[Install]\nWantedBy=sockets.target\n",
			"app-tls.socket": "[Socket]\nListenStream=443\nService=app.service\n[Install]\nWantedBy=sockets.target\n",
			"worker.service": "[Service]\nType=notify\n[X-Nodrop]\nStrategy=restart\n[Install]\nWantedBy=multi-user.target\n",
			"tidy.service":   "[Service]\nType=oneshot\n[X-Nodrop]\nStrategy=restart\n",
			"job@.service":   "[Service]\nType=notify\n",
			"tidy.timer":     "[Timer]\nOnCalendar=daily\nPersistent=yes\n[Install]\nWantedBy=timers.target\n",
		}),
		Sysusers: []string{"app.conf"},
		Tmpfiles: []string{"app.conf"},
		Own: map[Hook]Own{
			PreInstall: own("preinstall"), PostInstall: own("postinstall"),
			PreRemove: own("preremove"), PostRemove: own("postremove"), PostTrans: own("posttrans"),
		},
	}
}

// small has a service and its socket, and nothing else.
func small(t *testing.T) *Package {
	return &Package{Name: "app", Units: parse(t, map[string]string{
		"app.service": "[Service]\nType=notify\n[Install]\nWantedBy=multi-user.target\n",
		"app.socket":  "[Socket]\nListenStream=80\n[Install]\nWantedBy=sockets.target\n",
	})}
}

// bare has units that nothing enables.
func bare(t *testing.T) *Package {
	return &Package{Name: "app", Units: parse(t, map[string]string{"app.socket": "[Socket]\nListenStream=80\n"})}
}

// scripts are those of both formats, by "deb/postinst" and so on.
func scripts(t *testing.T, p *Package) map[string]string {
	t.Helper()
	all := map[string]string{}
	for format, write := range map[string]func(*Package) ([]Script, error){"deb": Deb, "rpm": RPM} {
		list, err := write(p)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			all[format+"/"+s.Name] = string(s.Data)
		}
	}
	return all
}

func TestGolden(t *testing.T) {
	for name, text := range scripts(t, full(t)) {
		golden := filepath.Join("testdata", filepath.FromSlash(name)+".sh")
		if *update {
			if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if text != string(want) {
			t.Errorf("%s is not what %s says (go test -update refreshes it):\n%s", name, golden, text)
		}
	}
}
