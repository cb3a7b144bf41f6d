package maintscript

import (
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/nodrop/nodrop/pkg/units"
)

//go:embed fragments/*.sh fragments/*/*.sh
var fragments embed.FS

// builder fills fragments with the names of one package and joins them.
type builder struct {
	p      *Package
	format string // "deb" or "rpm"
	values map[string]string
	strict string // the line that says how the shell takes failures
}

func newBuilder(p *Package, format, unitDir, strict string) builder {
	var companions, names, patterns, plain, installable, services, clean []string
	var enable, arrive, upgrade, back, verify []string
	for _, s := range p.Units.Services {
		companions = append(companions, s.CompanionUnits()...)
		if s.SharesRuntime() {
			clean = append(clean, s.Name)
		}
		strategy := strategyOf(s)
		switch {
		case strategy != "":
			services = append(services, s.Name)
			upgrade = append(upgrade, callWith("nodrop_upgrade", s, strategy))
			back = append(back, callWith("nodrop_return", s, strategy))
		case s.IsTemplate() && !slices.ContainsFunc(s.Sockets, accepts):
			upgrade = append(upgrade, "nodrop_instances "+s.Stem())
			back = append(back, fmt.Sprintf(`! nodrop_within %s "$nodrop_touched" || nodrop_instances %[1]s`, s.Stem()))
		}
	}
	for _, u := range p.all() {
		names = append(names, u.Name)
		if u.IsTemplate() { // its instances are the admin's to enable and to start
			patterns = append(patterns, u.Stem()+"*"+u.Kind())
			continue
		}
		patterns = append(patterns, u.Name)
		plain = append(plain, u.Name)
		if !rooted(u) {
			verify = append(verify, u.Name)
		}
		if u.Installable() {
			installable = append(installable, u.Name)
			words := strings.TrimSpace(u.Name + " " + p.serviceOf(u))
			enable = append(enable, "nodrop_enable "+words)
			arrive = append(arrive, "nodrop_arrive "+words)
		}
	}
	words := func(names []string) string { return strings.Join(names, " ") }
	return builder{p: p, format: format, strict: strict, values: map[string]string{
		"PACKAGE":    p.Name,
		"UNITDIR":    unitDir,
		"SYSUSERS":   words(p.Sysusers),
		"TMPFILES":   words(p.Tmpfiles),
		"INSTALL":    words(installable),
		"UNITS":      words(plain),
		"VERIFY":     words(verify),
		"SERVICES":   words(services),
		"COMPANIONS": words(companions),
		"STOP":       words(append(slices.Clone(companions), patterns...)),
		"DISABLE":    words(append(companions, names...)),
		"CLEAN":      words(clean),
		"KEPT":       words(p.kept()),
		"ARRIVE":     strings.Join(arrive, "\n"),
		"ENABLE":     strings.Join(enable, "\n"),
		"UPGRADE":    strings.Join(upgrade, "\n"),
		"RETURN":     strings.Join(back, "\n"),
	}}
}

// callWith is the call of a function with a service and its sockets.
func callWith(function string, s *units.Service, strategy string) string {
	return strings.Join(append([]string{function, strategy, s.Stem()}, s.SocketNames()...), " ")
}

// strategyOf is how the service goes from one version to another. It is empty for a template, and for a job that runs and
// ends, which finds the new version the next time.
func strategyOf(s *units.Service) string {
	if e, _ := s.Get("Service", "Type"); e.Value == "oneshot" || s.IsTemplate() {
		return ""
	}
	if s.Overlaps() {
		return string(units.Overlap)
	}
	return string(units.Restart)
}

// rooted reports whether the service runs in a root directory of its own.
func rooted(u *units.Unit) bool {
	_, directory := u.Get("Service", "RootDirectory")
	_, image := u.Get("Service", "RootImage")
	return directory || image
}

