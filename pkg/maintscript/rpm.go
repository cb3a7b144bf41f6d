package maintscript

// RPM writes pre, post, preun, postun and posttrans; %pretrans and %verifyscript stay the package's own. It refuses what Deb
// refuses.
func RPM(p *Package) ([]Script, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	b := newBuilder(p, "rpm", "/usr/lib/systemd/system", "")
	return []Script{
		b.script("pre",
			b.own(PreInstall, "rpm/user"),
			b.use("rpm/pre"),
			b.use("rpm/end"),
		),
		b.script("post",
			b.when("SYSUSERS", "rpm/sysusers"),
			b.when("TMPFILES", "rpm/tmpfiles"),
			b.own(PostInstall, "rpm/user"),
			b.when("INSTALL", "rpm/preset"),
			b.use("rpm/begin"),
			b.use("rpm/end"),
		),
		b.script("preun",
			b.use("rpm/stop"),
			b.when("CLEAN", "rpm/clean"),
			b.own(PreRemove, "rpm/user"),
			b.use("rpm/end"),
		),
		b.script("postun",
			b.use("rpm/postun"),
			b.own(PostRemove, "rpm/user"),
			b.use("rpm/end"),
		),
		b.script("posttrans",
			b.own(PostTrans, "rpm/user"),
			b.use("rpm/rollout"),
			b.use("rpm/end"),
		),
	}, nil
}
