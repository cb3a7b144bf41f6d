package serve

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/dbus"
)

// restarting reports whether systemd stops this service in order to start it
// again: the unit then has a job of type restart (org.freedesktop.systemd1(5)).
// Where systemd cannot be asked the answer is no, and connections are drained.
func restarting(ctx context.Context, log *slog.Logger) bool {
	if os.Getenv("NOTIFY_SOCKET") == "" {
		return false // not a service
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	job, err := ownJob(ctx)
	if err != nil {
		log.Info("systemd cannot be asked whether this is a restart: idle connections are not handed over", "error", err)
	}
	return job == "restart"
}

// ownJob is the type of the job that the service of this process has now.
func ownJob(ctx context.Context) (string, error) {
	systemd, err := dbus.NewSystemConnectionContext(ctx)
	if err != nil {
		return "", err
	}
	defer systemd.Close()
	unit, err := systemd.GetUnitNameByPID(ctx, uint32(os.Getpid()))
	if err != nil {
		return "", err
	}
	jobs, err := systemd.ListJobsContext(ctx)
	if err != nil {
		return "", err
	}
	for _, j := range jobs {
		if j.Unit == unit {
			return j.JobType, nil
		}
	}
	return "", nil
}
