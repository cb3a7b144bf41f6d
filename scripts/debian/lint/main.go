// Lint holds nodrop lint against the truth: it lints the packages that scripts/debian/drill has drilled, the same versions,
// and writes docs/lint-debian.json and docs/lint-debian.md.
//
//	go run ./scripts/debian/lint benchmarks/debian.json DIR
//
// The debs are taken from DIR; what is not there apt-get downloads into it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/nodrop/nodrop/pkg/lint"
)

const (
	dataFile  = "docs/lint-debian.json"
	tableFile = "docs/lint-debian.md"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: lint DRILLS.json DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(1)
	}
}

// drill is what scripts/debian/drill has written about one package.
type drill struct {
	Package, Version string
	Packages         []string // those of the same source that were reinstalled along
	Error            string   // why it could not be drilled
	Drops            bool
	Requests, Failed int
	Closed           int
	LongestWait      float64 `json:"longest_wait_ms"`
}

func run(drills, dir string) error {
	data, err := os.ReadFile(drills)
	if err != nil {
		return err
	}
	var all []drill
	if err := json.Unmarshal(data, &all); err != nil {
		return fmt.Errorf("reading %s: %w", drills, err)
	}
	var rows []row
	for _, d := range all {
		r := row{Package: d.Package, Version: d.Version, Error: d.Error, Drops: d.Drops,
			Requests: d.Requests, Failed: d.Failed, Closed: d.Closed, LongestWait: d.LongestWait}
		for _, name := range d.Packages {
			if err := r.lint(dir, name, d.Version); err != nil {
				return err
			}
		}
		rows = append(rows, r)
	}
	data, err = json.MarshalIndent(rows, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(dataFile, append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(tableFile, []byte(table(rows)), 0o644)
}

// lint adds to a row what lint finds in one deb of the package.
func (r *row) lint(dir, name, version string) error {
	file, err := find(dir, name, version)
	if err != nil {
		return err
	}
	subjects, err := lint.Load(file)
	if err != nil {
		return err
	}
	for _, f := range lint.Check(subjects[0], nil) {
		if f.Drops {
			r.Findings = append(r.Findings, finding{Rule: f.Rule, Place: name + strings.TrimPrefix(f.Place(), file)})
		} else if f.Severity != lint.Note {
			r.Others++
		}
	}
	return nil
}

// find is the deb in dir, downloaded if it is not there.
func find(dir, name, version string) (string, error) {
	pattern := filepath.Join(dir, fmt.Sprintf("%s_%s_*.deb", name, strings.ReplaceAll(version, ":", "%3a")))
	for range 2 {
		if found, err := filepath.Glob(pattern); err != nil || len(found) > 0 {
			return found[0], err
		}
		cmd := exec.Command("apt-get", "--quiet", "download", name+"="+version)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, os.Stderr, os.Stderr
		if err := cmd.Run(); err != nil {
			return "", fmt.Errorf("downloading %s %s: %w; put the deb into %s", name, version, err, dir)
		}
	}
	return "", fmt.Errorf("%s: no such deb", pattern)
}
