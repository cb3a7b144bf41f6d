package lint

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/units"
)

// files are the units of a package by path; the name of the unit is the last part.
type files map[string]string

func app(change files) files {
	all := files{"a.service": goodService, "a.socket": goodSocket}
	maps.Copy(all, change)
	for name, text := range all {
		if text == "" {
			delete(all, name)
		}
	}
	return all
}

func (f files) set(t *testing.T, dir string) *units.Set {
	t.Helper()
	var all []*units.Unit
	for name, text := range f {
		u, err := units.Parse(path.Base(name), dir+name, []byte(text))
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

// Each rule about two versions has a hit, with the line it must name, and near misses, which must be silent.
func TestUpgrade(t *testing.T) {
	const (
		carry   = goodService + "[X-Nodrop]\nCarry=yes\n"
		restart = goodService + "[X-Nodrop]\nStrategy=restart\n"
		second  = "[Socket]\nListenStream=81\nService=a.service\n"
	)
	tests := []struct {
		name     string
		old, new files  // changes to a.service and a.socket; an empty text removes
		want     string // "rule severity file:line; …", empty for silence
	}{
		{"the same", nil, nil, ""},
		{"another order", files{"a.socket": "[Socket]\nListenStream=80\nListenStream=81\n"}, files{"a.socket": "[Socket]\nListenStream=81\nListenStream=80\n"}, ""},
		{"another spelling", nil, files{"a.socket": "[Socket]\nListenStream=[::]:80\n"}, ""},
		{"set anew", nil, files{"a.socket": "[Socket]\nListenStream=81\nListenDatagram=\nListenStream=80\n"}, ""},
		{"other settings", nil, files{"a.socket": goodSocket + "Backlog=9\nNoDelay=yes\n"}, ""},

		{"no socket before", files{"a.socket": ""}, nil, "first-sockets warning a.socket:1"},
		{"nothing before", files{"a.socket": "", "a.service": ""}, nil, "first-sockets warning a.socket:1"},
		{"a second service with a socket", nil, files{"b.service": goodService, "b.socket": "[Socket]\nListenStream=81\n"}, ""},
		{"no socket at all", files{"a.socket": ""}, files{"a.socket": ""}, ""},

		{"an address more", nil, files{"a.socket": goodSocket + "ListenStream=81\n"}, "socket-address-added error a.socket:3"},
		{"the same for datagrams", nil, files{"a.socket": goodSocket + "ListenDatagram=80\n"}, "socket-address-added error a.socket:3"},
		{"an address in a unit of its own", nil, files{"b.socket": second}, "socket-added warning b.socket:1"},
		{"the same, restarted", files{"a.service": restart}, files{"a.service": restart, "b.socket": second}, ""},

		{"another port", nil, files{"a.socket": "[Socket]\n# text\nListenStream=81\n"}, "socket-address-changed warning a.socket:3"},
		{"for IPv4 only", nil, files{"a.socket": "[Socket]\nListenStream=0.0.0.0:80\n"}, "socket-address-changed warning a.socket:2"},
		{"an address less", files{"a.socket": goodSocket + "ListenStream=81\n"}, nil, "socket-address-changed warning a.socket:1"},
		{"another path by its own name", files{"a.socket": "[Socket]\nListenStream=/run/a\n"}, files{"a.socket": "[Socket]\nListenStream=/run/%p\n"}, ""},

		{"socket renamed", nil, files{"a.socket": "", "b.socket": "[Socket]\nService=a.service\nListenStream=80\n"},
			"socket-added warning b.socket:1; socket-address-moved error b.socket:3"},
		{"an address moved", files{"a.socket": goodSocket + "ListenStream=81\n", "b.socket": "[Socket]\nListenStream=82\nService=a.service\n"},
			files{"b.socket": "[Socket]\nListenStream=82\nListenStream=81\nService=a.service\n"},
			"socket-address-changed warning a.socket:1; socket-address-added error b.socket:3; socket-address-moved error b.socket:3"},
		{"socket removed", files{"b.socket": second}, nil, "socket-removed warning old/b.socket:2"},

		{"descriptor named", nil, files{"a.socket": goodSocket + "FileDescriptorName=http\n"}, "descriptor-renamed warning a.socket:3"},
		{"descriptor not named any more", files{"a.socket": goodSocket + "FileDescriptorName=http\n"}, nil, "descriptor-renamed warning a.socket:1"},
		{"descriptor named as the unit", nil, files{"a.socket": goodSocket + "FileDescriptorName=%n\n"}, ""},

		{"service removed", files{"b.service": goodService}, nil, "service-removed warning old/b.service:1"},
		{"service renamed", nil, files{"a.service": "", "b.service": goodService, "a.socket": goodSocket + "Service=b.service\n"}, "service-removed error old/a.service:1"},
		{"all renamed", nil, files{"a.service": "", "a.socket": "", "b.service": goodService, "b.socket": goodSocket},
			"socket-address-moved error b.socket:2; service-removed error old/a.service:1"},

		{"restarted from now on", nil, files{"a.service": restart}, "strategy-restart warning a.service:4"},
		{"no longer restarted", files{"a.service": restart}, nil, ""},

		{"carries no more", files{"a.service": carry}, nil, "carry-dropped warning a.service:1"},
		{"carries from now on", nil, files{"a.service": carry}, ""},

		{"another user, who carries", files{"a.service": "[Service]\nUser=x\n[X-Nodrop]\nCarry=yes\n"},
			files{"a.service": "[Service]\nUser=y\n[X-Nodrop]\nCarry=yes\n"}, "user-changed warning a.service:2"},
		{"no user any more, and a directory", files{"a.service": "[Service]\nUser=x\nStateDirectory=a\n"},
			files{"a.service": "[Service]\nStateDirectory=a\n"}, "user-changed warning a.service:1"},
		{"another user, and nothing to lose", nil, files{"a.service": "[Service]\nUser=y\n"}, ""},

		{"a unit in /etc", files{"a.service": "", "/etc/systemd/system/a.service": goodService}, nil, "unit-in-etc warning old//etc/systemd/system/a.service:1"},
		{"another unit in /etc", files{"/etc/systemd/system/b.service": goodService}, nil, "service-removed warning old//etc/systemd/system/b.service:1"},
	}
	hit := map[string]bool{}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range Upgrade(app(tt.old).set(t, "old/"), app(tt.new).set(t, "")) {
				got = append(got, fmt.Sprintf("%s %s %s:%d", f.Rule, f.Severity, f.File, f.Line))
				if !strings.HasSuffix(f.Why, ".") || !strings.HasSuffix(f.Fix, ".") {
					t.Errorf("no sentences: %s", f)
				}
				hit[f.Rule] = true
			}
			if strings.Join(got, "; ") != tt.want {
				t.Errorf("found %q, want %q", strings.Join(got, "; "), tt.want)
			}
		})
	}
	if len(hit) != len(upgradeRules()) {
		t.Errorf("rules that have no hit here: all but %v", slices.Sorted(maps.Keys(hit)))
	}
}

