// Demo upgrades myapp from 1.0.0 to 1.1.0 under clients that never retry, and
// prints what they saw. Run it by make demo: on nodrop run, or with HOST=systemd
// by apt, on a throw-away Debian host with a real systemd, which takes root.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nodrop/nodrop/pkg/host"
	"github.com/nodrop/nodrop/scripts/lab"
	"github.com/nodrop/nodrop/scripts/table"
)

const suite = "bookworm"

var (
	first  = lab.Release{Version: "1.0.0"}
	second = lab.Release{Version: "1.1.0"}
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	kind := "embedded"
	if len(os.Args) > 1 {
		kind = os.Args[1]
	}
	if err := demo(ctx, kind); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context, kind string) error {
	dir, err := os.MkdirTemp("", "nodrop-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := lab.New(dir)
	if err != nil {
		return err
	}
	switch kind {
	case "embedded":
		return onEmbedded(ctx, l, dir)
	case "systemd":
		return onSystemd(ctx, l)
	}
	return fmt.Errorf("there is no host %q: embedded or systemd", kind)
}

func onEmbedded(ctx context.Context, l *lab.Lab, dir string) error {
	e, err := table.NewEmbedded(ctx, l, dir, io.Discard)
	if err != nil {
		return err
	}
	defer e.Close()
	return upgrade(ctx, e, "nodrop run -- myapp (1.0.0)", "replacing the program (1.1.0), SIGHUP")
}

func onSystemd(ctx context.Context, l *lab.Lab) error {
	if err := host.Available(); err != nil {
		return err
	}
	say("booting a Debian " + suite + " host")
	h, err := host.Boot(ctx, host.Options{Suite: suite, Log: os.Stderr})
	if err != nil {
		return err
	}
	defer h.Close()
	s, err := table.NewSystemd(ctx, l, h)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := upgrade(ctx, s, "apt install myapp (1.0.0)", "apt upgrade (1.1.0)"); err != nil {
		journal, _ := h.Journal(context.WithoutCancel(ctx), began)
		return fmt.Errorf("%w; the host's journal:\n%s", err, journal)
	}
	return nil
}

// upgrade installs 1.0.0 and upgrades it under load.
func upgrade(ctx context.Context, h table.Host, install, then string) error {
	say("building myapp 1.0.0 and 1.1.0")
	for _, r := range []lab.Release{first, second} {
		if err := h.Build(ctx, r); err != nil {
			return err
		}
	}
	say(install)
	if err := h.Install(ctx, first); err != nil {
		return err
	}
	say(then + ", under 64 clients that never retry")
	load := append([]string{"--url", "http://127.0.0.1:8080/", "--url", "https://127.0.0.1:8443/"}, lab.Load...)
	report, err := table.Drill(ctx, h, io.Discard, load, func() error {
		return h.Upgrade(ctx, second)
	})
	if err != nil {
		return err
	}
	fmt.Println()
	if err := report.WriteText(os.Stdout); err != nil {
		return err
	}
	if report.Lost() || report.Command.Error != "" {
		return errors.New("the upgrade was not clean")
	}
	fmt.Print(closer)
	return nil
}

const closer = `
To look closer:
  make demo HOST=systemd                               the same by apt, on a throw-away host with a real systemd
  make build && bin/nodrop run --help                  the loop of editing and running, for a program of your own
  bin/nodrop generate -f packaging/myapp/nfpm.yaml build/myapp
                                                       the companion units and maintainer scripts, to read
  bin/nodrop drill --help                              the same proof for an upgrade of your own
`

func say(what string) { fmt.Fprintln(os.Stderr, "==", what) }
