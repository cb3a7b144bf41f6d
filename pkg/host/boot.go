package host

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Options say which host to boot.
type Options struct {
	Suite    string    // a Debian release: bullseye, bookworm, trixie or sid
	Packages []string  // installed in the root, beyond systemd, apt and a few tools
	Log      io.Writer // progress lines while a root is made; nil for none
}

// Validate says what is wrong with the options, if anything.
func (o Options) Validate() error {
	_, err := newRecipe(o.Suite, o.Packages)
	return err
}

func (o Options) log() io.Writer {
	if o.Log == nil {
		return io.Discard
	}
	return o.Log
}

// bootTime bounds how long systemd may take until it has started everything. Measured:
// under two seconds on a quiet machine.
const bootTime = 60 * time.Second

// bootScript starts systemd-nspawn in a sandbox, its directory being the root.
//
//   - /run is hidden: nspawn keeps its locks there, which would let one host at a time
//     boot from a root, and leaves files there when it is killed.
//   - nspawn sees the version 2 control groups only, which is all that newer systemd supports.
//   - What the host writes stays in memory, above a root that is not changed. Not by nspawn's own --volatile=overlay, which
//     forgets it at a reboot.
//   - With --keep-unit nspawn leaves it to its caller to start it again at a reboot, by an exit status of 133.
const bootScript = `
mount -t tmpfs tmpfs /run
mkdir /run/root /run/written /run/work
mount -t overlay overlay -o lowerdir=.,upperdir=/run/written,workdir=/run/work /run/root
[ -e /sys/fs/cgroup/cgroup.controllers ] || mount -t cgroup2 cgroup2 /sys/fs/cgroup
status=133
while [ "$status" = 133 ]; do
	status=0
	systemd-nspawn --directory=/run/root --machine="$1" --hostname="$2" \
		--register=no --keep-unit --private-network --link-journal=no --resolv-conf=off --timezone=off \
		--console=read-only --boot || status=$?
done
exit "$status"
`

// Boot boots a host, making its root first if need be ([Root]), and returns when its
// systemd has started everything. The caller must Close it. ctx bounds the booting
// only, not the host's life; no host lives longer than the calling process.
func Boot(ctx context.Context, opts Options) (*Host, error) {
	if err := Available(); err != nil {
		return nil, err
	}
	root, err := Root(ctx, opts)
	if err != nil {
		return nil, err
	}
	h, err := start(root)
	if err != nil {
		return nil, fmt.Errorf("booting a %s host: %w", opts.Suite, err)
	}
	if err := h.ready(ctx, 0); err != nil {
		h.Close()
		return nil, fmt.Errorf("booting a %s host: %w; its console said last:\n%s",
			opts.Suite, err, lastLines(h.console.String(), 40))
	}
	return h, nil
}

// start starts systemd in a new host over root.
func start(root string) (*Host, error) {
	parent, err := cgroupDir()
	if err != nil {
		return nil, err
	}
	sweepCgroups(parent)
	name := cgroupPrefix + strconv.Itoa(os.Getpid()) + "-" + strings.ToLower(rand.Text()[:8])
	h := &Host{name: name, cgroup: filepath.Join(parent, name)}
	if err := os.Mkdir(h.cgroup, 0o755); err != nil {
		return nil, fmt.Errorf("making a control group: %w", err)
	}
	group, err := os.Open(h.cgroup)
	if err == nil {
		defer group.Close()
		h.sandbox, err = startSandbox(sandboxSpec{
			Dir:    root,
			Script: bootScript,
			Args:   []string{name, hostname},
			Env:    []string{"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1", "SYSTEMD_LOG_TARGET=console"},
			Cgroup: group,
			Out:    &h.console,
		})
	}
	if err != nil {
		_ = removeCgroup(h.cgroup)
		return nil, err
	}
	return h, nil
}

// Reboot shuts the host down in order, as systemctl reboot does, and returns when it has started everything again. What was
// written outside /run and /tmp is still there. Nothing else may use the host meanwhile.
func (h *Host) Reboot(ctx context.Context) error { return h.reboot(ctx) }

// Crash is Reboot without shutting down: everything ends at once, as when the power fails, but that all that was written by then
// is on the disk.
func (h *Host) Crash(ctx context.Context) error { return h.reboot(ctx, "--force", "--force") }

func (h *Host) reboot(ctx context.Context, options ...string) error {
	before := h.leader
	// Its connection to systemd, and itself, may end first.
	_ = h.enter(ctx, before, "systemctl", append([]string{"reboot"}, options...)...).Run()
	if err := h.ready(ctx, before); err != nil {
		return fmt.Errorf("rebooting host %s: %w; its console said last:\n%s", h.name, err, lastLines(h.console.String(), 40))
	}
	return nil
}

// ready waits until the host's systemd has started everything, one that is not the process before.
func (h *Host) ready(ctx context.Context, before int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, bootTime, fmt.Errorf("not up after %s", bootTime))
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		if leader, ok := leaderOf(h.sandbox.pid()); ok && leader != before {
			h.leader = leader
			// "degraded" is up as well: some unit failed. Any other state comes with an
			// error, as does asking too early.
			state, _ := h.Command(ctx, "systemctl", "is-system-running").Output()
			switch strings.TrimSpace(string(state)) {
			case "running", "degraded":
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-h.sandbox.done:
			return fmt.Errorf("systemd-nspawn ended: %v", h.sandbox.err)
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// leaderOf finds the host's PID 1 among the children of the sandbox's nspawn: the first process of a PID namespace, which
// nspawn's helpers are not.
func leaderOf(sandbox int) (pid int, ok bool) {
	for _, nspawn := range childrenOf(sandbox) {
		for _, child := range childrenOf(nspawn) {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", child))
			if err == nil && firstOfNamespace(string(status)) {
				return child, true
			}
		}
	}
	return 0, false
}

// childrenOf returns the children of a process with one thread, none once it has
// ended.
func childrenOf(process int) []int {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", process))
	var children []int
	for _, field := range strings.Fields(string(text)) {
		if child, err := strconv.Atoi(field); err == nil {
			children = append(children, child)
		}
	}
	return children
}

// firstOfNamespace tells from the text of /proc/PID/status (proc(5)) whether the
// process has the id 1 in the innermost of its PID namespaces.
func firstOfNamespace(status string) bool {
	for line := range strings.Lines(status) {
		if ids, ok := strings.CutPrefix(line, "NSpid:"); ok {
			fields := strings.Fields(ids)
			return len(fields) > 0 && fields[len(fields)-1] == "1"
		}
	}
	return false
}
