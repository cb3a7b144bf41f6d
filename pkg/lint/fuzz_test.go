package lint

import "testing"

// Whatever is in a unit and in a script, lint says something about it or not, and every finding has a place.
func FuzzCheck(f *testing.F) {
	f.Add(idealService, idealSocket, stops["postinst"], true)
	f.Add("[Service]\nRuntimeDirectory=a a\nDynamicUser=1", "[Socket]\nAccept=yes\nService=@.service", "rm -rf / /var/lib/*; systemctl enable --now '' @", false)
	f.Fuzz(func(t *testing.T, service, socket, script string, deb bool) {
		p := pkg{format: "rpm", files: files{"a.service": service, "a.socket": socket, "b.service": service, "b@.service": service}, scripts: map[string]string{}}
		names := []string{"pre", "post", "preun", "postun", "posttrans"}
		if deb {
			p.format, names = "deb", []string{"preinst", "postinst", "prerm", "postrm"}
		}
		for _, name := range names {
			p.scripts[name] = script
		}
		s := p.load("p")
		for _, finding := range Check(s, s) {
			if finding.Rule == "" || finding.File == "" || finding.Line < 0 {
				t.Errorf("%+v", finding)
			}
		}
	})
}
