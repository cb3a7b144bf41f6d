package host

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
)

// publishScript makes the index of the packages in the directory $1 and has apt read
// it, after a look at the new ones, which follow: apt-ftparchive passes over broken
// packages without a word.
const publishScript = `
cd "$1"
shift
for deb; do
	dpkg-deb --field "$deb" Package >/dev/null || { rm -- "$deb"; exit 1; }
done
apt-ftparchive packages . >Packages
apt-get -qq update
`

// Publish puts the .deb files of this machine into the host's apt repository, its only
// one, and runs apt-get update. A file of the same name is replaced, all others stay: apt
// takes the newest version unless told otherwise. Without files it takes those that were put
// into [Repository] in another way.
func (h *Host) Publish(ctx context.Context, debs ...string) error {
	args := []string{Repository}
	for _, deb := range debs {
		name := filepath.Base(deb)
		if err := h.Install(ctx, deb, path.Join(Repository, name), 0o644); err != nil {
			return err
		}
		args = append(args, "./"+name)
	}
	if err := h.script(ctx, nil, publishScript, args...); err != nil {
		return fmt.Errorf("publishing packages in the host: %w", err)
	}
	return nil
}
