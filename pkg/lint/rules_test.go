package lint

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/nodrop/nodrop/pkg/unpack"
)

// A service and a socket that follow all advice.
const (
	idealService = `[Unit]
StartLimitIntervalSec=0
[Service]
Type=notify
ExecStart=/usr/bin/a
Restart=on-failure
[Install]
WantedBy=multi-user.target
`
	idealSocket = `[Socket]
ListenStream=80
TriggerLimitIntervalSec=0
[Install]
WantedBy=sockets.target
`
)

// pkg is a package to be checked: the ideal units, but for what a case changes.
type pkg struct {
	format   string // "deb" by default
	files    files  // units by path or, without "/", by name in /usr/lib/systemd/system; an empty text removes one
	scripts  map[string]string
	paths    []unpack.Path
	sysusers string
}

func (p pkg) load(shown string) *Subject {
	u := &unpack.Package{Format: p.format, Name: "a", Version: "1.0", Paths: slices.Clone(p.paths)}
	if u.Format == "" {
		u.Format = "deb"
	}
	all := files{"a.service": idealService, "a.socket": idealSocket}
	maps.Copy(all, p.files)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		file := name
		if !path.IsAbs(name) {
			file = "/usr/lib/systemd/system/" + name
		}
		if all[name] != "" {
			u.Files = append(u.Files, unpack.File{Path: file, Data: []byte(all[name])})
			u.Paths = append(u.Paths, unpack.Path{Name: file})
		}
	}
	for name, text := range p.scripts {
		s := unpack.Script{Name: name, Data: []byte(text)}
		if interpreter, rest, ok := strings.Cut(text, "|"); ok && u.Format == "rpm" && !strings.ContainsAny(interpreter, " \n") {
			s.Interpreter, s.Data = interpreter, []byte(rest)
		}
		u.Scripts = append(u.Scripts, s)
	}
	if p.sysusers != "" {
		u.Config = []unpack.File{{Path: "/usr/lib/sysusers.d/a.conf", Data: []byte(p.sysusers)}}
	}
	return newPackage(u, shown)
}

// stops is what every good deb has, so that a.service stops at a removal and comes back.
var stops = map[string]string{
	"prerm":    "set -e\nif [ \"$1\" = remove ]; then deb-systemd-invoke stop a.service; fi\n",
	"postinst": "set -e\nif [ \"$1\" = abort-remove ]; then deb-systemd-invoke start a.service; fi\n",
}

// with are these and more scripts.
func with(more map[string]string) map[string]string {
	all := maps.Clone(stops)
	maps.Copy(all, more)
	return all
}

// script is the good package with one script of another text. A postinst keeps what it must do.
func debScript(name, text string) pkg {
	if name == "postinst" {
		text = stops["postinst"] + text
	}
	return pkg{scripts: with(map[string]string{name: text})}
}

// rpmStops is what every good rpm has.
const rpmStops = "if [ $1 -eq 0 ]; then systemctl --no-reload disable --now a.service || :; fi\n"

func rpmScript(name, text string) pkg {
	if name == "preun" {
		return pkg{format: "rpm", scripts: map[string]string{name: text}}
	}
	return pkg{format: "rpm", scripts: map[string]string{"preun": rpmStops, name: text}}
}

func unit(name, text string) pkg { return pkg{files: files{name: text}, scripts: stops} }

func withService(more string) pkg { return unit("a.service", idealService+"[Service]\n"+more) }

func withSocket(more string) pkg { return unit("a.socket", idealSocket+"[Socket]\n"+more) }

