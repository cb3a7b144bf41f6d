package status

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// fakeHost answers commands from what a real host has printed; others fail. Keys
// are words that the command line holds.
func fakeHost(answers map[string]string) host {
	return host{
		run: func(_ context.Context, name string, args ...string) (string, error) {
			line := name + " " + strings.Join(args, " ")
			for key, out := range answers {
				if strings.Contains(line, key) {
					return out, nil
				}
			}
			return "", errors.New("exit status 1")
		},
		glob: func(pattern string) ([]string, error) {
			if strings.HasPrefix(pattern, "/lib/") {
				return []string{"/lib/systemd/system/myapp.service.d/50-nodrop.conf"}, nil
			}
			return []string{"/usr/lib/systemd/system/myapp.service.d/50-nodrop.conf"}, nil // the same, where /lib is a link
		},
		program: func(int) Program { return Installed },
		queues: func() (queues, error) {
			return queues{{"Stream", "[::]:8080"}: {3, 4096}, {"SequentialPacket", "/run/myapp-handover.sock"}: {0, 128}}, nil
		},
	}
}

// unit is what systemctl show prints of a unit.
func unit(pairs ...string) string { return strings.Join(pairs, "\n") + "\n" }

var (
	mainUp = unit("Id=myapp.service", "Description=A server", "LoadState=loaded", "ActiveState=active", "SubState=running", "Result=success", "MainPID=42",
		"StatusText=serving http on [::]:8080", "FragmentPath=/lib/systemd/system/myapp.service", "DropInPaths=", "TriggeredBy=myapp.socket myapp-handover.socket",
		"ActiveEnterTimestamp=Wed 2026-11-25 03:00:00 UTC", "InactiveEnterTimestamp=")
	down = func(id string) string {
		return unit("Id="+id, "LoadState=loaded", "ActiveState=inactive", "SubState=dead", "Result=success", "MainPID=0", "InactiveEnterTimestamp=Wed 2026-11-25 03:00:01 UTC")
	}
	none = func(id string) string { return unit("Id="+id, "LoadState=not-found", "ActiveState=inactive") }

	sockets = unit("Id=myapp-handover.socket", "LoadState=loaded", "ActiveState=active", "Result=success", "Listen=/run/myapp-handover.sock (SequentialPacket)", "FileDescriptorName=nodrop-handover") +
		"\n" + unit("Id=myapp.socket", "LoadState=loaded", "ActiveState=active", "Result=success", "Listen=[::]:8080 (Stream)", "Listen=127.0.0.1:9125 (Datagram)", "FileDescriptorName=http")
)

const shownMain = "-- myapp.service myapp-standby.service myapp-rollout.service"
const shownSockets = "-- myapp-handover.socket myapp.socket"

func TestStates(t *testing.T) {
	all := func(main, standby, rollout string) string { return main + "\n" + standby + "\n" + rollout }
	standbyUp := strings.NewReplacer("myapp.service", "myapp-standby.service", "=42", "=43").Replace(mainUp)
	rolling := unit("Id=myapp-rollout.service", "LoadState=loaded", "ActiveState=activating", "InactiveExitTimestamp=Wed 2026-11-25 03:00:00 UTC")
	failed := unit("Id=myapp-rollout.service", "LoadState=loaded", "ActiveState=failed", "Result=exit-code",
		"InactiveExitTimestamp=Wed 2026-11-25 03:00:00 UTC", "InactiveEnterTimestamp=Wed 2026-11-25 03:00:07 UTC")
	fallen := strings.Replace(mainUp, "A server", "A server (fallback to 1.1.0, as 1.2.0-1 failed)", 1)
	standby, rollout := down("myapp-standby.service"), down("myapp-rollout.service")
	handover, http, _ := strings.Cut(sockets, "\n\n")
	closed := handover + "\n\n" + strings.ReplaceAll(http, "=active", "=inactive") // as an upgrade leaves it
	tests := []struct {
		name, units, sockets string
		want                 State
		exit                 int
		says                 string
	}{
		{"serving", all(mainUp, standby, rollout), sockets, Serving, 0, "State: serving"},
		{"draining", all(strings.Replace(mainUp, "=active", "=deactivating", 1), standbyUp, rolling), sockets, RollingOut, 0, "Rollout: running, begun"},
		{"a rollout failed", all(mainUp, standby, failed), sockets, Degraded, 1, "journalctl -u myapp -u myapp-standby -u myapp-rollout"},
		{"the standby serves", all(strings.Replace(mainUp, "=active", "=failed", 1), standbyUp, failed), sockets, Degraded, 1, "the standby serves in main's place"},
		{"fallen back", all(fallen, standby, failed), sockets, FallenBack, 1, "fallen back to 1.1.0, as 1.2.0-1 failed"},
		{"stopped, with its sockets open", all(down("myapp.service")+"TriggeredBy=myapp.socket myapp-handover.socket\n", standby, rollout), sockets, Waiting, 3, "the first connection starts it"},
		{"all stopped", all(down("myapp.service")+"TriggeredBy=myapp.socket myapp-handover.socket\n", standby, rollout), closed, Stopped, 3, "State: not running"},
		{"no companions", all(mainUp, none("myapp-standby.service"), none("myapp-rollout.service")), sockets, Serving, 0, "State: serving"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := fakeHost(map[string]string{shownMain: tt.units, shownSockets: tt.sockets})
			got, err := h.read(t.Context(), "")
			if err != nil || len(got) != 1 {
				t.Fatalf("%+v, %v", got, err)
			}
			if got[0].State != tt.want || ExitStatus(got) != tt.exit {
				t.Errorf("it is %s, exit status %d; want %s, %d", got[0].State, ExitStatus(got), tt.want, tt.exit)
			}
			var text strings.Builder
			if err := WriteText(&text, got); err != nil || !strings.Contains(text.String(), tt.says) {
				t.Errorf("%v; the text does not say %q:\n%s", err, tt.says, &text)
			}
		})
	}
}

