package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/units"
)

const (
	goodService = "[Service]\nType=notify\nExecStart=/usr/bin/a\n"
	goodSocket  = "[Socket]\nListenStream=80\n"
)

// Each rule has a hit, with the line it must name, and near misses, which must be silent.
func TestRules(t *testing.T) {
	tests := []struct {
		name            string
		service, socket string // of a.service and a.socket; empty for none
		want            string // "rule severity file:line", empty for silence
	}{
		{"good pair", goodService, goodSocket, ""},

		{"no socket unit", "[Unit]\n[Service]\nType=notify\n", "", "no-socket-unit error a.service:2"},
		{"no socket, but it says restart", goodService + "[X-Nodrop]\nStrategy=restart\n", "", ""},

		{"Type missing", "[Unit]\n[Service]\nExecStart=/a\n", goodSocket, "type-not-notify error a.service:2"},
		{"Type=simple", "[Service]\nType=simple\n", goodSocket, "type-not-notify error a.service:2"},
		{"Type=simple, restarted", "[Service]\nType=simple\n[X-Nodrop]\nStrategy=restart\n", goodSocket, "type-not-notify warning a.service:2"},
		{"Type=notify-reload", "[Service]\nType=notify-reload\n", goodSocket, "type-not-notify warning a.service:2"},
		{"Type=simple, then notify", "[Service]\nType=simple\nType=notify\n", goodSocket, ""},

		{"Type=forking", "[Service]\nType=forking\n", goodSocket, "type-unsupported error a.service:2"},
		{"Type=dbus", "[Service]\nType=dbus\n", goodSocket, "type-unsupported error a.service:2"},

		{"KillMode=none", goodService + "KillMode=none\n", goodSocket, "killmode-none error a.service:4"},
		{"KillMode=mixed", goodService + "KillMode=mixed\n", goodSocket, ""},
		{"KillMode=none in a comment", goodService + "# KillMode=none\n", goodSocket, ""},

		{"DynamicUser", goodService + "DynamicUser=yes\n", goodSocket, "dynamic-user error a.service:4"},
		{"DynamicUser=no", goodService + "DynamicUser=no\n", goodSocket, ""},
		{"DynamicUser, restarted", goodService + "DynamicUser=yes\n[X-Nodrop]\nStrategy=restart\n", goodSocket, ""},

		{"start limit in [Service]", goodService + "StartLimitIntervalSec=0\n", goodSocket, "start-limit-in-service warning a.service:4"},
		{"start limit in [Unit]", goodService + "[Unit]\nStartLimitIntervalSec=0\n", goodSocket, ""},
		{"old spelling in [Service]", goodService + "StartLimitInterval=0\n", goodSocket, ""},

		{"PartOf the service", goodService, goodSocket + "[Unit]\nPartOf=b.target %p.service\n", "socket-follows-service error a.socket:4"},
		{"BindsTo the service", goodService, goodSocket + "[Unit]\nBindsTo=a.service\n", "socket-follows-service error a.socket:4"},
		{"PartOf a target", goodService, goodSocket + "[Unit]\nPartOf=a.target\nBefore=a.service\n", ""},

		{"Accept=yes", goodService + "Sockets=a.socket\n", goodSocket + "Accept=true\n", "accept-yes error a.socket:3"},
		{"Accept=no", goodService, goodSocket + "Accept=no\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range Units(set(t, tt.service, tt.socket)) {
				got = append(got, fmt.Sprintf("%s %s %s:%d", f.Rule, f.Severity, f.File, f.Line))
				if !strings.HasSuffix(f.Why, ".") || !strings.HasSuffix(f.Fix, ".") {
					t.Errorf("Why and Fix are sentences: %s", f)
				}
			}
			if g := strings.Join(got, "\n"); g != tt.want {
				t.Errorf("findings %q, want %q", g, tt.want)
			}
		})
	}
}

func set(t *testing.T, service, socket string) *units.Set {
	t.Helper()
	var all []*units.Unit
	for name, text := range map[string]string{"a.service": service, "a.socket": socket} {
		if text == "" {
			continue
		}
		u, err := units.Parse(name, name, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, u)
	}
	s, err := units.NewSet(all)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A worker without a socket beside a server with one is nobody's fault.
func TestServiceWithoutSocketBesideOneWith(t *testing.T) {
	s := set(t, goodService, goodSocket)
	worker, err := units.Parse("worker.service", "worker.service", []byte("[Service]\nType=simple\n"))
	if err != nil {
		t.Fatal(err)
	}
	s.Services = append(s.Services, &units.Service{Unit: worker, Options: units.Options{Strategy: units.Overlap}})
	if got := Units(s); len(got) > 0 {
		t.Errorf("findings %v", got)
	}
}

func TestFailure(t *testing.T) {
	f := Failure{{Rule: "r", Severity: Error, File: "a.service", Line: 3, Why: "It breaks.", Fix: "mend it."}}
	if got, want := f.Error(), "a.service:3: error: It breaks. Fix: mend it. [r]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
