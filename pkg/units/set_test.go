package units

import (
	"strings"
	"testing"
	"time"
)

func newSet(t *testing.T, files map[string]string) (*Set, error) {
	t.Helper()
	var all []*Unit
	for name, text := range files {
		all = append(all, parse(t, name, text))
	}
	return NewSet(all)
}

func TestPairing(t *testing.T) {
	set, err := newSet(t, map[string]string{
		"app.service":    "[Service]\nSockets=admin.socket %p-tls.socket\n",
		"app.socket":     "[Socket]\nListenStream=80\n",
		"app-tls.socket": "[Socket]\nListenStream=443\nFileDescriptorName=https\n",
		"admin.socket":   "[Socket]\nFileDescriptorName=%N\n",
		"alt.socket":     "[Socket]\nService=app.service\n",
		"other.service":  "[Service]\n",
		"inet.socket":    "[Socket]\nAccept=yes\n",
		"inet.service":   "[Service]\n",
		"app.timer":      "[Timer]\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range set.Services {
		line := s.Name
		for _, socket := range s.Sockets {
			line += " " + socket.Name + "=" + socket.FileDescriptorName
		}
		got = append(got, line)
	}
	want := "app.service admin.socket=admin alt.socket=alt.socket app-tls.socket=https app.socket=app.socket\n" +
		"inet.service\nother.service"
	if g := strings.Join(got, "\n"); g != want {
		t.Errorf("pairs:\n%s\nwant:\n%s", g, want)
	}
	if len(set.Others) != 1 || set.Others[0].Name != "app.timer" {
		t.Errorf("Others = %v", set.Others)
	}
}

func TestStrategy(t *testing.T) {
	tests := []struct {
		name, section string
		want          Strategy
		err           string
	}{
		{"default", "", Overlap, ""},
		{"restart", "[X-Nodrop]\nStrategy=restart\n", Restart, ""},
		{"the last one counts", "[X-Nodrop]\nStrategy=restart\nStrategy=overlap\n", Overlap, ""},
		{"reset", "[X-Nodrop]\nStrategy=restart\nStrategy=\n", Overlap, ""},
		{"unknown value", "[X-Nodrop]\nStrategy=blue-green\n", "", `src/a.service:4: Strategy=blue-green is unknown`},
		{"unknown key", "[X-Nodrop]\n\nstrategy=restart\n", "", `src/a.service:5: [X-Nodrop] has no option "strategy"`},
		{"carry", "[X-Nodrop]\nCarry=perhaps\n", "", `src/a.service:4: Carry=perhaps is neither yes nor no`},
		{"soak", "[X-Nodrop]\nSoak=1min 30s\n", Overlap, ""},
		{"soak for too short", "[X-Nodrop]\nSoak=300ms\n", "", `src/a.service:4: Soak=300ms is no time in whole seconds`},
		{"soak alone", "[X-Nodrop]\nStrategy=restart\nSoak=5\n", "", `src/a.service:3: Soak= and Strategy=restart: `},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			set, err := newSet(t, map[string]string{"a.service": "[Service]\nType=notify\n" + tt.section})
			switch {
			case tt.err != "":
				if err == nil || !strings.HasPrefix(err.Error(), tt.err) {
					t.Errorf("error %v, want %s…", err, tt.err)
				}
			case err != nil:
				t.Error(err)
			case set.Services[0].Strategy != tt.want:
				t.Errorf("Strategy = %s, want %s", set.Services[0].Strategy, tt.want)
			}
		})
	}
}

func TestRefusedSets(t *testing.T) {
	tests := []struct {
		name  string
		units []string
		text  string
		want  string
	}{
		{"hostile name", []string{"a;reboot.service"}, "", "only letters"},
		{"option as a name", []string{"--now.service"}, "", "only letters"},
		{"no unit type", []string{"a.conf"}, "", "not a type of unit"},
		{"endless name", []string{strings.Repeat("a", 256) + ".service"}, "", "longer than 255"},
		{"twice", []string{"a.service", "a.service"}, "", "another a.service"},
		{"options in a socket", []string{"a.socket"}, "[X-Nodrop]\n", "a.socket:1: [X-Nodrop] belongs into the .service"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var all []*Unit
			for _, name := range tt.units {
				all = append(all, parse(t, name, tt.text))
			}
			if _, err := NewSet(all); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want …%s…", err, tt.want)
			}
		})
	}
}

// An upgrade restarts the instances of a template; whoever asks for more is told.
func TestTemplateOptions(t *testing.T) {
	for section, want := range map[string]string{
		"":                               "",
		"[X-Nodrop]\nStrategy=restart\n": "",
		"[X-Nodrop]\nStrategy=overlap\n": "src/a@.service:4: Strategy=overlap: instances of a template",
		"[X-Nodrop]\nCarry=yes\n":        "src/a@.service:4: Carry=yes: instances of a template",
	} {
		set, err := newSet(t, map[string]string{"a@.service": "[Service]\nType=notify\n" + section, "a@.socket": "[Socket]\n"})
		if want != "" {
			if err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error %v, want %s…", err, want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if files, err := set.Companions(); err != nil || len(files) > 0 || set.Services[0].Strategy != Restart {
			t.Errorf("%q: strategy %s, companions %v, %v", section, set.Services[0].Strategy, files, err)
		}
	}
}

func TestParseSpan(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "30": 30 * time.Second, "30s": 30 * time.Second, "2min": 2 * time.Minute, "1h 2m 3sec": time.Hour + 2*time.Minute + 3*time.Second,
	} {
		if got, ok := ParseSpan(value); !ok || got != want {
			t.Errorf("%q is %v, %v; want %v", value, got, ok, want)
		}
	}
	for _, value := range []string{"-1", "1.5s", "500ms", "1d", "infinity", "s", "1234567"} {
		if got, ok := ParseSpan(value); ok {
			t.Errorf("%q is %v", value, got)
		}
	}
}
