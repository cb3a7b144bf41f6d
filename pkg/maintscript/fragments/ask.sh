# systemd drops its connections when it executes itself anew (systemctl daemon-reexec). What it was asked for goes on all the same,
# or was never heard: once it is back it is asked again, unless the unit has failed.
# shellcheck disable=SC2317 # it may be called by way of nodrop_without
nodrop_ask() { # start|restart SERVICE
	systemctl "$1" "$2" && return
	until systemctl show-environment >/dev/null 2>&1; do
		sleep 1
	done
	[ "$(systemctl show --property=Result "$2")" = Result=success ] && systemctl "$1" "$2"
}
