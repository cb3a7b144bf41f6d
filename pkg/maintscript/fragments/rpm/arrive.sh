# A unit that is new in this version arrives as at a first install. A new socket of a service that was there is enabled only
# where its service is, and started with it.
nodrop_arrive() { # UNIT [SERVICE]
	nodrop_new "$1" || return 0
	if [ $# -eq 1 ] || nodrop_new "$2"; then
		systemctl --no-reload preset "$1" || nodrop_warn @PACKAGE@ "systemctl preset failed (see above)"
		if nodrop_enabled "$1"; then
			nodrop_start "$1"
		fi
	elif nodrop_enabled "$2"; then
		systemctl --no-reload enable "$1" || nodrop_warn @PACKAGE@ "systemctl enable failed (see above)"
	fi
}
