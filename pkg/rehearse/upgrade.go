package rehearse

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Upgrade says which versions of a package are installed one upon the other.
type Upgrade struct {
	From    string // the .deb or .rpm file that is installed first
	Package string // or instead the name of a package from the apt sources
	To      string // the file that is installed under load; "" with Package: the same again
}

// packageName is a name of a package, as Debian's policy has it (5.6.1).
var packageName = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)

// Validate says what is wrong with the upgrade, if anything. It does not look at files.
func (u Upgrade) Validate() error {
	from, to := filepath.Ext(u.From), filepath.Ext(u.To)
	switch {
	case u.From == "" && u.Package == "":
		return errors.New("reading the upgrade: nothing to install first: give a file with --from, or a package's name with --package")
	case u.From != "" && u.Package != "":
		return fmt.Errorf("reading the upgrade: both %s and the package %s are to be installed first: give one of --from and --package", u.From, u.Package)
	case u.Package != "" && !packageName.MatchString(u.Package):
		return fmt.Errorf("reading the upgrade: %q is no package's name; a file goes to --from", u.Package)
	case u.From != "" && u.To == "":
		return fmt.Errorf("reading the upgrade: nothing to upgrade %s to: give a file with --to, the same one to reinstall it", u.From)
	}
	for _, file := range []struct{ path, ext string }{{u.From, from}, {u.To, to}} {
		if file.path != "" && file.ext != ".deb" && file.ext != ".rpm" {
			return fmt.Errorf("reading the upgrade: %s is neither a .deb nor a .rpm", file.path)
		}
	}
	if u.From == "" {
		from = ".deb"
	}
	if u.To != "" && from != to {
		return fmt.Errorf("reading the upgrade: %s is no %s, which it would upgrade", u.To, from)
	}
	return nil
}

// exist returns an error if one of the files cannot be read.
func (u Upgrade) exist() error {
	for _, path := range []string{u.From, u.To} {
		if path == "" {
			continue
		}
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("reading the upgrade: %w", err)
		}
		file.Close()
	}
	return nil
}
