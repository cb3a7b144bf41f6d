package pack

import (
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	"github.com/nodrop/nodrop/pkg/lint"
	"github.com/nodrop/nodrop/pkg/maintscript"
	"github.com/nodrop/nodrop/pkg/units"
)

// plan is what goes into the package of one packager.
type plan struct {
	info       *nfpm.Info
	items      []item // what the configuration ships
	companions []units.File
	scripts    []maintscript.Script
}

// plan finds the units, checks them, also against those of the previous package if there is one, and makes what goes with
// them. Warnings of lint go to warnings, one per line.
func (c *config) plan(packager string, unitsOnly bool, previous string, warnings io.Writer) (*plan, error) {
	info, err := c.Get(packager)
	if err != nil {
		return nil, c.errorf(nil, "%w", err)
	}
	p := &plan{info: nfpm.WithDefaults(info)}
	if p.items, err = c.expand(info, packager, unitsOnly); err != nil {
		return nil, err
	}
	if err := c.refuseOdd(p.items); err != nil {
		return nil, err
	}
	set, err := c.units(p.items, packager)
	if err != nil {
		return nil, err
	}
	findings := lint.Units(set)
	if previous != "" {
		upgrade, err := compare(previous, info.Name, set)
		if err != nil {
			return nil, err
		}
		findings = append(findings, upgrade...)
	}
	if err := report(findings, warnings); err != nil {
		return nil, err
	}
	if p.companions, err = set.Companions(); err != nil {
		return nil, err
	}
	if err := c.checkCollisions(p, set, packager); err != nil {
		return nil, err
	}
	own, err := c.ownScripts(info, packager)
	if err != nil {
		return nil, err
	}
	write := maintscript.RPM
	if packager == "deb" {
		write = maintscript.Deb
	}
	p.scripts, err = write(&maintscript.Package{
		Name: info.Name, Units: set,
		Sysusers: names(p.items, sysusers), Tmpfiles: names(p.items, tmpfiles), Own: own,
	})
	if err != nil {
		return nil, fmt.Errorf("making the maintainer scripts: %w", err)
	}
	return p, nil
}

// units reads the unit files of the package.
func (c *config) units(items []item, packager string) (*units.Set, error) {
	var all []*units.Unit
	for _, i := range in(items, unitDir(packager)) {
		if !units.IsUnit(i.Destination) {
			continue
		}
		data, err := os.ReadFile(i.Source)
		if err != nil {
			return nil, c.errorf(i.node, "reading a unit: %w", err)
		}
		u, err := units.Parse(path.Base(i.Destination), i.Source, data)
		if err != nil {
			return nil, err
		}
		all = append(all, u)
	}
	if len(all) == 0 {
		return nil, c.errorf(c.find(packager, "contents"), "contents: no unit file; ship a .service and a .socket in %s", rpmUnits)
	}
	return units.NewSet(all)
}

// report writes warnings, and returns errors as one.
func report(findings []lint.Finding, warnings io.Writer) error {
	var failure lint.Failure
	for _, f := range findings {
		if f.Severity == lint.Error {
			failure = append(failure, f)
			continue
		}
		if _, err := fmt.Fprintln(warnings, f); err != nil {
			return fmt.Errorf("writing a warning: %w", err)
		}
	}
	if failure != nil {
		return failure
	}
	return nil
}

// checkCollisions refuses files of the package that stand where ours go, and drop-ins that ours would not follow.
func (c *config) checkCollisions(p *plan, set *units.Set, packager string) error {
	for _, i := range p.items {
		for _, companion := range p.companions {
			if strings.TrimSuffix(i.Destination, "/") == path.Join(unitDir(packager), companion.Path) {
				return c.errorf(i.node, "contents: %s stands where a generated file goes; nodrop package makes that one itself: leave this out, or rename it", i.place())
			}
		}
		for _, s := range set.Services {
			if s.Overlaps() && path.Dir(i.Destination) == path.Join(unitDir(packager), s.Name+".d") && i.isFile() {
				return c.errorf(i.node, "contents: %s would not apply to the standby; write its lines into %s", i.place(), s.Path)
			}
		}
	}
	return nil
}