// accepts reports whether each connection to the socket has an instance of its own (Accept=yes). Those are left to finish.
func accepts(s *units.Socket) bool {
	_, yes := s.Bool("Socket", "Accept")
	return yes
}

// serviceOf is the service of the package that the unit, if it is a socket, belongs to.
func (p *Package) serviceOf(u *units.Unit) string {
	for _, s := range p.Units.Services {
		for _, socket := range s.Sockets {
			if socket.Unit == u {
				return s.Name
			}
		}
	}
	return ""
}

// helpers are the fragments that only define names, each behind those that it uses; "*" is the format.
func helpers() []string {
	return []string{
		"say", "state", "remember", "forget", "fail", "active", "enabled", "invocation", "ask", "look", "before", "fresh", "*/version", "*/back", "*/policy",
		"kept", "release", "*/files", "*/foreign", "copy", "clear", "place", "unplace", "keep", "swap", "vanish",
		"start", "*/arrive", "*/depart", "without", "reopen", "instances", "return", "fallback", "reload", "report", "sockets", "upgrade",
	}
}

// script joins parts, and puts before them the helpers that they need. Empty parts are left out, so that a caller can write
// when(condition, fragment).
func (b builder) script(name string, parts ...string) Script {
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	for _, helper := range slices.Backward(helpers()) {
		text := b.use(strings.Replace(helper, "*", b.format, 1))
		if defines(text, strings.Join(parts, "")) {
			parts = slices.Insert(parts, 0, text)
		}
	}
	head := fmt.Sprintf("#!/bin/sh\n# %s of %s, %sits unit files; edit those\n", name, b.p.Name, units.Generated)
	return Script{Name: name, Data: []byte(head + b.strict + "\n" + strings.Join(parts, "\n"))}
}

// defines reports whether the text of a helper defines a function or variable that is used.
func defines(helper, used string) bool {
	for _, match := range regexp.MustCompile(`(?m)^(nodrop_[a-z]+)(\(\)|=)`).FindAllStringSubmatch(helper, -1) {
		if regexp.MustCompile(`\b` + match[1] + `\b`).MatchString(used) {
			return true
		}
	}
	return false
}

// use returns a fragment, filled.
func (b builder) use(fragment string) string { return fill(read(fragment), b.values) }

func read(fragment string) string {
	data, err := fragments.ReadFile("fragments/" + fragment + ".sh")
	if err != nil {
		panic(err) // a name in this package is misspelt
	}
	return string(data)
}

// when returns a fragment if it is needed, nothing otherwise.
func (b builder) when(value, fragment string) string {
	if b.values[value] == "" {
		return ""
	}
	return b.use(fragment)
}

// own returns the fragment that runs the package's own script, nothing if it has none.
func (b builder) own(hook Hook, fragment string) string {
	own, ok := b.p.Own[hook]
	if !ok {
		return ""
	}
	text := strings.TrimSuffix(string(own.Data), "\n")
	if strings.HasPrefix(text, "#!") {
		_, text, _ = strings.Cut(text, "\n")
	}
	if options, err := own.options(); err == nil && options != "" {
		text = "set " + options + "\n" + text
	}
	fallback := ":"
	if hook == PostInstall { // the new version is unpacked by then
		fallback = "nodrop_fallback"
	}
	return strings.NewReplacer("@SCRIPT@", text, "@KEY@", string(hook), "@PACKAGE@", b.p.Name, "@FALLBACK@", fallback).Replace(read(fragment))
}

// fill puts values in place of @KEY@. A key that stands alone on a line gives its indentation to every line of the value.
func fill(text string, values map[string]string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		if !strings.Contains(line, "@") {
			continue
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, "\t"))]
		var pairs []string
		for key, value := range values {
			pairs = append(pairs, "@"+key+"@", strings.ReplaceAll(value, "\n", "\n"+indent))
		}
		lines[i] = strings.NewReplacer(pairs...).Replace(line)
	}
	return strings.Join(lines, "")
}