// Each rule has a hit, with the place that it must name, and near misses, in which it must be silent. Other rules may speak.
var ruleCases = []struct {
	rule string
	name string
	pkg  pkg
	want string // "severity place; …", as in "error p:postinst:2"; empty for silence
}{
	{"no-socket-unit", "none", unit("a.socket", ""), "error p/usr/lib/systemd/system/a.service:3"},
	{"no-socket-unit", "oneshot", pkg{files: files{"a.socket": "", "a.service": "[Service]\nType=oneshot\n"}}, ""},
	{"type-not-notify", "simple", withService("Type=simple"), "error p/usr/lib/systemd/system/a.service:10"},
	{"type-not-notify", "set anew", withService("Type=simple\nType=notify"), ""},
	{"type-not-notify", "an instance for each connection", pkg{files: files{"a.service": "", "a.socket": "[Socket]\nAccept=yes\n", "a@.service": "[Service]\n"}}, ""},
	{"type-unsupported", "forking", withService("Type=forking"), "error p/usr/lib/systemd/system/a.service:10"},
	{"type-unsupported", "notify", withService(""), ""},
	{"killmode-none", "none", withService("KillMode=none"), "error p/usr/lib/systemd/system/a.service:10"},
	{"killmode-none", "mixed", withService("KillMode=mixed"), ""},
	{"dynamic-user", "yes", withService("DynamicUser=1"), "error p/usr/lib/systemd/system/a.service:10"},
	{"dynamic-user", "no", withService("DynamicUser=0"), ""},
	{"start-limit-in-service", "there", withService("StartLimitIntervalSec=0"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"start-limit-in-service", "in [Unit]", unit("a.service", idealService), ""},
	{"start-limit", "missing", unit("a.service", "[Service]\nType=notify\n"), "warning p/usr/lib/systemd/system/a.service:1"},
	{"start-limit", "some", unit("a.service", "[Unit]\nStartLimitIntervalSec=10\n"), "warning p/usr/lib/systemd/system/a.service:2"},
	{"start-limit", "zero, old spelling", unit("a.service", "[Service]\nStartLimitInterval=0\n"), ""},
	{"start-limit", "zero, old spelling in its section", unit("a.service", "[Unit]\nStartLimitInterval=0\n"), ""},
	{"start-limit", "no burst is too many", unit("a.service", "[Unit]\nStartLimitBurst=0\n"), ""},
	{"start-limit", "another burst", unit("a.service", "[Unit]\nStartLimitBurst=3\n"), "warning p/usr/lib/systemd/system/a.service:2"},
	{"start-limit", "no socket", pkg{files: files{"a.socket": "", "a.service": "[Service]\n"}}, ""},
	{"restart-missing", "missing", unit("a.service", "[Service]\nType=notify\n"), "warning p/usr/lib/systemd/system/a.service:1"},
	{"restart-missing", "no", withService("Restart=no"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"restart-missing", "oneshot", unit("a.service", "[Service]\nType=oneshot\n"), ""},
	{"stop-timeout-short", "30 s", withService("TimeoutStopSec=30s"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"stop-timeout-short", "both", withService("TimeoutSec=1min"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"stop-timeout-short", "90 s", withService("TimeoutStopSec=1min 30s"), ""},
	{"stop-timeout-infinity", "for ever", withService("TimeoutStopSec=infinity"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"stop-timeout-infinity", "zero is that", withService("TimeoutStopSec=0"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"stop-timeout-infinity", "only the start", withService("TimeoutStartSec=infinity"), ""},
	{"exec-stop-kill", "kill", withService("ExecStop=-/bin/kill -QUIT $MAINPID"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"exec-stop-kill", "a program", withService("ExecStop=/usr/bin/a --drain"), ""},
	{"kill-signal", "SIGKILL", withService("KillSignal=SIGKILL"), "error p/usr/lib/systemd/system/a.service:10"},
	{"kill-signal", "SIGQUIT", withService("KillSignal=SIGQUIT"), ""},
	{"socket-required", "Requires", withService("[Unit]\nRequires=a.socket"), "warning p/usr/lib/systemd/system/a.service:11"},
	{"socket-required", "Wants", withService("[Unit]\nWants=a.socket\nRequires=b.socket"), ""},
	{"pid-file", "notify", withService("PIDFile=/run/a.pid"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"pid-file", "forking", withService("Type=forking\nPIDFile=/run/a.pid"), ""},
	{"runtime-max", "a day", withService("RuntimeMaxSec=1d"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"runtime-max", "none", withService("RuntimeMaxSec=infinity"), ""},
	{"carry-user-shared", "nobody", withService("User=nobody\n[X-Nodrop]\nCarry=yes"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"carry-user-shared", "root", withService("[X-Nodrop]\nCarry=yes"), "warning p/usr/lib/systemd/system/a.service:3"},
	{"carry-user-shared", "its own", withService("User=a\n[X-Nodrop]\nCarry=yes"), ""},
	{"carry-user-shared", "nothing is carried", withService("User=nobody"), ""},
	{"carry-user-shared", "a dynamic one", withService("DynamicUser=yes\n[X-Nodrop]\nCarry=yes"), ""},
	{"refuse-manual", "stop", withService("[Unit]\nRefuseManualStop=yes"), "error p/usr/lib/systemd/system/a.service:11"},
	{"refuse-manual", "no", withService("[Unit]\nRefuseManualStop=no"), ""},
	{"unit-syntax", "no key", withService("Restart always"), "error p/usr/lib/systemd/system/a.service:10"},
	{"unit-syntax", "an option that does not exist", withService("[X-Nodrop]\nStrategie=x"), "error p/usr/lib/systemd/system/a.service:11"},
	{"unit-syntax", "an unknown key", withService("Colour=red"), ""},

	{"socket-follows-service", "PartOf", withSocket("[Unit]\nPartOf=a.service"), "error p/usr/lib/systemd/system/a.socket:8"},
	{"socket-follows-service", "a target", withSocket("[Unit]\nPartOf=a.target"), ""},
	{"accept-yes", "yes", withSocket("Accept=yes"), "error p/usr/lib/systemd/system/a.socket:7"},
	{"accept-yes", "no", withSocket("Accept=no"), ""},
	{"trigger-limit", "missing", unit("a.socket", "[Socket]\nListenStream=80\n"), "warning p/usr/lib/systemd/system/a.socket:1"},
	{"trigger-limit", "zero", withSocket(""), ""},
	{"flush-pending", "yes", withSocket("FlushPending=yes"), "error p/usr/lib/systemd/system/a.socket:7"},
	{"flush-pending", "no", withSocket("FlushPending=no"), ""},
	{"backlog-small", "64", withSocket("Backlog=64"), "warning p/usr/lib/systemd/system/a.socket:7"},
	{"backlog-small", "1024", withSocket("Backlog=1024"), ""},
	{"backlog-small", "set anew", withSocket("Backlog=64\nBacklog=4096"), ""},
	{"socket-address-twice", "two units", unit("b.socket", "[Socket]\nListenStream=[::]:80\nService=a.service\n"), "error p/usr/lib/systemd/system/b.socket:2"},
	{"socket-address-twice", "another port", unit("b.socket", "[Socket]\nListenStream=81\n"), ""},
	{"socket-address-twice", "not at once", unit("b.socket", "[Unit]\nConflicts=a.socket\n[Socket]\nListenStream=80\n"), ""},
	{"descriptor-name-twice", "the same name", unit("b.socket", "[Socket]\nListenStream=81\nService=a.service\nFileDescriptorName=a.socket\n"), "warning p/usr/lib/systemd/system/b.socket:4"},
	{"descriptor-name-twice", "default names", unit("b.socket", "[Socket]\nListenStream=81\nService=a.service\n"), ""},
	{"socket-service-unknown", "none", unit("b.socket", "[Socket]\nListenStream=81\n"), "warning p/usr/lib/systemd/system/b.socket:1"},
	{"socket-service-unknown", "an instance", pkg{files: files{"b.socket": "[Socket]\nService=b@x.service\n", "b@.service": "[Service]\nType=notify\n"}, scripts: stops}, ""},

	{"runtime-directory-shared", "two", pkg{files: files{"a.service": idealService + "[Service]\nRuntimeDirectory=a", "b.service": idealService + "[Service]\nRuntimeDirectory=b a"}}, "warning p/usr/lib/systemd/system/b.service:10"},
	{"runtime-directory-shared", "preserved", pkg{files: files{"a.service": idealService + "[Service]\nRuntimeDirectory=a\nRuntimeDirectoryPreserve=yes", "b.service": idealService + "[Service]\nRuntimeDirectory=a\nRuntimeDirectoryPreserve=yes"}}, ""},
	{"dynamic-user-shared", "two", pkg{files: files{"a.service": idealService + "[Service]\nStateDirectory=a", "b.service": idealService + "[Service]\nDynamicUser=yes\nStateDirectory=a"}}, "error p/usr/lib/systemd/system/b.service:11"},
	{"dynamic-user-shared", "two directories", pkg{files: files{"a.service": idealService + "[Service]\nStateDirectory=a", "b.service": idealService + "[Service]\nDynamicUser=yes\nStateDirectory=b"}}, ""},
	{"nonblocking-shared", "one", pkg{files: files{"a.service": idealService + "[Service]\nNonBlocking=yes", "b.service": idealService + "[Service]\nSockets=a.socket"}}, "warning p/usr/lib/systemd/system/b.service:3"},
	{"nonblocking-shared", "not shared", pkg{files: files{"b.service": idealService}}, ""},
	{"not-installable", "nothing", pkg{files: files{"a.socket": "[Socket]\nListenStream=80\n", "a.service": "[Service]\nType=notify\n"}}, "warning p/usr/lib/systemd/system/a.service:1"},
	{"not-installable", "an instance", pkg{files: files{"a@x.service": "[Service]\nType=notify\n"}, scripts: stops}, ""},
	{"not-installable", "the socket is", unit("a.service", "[Service]\nType=notify\n"), ""},
	{"not-installable", "a timer starts it", pkg{files: files{"a.socket": "", "a.service": "[Service]\n", "a.timer": "[Timer]\nOnCalendar=daily\n"}}, ""},

	{"restart-on-upgrade", "configure", debScript("postinst", "deb-systemd-invoke restart a.service\n"), "warning p:postinst:3"},
	{"restart-on-upgrade", "without a socket", pkg{files: files{"a.socket": ""}, scripts: with(map[string]string{"postinst": "set -e\nservice a restart\n"})}, "error p:postinst:2"},
	{"restart-on-upgrade", "at the first install", debScript("postinst", "if [ -z \"$2\" ]; then systemctl restart a; fi\n"), ""},
	{"restart-on-upgrade", "for an older version", debScript("postinst", "if dpkg --compare-versions \"$2\" lt-nl 0.9; then systemctl restart a; fi\n"), ""},
	{"restart-on-upgrade", "another package's", debScript("postinst", "systemctl restart b.service\n"), ""},
	{"restart-on-upgrade", "a rollout", pkg{scripts: with(map[string]string{"postinst": "systemctl restart a.service"}), paths: []unpack.Path{{Name: "/lib/systemd/system/a-rollout.service"}}}, ""},
	{"restart-on-upgrade", "an alias", pkg{scripts: with(map[string]string{"postinst": "set -e\ninvoke-rc.d b restart"}), paths: []unpack.Path{{Name: "/lib/systemd/system/b.service", Link: "a.service"}}}, "warning p:postinst:2"},
	{"restart-on-upgrade", "left to systemd", pkg{scripts: with(map[string]string{"postinst": "set -e\ninvoke-rc.d --skip-systemd-native a restart"}), paths: []unpack.Path{{Name: "/etc/init.d/a"}}}, ""},
	{"restart-on-upgrade", "only a script in init.d", pkg{files: files{"a.service": "", "a.socket": ""}, scripts: map[string]string{"postinst": "set -e\ninvoke-rc.d --skip-systemd-native a restart"}, paths: []unpack.Path{{Name: "/etc/init.d/a"}}}, "error p:postinst:2"},
	{"restart-on-upgrade", "a target", pkg{files: files{"a.target": "[Unit]\n", "a.service": idealService + "[Unit]\nPartOf=a.target\n"}, scripts: with(map[string]string{"postinst": "set -e\nsystemctl restart a.target"})}, "warning p:postinst:2"},
	{"restart-on-upgrade", "what follows it", pkg{files: files{"b.service": "[Service]\nType=oneshot\n", "a.service": idealService + "[Unit]\nPartOf=b.service\n"}, scripts: with(map[string]string{"postinst": "set -e\ninvoke-rc.d b restart"})}, "warning p:postinst:2"},
	{"restart-on-upgrade", "one that a timer starts", pkg{files: files{"a.timer": "[Timer]\n"}, scripts: with(map[string]string{"postinst": "systemctl restart a"})}, ""},
	{"restart-on-upgrade", "a reload", pkg{files: files{"a.service": idealService + "[Service]\nExecReload=/usr/bin/a reload\n"}, scripts: with(map[string]string{"postinst": "systemctl reload-or-restart a"})}, ""},
	{"restart-on-upgrade", "no reload", debScript("postinst", "systemctl reload-or-restart a"), "warning p:postinst:3"},
	{"restart-on-upgrade", "rpm", rpmScript("postun", "if [ $1 -ge 1 ]; then systemctl try-restart a.service || :; fi"), "warning p:postun:1"},
	{"restart-on-upgrade", "it says so", pkg{files: files{"a.service": idealService + "[X-Nodrop]\nStrategy=restart\n"}, scripts: with(map[string]string{"postinst": "systemctl restart a"})}, ""},
	{"stop-on-upgrade", "prerm", debScript("prerm", "set -e\nsystemctl stop a.service\n"), "error p:prerm:2"},
	{"stop-on-upgrade", "prerm remove", debScript("prerm", stops["prerm"]), ""},
	{"stop-on-upgrade", "preun", rpmScript("preun", "systemctl stop a.service || :"), "error p:preun:1"},
	{"stop-on-upgrade", "preun 0", rpmScript("preun", rpmStops), ""},
	{"socket-restart-on-upgrade", "debhelper", debScript("postinst", "deb-systemd-invoke restart a.service a.socket || true"), "error p:postinst:3"},
	{"socket-restart-on-upgrade", "a start", debScript("postinst", "deb-systemd-invoke start a.socket || true"), ""},
	{"killed-on-upgrade", "pkill", debScript("postinst", "pkill -x a || true"), "error p:postinst:3"},
	{"killed-on-upgrade", "asks only", debScript("postinst", "killall -0 a || true"), ""},
	{"stopped-service-started", "restart", debScript("postinst", "deb-systemd-invoke restart a.service"), "warning p:postinst:3"},
	{"stopped-service-started", "try-restart", debScript("postinst", "deb-systemd-invoke try-restart a.service"), ""},
	{"stopped-service-started", "asked", debScript("postinst", "if systemctl is-active -q a; then systemctl restart a; fi"), ""},
	{"enable-on-upgrade", "always", debScript("postinst", "systemctl enable --now a.service"), "warning p:postinst:3"},
	{"enable-on-upgrade", "at the first install", debScript("postinst", "if [ \"$1\" = configure ] && [ -z \"$2\" ]; then systemctl enable a.service; fi"), ""},
	{"enable-on-upgrade", "deb-systemd-helper", debScript("postinst", "deb-systemd-helper enable a.service"), ""},
	{"enable-on-upgrade", "if it is enabled", debScript("postinst", "if systemctl is-enabled -q a; then systemctl reenable a.service; fi"), ""},
	{"unmask-on-upgrade", "systemctl", debScript("postinst", "systemctl unmask a.service"), "warning p:postinst:3"},
	{"unmask-on-upgrade", "deb-systemd-helper", debScript("postinst", "deb-systemd-helper unmask a.service"), ""},
	{"data-removed-on-upgrade", "postrm", debScript("postrm", "set -e\nrm -rf /var/lib/a"), "error p:postrm:2"},
	{"data-removed-on-upgrade", "purge", debScript("postrm", "set -e\nif [ \"$1\" = purge ]; then rm -rf /var/lib/a; fi"), ""},
	{"data-removed-on-upgrade", "an obsolete part", debScript("postinst", "rm -rf /var/lib/a/old-format"), ""},
	{"data-removed-on-upgrade", "if it is none", debScript("postinst", "if ! [ -d /var/lib/a ]; then rm -rf /var/lib/a; fi"), ""},
	{"data-removed-on-upgrade", "perhaps", debScript("postrm", "set -e\nif grep -q x /etc/a; then rm -rf /var/lib/a; fi"), "warning p:postrm:2"},
	{"data-removed-on-upgrade", "postun", rpmScript("postun", "rm -rf /etc/a /tmp/a || :"), "error p:postun:1"},
	{"data-removed-on-remove", "postrm", debScript("postrm", "set -e\ncase $1 in remove|purge) rm -rf /var/lib/a;; esac"), "warning p:postrm:2"},
	{"data-removed-on-remove", "a cache", debScript("postrm", "set -e\ncase $1 in remove|purge) rm -rf /var/cache/a;; esac"), ""},
	{"user-removed-on-upgrade", "postrm", debScript("postrm", "set -e\ndeluser --system a"), "error p:postrm:2"},
	{"user-removed-on-upgrade", "purge", debScript("postrm", "set -e\n[ \"$1\" != purge ] || deluser --system a"), ""},
	{"own-files-removed", "postun", rpmScript("postun", "rm -f /lib/systemd/system/a.service"), "error p:postun:1"},
	{"own-files-removed", "postun 0", rpmScript("postun", "[ $1 -gt 0 ] || rm -f /lib/systemd/system/a.service"), ""},
	{"chown-on-upgrade", "always", debScript("postinst", "chown -R a: /var/lib/a"), "warning p:postinst:3"},
	{"chown-on-upgrade", "not below", debScript("postinst", "chown a: /var/lib/a"), ""},
	{"fails-without-systemd", "daemon-reload", debScript("postinst", "systemctl daemon-reload"), "error p:postinst:3"},
	{"fails-without-systemd", "asked", debScript("postinst", "if [ -d /run/systemd/system ]; then systemctl daemon-reload; fi"), ""},
	{"fails-without-systemd", "perhaps", debScript("postinst", "if command -v systemctl; then systemctl daemon-reload; fi"), "warning p:postinst:3"},
	{"fails-without-systemd", "links only", debScript("postinst", "systemctl enable b.service"), ""},
	{"not-stopped-on-remove", "nobody", pkg{}, "warning p/usr/lib/systemd/system/a.service:3"},
	{"not-stopped-on-remove", "prerm", pkg{scripts: stops}, ""},
	{"not-stopped-on-remove", "macro", rpmScript("preun", "if [ $1 -eq 0 ]; then /usr/lib/systemd/systemd-update-helper remove-system-units a.service || :; fi"), ""},
	{"user-missing", "nobody", withService("User=a"), "warning p/usr/lib/systemd/system/a.service:10"},
	{"user-missing", "sysusers", pkg{files: files{"a.service": idealService + "[Service]\nUser=a"}, sysusers: "# one\nu a - \"A\"\n"}, ""},
	{"user-missing", "adduser", pkg{files: files{"a.service": idealService + "[Service]\nUser=a"}, scripts: map[string]string{"postinst": "u=a; adduser --system $u"}}, ""},
	{"user-missing", "one that is everywhere", withService("User=www-data"), ""},
	{"unit-conffile", "in /etc", pkg{files: files{"/etc/systemd/system/b.service": idealService}}, "warning p/etc/systemd/system/b.service:1"},
	{"unit-conffile", "in /usr/lib", pkg{}, ""},
	{"script-syntax", "unfinished", debScript("prerm", "if true; then\n"), "error p:prerm:1"},
	{"script-syntax", "good", pkg{scripts: stops}, ""},
	{"script-not-read", "perl", debScript("prerm", "#!/usr/bin/perl\nexit 0;\n"), "note p:prerm:1"},
	{"script-not-read", "lua", pkg{format: "rpm", scripts: map[string]string{"pre": "<lua>|x = 1"}}, "note p:pre:1"},
	{"script-not-read", "endless", debScript("prerm", "set -e\nf() { f; }\nf"), "note p:prerm:1"},
	{"script-not-read", "bash", debScript("prerm", "#!/bin/bash\nset -e\n"), ""},

	{"restart-failure-hidden", "|| true", debScript("postinst", "deb-systemd-invoke restart a.service || true"), "warning p:postinst:3"},
	{"restart-failure-hidden", "told", debScript("postinst", "deb-systemd-invoke restart a.service || { echo; exit 1; }"), ""},
	{"daemon-reload-missing", "missing", debScript("postinst", "deb-systemd-invoke restart a.service"), "warning p:postinst:3"},
	{"daemon-reload-missing", "before", debScript("postinst", "systemctl daemon-reload || true; deb-systemd-invoke restart a.service"), ""},
	{"policy-rc-d-ignored", "systemctl", debScript("postinst", "systemctl restart a.service"), "warning p:postinst:3"},
	{"policy-rc-d-ignored", "asked", debScript("postinst", "if [ -x /usr/sbin/policy-rc.d ]; then p=yes; fi; /usr/sbin/policy-rc.d a restart; systemctl restart a.service"), ""},
	{"policy-rc-d-ignored", "invoke-rc.d", debScript("postinst", "invoke-rc.d a restart"), ""},
	{"set-e-missing", "missing", debScript("prerm", "#!/bin/sh\necho; echo\n"), "warning p:prerm:1"},
	{"set-e-missing", "in the first line", debScript("prerm", "#!/bin/sh -e\necho; echo\n"), ""},
	{"abort-fails", "unknown argument", debScript("postinst", "case $1 in configure) ;; *) echo what >&2; exit 1;; esac"), "error p:postinst:3"},
	{"abort-fails", "all are known", debScript("postinst", "case $1 in configure|abort-*) ;; *) exit 1;; esac"), ""},
	{"abort-not-restored", "not", pkg{scripts: map[string]string{"prerm": stops["prerm"]}}, "warning p:prerm:2"},
	{"abort-not-restored", "restored", pkg{scripts: stops}, ""},

	{"scriptlet-fails", "the last command", rpmScript("post", "systemctl --no-reload preset a.service"), "warning p:post:1"},
	{"scriptlet-fails", "not the last", rpmScript("post", "systemctl --no-reload preset a.service\ntrue"), ""},
	{"scriptlet-fails", "exit", rpmScript("preun", rpmStops+"exit 1"), "warning p:preun:2"},
	{"restart-before-posttrans", "post", rpmScript("post", "systemctl try-restart a.service || :"), "warning p:post:1"},
	{"restart-before-posttrans", "posttrans", rpmScript("posttrans", "systemctl try-restart a.service || :"), ""},
	{"enable-instead-of-preset", "enable", rpmScript("post", "if [ $1 = 1 ]; then systemctl enable a.service || :; fi"), "warning p:post:1"},
	{"enable-instead-of-preset", "preset", rpmScript("post", "if [ $1 = 1 ]; then systemctl --no-reload preset a.service || :; fi"), ""},
	{"start-on-install", "start", rpmScript("post", "systemctl start a.service || :"), "warning p:post:1"},
	{"start-on-install", "nothing", rpmScript("post", "systemctl daemon-reload || :"), ""},

	{"silence-without-reason", "none", unit("a.service", strings.Replace(idealService, "[Service]", "# nodrop-lint: disable=restart-missing\n[Service]", 1)), "warning p/usr/lib/systemd/system/a.service:3"},
	{"silence-without-reason", "one", unit("a.service", "# nodrop-lint: disable=restart-missing cron does it\n[Service]\nType=notify\n"), ""},
	{"silence-unused", "nothing there", unit("a.service", "# nodrop-lint: disable=killmode-none so be it\n"+idealService), "warning p/usr/lib/systemd/system/a.service:1"},
	{"silence-unused", "used", withService("# nodrop-lint: disable=killmode-none so be it\nKillMode=none"), ""},
	{"silence-unknown", "misspelt", unit("a.service", "# nodrop-lint: disable=killmode so be it\n"+idealService), "warning p/usr/lib/systemd/system/a.service:1"},
	{"silence-unknown", "known", unit("a.service", "# nodrop-lint: disable=killmode-none so be it\n"+idealService), ""},
}

func TestRuleCases(t *testing.T) {
	for _, tt := range ruleCases {
		t.Run(tt.rule+"/"+tt.name, func(t *testing.T) {
			var got []string
			for _, f := range Check(tt.pkg.load("p"), nil) {
				if f.Rule == tt.rule {
					got = append(got, fmt.Sprintf("%s %s", f.Severity, f.Place()))
				}
				if !strings.HasSuffix(f.Why, ".") || !strings.HasSuffix(f.Fix, ".") {
					t.Errorf("Why and Fix are sentences: %s", f)
				}
			}
			if g := strings.Join(got, "; "); g != tt.want {
				t.Errorf("findings %q, want %q", g, tt.want)
			}
		})
	}
}

// No rule is without a hit, a near miss and what its page needs. Those about two versions have theirs in TestUpgrade.
func TestEveryRule(t *testing.T) {
	ids := map[string]bool{}
	for _, r := range Rules() {
		if ids[r.ID] {
			t.Errorf("two rules are called %s", r.ID)
		}
		ids[r.ID] = true
		if r.Title == "" || r.Why == "" || r.Fix == "" || r.Category == "" || strings.HasSuffix(r.Title, ".") {
			t.Errorf("the page of %s lacks something", r.ID)
		}
		if r.upgrade != nil {
			continue
		}
		hit, miss := false, false
		for _, tt := range ruleCases {
			hit = hit || tt.rule == r.ID && tt.want != ""
			miss = miss || tt.rule == r.ID && tt.want == ""
		}
		if !hit || !miss {
			t.Errorf("%s has a hit: %v, a near miss: %v", r.ID, hit, miss)
		}
	}
	if len(ids) < 30 {
		t.Errorf("%d rules", len(ids))
	}
}

// A good package has no findings, and neither have units of the kind that the advice asks for.
func TestNothingToSay(t *testing.T) {
	for _, p := range []pkg{{scripts: stops}, {format: "rpm", scripts: map[string]string{"preun": rpmStops}}} {
		for _, f := range Check(p.load("p"), nil) {
			t.Error(f)
		}
	}
	subjects, err := Load("../../packaging/myapp")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Check(subjects[0], nil) {
		t.Error(f)
	}
}

// In an upgrade the old version's prerm and postrm run, and the new one's preinst and postinst.
func TestAgainst(t *testing.T) {
	old, new := debScript("prerm", "set -e\nsystemctl stop a.service\n").load("old"), debScript("postinst", "deb-systemd-invoke restart a.service").load("new")
	var got []string
	for _, f := range Check(new, old) {
		if f.Drops {
			got = append(got, f.Rule+" "+f.Place())
		}
	}
	if g := strings.Join(got, "; "); g != "restart-on-upgrade new:postinst:3; stop-on-upgrade old:prerm:2" {
		t.Errorf("findings %s", g)
	}
	old = pkg{files: files{"a.socket": strings.Replace(idealSocket, "80", "81", 1)}, scripts: stops}.load("old")
	if all := Check(pkg{scripts: stops}.load("new"), old); len(all) != 1 || all[0].Rule != "socket-address-changed" || !all[0].Drops {
		t.Errorf("findings %v", all)
	}
}

// A link to another unit of the directory is a second name for it, as for systemd, and no second service.
func TestLoadAlias(t *testing.T) {
	dir := t.TempDir()
	service := strings.Replace(idealService, "[Service]", "[Service]\nRuntimeDirectory=a", 1)
	for name, text := range map[string]string{"a.service": service, "a.socket": idealSocket} {
		if err := os.WriteFile(path.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := path.Join(t.TempDir(), "c.timer")
	if err := os.WriteFile(elsewhere, []byte("[Timer]\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{"b.service": "a.service", "c.timer": elsewhere, "d.service": "none", "e.service": "/dev/null"} {
		if err := os.Symlink(target, path.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if u := all[0].Units; len(u.Services) != 1 || u.Services[0].Name != "a.service" || len(u.Others) != 1 {
		t.Errorf("the units are %v and %v", u.Services, u.Others)
	}
	if found := Check(all[0], nil); len(found) > 0 {
		t.Errorf("findings %v", found)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.service": idealService, "a.socket": idealSocket, "notes": "x", "empty/x": ""} {
		if err := os.MkdirAll(path.Dir(path.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Load(dir, dir+"/a.service", dir+"/a.socket")
	if err != nil || len(all) != 2 || len(all[0].Units.Sockets) != 1 || len(all[1].Units.Services) != 1 {
		t.Errorf("%+v, %v", all, err)
	}
	if _, err := Load(dir+"/a.service", dir+"/../"+path.Base(dir)+"/a.service"); err == nil || !strings.Contains(err.Error(), "has the name of") {
		t.Errorf("two of one name: %v", err)
	}
	for name, want := range map[string]string{"none": "no such file", "notes": "neither a deb nor an rpm", "empty": "there is no unit file"} {
		if _, err := Load(path.Join(dir, name)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
