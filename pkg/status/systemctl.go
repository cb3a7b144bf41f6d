package status

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// properties are those of a unit, each with all its values, as systemctl show has
// them.
type properties map[string][]string

func (p properties) one(name string) string { return strings.Join(p[name], " ") }

func (p properties) number(name string) int {
	n, _ := strconv.Atoi(p.one(name)) // "[not set]" is none
	return n
}

// time reads a time stamp; nil is never. The zone is UTC, see run.
func (p properties) time(name string) *time.Time {
	t, err := time.Parse("Mon 2006-01-02 15:04:05 MST", p.one(name))
	if err != nil {
		return nil
	}
	return &t
}

const shown = "Id,Description,LoadState,ActiveState,SubState,Result,MainPID,StatusText,FragmentPath,DropInPaths,TriggeredBy," +
	"ActiveEnterTimestamp,InactiveExitTimestamp,InactiveEnterTimestamp,Listen,FileDescriptorName,Backlog"

// show asks systemd for the properties of units, in their order. There are some
// also for units that do not exist.
func (h host) show(ctx context.Context, units ...string) ([]properties, error) {
	out, err := h.run(ctx, "systemctl", append([]string{"show", "--no-pager", "--property=" + shown, "--"}, units...)...)
	if err != nil {
		return nil, fmt.Errorf("asking systemd: %w", err)
	}
	all := parseShow(out)
	if len(all) != len(units) {
		return nil, fmt.Errorf("asking systemd: it tells of %d units, and was asked for %d", len(all), len(units))
	}
	return all, nil
}

// parseShow reads what systemctl show prints: key=value lines, an empty line
// between units.
func parseShow(text string) []properties {
	var all []properties
	var p properties
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok {
			p = nil
			continue
		}
		if p == nil {
			p = properties{}
			all = append(all, p)
		}
		p[key] = append(p[key], value)
	}
	return all
}

// run runs a program, which speaks plain English, and in UTC.
func run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		err = fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(exit.Stderr)))
	}
	return string(out), err
}
