package rehearse

import (
	"strings"
	"testing"
)

func TestUpgradeValidate(t *testing.T) {
	for _, tt := range []struct {
		name string
		u    Upgrade
		want string // in the error; "": none
	}{
		{"debs", Upgrade{From: "a/x.deb", To: "b/x.deb"}, ""},
		{"rpms", Upgrade{From: "x-1.rpm", To: "x-2.rpm"}, ""},
		{"reinstall", Upgrade{Package: "nginx"}, ""},
		{"from the sources to a file", Upgrade{Package: "nginx", To: "nginx.deb"}, ""},
		{"nothing", Upgrade{}, "give a file with --from"},
		{"only to", Upgrade{To: "x.deb"}, "give a file with --from"},
		{"only from", Upgrade{From: "x.deb"}, "give a file with --to"},
		{"two first ones", Upgrade{From: "x.deb", Package: "x"}, "one of --from and --package"},
		{"a file as a package", Upgrade{Package: "./x.deb"}, "no package's name"},
		{"an option as a package", Upgrade{Package: "-x"}, "no package's name"},
		{"neither deb nor rpm", Upgrade{From: "x.tar", To: "x.deb"}, "x.tar is neither"},
		{"two formats", Upgrade{From: "x.deb", To: "x.rpm"}, "x.rpm is no .deb"},
		{"a package to an rpm", Upgrade{Package: "nginx", To: "x.rpm"}, "x.rpm is no .deb"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.u.Validate()
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

// Two versions may have files of the same name.
func TestUpgradeFilesAreApart(t *testing.T) {
	u := Upgrade{From: "old/x.deb", To: "new/x.deb"}
	if u.fromFile() == u.toFile() {
		t.Errorf("both are at %s in the host", u.toFile())
	}
}
