package hosts

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// myapp, and its standby, which is made from the same unit, are exposed at 2.0 or less by systemd's reckoning.
func TestSecurity(t *testing.T) {
	generated := t.TempDir()
	generate := exec.CommandContext(t.Context(), built.nodrop, "generate", "-f", "packaging/myapp/nfpm.yaml", generated)
	generate.Dir = built.lab.Checkout()
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, unit := range []string{
		filepath.Join(built.lab.Checkout(), "packaging/myapp/myapp.service"),
		filepath.Join(generated, "units/myapp-standby.service"),
	} {
		const tenths = "20"
		out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=yes", "--no-pager", "--threshold="+tenths, unit).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}
