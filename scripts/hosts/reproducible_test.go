package hosts

import (
	"bytes"
	"os"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// Whoever builds a release again, anywhere, gets the same bytes.
func TestReproducible(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1700000000")
	for _, packager := range []string{"deb", "rpm"} {
		t.Run(packager, func(t *testing.T) {
			var packages [2][]byte
			for i := range packages {
				path, err := built.lab.Package(t.Context(), lab.Release{Version: "1.0.0"}, packager)
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
