// Package table has what a service manager must do for a service, as one table
// that is run against both of ours: a real systemd on a throw-away host, and
// nodrop run, its stand-in. So the two cannot drift apart.
package table

import (
	"context"
	"os/exec"

	"github.com/nodrop/nodrop/scripts/lab"
)

// Host runs services.
type Host interface {
	// Build makes a release ready for Install and Upgrade, which do so themselves
	// where it was not done before.
	Build(context.Context, lab.Release) error
	// Install brings a release of myapp, and returns when it serves.
	Install(context.Context, lab.Release) error
	// Upgrade replaces it by another release. The error is what the person at the
	// terminal is told.
	Upgrade(context.Context, lab.Release) error
	// Rollout replaces the instance by another one of the same release.
	Rollout(context.Context) error
	// PID is the process that serves.
	PID(context.Context) (int, error)
	// Signal sends a signal, by its name, to the process that serves.
	Signal(ctx context.Context, name string) error

	// Listen opens the sockets of a service probe.service, of which nothing is
	// started until somebody comes: units are files by name, in which PROBE stands
	// for the program. The function stops it.
	Listen(ctx context.Context, units map[string]string) (stop func() error, err error)

	// Command runs where the services do. "nodrop" and "probe" are programs there.
	Command(ctx context.Context, name string, args ...string) *exec.Cmd
	// Dir is an empty directory there.
	Dir() string
	// Local puts the addresses of this host's myapp in place of those of its units.
	Local(load []string) []string
}
