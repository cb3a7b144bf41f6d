package status

import (
	"context"
	"strings"
)

// Package is what the package manager knows of the package that brought the unit.
type Package struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// owner finds the package of a unit file, by dpkg-query(1) or rpm(8).
func (h host) owner(ctx context.Context, unit string) *Package {
	if unit == "" {
		return nil
	}
	// dpkg knows a file by the path in the package, on whichever side of /usr that is.
	other := "/usr" + unit
	if strings.HasPrefix(unit, "/usr/") {
		other = strings.TrimPrefix(unit, "/usr")
	}
	for _, path := range []string{unit, other} {
		out, err := h.run(ctx, "dpkg-query", "--search", path)
		if name, _, ok := strings.Cut(out, ":"); err == nil && ok && !strings.HasPrefix(out, "diversion by") {
			version, err := h.run(ctx, "dpkg-query", "--show", "--showformat=${Version}", name)
			if err == nil {
				return &Package{name, version}
			}
		}
	}
	out, err := h.run(ctx, "rpm", "--query", "--file", "--queryformat=%{NAME} %{VERSION}-%{RELEASE}\n", unit)
	if fields := strings.Fields(out); err == nil && len(fields) == 2 {
		return &Package{fields[0], fields[1]}
	}
	return nil
}
