package hosts

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/nodrop/nodrop/scripts/lab"
)

// stateDebs are the packages that the cases of docs/states.md install, by file name.
func stateDebs(t *testing.T) []string {
	t.Helper()
	old, next, bad := deb(t, lab.Release{Version: "1.0.0"}), deb(t, lab.Release{Version: "1.1.0"}), deb(t, lab.Release{Version: "1.2.0", Fault: "exit"})
	dir := t.TempDir()
	return []string{
		old, next, bad,
		repack(t, dir, next, "1.1.0+unpack", `mkdir -p usr/bin; echo >usr/bin/find`),
		repack(t, dir, next, "1.1.0+preinst", `echo 'exit 1' >>DEBIAN/preinst`),
		repack(t, dir, next, "1.1.0+postinst", `sed -i 's,^set -e$,&\n[ ! -e /run/broken ] || exit 1,' DEBIAN/postinst`),
		repack(t, dir, next, "1.1.0+port", `sed -i 's,ListenStream=8080,ListenStream=8081,' lib/systemd/system/myapp.socket`),
		repack(t, dir, next, "1.1.0+units", `sed -i 's,ListenStream=8080,ListenStream=eighty:80,' lib/systemd/system/myapp.socket`),
		repack(t, dir, old, "0.7.0", "rm DEBIAN/p*"),
		repack(t, dir, old, "0.1.0", plain),
		repack(t, dir, old, "0.8.0", bindsItself+stopsAlways),
		repack(t, dir, old, "0.9.0", bindsItself),
		repack(t, dir, old, "2.0.0", breaks),
		repack(t, dir, old, "2.0.1", breaks+`printf '#!/bin/sh\nexit 1\n' >DEBIAN/preinst; chmod +x DEBIAN/preinst`),
	}
}

const (
	// plain is a package with a program and no unit.
	plain = `rm -r lib usr/lib DEBIAN/p* DEBIAN/md5sums
`
	// bindsItself is a package as many are: one unit, whose program binds its ports, and scripts written by hand.
	bindsItself = plain + `mkdir -p lib/systemd/system
cat >lib/systemd/system/myapp.service <<END
[Service]
ExecStart=env -u INVOCATION_ID /usr/bin/myapp
StateDirectory=myapp
[Install]
WantedBy=multi-user.target
END
cat >DEBIAN/postinst <<'END'
#!/bin/sh
set -e
deb-systemd-helper enable myapp.service >/dev/null
systemctl daemon-reload
systemctl restart myapp.service
END
cat >DEBIAN/prerm <<'END'
#!/bin/sh
set -e
[ "$1" = upgrade ] || systemctl stop myapp.service
END
chmod +x DEBIAN/p*
`
	stopsAlways = `sed -i 's/.*upgrade.*/systemctl stop myapp.service/' DEBIAN/prerm
`
	// breaks is a package that myapp has to be deconfigured for.
	breaks = plain + `rm -r usr
sed -i 's/^Package: .*/Package: breaker/; s/^Depends: .*/Breaks: myapp/' DEBIAN/control
`
)

// repack makes another version of a package, changed by a shell script that runs in its directory.
func repack(t *testing.T, dir, from, version, change string) string {
	t.Helper()
	tree, deb := filepath.Join(dir, "tree"), filepath.Join(dir, "myapp_"+version+"_amd64.deb")
	const script = `rm -rf "$1"; dpkg-deb -R "$3" "$1"; cd "$1"
sed -i "s/^Version: .*/Version: $4/" DEBIAN/control
eval "$5"
exec dpkg-deb --root-owner-group -Zgzip -z1 -b . "$2" >/dev/null`
	if out, err := exec.Command("sh", "-euc", script, "sh", tree, deb, from, version, change).CombinedOutput(); err != nil {
		t.Fatalf("making %s: %v\n%s", deb, err, out)
	}
	return deb
}
