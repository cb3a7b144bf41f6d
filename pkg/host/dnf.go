package host

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
)

// dnfRepository is the directory of PublishRPM's repository.
const dnfRepository = "/srv/dnf"

// dnfConfig names the repository for dnf.
const dnfConfig = `[nodrop]
name=packages under test
baseurl=file://` + dnfRepository + `
gpgcheck=0
`

const publishRPMScript = `
createrepo_c --quiet "$1"
dnf --quiet --refresh makecache
`

// PublishRPM puts the .rpm files of this machine into the host's dnf repository, its only
// one, and has dnf read it. It takes a host with the packages dnf, rpm and createrepo-c. A
// file of the same name is replaced, all others stay: dnf takes the newest version unless
// told otherwise.
//
// What an rpm requires must be in rpms, too: rpm knows nothing of the host's Debian packages.
func (h *Host) PublishRPM(ctx context.Context, rpms ...string) error {
	err := h.WriteFile(ctx, "/etc/yum.repos.d/nodrop.repo", []byte(dnfConfig), 0o644)
	for _, rpm := range rpms {
		if err == nil {
			err = h.Install(ctx, rpm, path.Join(dnfRepository, filepath.Base(rpm)), 0o644)
		}
	}
	if err == nil {
		err = h.script(ctx, nil, publishRPMScript, dnfRepository)
	}
	if err != nil {
		return fmt.Errorf("publishing rpms in the host: %w", err)
	}
	return nil
}
