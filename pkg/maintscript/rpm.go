package maintscript

// RPM writes pre, post, preun, postun and posttrans; %pretrans and %verifyscript stay the package's own. It refuses what Deb
// refuses.
func RPM(p *Package) ([]Script, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	b := newBuilder(p, "/usr/lib/systemd/system", "")
	helpers := []string{
		"say", "state", "remember", "forget", "fail", "kept", "release", "rpm-files", "rpm-foreign", "copy", "clear", "place", "unplace",
		"no-policy", "enabled", "active", "invocation", "start", "look", "before", "rpm-arrive", "rpm-version", "rpm-back", "keep", "swap", "vanish",
		"without", "reopen", "instances", "return", "fallback", "reload", "report", "sockets", "upgrade",
	}
	return []Script{
		b.script("pre", helpers,
			b.own(PreInstall, "rpm-user"),
			b.use("rpm-pre"),
			b.use("rpm-end"),
		),
		b.script("post", helpers,
			b.when("SYSUSERS", "rpm-sysusers"),
			b.when("TMPFILES", "rpm-tmpfiles"),
			b.own(PostInstall, "rpm-user"),
			b.when("INSTALL", "rpm-preset"),
			b.use("rpm-begin"),
			b.use("rpm-end"),
		),
		b.script("preun", helpers,
			b.use("rpm-stop"),
			b.when("CLEAN", "rpm-clean"),
			b.own(PreRemove, "rpm-user"),
			b.use("rpm-end"),
		),
		b.script("postun", helpers,
			b.use("rpm-postun"),
			b.own(PostRemove, "rpm-user"),
			b.use("rpm-end"),
		),
		b.script("posttrans", helpers,
			b.own(PostTrans, "rpm-user"),
			b.use("rpm-rollout"),
			b.use("rpm-end"),
		),
	}, nil
}
