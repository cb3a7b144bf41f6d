# Restart a service with those of its sockets that cannot be kept. Not by one systemctl restart of them all: for systemd that is
# one request each, and a socket whose turn comes when its service has started is refused. The start of the service opens what
# is closed of its sockets, first (Sockets=).
# shellcheck disable=SC2317 # it is called by way of nodrop_without
nodrop_reopen() { # SERVICE SOCKET...
	if [ $# -eq 1 ]; then
		nodrop_ask restart "$1"
	else
		systemctl stop "$@" && nodrop_ask start "$1"
	fi
}
