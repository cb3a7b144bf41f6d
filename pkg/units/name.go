package units

import (
	"fmt"
	"path"
	"regexp"
	"slices"
)

// maxName is UNIT_NAME_MAX of systemd.
const maxName = 255

// kinds are the unit types that a package may ship.
func kinds() []string {
	return []string{".service", ".socket", ".timer", ".path", ".target", ".mount", ".automount", ".slice", ".swap"}
}

// IsUnit reports whether a file of this name in a unit directory is a unit.
func IsUnit(name string) bool { return slices.Contains(kinds(), path.Ext(name)) }

// CheckName refuses a unit name that systemd would take (systemd.unit(5)) but that would need quoting in a script or could
// be read as an option: only letters, digits and ":_.@-", beginning with a letter or digit.
func CheckName(name string) error {
	if !regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:_.@-]*$`).MatchString(name) {
		return fmt.Errorf("unit name %q: only letters, digits and \":_.@-\" are allowed, and it begins with a letter or digit", name)
	}
	if len(name) > maxName {
		return fmt.Errorf("unit name %q is longer than %d characters", name, maxName)
	}
	if !IsUnit(name) {
		return fmt.Errorf("unit name %q: not a type of unit that a package ships (%v)", name, kinds())
	}
	return nil
}
