# A unit that came with a version that failed goes with it.
nodrop_depart() { # UNIT
	systemctl stop "$1" || :
	deb-systemd-helper purge "$1" >/dev/null || :
}
