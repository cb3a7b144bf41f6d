// Drill drills server packages of Debian in their own reinstall, and writes what they lost to
// benchmarks/debian.json. It takes root, a network and about half an hour; make bench-debian
// runs it. With names as arguments it drills these alone, and leaves the others' results.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/nodrop/nodrop/pkg/drill"
	"github.com/nodrop/nodrop/pkg/host"
	"github.com/nodrop/nodrop/pkg/rehearse"
	"github.com/nodrop/nodrop/scripts/lab"
)

const suite = "bookworm"

// result is what became of a package. Every package of the same source was reinstalled.
type result struct {
	Package  string   `json:"package"`
	Version  string   `json:"version"`
	Packages []string `json:"packages"` // reinstalled
	Units    []string `json:"units"`    // that they ship
	Error    string   `json:"error"`    // why it was not drilled; "" if it was

	Drops       bool                     `json:"drops"`
	Requests    uint64                   `json:"requests"`
	Failed      uint64                   `json:"failed"`
	Failures    map[drill.Failure]uint64 `json:"failures"`
	Closed      uint64                   `json:"closed"`
	Announced   uint64                   `json:"announced"`
	LongestWait drill.Millis             `json:"longest_wait_ms"`
	Command     drill.Millis             `json:"command_ms"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	out := flag.String("o", "benchmarks/debian.json", "write the results to `FILE`")
	debs := flag.String("debs", "", "keep the packages in `DIR`")
	flag.Parse()
	if err := run(ctx, *out, *debs, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out, debs string, names []string) error {
	dir, err := os.MkdirTemp("", "nodrop-debian-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	l, err := lab.New(dir)
	if err != nil {
		return err
	}
	nodrop, err := l.Nodrop(ctx)
	if err != nil {
		return err
	}
	results, err := read(out)
	if err != nil {
		return err
	}
	for _, s := range servers {
		if len(names) > 0 && !slices.Contains(names, s.name) {
			continue
		}
		r := rehearseOne(ctx, nodrop, debs, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		fmt.Printf("%-30s %6d failed, %4d closed, longest wait %v %s\n", s.name, r.Failed, r.Closed, r.LongestWait, r.Error)
		results[s.name] = r
		if err := write(out, results); err != nil {
			return err
		}
	}
	return nil
}

func rehearseOne(ctx context.Context, nodrop, debs string, s server) *result {
	r := &result{Package: s.name}
	var log strings.Builder
	cfg := rehearse.Config{
		Upgrade: rehearse.Upgrade{Package: s.name},
		Suite:   suite,
		Load:    []string{"--client", "fresh=8", "--client", "keepalive=8"},
		Nodrop:  nodrop,
		Log:     &log,
		Prepare: func(ctx context.Context, h *host.Host) error {
			if err := r.look(ctx, h, debs); err != nil {
				return err
			}
			_, err := h.Run(ctx, "sh", "-euc", s.prepare)
			return err
		},
	}
	if s.url != "" {
		cfg.URLs = []string{s.url}
	}
	report, err := rehearse.Run(ctx, cfg)
	if err != nil {
		r.Error, _, _ = strings.Cut(err.Error(), "\n")
		fmt.Fprintf(os.Stderr, "%s:\n%s%v\n", s.name, &log, err)
		return r
	}
	r.Error = report.Command.Error
	r.Drops = report.Lost()
	r.Requests, r.Failed, r.Failures = report.Total.Requests, report.Total.Failed, report.Total.Failures
	r.Closed, r.Announced = report.Total.Connections.Closed, report.Total.Connections.Announced
	r.LongestWait = max(report.Total.Before.Longest, report.Total.During.Longest, report.Total.After.Longest)
	r.Command = report.Command.Duration
	return r
}

// lookScript prints the name and the version of each package that comes from the same source
// as the package $1, and then the units that they ship.
const lookScript = `
source=$(dpkg-query -W -f '${source:Package}' "$1")
names=
for package in $(dpkg-query -W -f '${source:Package}:${Package}\n' | sed -n "s/^$source://p"); do
	dpkg-query -W -f 'package ${Package} ${Version}\n' "$package"
	names="$names $package"
done
dpkg -L $names | sed -nE 's,^(/usr)?/lib/systemd/system/([^/]+\.(service|socket))$,unit \2,p' | sort -u
`

// look fills in what the package is, and keeps its files.
func (r *result) look(ctx context.Context, h *host.Host, debs string) error {
	out, err := h.Run(ctx, "sh", "-euc", lookScript, "sh", r.Package)
	if err != nil {
		return err
	}
	r.Packages, r.Units = []string{}, []string{}
	for line := range strings.Lines(out) {
		switch fields := strings.Fields(line); fields[0] {
		case "package":
			r.Packages = append(r.Packages, fields[1])
			if fields[1] == r.Package {
				r.Version = fields[2]
			}
		case "unit":
			r.Units = append(r.Units, fields[1])
		}
	}
	if debs == "" {
		return nil
	}
	for _, name := range r.Packages {
		files, err := filepath.Glob(filepath.Join(h.Path(host.Repository), name+"_*.deb"))
		if err != nil {
			return err
		}
		for _, file := range files {
			if err := copyFile(file, filepath.Join(debs, filepath.Base(file))); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyFile(src, dst string) error {
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(dst)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// read returns the results of an earlier run by package, none where there is no file.
func read(path string) (map[string]*result, error) {
	results := map[string]*result{}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return results, nil
	}
	var list []*result
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	for _, r := range list {
		results[r.Package] = r
	}
	return results, err
}

// write writes the results in the order of the packages.
func write(path string, results map[string]*result) error {
	list := []*result{}
	for _, s := range servers {
		if r := results[s.name]; r != nil {
			list = append(list, r)
		}
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}
