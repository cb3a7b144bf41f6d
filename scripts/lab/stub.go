package lab

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/rpm" // registers the packager "rpm"
)

// Stub makes an rpm that holds nothing and stands for the Debian package of the
// same name, of which rpm on a Debian host knows nothing.
func (l *Lab) Stub(name, version string) (string, error) {
	packager, err := nfpm.Get("rpm")
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(l.dir, "stub-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name+".rpm")
	out, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer out.Close()
	info := nfpm.WithDefaults(&nfpm.Info{Name: name, Version: version, Arch: "all", Description: "stands for Debian's " + name})
	if err := packager.Package(info, out); err != nil {
		return "", fmt.Errorf("making a stub of %s: %w", name, err)
	}
	return path, out.Close()
}
