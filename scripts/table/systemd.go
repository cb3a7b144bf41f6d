package table

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/nodrop/nodrop/pkg/host"
	"github.com/nodrop/nodrop/scripts/lab"
)

// Systemd is a real systemd, on a throw-away host whose packages come by apt.
type Systemd struct {
	*host.Host
	lab  *lab.Lab
	debs map[lab.Release]string
}

// NewSystemd takes a host that was booted, and that the caller closes.
func NewSystemd(ctx context.Context, l *lab.Lab, h *host.Host) (*Systemd, error) {
	s := &Systemd{Host: h, lab: l, debs: map[lab.Release]string{}}
	for path, build := range map[string]func(context.Context) (string, error){"/usr/bin/nodrop": l.Nodrop, "/usr/bin/probe": l.Probe} {
		built, err := build(ctx)
		if err != nil {
			return nil, err
		}
		if err := h.Install(ctx, built, path, 0o755); err != nil {
			return nil, err
		}
	}
	_, err := h.Run(ctx, "mkdir", "-p", s.Dir())
	return s, err
}

func (s *Systemd) Dir() string                  { return "/srv/table" }
func (s *Systemd) Local(load []string) []string { return load }

func (s *Systemd) Build(ctx context.Context, r lab.Release) (err error) {
	if s.debs[r] == "" {
		s.debs[r], err = s.lab.Package(ctx, r, "deb")
	}
	return err
}

func (s *Systemd) Install(ctx context.Context, r lab.Release) error {
	conf := fmt.Appendf(nil, "[Service]\nTimeoutStartSec=%s\n", startTime)
	if err := s.WriteFile(ctx, "/etc/systemd/system/myapp.service.d/start.conf", conf, 0o644); err != nil {
		return err
	}
	return s.Upgrade(ctx, r)
}

func (s *Systemd) Upgrade(ctx context.Context, r lab.Release) error {
	if err := s.Build(ctx, r); err != nil {
		return err
	}
	if err := s.Publish(ctx, s.debs[r]); err != nil {
		return err
	}
	_, err := s.Run(ctx, "apt-get", "-y", "install", "myapp="+r.Version)
	return err
}

func (s *Systemd) Rollout(ctx context.Context) error {
	_, err := s.Run(ctx, "systemctl", "start", "myapp-rollout.service")
	return err
}

func (s *Systemd) PID(ctx context.Context) (int, error) {
	out, err := s.Run(ctx, "systemctl", "show", "-p", "MainPID", "--value", "myapp.service")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(out))
}

func (s *Systemd) Signal(ctx context.Context, name string) error {
	_, err := s.Run(ctx, "systemctl", "kill", "-s", name, "myapp.service")
	return err
}

func (s *Systemd) Listen(ctx context.Context, units map[string]string) (stop func() error, err error) {
	var sockets []string
	for name, text := range units {
		text = strings.ReplaceAll(text, "PROBE", "/usr/bin/probe")
		if err := s.WriteFile(ctx, "/etc/systemd/system/"+name, []byte(text), 0o644); err != nil {
			return nil, err
		}
		if strings.HasSuffix(name, ".socket") {
			sockets = append(sockets, name)
		}
	}
	if _, err := s.Run(ctx, "systemctl", "daemon-reload"); err != nil {
		return nil, err
	}
	if _, err := s.Run(ctx, "systemctl", append([]string{"start"}, sockets...)...); err != nil {
		return nil, err
	}
	return func() error {
		_, err := s.Run(ctx, "systemctl", append([]string{"stop", "probe.service"}, sockets...)...)
		return err
	}, nil
}

func (s *Systemd) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return s.Host.Command(ctx, name, args...)
}
