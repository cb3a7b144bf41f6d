# What systemd knows of a unit: "loaded" or "not-found", its state, and the addresses of a socket.
nodrop_look() { # UNIT
	# shellcheck disable=SC2046 # on one line
	echo "$1" $(for nodrop_property in LoadState ActiveState Listen; do systemctl show --value --property="$nodrop_property" "$1"; done)
}
