package rehearse

import (
	"context"
	"io"
	"path/filepath"

	"github.com/nodrop/nodrop/pkg/host"
)

// format is how packages of a kind are installed in a host.
type format interface {
	// needs are the packages of Debian that the host must have.
	needs() []string
	// fetch gets what the upgrade needs into the host.
	fetch(ctx context.Context, h *host.Host, log io.Writer) error
	// install is the command that installs the first version.
	install() []string
	// upgrade is the command that is run under load, once the first version is installed.
	upgrade(ctx context.Context, h *host.Host) ([]string, error)
}

func (u Upgrade) format(suite string) format {
	if filepath.Ext(u.From) == ".rpm" {
		return rpms{u}
	}
	return debs{u, suite}
}

// staging is where the files to install are in the host, and what else is ours.
const staging = "/var/lib/nodrop-drill/"

// fromFile and toFile are where the files are in the host: apart, as both may have one name.
func (u Upgrade) fromFile() string { return staging + "from/" + filepath.Base(u.From) }
func (u Upgrade) toFile() string   { return staging + "to/" + filepath.Base(u.To) }

// copy puts the files, which may be one and the same, into the host.
func (u Upgrade) copy(ctx context.Context, h *host.Host) error {
	var err error
	if u.From != "" {
		err = h.Install(ctx, u.From, u.fromFile(), 0o644)
	}
	if err == nil && u.To != "" {
		err = h.Install(ctx, u.To, u.toFile(), 0o644)
	}
	return err
}
