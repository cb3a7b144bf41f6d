package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/pkg/host"
)

// Config says what is rehearsed, and how.
type Config struct {
	Upgrade Upgrade
	Suite   string   // of the host: a release of Debian, see host.Options
	URLs    []string // to load; none: what answers http or https once the first version is installed
	Load    []string // further options of nodrop drill, such as --client
	Nodrop  string   // the program nodrop, which has to run in the host; "": that of this process

	// Prepare is called when the first version is installed, before anything is
	// loaded. May be nil.
	Prepare func(context.Context, *host.Host) error

	// Log gets a line for each step, and what the commands and the drill say. May be nil.
	Log io.Writer
}

// Validate says what is wrong with the configuration, if anything. It does not look at files.
func (c Config) Validate() error {
	if err := c.Upgrade.Validate(); err != nil {
		return err
	}
	return host.Options{Suite: c.Suite}.Validate()
}

// Run rehearses. There is a report whenever the drill began, as with [drill.Run]; but none if
// ctx ended and the drill does not end within seconds. The
// error is nil when it ran to its end, whatever was lost, and whether or not the upgrade
// failed. It takes root (see [host.Available]), and a network for what the package
// depends on and for the first host of a release.
//
// When it returns, the host is gone; when the process is killed, the host goes too.
func Run(ctx context.Context, cfg Config) (*drill.Report, error) {
	if cfg.Log == nil {
		cfg.Log = io.Discard
	}
	if cfg.Nodrop == "" {
		cfg.Nodrop = "/proc/self/exe"
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := cfg.Upgrade.exist(); err != nil {
		return nil, err
	}
	if err := host.Available(); err != nil {
		return nil, fmt.Errorf("%w; without, drill a host of your own by nodrop drill --url URL -- COMMAND, or try your program's releases by nodrop run", err)
	}
	r := &rehearsal{Config: cfg, format: cfg.Upgrade.format(cfg.Suite)}
	r.say("booting a throw-away Debian %s host", cfg.Suite)
	h, err := host.Boot(ctx, host.Options{Suite: cfg.Suite, Packages: r.format.needs(), Log: cfg.Log})
	if err != nil && ctx.Err() != nil {
		return nil, brokenOff(ctx)
	}
	if err != nil {
		return nil, err
	}
	r.host = h
	report, err := r.run(ctx)
	switch {
	case ctx.Err() != nil:
		err = brokenOff(ctx)
	case r.installing && (err != nil || report.Command.Error != ""):
		r.journal(ctx)
	}
	return report, errors.Join(err, h.Close())
}

func brokenOff(ctx context.Context) error {
	return fmt.Errorf("rehearsing the upgrade: broken off: %w", context.Cause(ctx))
}

type rehearsal struct {
	Config
	format     format
	host       *host.Host
	installing bool // something of the packages has run in the host, or tried to: its journal may say why it failed
}

func (r *rehearsal) say(text string, args ...any) {
	fmt.Fprintf(r.Log, "rehearsal: "+text+"\n", args...)
}

func (r *rehearsal) run(ctx context.Context) (*drill.Report, error) {
	if err := r.bring(ctx); err != nil {
		return nil, err
	}
	before, err := listeners(ctx, r.host)
	if err != nil {
		return nil, err
	}
	r.installing = true
	command := r.format.install()
	r.say("installing: %s", strings.Join(command, " "))
	if _, err := r.host.Run(ctx, command[0], command[1:]...); err != nil {
		return nil, fmt.Errorf("installing the first version: %w", err)
	}
	if r.Prepare != nil {
		if err := r.Prepare(ctx, r.host); err != nil {
			return nil, err
		}
	}
	urls := r.URLs
	if len(urls) > 0 {
		awaitURLs(ctx, r.host, urls)
	} else {
		r.say("looking for what it serves")
		if urls, err = findURLs(ctx, r.host, before); err != nil {
			return nil, err
		}
		r.say("found %s", strings.Join(urls, " "))
	}
	if command, err = r.format.upgrade(ctx, r.host); err != nil {
		return nil, err
	}
	r.say("drilling: %s", strings.Join(command, " "))
	return r.drill(ctx, urls, command)
}

// nodropInHost is where the program is in the host.
const nodropInHost = staging + "nodrop"

// bring gets nodrop and the packages into the host.
func (r *rehearsal) bring(ctx context.Context) error {
	if err := r.host.Install(ctx, r.Nodrop, nodropInHost, 0o755); err != nil {
		return err
	}
	if _, err := r.host.Run(ctx, nodropInHost, "--version"); err != nil {
		return fmt.Errorf("%w; nodrop has to run on Debian %s: build it with CGO_ENABLED=0", err, r.Suite)
	}
	r.say("getting the packages")
	return r.format.fetch(ctx, r.host, r.Log)
}

// drill runs nodrop drill in the host. When ctx ends, that is asked to end, for a report of what it has seen.
func (r *rehearsal) drill(ctx context.Context, urls, command []string) (*drill.Report, error) {
	const file = staging + "report.json"
	args := []string{"drill", "--json", file}
	for _, url := range urls {
		args = append(args, "--url", url)
	}
	args = append(append(append(args, r.Load...), "--"), command...)
	cmd := r.host.Command(ctx, nodropInHost, args...)
	cmd.Stderr = r.Log // its table, to stdout, is the caller's to write
	cmd.Cancel = func() error { return host.Terminate(cmd) }
	err := cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 0 && code != 1 && code != 3 { // others have no report; -1: not even begun
		return nil, fmt.Errorf("running the drill in the host: %w; it has said why", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readTime)
	defer cancel()
	text, err := r.host.Command(ctx, "cat", file).Output()
	if err != nil {
		return nil, fmt.Errorf("reading the drill's report: %w", err)
	}
	report := new(drill.Report)
	if err := json.Unmarshal(text, report); err != nil {
		return nil, fmt.Errorf("reading the drill's report: %w", err)
	}
	if report.Error != "" {
		return report, errors.New(report.Error)
	}
	return report, nil
}

// readTime bounds the reading of a report, which goes on when the drill was broken off.
const readTime = 10 * time.Second

// journal writes the end of the host's journal.
func (r *rehearsal) journal(ctx context.Context) {
	out, err := r.host.Run(ctx, "journalctl", "--no-pager", "--output=short-precise", "--lines=40")
	if err != nil {
		out = err.Error()
	}
	r.say("the host's journal ends with:\n%s", out)
}
