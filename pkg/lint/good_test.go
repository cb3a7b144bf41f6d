package lint

import (
	"maps"
	"os"
	"path"
	"strings"
	"testing"
)

// Ordinary services and sockets that follow the advice, of the kinds that there are, are left in peace.
func TestGoodUnits(t *testing.T) {
	service := func(old, new string) string { return strings.Replace(idealService, old, new, 1) }
	socket := func(old, new string) string { return strings.Replace(idealSocket, old, new, 1) }
	tests := []struct {
		name  string
		units files // beside an ideal a.service and a.socket, or in their place
	}{
		{"as it is", nil},
		{"with all that a server needs", files{"a.service": service("Restart=on-failure", "Restart=always\nRestartSec=1\nExecReload=/bin/kill -HUP $MAINPID\n"+
			"KillMode=mixed\nTimeoutStopSec=2min\nWatchdogSec=10\nUser=a\nRuntimeDirectory=a\nStateDirectory=a")}},
		{"enabled by way of the socket", files{"a.service": service("WantedBy=multi-user.target", "Also=a.socket")}},
		{"an alias", files{"a.service": idealService + "Alias=b.service\n"}},
		{"wants its socket", files{"a.service": service("[Unit]", "[Unit]\nWants=a.socket\nAfter=a.socket network-online.target")}},
		{"a group", files{"a.socket": "[Unit]\nPartOf=a.target\n" + idealSocket, "a.target": "[Unit]\nDescription=a\n"}},
		{"IPv4 and IPv6", files{"a.socket": socket("ListenStream=80", "ListenStream=0.0.0.0:80\nListenStream=[::]:80\nBindIPv6Only=ipv6-only")}},
		{"TCP and UDP", files{"a.socket": socket("ListenStream=80", "ListenStream=53\nListenDatagram=53")}},
		{"a Unix socket", files{"a.socket": socket("ListenStream=80", "ListenStream=/run/a.sock\nSocketMode=0660\nRemoveOnStop=yes")}},
		{"HTTPS beside HTTP", files{"a.service": service("Type=", "Sockets=a.socket a-tls.socket\nType="), "a-tls.socket": socket("ListenStream=80", "ListenStream=443\nFileDescriptorName=https")}},
		{"instances", files{"a.service": "", "a.socket": "", "a@.service": service("Type=", "Sockets=a@%i.socket\nType="), "a@.socket": socket("80", "80%i")}},
		{"a job and a worker", files{"job.service": "[Service]\nType=oneshot\nExecStart=/usr/bin/job\n", "job.timer": "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n",
			"worker.service": "[Service]\nExecStart=/usr/bin/worker\nRestart=always\n[Install]\nWantedBy=multi-user.target\n"}},
		{"a long command", files{"a.service": service("/usr/bin/a\n", "/usr/bin/a \\\n  --b \\\n# why\n  --c\n")}},
		{"other ways to write it", files{"a.service": strings.ReplaceAll(service("Sec=0", "Sec=0s"), "=", " = "), "a.socket": strings.ReplaceAll(socket("IntervalSec", "Burst"), "\n", "\r\n")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			all := files{"a.service": idealService, "a.socket": idealSocket}
			maps.Copy(all, tt.units)
			dir := t.TempDir()
			for name, text := range all {
				if text == "" {
					continue
				}
				if err := os.WriteFile(path.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			subjects, err := Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range Check(subjects[0], nil) {
				t.Error(f)
			}
		})
	}
}
