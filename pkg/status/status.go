package status

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nodrop/nodrop/pkg/activation"
)

// Service is a service with its companions.
type Service struct {
	Unit        string    `json:"unit"`
	Description string    `json:"description"`
	State       State     `json:"state"`
	Package     *Package  `json:"package,omitempty"` // nil: of no package, or nobody knows
	Main        Instance  `json:"main"`
	Standby     *Instance `json:"standby,omitempty"` // nil: it has none
	Sockets     []Socket  `json:"sockets"`
	Rollout     *Rollout  `json:"rollout,omitempty"`  // the last one; nil: there was none, or nobody knows
	Fallback    *Fallback `json:"fallback,omitempty"` // nil: what is installed has not failed
}

// State is the whole in one word.
type State string

// The states of a service, from good to bad.
const (
	Serving    State = "serving"     // as it should
	RollingOut State = "rolling out" // serving, while a rollout is under way
	Degraded   State = "degraded"    // serving, but the last rollout failed, or the standby is in main's place
	FallenBack State = "fallen back" // serving, as an earlier version than the one that is installed
	Waiting    State = "waiting"     // not running; the first connection starts it
	Stopped    State = "stopped"     // not running
)

// Instance is main or the standby.
type Instance struct {
	Unit    string     `json:"unit"`
	Load    string     `json:"load"`   // LoadState= of systemd
	Active  string     `json:"active"` // ActiveState=
	Sub     string     `json:"sub"`    // SubState=
	Result  string     `json:"result"` // of the last run: success, exit-code, timeout …
	PID     int        `json:"pid,omitempty"`
	Since   *time.Time `json:"since,omitempty"`
	Says    string     `json:"says,omitempty"`    // its own STATUS=
	Program Program    `json:"program,omitempty"` // what it runs, if it runs
}

func (i *Instance) serves() bool {
	return i != nil && (i.Active == "active" || i.Active == "reloading" || i.Active == "deactivating")
}

// Rollout is a run of the rollout unit.
type Rollout struct {
	Outcome string     `json:"outcome"` // done, failed, or running
	Begun   *time.Time `json:"begun,omitempty"`
	Seconds float64    `json:"seconds,omitempty"` // how long it took; 0 while it runs, or if nobody knows
}

// Fallback tells of a version that failed, in whose place are the files of an
// earlier one.
type Fallback struct {
	To     string `json:"to"`     // the version that is in place
	Failed string `json:"failed"` // the one that the package manager knows
}

// ErrNoUnit is wrapped by errors about a service that there is not.
var ErrNoUnit = errors.New("no such service")

// Read reads the state of a service ("myapp" or "myapp.service") or, with an empty
// name, of all that have companions, of which there has to be one.
func Read(ctx context.Context, unit string) ([]Service, error) {
	return host{run: run, glob: filepath.Glob, program: programOf, queues: readQueues}.read(ctx, unit)
}

// host is where the state is read; tests have another one.
type host struct {
	run     func(ctx context.Context, name string, args ...string) (string, error)
	glob    func(pattern string) ([]string, error)
	program func(pid int) Program
	queues  func() (queues, error)
}

func (h host) read(ctx context.Context, unit string) ([]Service, error) {
	names := []string{unit}
	if unit == "" {
		var err error
		if names, err = h.services(); err != nil {
			return nil, err
		}
	} else if !strings.HasSuffix(unit, ".service") {
		names[0] += ".service"
	}
	var all []Service
	for _, name := range names {
		s, err := h.service(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// services are those for which a package has brought companions.
func (h host) services() ([]string, error) {
	var names []string
	for _, dir := range []string{"/usr/lib", "/lib"} {
		found, err := h.glob(dir + "/systemd/system/*.service.d/50-nodrop.conf")
		if err != nil {
			return nil, err
		}
		for _, path := range found {
			names = append(names, strings.TrimSuffix(filepath.Base(filepath.Dir(path)), ".d"))
		}
	}
	slices.Sort(names)
	if names = slices.Compact(names); len(names) == 0 {
		return nil, fmt.Errorf("%w: no package on this host has companions made by nodrop", ErrNoUnit)
	}
	return names, nil
}

func (h host) service(ctx context.Context, name string) (Service, error) {
	stem := strings.TrimSuffix(name, ".service")
	units, err := h.show(ctx, name, stem+"-standby.service", stem+"-rollout.service")
	if err != nil {
		return Service{}, err
	}
	main, standby, rollout := units[0], units[1], units[2]
	if main.one("LoadState") == "not-found" && main.one("ActiveState") == "inactive" {
		return Service{}, fmt.Errorf("%w: %s", ErrNoUnit, name)
	}
	s := Service{Unit: name, Description: main.one("Description"), Main: h.instance(name, main), Package: h.owner(ctx, main.one("FragmentPath"))}
	if standby.one("LoadState") != "not-found" {
		i := h.instance(stem+"-standby.service", standby)
		s.Standby = &i
	}
	if rollout.one("LoadState") != "not-found" {
		s.Rollout = h.rollout(ctx, rollout)
	}
	s.Fallback = fallback(s.Description)
	if s.Sockets, err = h.sockets(ctx, main); err != nil {
		return Service{}, err
	}
	s.State = s.state()
	return s, nil
}

func (h host) instance(name string, p properties) Instance {
	i := Instance{
		Unit: name, Load: p.one("LoadState"), Active: p.one("ActiveState"), Sub: p.one("SubState"),
		Result: p.one("Result"), PID: p.number("MainPID"), Says: p.one("StatusText"),
	}
	since := "ActiveEnterTimestamp"
	if !i.serves() {
		since = "InactiveEnterTimestamp"
	}
	i.Since = p.time(since)
	if i.PID > 0 {
		i.Program = h.program(i.PID)
	}
	return i
}

// fallback reads the description that the package's scripts give to a service whose
// new version failed.
func fallback(description string) *Fallback {
	m := regexp.MustCompile(`\(fallback to (\S+), as (\S+) failed\)$`).FindStringSubmatch(description)
	if m == nil {
		return nil
	}
	return &Fallback{To: m[1], Failed: m[2]}
}

func (s Service) state() State {
	running := s.Rollout != nil && s.Rollout.Outcome == "running"
	switch {
	case !s.Main.serves() && !s.Standby.serves():
		// The handover socket is no clients'.
		open := func(s Socket) bool { return s.Active == "active" && s.Name != activation.HandoverName }
		if slices.ContainsFunc(s.Sockets, open) && s.Main.Load != "masked" {
			return Waiting
		}
		return Stopped
	case s.Fallback != nil:
		return FallenBack
	case running:
		return RollingOut
	case !s.Main.serves() || s.Rollout != nil && s.Rollout.Outcome == "failed":
		return Degraded
	}
	return Serving
}

// ExitStatus is for nodrop status: 0 if all serve, 1 if one does but something is
// wrong, 3 if one does not run, which is what systemctl status has for it.
func ExitStatus(all []Service) int {
	status := 0
	for _, s := range all {
		switch s.State {
		case Degraded, FallenBack:
			status = max(status, 1)
		case Waiting, Stopped:
			status = max(status, 3)
		}
	}
	return status
}