func TestText(t *testing.T) {
	local := time.Local
	t.Cleanup(func() { time.Local = local })
	time.Local = time.UTC
	h := fakeHost(map[string]string{
		shownMain: mainUp + "\n" + down("myapp-standby.service") + "\n" + down("myapp-rollout.service"), shownSockets: sockets,
		"dpkg-query --search /usr/lib/systemd/system/myapp.service": "myapp: /usr/lib/systemd/system/myapp.service\n", // by the other name
		"dpkg-query --show": "1.1.0",
		"journalctl":        journal(messageStarted, 8_500_000) + journal(messageStarting, 1_000_000) + journal(messageFailed, 500_000),
	})
	got, err := h.read(t.Context(), "myapp")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := WriteText(&text, got); err != nil {
		t.Fatal(err)
	}
	const want = `myapp.service - A server
    State: serving
  Package: myapp 1.1.0
     Main: active since 2026-11-25 03:00:00 UTC, process 42, runs what is installed; serving http on [::]:8080
  Standby: inactive since 2026-11-25 03:00:01 UTC
  Rollout: done, begun 1970-01-01 00:00:01 UTC, took 7.5 s
  Sockets: nodrop-handover  /run/myapp-handover.sock    active, 0 of 128 wait
           http             [::]:8080                   active, 3 of 4096 wait
           http             127.0.0.1:9125              active, nobody listens there
`
	if text.String() != want {
		t.Errorf("got\n%swant\n%s", &text, want)
	}
}

func journal(id string, micros int) string {
	return fmt.Sprintf(`{"MESSAGE_ID":"%s","__REALTIME_TIMESTAMP":"%d"}`+"\n", id, micros)
}

func TestLastRun(t *testing.T) {
	tests := []struct {
		name, lines, want string
	}{
		{"none", "", "<nil>"},
		{"one that is under way", journal(messageStarting, 9e6), "<nil>"},
		{"failed", journal(messageFailed, 3e6) + journal(messageStarting, 1e6), "failed 2"},
		{"the journal was rotated", journal(messageStarted, 3e6), "done 0"},
		{"under way, behind another", journal(messageStarting, 9e6) + journal(messageStarted, 3e6) + journal(messageStarting, 1e6), "done 2"},
		{"nonsense", "x\n{}\n" + `{"MESSAGE_ID":["a"],"__REALTIME_TIMESTAMP":1}` + "\n", "<nil>"},
	}
	for _, tt := range tests {
		got := "<nil>"
		if r := lastRun(tt.lines); r != nil {
			got = fmt.Sprint(r.Outcome, " ", r.Seconds)
		}
		if got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestNoSuchUnit(t *testing.T) {
	h := fakeHost(map[string]string{"-- x.service": none("x.service") + "\n" + none("x-standby.service") + "\n" + none("x-rollout.service")})
	if _, err := h.read(t.Context(), "x"); !errors.Is(err, ErrNoUnit) {
		t.Errorf("a service that is none: %v", err)
	}
	h.glob = func(string) ([]string, error) { return nil, nil }
	if _, err := h.read(t.Context(), ""); !errors.Is(err, ErrNoUnit) {
		t.Errorf("a host without any: %v", err)
	}
	if _, err := fakeHost(nil).read(t.Context(), "x"); err == nil || errors.Is(err, ErrNoUnit) {
		t.Errorf("without systemd: %v", err)
	}
}

func TestProgram(t *testing.T) {
	if got := programOf(os.Getpid()); got != Installed {
		t.Errorf("this test runs %q", got)
	}
	if got := programOf(1 << 30); got != "" {
		t.Errorf("no process runs %q", got)
	}
}

// Whatever systemctl and journalctl say, nothing panics.
func FuzzParse(f *testing.F) {
	f.Add(mainUp + "\n" + sockets)
	f.Add("=\n\n=x\nListen= (")
	f.Fuzz(func(t *testing.T, text string) {
		for _, p := range parseShow(text) {
			p.number("MainPID")
			p.time("ActiveEnterTimestamp")
			listeners(p["Listen"], queues{})
		}
		lastRun(text)
		fallback(text)
	})
}
