# Enablement as debhelper does it: presets decide at first, the admin's word stands later. A socket that is new in this
# version is enabled only where its service is.
nodrop_enable() { # UNIT [SERVICE]
	deb-systemd-helper unmask "$1" >/dev/null || :
	if ! deb-systemd-helper --quiet was-enabled "$1" || nodrop_unwanted "$@"; then
		deb-systemd-helper update-state "$1" >/dev/null || :
	else
		deb-systemd-helper enable "$1" >/dev/null || :
	fi
}
nodrop_unwanted() { # UNIT [SERVICE]
	[ $# -eq 2 ] && ! deb-systemd-helper debian-installed "$1" &&
		deb-systemd-helper debian-installed "$2" && ! deb-systemd-helper --quiet was-enabled "$2"
}
if [ "$1" = configure ]; then
	@ENABLE@
fi