// The sentences, where they are put together.
func TestUpgradeText(t *testing.T) {
	old := app(files{"b@.service": goodService, "a.socket": "[Socket]\nListenStream=80\nListenStream=/run/a\n", "a.service": "[Service]\nUser=x\nStateDirectory=a\nCacheDirectory=a\n"})
	tests := []struct {
		name string
		new  files
		want string
	}{
		{"several added", files{"a.socket": "[Socket]\nListenStream=80\nListenStream=/run/a\nListenStream=81\nListenDatagram=81\n", "a.service": ""},
			"ListenStream=81 and ListenDatagram=81 is new here"},
		{"several changed", files{"a.socket": "[Socket]\nListenStream=81\n"}, "ListenStream=81 was ListenStream=80 and ListenStream=/run/a:"},
		{"a template removed", files{"a.socket": old["a.socket"], "a.service": old["a.service"]}, "the new package has no b@.service"},
		{"several directories", files{"a.socket": old["a.socket"], "a.service": "[Service]\nStateDirectory=a\nCacheDirectory=a\n"},
			"the user changes from x to root: StateDirectory= is taken from the old version while it still serves, and CacheDirectory= is taken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			findings := Upgrade(old.set(t, "old/"), app(tt.new).set(t, ""))
			if !slices.ContainsFunc(findings, func(f Finding) bool { return strings.Contains(f.Why, tt.want) }) {
				t.Errorf("%q is not in %v", tt.want, findings)
			}
		})
	}
}
