package serve

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
)

// outlook is what systemd says of who goes on when this instance has ended.
type outlook int

const (
	unknown  outlook = iota // it says nothing: whoever answers on the handover socket does
	another                 // another instance, which is up
	restarts                // this service: it is stopped in order to be started again
	ends                    // nobody: it is stopped, and there is no other instance
)

// askTime is how long systemd has to say it, by way of the bus: both are slow where the machine is.
const askTime = 15 * time.Second

// askSystemd finds the outlook. Where systemd cannot be asked it is unknown.
//
// It is asked before the handover socket is. When a standby has ended, systemd takes the sockets that it shares with main for
// unused, and polls them (socket_trigger_notify in systemd): whoever connected to one then, while main is being stopped,
// would start it again.
func askSystemd(ctx context.Context, log *slog.Logger) outlook {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return unknown // not a service
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	o, err := lookOut(ctx)
	if err != nil {
		log.Info("systemd cannot be asked whether this is a restart: in one, idle connections are not handed over", "error", err)
	}
	return o
}

func lookOut(ctx context.Context) (outlook, error) {
	systemd, err := dbus.NewSystemConnectionContext(ctx)
	if err != nil {
		return unknown, err
	}
	defer systemd.Close()
	unit, err := systemd.GetUnitNameByPID(ctx, uint32(os.Getpid()))
	if err != nil {
		return unknown, err
	}
	jobs, err := systemd.ListJobsContext(ctx)
	if err != nil {
		return unknown, err
	}
	for _, j := range jobs {
		switch {
		case j.Unit != unit:
		case j.JobType == "restart":
			return restarts, nil
		case j.JobType == "stop":
			return whoElse(ctx, systemd, unit, jobs)
		}
	}
	return unknown, nil
}

// whoElse looks for another service that is up, not about to be stopped as well, and has a socket of the unit's. A unit whose
// file is gone, the standby of a version that was taken back, say, has none that systemd knows of.
func whoElse(ctx context.Context, systemd *dbus.Conn, unit string, jobs []dbus.JobStatus) (outlook, error) {
	sockets, err := unitNames(ctx, systemd, unit, "TriggeredBy")
	if err != nil {
		return unknown, err
	}
	if len(sockets) == 0 {
		return unknown, nil
	}
	for _, socket := range sockets {
		services, err := unitNames(ctx, systemd, socket, "Triggers")
		if err != nil {
			return unknown, err
		}
		for _, service := range services {
			stops := func(j dbus.JobStatus) bool { return j.Unit == service && j.JobType == "stop" }
			if service == unit || slices.ContainsFunc(jobs, stops) {
				continue
			}
			state, err := systemd.GetUnitPropertyContext(ctx, service, "ActiveState")
			if err != nil {
				return unknown, err
			}
			if s := state.Value.Value(); s == "active" || s == "reloading" {
				return another, nil
			}
		}
	}
	return ends, nil
}

// unitNames is a property that lists units (org.freedesktop.systemd1(5)).
func unitNames(ctx context.Context, systemd *dbus.Conn, unit, property string) ([]string, error) {
	p, err := systemd.GetUnitPropertyContext(ctx, unit, property)
	if err != nil {
		return nil, err
	}
	names, ok := p.Value.Value().([]string)
	if !ok {
		return nil, fmt.Errorf("%s of %s is no list of units", property, unit)
	}
	return names, nil
}
