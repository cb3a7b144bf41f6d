package hosts

import (
	"bytes"
	"os"
	"syscall"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// Whoever builds a release again, at another time, in another place and with another umask, gets the same bytes. Signed
// packages are none of this: a signature tells when it was made.
func TestReproducible(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	for _, packager := range []string{"deb", "rpm"} {
		t.Run(packager, func(t *testing.T) {
			var packages [2][]byte
			for i, umask := range []int{0o022, 0o002} {
				t.Setenv("TZ", []string{"UTC", "Pacific/Auckland"}[i])
				before := syscall.Umask(umask)
				path, err := built.lab.Package(t.Context(), lab.Release{Version: "1.0.0"}, packager)
				syscall.Umask(before)
				if err == nil {
					packages[i], err = os.ReadFile(path)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(packages[0], packages[1]) {
				t.Error("two builds differ")
			}
		})
	}
}
