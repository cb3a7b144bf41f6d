package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/shellwalk"
	"github.com/nodrop/nodrop/pkg/units"
)

// step is one script that the package manager runs, with its arguments.
type step struct {
	of   *Package
	name string
	args []string
}

// upgradeSteps are those of an upgrade in which all goes well, in order (deb-postinst(5); the order of scriptlets in rpm's
// documentation). They are the same for an upgrade to the same version, as which a package alone is looked at.
func upgradeSteps(old, new *Package) []step {
	if new.Format == "deb" {
		return []step{
			{old, "prerm", []string{"upgrade", new.Version}},
			{new, "preinst", []string{"upgrade", old.Version, new.Version}},
			{old, "postrm", []string{"upgrade", new.Version}},
			{new, "postinst", []string{"configure", old.Version}},
		}
	}
	return []step{
		{new, "pretrans", []string{"2"}}, {new, "pre", []string{"2"}}, {new, "post", []string{"2"}},
		{old, "preun", []string{"1"}}, {old, "postun", []string{"1"}}, {new, "posttrans", []string{"2"}},
	}
}

// installSteps are those of a first install.
func installSteps(p *Package) []step {
	if p.Format == "deb" {
		return []step{{p, "preinst", []string{"install"}}, {p, "postinst", []string{"configure", ""}}}
	}
	return []step{{p, "pretrans", []string{"1"}}, {p, "pre", []string{"1"}}, {p, "post", []string{"1"}}, {p, "posttrans", []string{"1"}}}
}

// removeSteps are those of a removal; a purge is not one.
func removeSteps(p *Package) []step {
	if p.Format == "deb" {
		return []step{{p, "prerm", []string{"remove"}}, {p, "postrm", []string{"remove"}}}
	}
	return []step{{p, "preun", []string{"0"}}, {p, "postun", []string{"0"}}}
}

// calls are what the script of a step runs on a host. One that cannot be followed to its end is marked as cut.
func (st step) calls(h host) (calls []shellwalk.Call, place string) {
	script := st.of.scripts[st.name]
	if script == nil {
		return nil, ""
	}
	key := fmt.Sprintf("%s %q %d", st.name, st.args, h)
	if calls, ok := st.of.walked[key]; ok {
		return calls, script.place
	}
	calls, err := script.Walk(shellwalk.Run{
		Args: st.args,
		Env:  map[string]string{"DPKG_ROOT": "", "DPKG_MAINTSCRIPT_PACKAGE": st.of.Name, "DPKG_MAINTSCRIPT_NAME": st.name},
		Test: func(name string, args []string) shellwalk.Answer { return h.answer(st.of, name, args) },
	})
	st.of.walked[key] = calls
	script.cut = script.cut || err != nil
	return calls, script.place
}

// actionsOf are what the scripts of some steps do to units.
func actionsOf(steps []step, h host) (all []action) {
	for _, st := range steps {
		calls, place := st.calls(h)
		for _, c := range calls {
			all = append(all, actions(c, place)...)
		}
	}
	return all
}

// service is the package's own service that a name stands for; ok tells that the package has such a unit. The service is nil if
// its unit is not a file of the package, but made from a script in /etc/init.d.
func (p *Package) service(unit string) (s *units.Service, ok bool) {
	if target, isLink := p.alias(unit); isLink {
		unit = target
	}
	if stem, instance, is := strings.Cut(unit, "@"); is && instance != ".service" {
		unit = stem + "@.service"
	}
	if s := service(p.units, unit); s != nil {
		return s, true
	}
	return nil, p.ships("/etc/init.d/"+strings.TrimSuffix(unit, ".service")) && path.Ext(unit) == ".service"
}

// alias is the unit to which a link of the package points, or one that Alias= makes.
func (p *Package) alias(unit string) (target string, ok bool) {
	for _, f := range p.Paths {
		if f.Link != "" && path.Base(f.Name) == unit && strings.HasSuffix(path.Dir(f.Name), "/systemd/system") {
			return path.Base(f.Link), true
		}
	}
	for _, s := range p.units.Services {
		if slices.ContainsFunc(s.Names("Install", "Alias"), func(e units.Entry) bool { return e.Value == unit }) {
			return s.Name, true
		}
	}
	return "", false
}

// serves tells whether a service may have connections that a restart would end: not if it is done at once or when its time has
// come, or if it says itself how it is to be upgraded, or if nodrop rolls it out.
func (p *Package) serves(s *units.Service) bool {
	if s == nil {
		return true
	}
	says := slices.ContainsFunc(s.Entries("X-Nodrop"), func(e units.Entry) bool { return e.Key == "Strategy" })
	return serviceType(s).Value != "oneshot" && !says && !p.rollsOut(s) && !isTriggered(p.units, s)
}

// isTriggered tells a service that a timer or path of the same name starts.
func isTriggered(set *units.Set, s *units.Service) bool {
	return slices.ContainsFunc(set.Others, func(u *units.Unit) bool {
		return u.Stem() == s.Stem() && slices.Contains([]string{".timer", ".path"}, u.Kind())
	})
}

// rollsOut tells a service that has a rollout unit, as packages of nodrop do: their scripts restart it only where that does no harm.
func (p *Package) rollsOut(s *units.Service) bool {
	return p.ships("/usr/lib/systemd/system/" + s.Stem() + "-rollout.service")
}

// restarted are the services of the package that an action on a unit stops or restarts: the unit itself, also by the script in
// /etc/init.d of its name, and those that follow it (PartOf=, BindsTo= and Requires=, systemd.unit(5)).
func (p *Package) restarted(a action) (names []string) {
	if a.via == "sysv" && service(p.units, a.unit) != nil { // left to systemd
		return nil
	}
	if s, ok := p.service(a.unit); ok && p.serves(s) {
		names = append(names, a.unit)
	}
	for _, s := range p.units.Services {
		for _, key := range []string{"PartOf", "BindsTo", "Requires"} {
			follows := slices.ContainsFunc(s.Names("Unit", key), func(e units.Entry) bool { return e.Value == a.unit })
			if follows && p.serves(s) && !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
		}
	}
	return names
}
