package rehearse

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/host"
)

// debs are installed by apt-get.
type debs struct {
	Upgrade
	suite string
}

func (d debs) needs() []string { return nil }

func (d debs) fetch(ctx context.Context, h *host.Host, log io.Writer) error {
	if err := d.copy(ctx, h); err != nil {
		return err
	}
	for _, name := range []string{d.Package, d.From, d.To} {
		if name == "" {
			continue
		}
		if name != d.Package {
			path, err := filepath.Abs(name)
			if err != nil {
				return err
			}
			name = path
		}
		if err := fetch(ctx, h, d.suite, log, name); err != nil {
			return err
		}
	}
	return nil
}

// aptInstall has apt-get install what follows, whatever version is there.
var aptInstall = []string{"apt-get", "-y", "--no-install-recommends", "--allow-downgrades", "--reinstall", "install"}

func (d debs) install() []string {
	if d.Package != "" {
		return slices.Concat(aptInstall, []string{d.Package})
	}
	return slices.Concat(aptInstall, []string{d.fromFile()})
}

func (d debs) upgrade(ctx context.Context, h *host.Host) ([]string, error) {
	if d.To != "" {
		return slices.Concat(aptInstall, []string{d.toFile()}), nil
	}
	names, err := family(ctx, h, d.Package)
	return slices.Concat(aptInstall, names), err
}

// family are the installed packages that come from the same source as the named one:
// an upgrade brings all of them.
func family(ctx context.Context, h *host.Host, name string) ([]string, error) {
	out, err := h.Run(ctx, "dpkg-query", "-W", "-f", `${source:Package} ${Package} ${db:Status-Status}\n`)
	if err != nil {
		return nil, fmt.Errorf("asking for packages: %w", err)
	}
	names := sameSource(out, name)
	if names == nil {
		return nil, fmt.Errorf("asking for packages: none of the name %s is installed: give the name of one that is not virtual", name)
	}
	return names, nil
}

// sameSource reads lines of "SOURCE PACKAGE STATUS".
func sameSource(list, name string) []string {
	var source string
	bySource := map[string][]string{}
	for line := range strings.Lines(list) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[2] != "installed" {
			continue
		}
		bySource[fields[0]] = append(bySource[fields[0]], fields[1])
		if fields[1] == name {
			source = fields[0]
		}
	}
	return bySource[source]
}
