package pack

import (
	"errors"
	"strings"

	"github.com/goreleaser/nfpm/v2"
)

// signError puts an error of signing to the line that names the key; other errors stay as they are. nfpm signs when
// deb.signature.key_file or rpm.signature.key_file is not empty.
func (c *config) signError(packager string, err error) error {
	var failure *nfpm.ErrSigningFailure
	if !errors.As(err, &failure) {
		return err
	}
	return c.errorf(c.find(packager, packager, "signature", "key_file"),
		"signing: %w; key_file is a secret PGP key, whose passphrase is taken from $NFPM_%s_PASSPHRASE or $NFPM_PASSPHRASE",
		failure.Err, strings.ToUpper(packager))
}
