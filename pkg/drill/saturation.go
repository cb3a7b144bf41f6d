package drill

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// From where on the drill is held to be saturated.
const (
	lateLimit = 50 * time.Millisecond // of the 99th percentile of how late requests begin
	cpuLimit  = 0.8                   // of the processors
)

// tick is how often the drill looks by itself how late it is.
const tick = 10 * time.Millisecond

// saturation is what tells whether the figures are those of the server, or of the generator and its machine. Its fields
// belong to the recorder's lock.
type saturation struct {
	late    histogram // how long after they were due things were begun
	missed  uint64    // requests that were never begun
	ours    uint64    // requests lost for want of descriptors, ports or memory
	lastOur string    // why, the last time
	from    gauges    // when the load began
	to      gauges    // when it ended
}

// gauges are counters of the process and of the machine.
type gauges struct {
	at        time.Time
	cpu       time.Duration // of the process
	overflows uint64        // of queues of listening sockets, since boot
}

func readGauges() gauges {
	g := gauges{at: time.Now()}
	var use unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &use) == nil {
		g.cpu = time.Duration(use.Utime.Nano() + use.Stime.Nano())
	}
	if text, err := os.ReadFile("/proc/net/netstat"); err == nil { // Linux
		g.overflows = netstat(text, "TcpExt:", "ListenOverflows")
	}
	return g
}

// netstat finds a counter in /proc/net/netstat (proc_net_netstat(5)): a line of names, then a line of values. It is 0 if
// it is not there.
func netstat(text []byte, table, name string) uint64 {
	var names []string
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 0 || fields[0] != table:
		case names == nil:
			names = fields
		default:
			for i := range min(len(names), len(fields)) {
				if names[i] == name {
					n, _ := strconv.ParseUint(fields[i], 10, 64)
					return n
				}
			}
		}
	}
	return 0
}

// due records that something is begun now that was due at the time t.
func (t *tally) due(at time.Time) { t.rec.due(at) }

func (r *recorder) due(at time.Time) {
	late := time.Since(at)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.saturation.late.add(late)
}

// missed records n requests that could not be begun.
func (t *tally) missed(n uint64) {
	t.rec.mu.Lock()
	defer t.rec.mu.Unlock()
	t.rec.saturation.missed += n
}

// tick looks how late the drill is, also when clients have little to do, until ctx ends.
func (r *recorder) tick(ctx context.Context) {
	for next := time.Now().Add(tick); sleepUntil(ctx, next); next = time.Now().Add(tick) {
		r.due(next)
	}
}

// failed looks whether a request was lost by a fault of our own.
func (s *saturation) failed(err error) {
	for _, ours := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, ours) {
			s.ours++
			s.lastOur = ours.Error()
		}
	}
}

// warnings say what was saturated.
func (s *saturation) warnings(processors int) []string {
	all := []string{}
	warn := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if s.missed > 0 {
		warn("%s requests were never begun: the drill could not keep the rate, or had all the connections that it may have; lower --rate, or use fewer clients", grouped(s.missed))
	}
	if late := s.late.quantile(0.99); late > lateLimit {
		warn("the drill itself was late: one request in a hundred began %s or more after it was due; lower --rate, use fewer clients, or a machine with less to do", Millis(late))
	}
	if wall := s.to.at.Sub(s.from.at); wall > 0 {
		if used := float64(s.to.cpu-s.from.cpu) / float64(wall); used > cpuLimit*float64(processors) {
			warn("the drill used %.1f of %d processors: the waits are its own as well; lower --rate, or use fewer clients", used, processors)
		}
	}
	if s.ours > 0 {
		warn("%s requests failed for want of something on this side (%s): they say nothing about the server", grouped(s.ours), s.lastOur)
	}
	if s.to.overflows > s.from.overflows {
		warn("queues of listening sockets on this machine overflowed %s times, and clients had to wait and try again (Backlog= of systemd.socket(5), net.core.somaxconn)", grouped(s.to.overflows-s.from.overflows))
	}
	return all
}

// warnings says what was saturated during the load; nothing if there was none.
func (r *recorder) warnings() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.saturation.warnings(runtime.GOMAXPROCS(0))
}
