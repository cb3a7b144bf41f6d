package maintscript

// Deb writes preinst, postinst, prerm and postrm. It refuses what it cannot do right: a name that would need quoting in a
// script, an own script in another language than sh; the error names the file.
func Deb(p *Package) ([]Script, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	b := newBuilder(p, "deb", "/lib/systemd/system", "set -e\n")
	return []Script{
		b.script("preinst",
			b.own(PreInstall, "deb/user"),
			b.use("deb/preinst"),
		),
		b.script("postinst",
			b.use("deb/again"),
			b.when("SYSUSERS", "deb/sysusers"),
			b.when("TMPFILES", "deb/tmpfiles"),
			b.own(PostInstall, "deb/user"),
			b.when("ENABLE", "deb/enable"),
			b.use("deb/running"),
			b.use("deb/restore"),
			b.use("deb/begin"),
			b.use("deb/end"),
		),
		b.script("prerm",
			b.use("deb/stop"),
			b.when("CLEAN", "deb/clean"),
			b.own(PreRemove, "deb/user"),
		),
		b.script("postrm",
			b.use("deb/postrm"),
			b.own(PostRemove, "deb/user"),
			b.when("KEPT", "deb/purge"),
		),
	}, nil
}
