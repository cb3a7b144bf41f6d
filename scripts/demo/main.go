// Demo upgrades myapp from 1.0.0 to 1.1.0 by apt, on a throw-away Debian host
// with a real systemd, under clients that never retry, and prints what they
// saw. Run it by make demo, as root.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/nodrop/nodrop/pkg/host"
	"github.com/nodrop/nodrop/scripts/lab"
)

const suite = "bookworm"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context) error {
	if err := host.Available(); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "nodrop-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	say("building nodrop and myapp 1.0.0 and 1.1.0, and their packages")
	nodrop, old, new, err := build(ctx, dir)
	if err != nil {
		return err
	}
	say("booting a Debian " + suite + " host")
	h, err := host.Boot(ctx, host.Options{Suite: suite, Log: os.Stderr})
	if err != nil {
		return err
	}
	defer h.Close()

	say("apt install myapp (1.0.0)")
	if err := h.Install(ctx, nodrop, "/usr/bin/nodrop", 0o755); err != nil {
		return err
	}
	if err := h.Publish(ctx, old); err != nil {
		return err
	}
	if _, err := h.Run(ctx, "apt-get", "-y", "install", "myapp"); err != nil {
		return err
	}
	say("apt upgrade (1.1.0), under 64 clients that never retry")
	if err := h.Publish(ctx, new); err != nil {
		return err
	}
	report, err := lab.Drill(ctx, h, io.Discard, lab.Load, "apt-get", "-y", "upgrade")
	if err != nil {
		return err
	}
	fmt.Println()
	if err := report.WriteText(os.Stdout); err != nil {
		return err
	}
	fmt.Print(closer)
	if report.Lost() || report.Command.Error != "" {
		journal, _ := h.Journal(context.WithoutCancel(ctx), report.Started)
		return fmt.Errorf("the upgrade was not clean; the host's journal:\n%s", journal)
	}
	return nil
}

func build(ctx context.Context, dir string) (nodrop, old, new string, err error) {
	l, err := lab.New(dir)
	if err != nil {
		return "", "", "", err
	}
	if nodrop, err = l.Nodrop(ctx); err != nil {
		return "", "", "", err
	}
	if old, err = l.Package(ctx, lab.Release{Version: "1.0.0"}, "deb"); err != nil {
		return "", "", "", err
	}
	new, err = l.Package(ctx, lab.Release{Version: "1.1.0"}, "deb")
	return nodrop, old, new, err
}

const closer = `
To look closer:
  make package && dpkg-deb -c bin/myapp_*.deb          what is in the package
  bin/nodrop generate -f packaging/myapp/nfpm.yaml build/myapp
                                                       the companion units and maintainer scripts, to read
  bin/nodrop drill --help                              the same proof for an upgrade of your own
`

func say(what string) { fmt.Fprintln(os.Stderr, "==", what) }
