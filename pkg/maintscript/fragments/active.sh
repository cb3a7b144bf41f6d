# Whether a unit is up: ready, for a service; listening, for a socket.
nodrop_active() { # UNIT
	[ "$(systemctl is-active "$1")" = active ]
}
