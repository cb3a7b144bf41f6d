package rehearse

import (
	"context"
	"io"
	"slices"

	"github.com/nodrop/nodrop/pkg/host"
)

// rpms are installed by rpm: dnf would look for what they require, of which the host's rpm
// knows nothing. Their scriptlets run as in dnf's transactions.
type rpms struct{ Upgrade }

func (r rpms) needs() []string { return []string{"rpm"} }

func (r rpms) fetch(ctx context.Context, h *host.Host, _ io.Writer) error { return r.copy(ctx, h) }

// rpmUpgrade has rpm install a file, whatever version is there. Without --force-debian,
// Debian's rpm only recommends alien.
var rpmUpgrade = []string{"rpm", "--force-debian", "--upgrade", "--nodeps", "--oldpackage", "--replacepkgs"}

func (r rpms) install() []string { return slices.Concat(rpmUpgrade, []string{r.fromFile()}) }

func (r rpms) upgrade(context.Context, *host.Host) ([]string, error) {
	return slices.Concat(rpmUpgrade, []string{r.toFile()}), nil
}
