package pack

import (
	"fmt"

	"github.com/nodrop/nodrop/pkg/lint"
	"github.com/nodrop/nodrop/pkg/units"
	"github.com/nodrop/nodrop/pkg/unpack"
)

// compare finds what the upgrade from a built package to one of that name and units cannot do without harm.
func compare(previous, name string, set *units.Set) ([]lint.Finding, error) {
	old, err := unpack.Open(previous)
	if err != nil {
		return nil, err
	}
	if old.Name != name {
		return nil, fmt.Errorf("%s is a package of %s, not of %s; name one that this package is an upgrade of", previous, old.Name, name)
	}
	before, err := old.Units(previous)
	if err != nil {
		return nil, fmt.Errorf("reading the previous package: %w", err)
	}
	return lint.Upgrade(before, set), nil
}
