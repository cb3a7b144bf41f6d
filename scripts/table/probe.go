package table

import (
	"context"
	"path"
	"strings"
	"testing"
)

// given are services and what probe, which is their program, has to say of
// them. DIR stands for a directory.
var given = []struct {
	name  string
	units map[string]string
	want  string
}{
	{"defaults", map[string]string{
		"probe.service": "[Service]\nType=notify\nExecStart=PROBE\nWorkingDirectory=/\n",
		"probe.socket":  "[Socket]\nListenStream=DIR/probe.sock\n",
	}, `socket probe.socket type 1, listening 1, blocking true, Unix DIR/probe.sock mode 0666
sockets 1
arguments 
directory /
colour 
input of 0 bytes
watchdog 
watchdog is ours: false
there is a notify socket: true
leads a process group: true
`},
	{"everything", map[string]string{
		"probe.service": `[Service]
Type=notify
ExecStart=PROBE "two words" ${COLOUR} $MORE %%n=%n
Environment=COLOUR=blue "MORE=a b"
WorkingDirectory=/usr
NonBlocking=yes
WatchdogSec=1min
`,
		"probe.socket": `[Socket]
ListenStream=1
ListenStream=
ListenStream=DIR/made/probe.sock
ListenDatagram=DIR/probe.datagram
ListenSequentialPacket=DIR/probe.packets
SocketMode=0600
FileDescriptorName=%p
`,
		"probe-net.socket": `[Socket]
Service=probe.service
ListenStream=127.0.0.1:18071
ListenStream=[::1]:18072
ListenStream=18073
ListenDatagram=127.0.0.1:18074
FileDescriptorName=net
BindIPv6Only=both
`,
		"probe-six.socket": `[Socket]
Service=probe.service
ListenStream=18075
BindIPv6Only=ipv6-only
`,
		"stranger.socket": "[Socket]\nListenStream=18076\nService=other.service\n",
		"other.service":   "[Service]\nExecStart=PROBE\n",
	}, `socket net type 1, listening 1, blocking false, IPv4 [127 0 0 1] port 18071
socket net type 1, listening 1, blocking false, IPv6 :: port 18073, only 0
socket net type 1, listening 1, blocking false, IPv6 ::1 port 18072
socket net type 2, listening 0, blocking false, IPv4 [127 0 0 1] port 18074
socket probe type 1, listening 1, blocking false, Unix DIR/made/probe.sock mode 0600
socket probe type 2, listening 0, blocking false, Unix DIR/probe.datagram mode 0600
socket probe type 5, listening 1, blocking false, Unix DIR/probe.packets mode 0600
socket probe-six.socket type 1, listening 1, blocking false, IPv6 :: port 18075, only 1
sockets 8
arguments two words|blue|a|b|%n=probe.service
directory /usr
colour blue
input of 0 bytes
watchdog 60000000
watchdog is ours: true
there is a notify socket: true
leads a process group: true
`},
}

// gets asks a program what it was given.
func gets(t *testing.T, h Host) {
	for _, g := range given {
		t.Run(g.name, func(t *testing.T) {
			socket := "probe.sock"
			if g.name == "everything" {
				socket = "made/probe.sock"
			}
			p := listen(t, h, g.units, socket)
			if got, want := p.ask(t, "report"), strings.ReplaceAll(g.want, "DIR", h.Dir()); got != want {
				t.Errorf("it got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// starts: a connection starts a program, which is started again by the next
// one after it has ended, and by itself after a crash or a watchdog that was not
// fed. Its socket is open all the time.
func starts(t *testing.T, h Host) {
	p := listen(t, h, map[string]string{
		"probe.service": "[Service]\nType=notify\nExecStart=PROBE\nRestart=on-failure\nWatchdogSec=1s\n",
		"probe.socket":  "[Socket]\nListenStream=DIR/probe.sock\n",
	}, "probe.sock")
	last := p.ask(t, "pid")
	for _, end := range []string{"exit 0", "exit 3", "starve"} {
		p.ask(t, end)
		if end == "starve" {
			p.gone(t, last)
		}
		next := p.ask(t, "pid")
		if next == last {
			t.Errorf("after %q: the same process", end)
		}
		last = next
	}
}

type probe struct {
	Host
	socket string
}

// listen opens a service's sockets until the end of the test.
func listen(t *testing.T, h Host, units map[string]string, socket string) probe {
	t.Helper()
	filled := map[string]string{}
	for name, text := range units {
		filled[name] = strings.ReplaceAll(text, "DIR", h.Dir())
	}
	// The context of a test has ended when it cleans up.
	stop, err := h.Listen(context.WithoutCancel(t.Context()), filled)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return probe{h, path.Join(h.Dir(), socket)}
}

func (p probe) ask(t *testing.T, line string) string {
	t.Helper()
	out, err := p.Command(t.Context(), "probe", "ask", p.socket, line).CombinedOutput()
	if err != nil {
		t.Fatalf("asking for %q: %v: %s", line, err, out)
	}
	return string(out)
}

// gone waits until a process is.
func (p probe) gone(t *testing.T, pid string) {
	t.Helper()
	const wait = `for i in $(seq 400); do [ -d "/proc/$1" ] || exit 0; sleep 0.05; done; exit 1`
	if err := p.Command(t.Context(), "sh", "-c", wait, "sh", strings.TrimSpace(pid)).Run(); err != nil {
		t.Errorf("process %s does not end", strings.TrimSpace(pid))
	}
}
