package hosts

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A phase is a part of a rollout.
type phase string

var phases = []phase{standbyStarting, bothServing, mainDraining, mainStarting, standbyDraining}

const (
	standbyStarting phase = "standby starting"
	bothServing     phase = "both serving"
	mainDraining    phase = "main draining"
	mainStarting    phase = "main starting"
	standbyDraining phase = "standby draining"
)

// hold is the file for which an instance of a release with the fault "hold" waits, before it is ready.
const hold = "/var/lib/myapp/hold"

// Ports below those that the kernel gives to the clients of the drill (ip(7), ip_local_port_range): by them the requests that
// hold a drain are told from the load.
const (
	mainPorts    = "20000-20499"
	standbyPorts = "20500-20999"
)

// A rollout is an upgrade by dpkg that goes from phase to phase as it is told to.
type rollout struct {
	machine
	main, standby string   // their processes in this phase
	busy          []func() // end the requests that hold main, and the standby
	dpkg          chan dpkgRun
	killDpkg      func()              // by SIGKILL, and what it has started
	after         []func(failed bool) // what is to be looked at when the upgrade is over
}

type dpkgRun struct {
	output string
	err    error
}

// startRollout starts an upgrade.
func (m machine) startRollout(deb string) *rollout {
	m.t.Helper()
	r := &rollout{machine: m}
	r.occupy("myapp.service", mainPorts)
	m.must("touch", hold)
	r.run("dpkg", "-i", deb)
	return r
}

// run has another command go on with the upgrade.
func (r *rollout) run(name string, args ...string) {
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan dpkgRun, 1)
	r.dpkg, r.killDpkg = done, cancel
	go func() {
		out, err := r.Run(ctx, name, args...)
		done <- dpkgRun{out, err}
	}()
}

// enter goes on to a phase from the one before, and holds the rollout there.
func (r *rollout) enter(next phase) {
	r.t.Helper()
	defer func() { r.main, r.standby = r.process("myapp.service"), r.process("myapp-standby.service") }()
	switch next {
	case standbyStarting:
		r.await(next, func() bool { return r.starts("myapp-standby.service") })
	case bothServing:
		r.signal("STOP") // the rollout does not see that the standby is ready
		r.must("rm", hold)
		r.await(next, func() bool { return r.state("myapp-standby.service") == "active" })
	case mainDraining:
		r.signal("CONT")
		r.await(next, func() bool { return r.drains("myapp.service") })
	case mainStarting:
		r.must("touch", hold)
		r.occupy("myapp-standby.service", standbyPorts)
		r.busy[0]()
		r.await(next, func() bool { return r.starts("myapp.service") })
	case standbyDraining:
		r.must("rm", hold)
		r.await(next, func() bool { return r.drains("myapp-standby.service") })
	}
}

// letGo lets the rollout run to its end, and returns what dpkg says to it.
func (r *rollout) letGo() dpkgRun {
	r.t.Helper()
	r.must("rm", "-f", hold)
	r.signal("CONT")
	for _, end := range r.busy {
		end()
	}
	select {
	case d := <-r.dpkg:
		for _, look := range r.after {
			look(d.err != nil)
		}
		return d
	case <-time.After(3 * time.Minute):
		r.t.Fatal("dpkg does not end")
		return dpkgRun{}
	}
}

// signal sends a signal to the processes of the rollout unit, if it has any.
func (r *rollout) signal(name string) {
	r.t.Helper()
	r.must("sh", "-c", "systemctl kill --signal="+name+" myapp-rollout.service 2>/dev/null || :")
}

// occupy has a service answer a request that takes long, so that it does not end to drain.
func (r *rollout) occupy(service, ports string) {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	curl := r.Command(ctx, "curl", "-s", "--local-port", ports, "http://127.0.0.1:8080/slow?for=1m")
	if err := curl.Start(); err != nil {
		r.t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() { gone <- curl.Wait() }()
	end := func() { cancel(); gone <- <-gone }
	r.t.Cleanup(end)
	r.busy = append(r.busy, end)
	pid := r.process(service)
	first, last, _ := strings.Cut(ports, "-")
	r.await("a request is in flight", func() bool {
		return r.connections(pid, fmt.Sprintf("dport ge :%s and dport le :%s", first, last)) == 1
	})
}

// starts reports whether a service has started its program, which waits to be let go.
func (r *rollout) starts(service string) bool {
	r.t.Helper()
	return r.state(service) == "activating" && r.property(service, "StatusText") == "starting: readiness check"
}

// drains reports whether a service has drained all but the request that holds it.
func (r *rollout) drains(service string) bool {
	r.t.Helper()
	return r.state(service) == "deactivating" && r.held(r.process(service)) == 0
}

// held is how many connections of the load a process has.
func (r *rollout) held(pid string) int {
	r.t.Helper()
	return r.connections(pid, "dport ge :32768")
}

// connections counts the connections of a process to clients, as ss(8) filters them.
func (r *rollout) connections(pid, filter string) int {
	r.t.Helper()
	out := r.must("sh", "-c", `ss -Htnp state established "( sport = :8080 or sport = :8443 ) and $2" | grep -c "pid=$1," || :`, "sh", pid, filter)
	n, err := strconv.Atoi(out)
	if err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (m machine) process(service string) string {
	m.t.Helper()
	return m.property(service, "MainPID")
}

func (m machine) property(unit, name string) string {
	m.t.Helper()
	return m.must("systemctl", "show", "-p", name, "--value", unit)
}

// await waits for a condition.
func (r *rollout) await(what any, reached func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !reached(); time.Sleep(50 * time.Millisecond) {
		select {
		case d := <-r.dpkg:
			r.t.Fatalf("dpkg ended before this was reached: %v: %v\n%s", what, d.err, d.output)
		default:
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("not reached in three minutes: %v", what)
		}
	}
}
