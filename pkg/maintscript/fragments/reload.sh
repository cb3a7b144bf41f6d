# systemd reads the new units, but none that it would refuse: by reading a broken socket unit it closes the socket. Where
# there is no way back, it reads whatever there is. Nor does it read any while /run is nearly full.
nodrop_broken=
nodrop_reload() {
	nodrop_verify
	nodrop_why="systemd does not take these units (see above)"
	if [ -z "$nodrop_broken" ]; then
		systemctl daemon-reload && return
		[ -e "$nodrop_state.before" ] || return 0 # a first install, in which nothing starts then
		nodrop_why="systemd could not read the new units (see above)"
		nodrop_broken=" @UNITS@"
	fi
	nodrop_warn @PACKAGE@ "the upgrade to $(nodrop_version) FAILED"
	nodrop_warn @PACKAGE@ "$nodrop_why; nothing was touched:$nodrop_broken"
	nodrop_warn @PACKAGE@ "then install a fixed version, or the old one: $(nodrop_back)"
	nodrop_fail
}

# Collect the units that systemd would refuse. Not if one is masked: for systemd-analyze the rest is then broken as well.
# Nor a service with a root directory of its own, in which systemd-analyze does not look for the program.
nodrop_verify() {
	[ -d "$nodrop_kept/good" ] && command -v systemd-analyze >/dev/null || return 0
	# shellcheck disable=SC2043 # there may be one unit
	for nodrop_unit in @UNITS@; do
		case $(systemctl is-enabled "$nodrop_unit" 2>/dev/null) in
		masked*) return ;;
		esac
	done
	# shellcheck disable=SC2043 # there may be one unit
	for nodrop_unit in @VERIFY@; do
		if ! nodrop_words=$(systemd-analyze --man=no verify "$nodrop_unit" 2>&1); then
			nodrop_broken="$nodrop_broken $nodrop_unit"
			echo "$nodrop_words" >&2
		fi
	done
}
