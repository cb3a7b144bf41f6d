# Start a unit.
nodrop_start() { # UNIT
	nodrop_allowed start "$1" || return 0
	if ! systemctl start "$1"; then
		nodrop_warn @PACKAGE@ "$1 did not start; see: journalctl -u $1"
		nodrop_fail
	fi
}
