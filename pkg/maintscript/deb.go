package maintscript

// Deb writes preinst, postinst, prerm and postrm. It refuses what it cannot do right: a name that would need quoting in a
// script, a template unit, an own script in another language than sh; the error names the file.
func Deb(p *Package) ([]Script, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	b := newBuilder(p, "/lib/systemd/system", "set -e\n")
	helpers := []string{
		"say", "state", "remember", "forget", "fail", "kept", "release", "deb-files", "deb-foreign", "copy", "clear", "place", "unplace",
		"policy-rc.d", "enabled", "active", "invocation", "start", "look", "before", "deb-version", "deb-back", "keep", "swap", "vanish",
		"without", "reopen", "instances", "return", "fallback", "reload", "report", "sockets", "upgrade",
	}
	return []Script{
		b.script("preinst", helpers,
			b.own(PreInstall, "deb-user"),
			b.use("deb-preinst"),
		),
		b.script("postinst", helpers,
			b.use("deb-again"),
			b.when("SYSUSERS", "deb-sysusers"),
			b.when("TMPFILES", "deb-tmpfiles"),
			b.own(PostInstall, "deb-user"),
			b.when("ENABLE", "deb-enable"),
			b.use("deb-running"),
			b.use("deb-restore"),
			b.use("deb-begin"),
			b.use("deb-end"),
		),
		b.script("prerm", helpers,
			b.use("deb-stop"),
			b.when("CLEAN", "deb-clean"),
			b.own(PreRemove, "deb-user"),
		),
		b.script("postrm", helpers,
			b.use("deb-postrm"),
			b.own(PostRemove, "deb-user"),
			b.when("KEPT", "deb-kept"),
		),
	}, nil
}
