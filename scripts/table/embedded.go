package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/nodrop/nodrop/pkg/activator"
	"github.com/nodrop/nodrop/scripts/lab"
)

// Embedded is nodrop run on this machine, for which it takes no rights at all.
type Embedded struct {
	lab      *lab.Lab
	dir      string // everything is in it
	log      io.Writer
	nodrop   string
	probe    string
	programs map[lab.Release]string
	myapp    *lab.Running
	addrs    *strings.Replacer // from the addresses in myapp's units
}

// NewEmbedded makes a host in dir, which the caller removes. What programs print
// goes to log. The caller closes it.
func NewEmbedded(ctx context.Context, l *lab.Lab, dir string, log io.Writer) (*Embedded, error) {
	e := &Embedded{lab: l, dir: dir, log: log, programs: map[lab.Release]string{}, addrs: strings.NewReplacer()}
	var err error
	if e.nodrop, err = l.Nodrop(ctx); err != nil {
		return nil, err
	}
	e.probe, err = l.Probe(ctx)
	return e, err
}

// Close stops myapp, and returns an error if it did not end well.
func (e *Embedded) Close() error {
	if e.myapp == nil {
		return nil
	}
	return e.myapp.Stop()
}

func (e *Embedded) Dir() string { return e.dir }

func (e *Embedded) Local(load []string) []string {
	out := make([]string, len(load))
	for i, arg := range load {
		out[i] = e.addrs.Replace(arg)
	}
	return out
}

func (e *Embedded) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	if path := map[string]string{"nodrop": e.nodrop, "probe": e.probe}[name]; path != "" {
		name = path
	}
	return exec.CommandContext(ctx, name, args...)
}

// ports are those of myapp's units; here the system chooses others.
var ports = map[string]string{"http": "8080", "https": "8443", "metrics": "9090"}

func (e *Embedded) Build(ctx context.Context, r lab.Release) (err error) {
	if e.programs[r] == "" {
		e.programs[r], err = e.lab.Program(ctx, r)
	}
	return err
}

func (e *Embedded) Install(ctx context.Context, r lab.Release) error {
	if err := e.put(ctx, r); err != nil {
		return err
	}
	units := filepath.Join(e.dir, "myapp-units")
	if err := os.CopyFS(units, os.DirFS(filepath.Join(e.lab.Checkout(), "packaging/myapp"))); err != nil {
		return err
	}
	// The last word counts.
	service, err := os.OpenFile(filepath.Join(units, "myapp.service"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	fmt.Fprintf(service, "\n[Service]\nTimeoutStartSec=%s\n", startTime)
	if err := service.Close(); err != nil {
		return err
	}
	args := []string{"run", "--json", "--units", units}
	for name := range ports {
		args = append(args, "--socket", name+"=127.0.0.1:0")
	}
	cmd := exec.Command(e.nodrop, append(args, "--", e.program())...)
	cmd.Env = append(os.Environ(), "STATE_DIRECTORY="+filepath.Join(e.dir, "state"))
	if e.myapp, err = lab.StartRun(cmd, e.log); err != nil {
		return err
	}
	var pairs []string
	for name, port := range ports {
		addr, err := e.myapp.Addr(ctx, name)
		if err != nil {
			return err
		}
		pairs = append(pairs, "127.0.0.1:"+port, addr)
	}
	e.addrs = strings.NewReplacer(pairs...)
	_, err = e.myapp.Kind(ctx, 0, activator.Ready)
	return err
}

func (e *Embedded) program() string { return filepath.Join(e.dir, "myapp") }

// put replaces the program's file, as the installation of a package does.
func (e *Embedded) put(ctx context.Context, r lab.Release) error {
	if err := e.Build(ctx, r); err != nil {
		return err
	}
	if err := os.Symlink(e.programs[r], e.program()+".new"); err != nil {
		return err
	}
	return os.Rename(e.program()+".new", e.program())
}

func (e *Embedded) Upgrade(ctx context.Context, r lab.Release) error {
	if err := e.put(ctx, r); err != nil {
		return err
	}
	return e.Rollout(ctx)
}

func (e *Embedded) Rollout(ctx context.Context) error { return e.myapp.Rollout(ctx) }

func (e *Embedded) PID(context.Context) (int, error) { return e.myapp.Serving() }

func (e *Embedded) Signal(ctx context.Context, name string) error {
	pid, err := e.PID(ctx)
	if err != nil {
		return err
	}
	return exec.CommandContext(ctx, "kill", "-s", name, fmt.Sprint(pid)).Run()
}

func (e *Embedded) Listen(ctx context.Context, units map[string]string) (stop func() error, err error) {
	dir, err := os.MkdirTemp(e.dir, "units-")
	if err != nil {
		return nil, err
	}
	for name, text := range units {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "PROBE", e.probe)), 0o644); err != nil {
			return nil, err
		}
	}
	run, err := lab.StartRun(exec.Command(e.nodrop, "run", "--json", "--lazy", "--units", filepath.Join(dir, "probe.service")), e.log)
	if err != nil {
		return nil, err
	}
	stop = func() error {
		err := run.Stop()
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 128+int(syscall.SIGTERM) {
			err = nil // probe does not drain
		}
		return err
	}
	if _, err := run.Kind(ctx, 0, activator.Waiting); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}
