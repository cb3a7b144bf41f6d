package activation

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadOrigin(t *testing.T) {
	const pid = 4711
	tests := []struct {
		name    string
		env     map[string]string
		ppid    int
		service bool
		err     string
	}{
		{name: "a shell", ppid: 99},
		{name: "a terminal of a desktop session", env: map[string]string{"INVOCATION_ID": "x", "SYSTEMD_EXEC_PID": "12"}, ppid: 99},
		{name: "a service", env: map[string]string{"INVOCATION_ID": "x", "SYSTEMD_EXEC_PID": "4711"}, ppid: 1, service: true},
		{name: "a service of systemd 247", env: map[string]string{"INVOCATION_ID": "x"}, ppid: 1, service: true},
		{name: "PID 1 of a container is no systemd", ppid: 1},
		{name: "a service behind a script", env: map[string]string{"INVOCATION_ID": "x", "SYSTEMD_EXEC_PID": "12", "NOTIFY_SOCKET": "/run/systemd/notify"}, ppid: 12, service: true},
		{name: "a shell in between", env: map[string]string{"LISTEN_FDS": "1", "LISTEN_PID": "12"}, err: "let ExecStart= start the program itself"},
		{name: "nonsense", env: map[string]string{"LISTEN_FDS": "many", "LISTEN_PID": "4711"}, err: `LISTEN_FDS="many"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o, err := readOrigin(func(k string) string { return tt.env[k] }, pid, tt.ppid)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("error %v, want %q", err, tt.err)
				}
				return
			}
			if err != nil || (o.service != "") != tt.service {
				t.Errorf("service %q, error %v", o.service, err)
			}
		})
	}
}

func TestServiceOf(t *testing.T) {
	for cgroup, want := range map[string]string{
		"0::/system.slice/myapp.service\n":                                     "myapp.service",
		"0::/system.slice/myapp.service/sub\n":                                 "myapp.service",
		"12:pids:/system.slice/myapp.service\n0::/\n":                          "myapp.service",
		"0::/system.slice/system-myapp.slice/myapp@1.service\n":                "myapp@1.service",
		"0::/user.slice/user-1.slice/user@1.service/app.slice/myapp.service\n": "myapp.service",
		"": "this service",
	} {
		if got := serviceOf(cgroup); got != want {
			t.Errorf("serviceOf(%q) = %q, want %q", cgroup, got, want)
		}
	}
}

func TestMissingSocketNamesTheUnitToStart(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"myapp.socket":       "[Socket]\nListenStream=80\nFileDescriptorName=http\n",
		"myapp-https.socket": "[Socket]\nFileDescriptorName = https\n",
		"myapp-plain.socket": "[Socket]\nListenStream=81\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct{ service, socket, want string }{
		{"myapp.service", "http", "systemctl start myapp.socket"},
		{"myapp.service", "https", "systemctl start myapp-https.socket"},
		{"myapp-standby.service", "https", "systemctl start myapp-https.socket"},
		{"myapp.service", "myapp-plain.socket", "systemctl start myapp-plain.socket"},
		{"myapp.service", "grpc", "no myapp*.socket unit has FileDescriptorName=grpc"},
		{"other.service", "", "systemctl start other.socket"},
	}
	for _, tt := range tests {
		t.Run(tt.service+" "+tt.socket, func(t *testing.T) {
			s := &Sockets{origin: origin{service: tt.service, unitDir: []string{dir}}}
			_, err := s.Listen(tt.socket, "127.0.0.1:0")
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), tt.service) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}
