package drill

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWarnings(t *testing.T) {
	late := func(n int, d time.Duration) (h histogram) {
		for i := range 1000 {
			if i < n {
				h.add(d)
			} else {
				h.add(time.Millisecond)
			}
		}
		return h
	}
	began := time.Unix(1000, 0)
	from := gauges{at: began, cpu: time.Second, overflows: 7}
	to := func(cpu time.Duration, overflows uint64) gauges {
		return gauges{at: began.Add(10 * time.Second), cpu: time.Second + cpu, overflows: 7 + overflows}
	}
	tests := []struct {
		name string
		s    saturation
		want string // "": none
	}{
		{"nothing", saturation{from: from, to: to(time.Second, 0)}, ""},
		{"a few late", saturation{late: late(9, time.Second)}, ""},
		{"late by little", saturation{late: late(1000, 40*ms)}, ""},
		{"late", saturation{late: late(20, time.Second)}, "one request in a hundred began 1.0"},
		{"never begun", saturation{missed: 1200}, "1,200 requests were never begun"},
		{"processors", saturation{from: from, to: to(17*time.Second, 0)}, "the drill used 1.7 of 2 processors"},
		{"some of the processors", saturation{from: from, to: to(15*time.Second, 0)}, ""},
		{"full queues", saturation{from: from, to: to(0, 3)}, "overflowed 3 times"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.s.warnings(2)
			if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestOwnFailuresAreTold(t *testing.T) {
	var s saturation
	s.failed(fmt.Errorf("dial: %w", os.NewSyscallError("socket", syscall.EMFILE)))
	s.failed(os.NewSyscallError("connect", syscall.EADDRNOTAVAIL))
	s.failed(syscall.ECONNREFUSED)
	if got := s.warnings(1); len(got) != 1 || !strings.Contains(got[0], "2 requests failed for want of something on this side (cannot assign requested address)") {
		t.Errorf("%q", got)
	}
}

func TestNetstat(t *testing.T) {
	const text = "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 22 333\nIpExt: InNoRoutes\nIpExt: 4\n"
	for name, want := range map[string]uint64{"ListenOverflows": 22, "InNoRoutes": 0, "Nothing": 0} {
		if got := netstat([]byte(text), "TcpExt:", name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}

// A rate that no machine can make is not made, and the report says so.
func TestSaturationIsTold(t *testing.T) {
	s := newFaulty(t)
	r := drilled(t, Config{Model: Open, Clients: []Client{{KeepAlive, 1, s.url()}}, Rate: 1e7, Before: 100 * ms}, quiet)
	all := strings.Join(r.Warnings, "\n")
	if !strings.Contains(all, "never begun") || !strings.Contains(all, "itself was late") {
		t.Errorf("warnings %q of %d requests", r.Warnings, r.Total.Requests)
	}
	if opened := r.Total.Connections.Opened; opened > uint64(maxConnections)+1 {
		t.Errorf("%d connections", opened)
	}
	var text strings.Builder
	if r.WriteText(&text); !strings.Contains(text.String(), "\nwarning: ") {
		t.Errorf("no warning in %s", &text)
	}
}

// A server whose queue is full has its clients try again: the kernel counts, the report tells.
func TestFullQueueIsTold(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	rec := newRecorder()
	rec.loadBegins()
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) { err = syscall.Listen(int(fd), 0) }) // a shorter queue: listen(2) may be repeated
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		ctx, cancel := context.WithTimeout(t.Context(), 100*ms)
		if conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", ln.Addr().String()); err == nil {
			defer conn.Close()
		}
		cancel()
	}
	rec.loadEnded()
	if got := strings.Join(rec.warnings(), "\n"); !strings.Contains(got, "overflowed") {
		t.Errorf("warnings %q", got)
	}
}

// A quiet load gives no warning. What else this machine does may: such a drill is done again.
func TestQuietLoadGivesNoWarning(t *testing.T) {
	s := newFaulty(t)
	for range 100 {
		r := drilled(t, Config{Clients: []Client{{Fresh, 2, s.url()}, {KeepAlive, 2, s.url()}}, Rate: 20, Before: 100 * ms}, quiet)
		if len(r.Warnings) == 0 {
			return
		}
		t.Logf("once more after %q", r.Warnings)
	}
	t.Fatal("each of 100 quiet drills had a warning")
}
