# A unit that came with a version that failed goes with it.
nodrop_depart() { # UNIT
	systemctl stop "$1" || :
	systemctl --no-reload disable "$1" || :
}
